package storage_test

import (
	"errors"
	"testing"

	"actnow"
	"actnow/matcher"
	"actnow/storage/storagetest"
)

func TestDecisionsActAtOnceAndLast(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	by := actnow.Actor{Name: "Elin"}
	state := func() actnow.Review {
		t.Helper()
		r, err := db.Review(t.Context(), actnow.Everything, 2)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	decide := func(c actnow.CustomerID, v actnow.Verdict) {
		t.Helper()
		if err := db.Decide(t.Context(), actnow.Everything, by, 2, c, v, ""); err != nil {
			t.Fatal(err)
		}
	}
	mailable := func() int {
		t.Helper()
		p, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Mailable: true})
		if err != nil {
			t.Fatal(err)
		}
		return p.Total
	}

	decide(2, actnow.VerdictYes)
	if r := state(); r.Band != actnow.BandMatch || !r.Decided || mailable() != 2 {
		t.Errorf("after yes: %s, decided %v, %d customers mailable", r.Band, r.Decided, mailable())
	}
	decide(2, actnow.VerdictUndone)
	if r := state(); r.Band != actnow.BandReview || r.Decided || mailable() != 1 {
		t.Errorf("after undo: %s, decided %v, %d customers mailable", r.Band, r.Decided, mailable())
	}
	decide(2, actnow.VerdictNo)
	if r := state(); r.Band != actnow.BandReview || r.Candidates[0].Verdict != actnow.VerdictNo {
		t.Errorf("after no: %s, %+v; want the next candidate in review", r.Band, r.Candidates)
	}
	decide(4, actnow.VerdictNo)
	if r := state(); r.Band != actnow.BandNone {
		t.Errorf("after no to all: %s, want none", r.Band)
	}
	if err := db.Decide(t.Context(), actnow.Everything, by, 1, 1, actnow.VerdictUndone, ""); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("undo of nothing = %v, want ErrConflict", err)
	}
	if err := db.Decide(t.Context(), lund, by, 2, 4, actnow.VerdictYes, ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a decision beyond the scope = %v, want ErrNotFound", err)
	}

	in, err := db.MatchInput(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Decisions) != 2 || len(in.Accounts) != 2 || len(in.Customers) != 4 {
		t.Fatalf("match input has %d decisions, %d accounts, %d customers; want 2, 2, 4", len(in.Decisions), len(in.Accounts), len(in.Customers))
	}
	// A run that began before the decisions does not undo them.
	stale := []matcher.Match{{Account: "crm:A-2", Band: actnow.BandMatch, Candidates: []matcher.Candidate{{Customer: "tpid:2", Probability: 0.99, Stage: actnow.StageName}}}}
	if err := db.SaveMatches(t.Context(), stale, 0); err != nil {
		t.Fatal(err)
	}
	if r := state(); r.Band != actnow.BandNone {
		t.Errorf("after a stale run: %s, want none", r.Band)
	}
	if err := db.SaveMatches(t.Context(), stale, in.LastDecision); err != nil {
		t.Fatal(err)
	}
	if r := state(); r.Band != actnow.BandMatch || len(r.Candidates) != 1 {
		t.Errorf("after a fresh run: %s with %d candidates, want match with 1", r.Band, len(r.Candidates))
	}
	n, err := db.MatchCounts(t.Context())
	if err != nil || n.Match != 2 || n.ByStage[actnow.StageDomain] != 1 {
		t.Errorf("counts %+v, %v", n, err)
	}
	f, err := db.Funnel(t.Context(), actnow.Everything)
	if err != nil || f.Customers != 4 || f.Matched != 2 || f.Mailable != 2 {
		t.Errorf("funnel %+v, %v", f, err)
	}
}

func TestReviewPlaceAndDecisions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, `
		INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES (3, 'A-3', 1, 'Cyan', 0), (4, 'A-4', 1, 'Cyanide', 0);
		INSERT INTO matches (account_id, customer_id, band, stage, probability, reason, machine_band, matched_at) VALUES
			(3, 3, 'review', 'name', 0.7, '', 'review', 0), (4, 3, 'review', 'name', 0.4, '', 'review', 0);`)
	for _, tt := range []struct {
		account actnow.AccountID
		scope   actnow.Scope
		want    actnow.ReviewPlace
	}{
		{2, actnow.Everything, actnow.ReviewPlace{Position: 1, Total: 3, Next: 3}},
		{3, actnow.Everything, actnow.ReviewPlace{Position: 2, Total: 3, Previous: 2, Next: 4}},
		{4, actnow.Everything, actnow.ReviewPlace{Position: 3, Total: 3, Previous: 3, Next: 2}},
		{1, actnow.Everything, actnow.ReviewPlace{Total: 3, Next: 2}}, // matched: it does not wait
		{2, lund, actnow.ReviewPlace{Position: 1, Total: 1}},
	} {
		got, err := db.ReviewPlace(t.Context(), tt.scope, "", tt.account)
		if err != nil || got != tt.want {
			t.Errorf("ReviewPlace(%d) = %+v, %v, want %+v", tt.account, got, err, tt.want)
		}
	}
	by := actnow.Actor{Name: "Elin"}
	for _, v := range []actnow.Verdict{actnow.VerdictNo, actnow.VerdictUndone, actnow.VerdictYes} {
		if err := db.Decide(t.Context(), actnow.Everything, by, 2, 2, v, ""); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.Decisions(t.Context(), actnow.Everything, 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("decisions %+v, %v", list, err)
	}
	for i, want := range []bool{true, false, false} { // only the newest can be taken back
		if list[i].Stands != want || list[i].AccountID != 2 || list[i].CustomerID != 2 {
			t.Errorf("decision %d is %+v, want standing %v", i, list[i], want)
		}
	}
	reviews, total, err := db.Reviews(t.Context(), actnow.Everything, actnow.ReviewQuery{Band: actnow.BandMatch}, 0, 10)
	if err != nil || total != 2 || len(reviews[0].Candidates) != 1 || reviews[0].Candidates[0].Customer.Name == "" {
		t.Errorf("matched accounts %+v, %d, %v", reviews, total, err)
	}
}

// What a run found of a decided pair is asked again, not taken for certain, once the
// decision is taken back.
func TestDecisionTakenBackAfterARun(t *testing.T) {
	t.Parallel()
	db, by := storagetest.Open(t, people), actnow.Actor{Name: "Elin"}
	decide := func(v actnow.Verdict) {
		t.Helper()
		if err := db.Decide(t.Context(), actnow.Everything, by, 2, 2, v, ""); err != nil {
			t.Fatal(err)
		}
	}
	decide(actnow.VerdictYes)
	in, err := db.MatchInput(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := matcher.Candidate{Customer: "tpid:2", Stage: actnow.StageName, Comparisons: []matcher.Comparison{{Field: "name", Bits: 2, Code: "match.name.alike"}}}.Confirmed()
	if err := db.SaveMatches(t.Context(), []matcher.Match{{Account: "crm:A-2", Band: actnow.BandMatch, Decided: true, Candidates: []matcher.Candidate{c}}}, in.LastDecision); err != nil {
		t.Fatal(err)
	}
	decide(actnow.VerdictUndone)
	r, err := db.Review(t.Context(), actnow.Everything, 2)
	if err != nil || r.Band != actnow.BandReview || len(r.Candidates) != 1 || r.Candidates[0].Probability != 0.8 {
		t.Errorf("%s, %+v, %v; want review at 0.8", r.Band, r.Candidates, err)
	}
}
