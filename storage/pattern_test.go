package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"actnow"
	"actnow/matcher"
	"actnow/storage/storagetest"
)

// patterned is people with three more accounts that wait as the second does,
// one that waits for another reason, and one that no run has given a pattern.
const patterned = `
	UPDATE match_candidates SET pattern = 'domain-missing.name-alike.city-missing' WHERE account_id = 2 AND rank = 1;
	UPDATE match_candidates SET pattern = 'domain-missing.name-different.city-missing' WHERE account_id = 2 AND rank = 2;
	INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES
		(3, 'A-3', 1, 'Cyan', 0), (4, 'A-4', 1, 'Cyanide', 0), (5, 'A-5', 1, 'Delta', 0), (6, 'A-6', 1, 'Delter', 0), (7, 'A-7', 1, 'Old', 0);
	INSERT INTO matches (account_id, customer_id, band, stage, probability, reason, machine_band, matched_at) VALUES
		(3, 3, 'review', 'name', 0.6, '', 'review', 0), (4, 3, 'review', 'name', 0.4, '', 'review', 0), (5, 4, 'review', 'name', 0.9, '', 'review', 0),
		(6, 4, 'review', 'tpid', 0.5, '', 'review', 0), (7, 4, 'review', 'name', 0.5, '', 'review', 0);
	INSERT INTO match_candidates (account_id, rank, customer_id, probability, stage, reason, comparisons, pattern) VALUES
		(3, 1, 3, 0.6, 'name', '', '[]', 'domain-missing.name-alike.city-missing'), (4, 1, 3, 0.4, 'name', '', '[]', 'domain-missing.name-alike.city-missing'),
		(5, 1, 4, 0.9, 'name', '', '[]', 'domain-missing.name-alike.city-missing'), (6, 1, 4, 0.5, 'tpid', '', '[]', 'name-equal.hold-tpid'), (7, 1, 4, 0.5, 'name', '', '[]', '');`

const alike = "domain-missing.name-alike.city-missing"

func TestMatchPatterns(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, patterned)
	by := actnow.Actor{Name: "Elin"}
	list, ungrouped, err := db.MatchPatterns(t.Context(), actnow.Everything)
	if err != nil || len(list) != 2 || ungrouped != 1 {
		t.Fatalf("%d patterns and %d without, %v; want 2 and 1", len(list), ungrouped, err)
	}
	if p := list[0]; p.Key != alike || p.Accounts != 4 || p.Low != 0.4 || p.High != 0.9 || len(p.Examples) != 3 || p.Examples[0].Account.ID != 5 || p.Examples[2].Account.ID != 3 {
		t.Errorf("first pattern %+v", p)
	}
	if p := list[1]; p.Accounts != 1 || len(p.Examples) != 1 || p.Examples[0].Account.ID != 6 {
		t.Errorf("second pattern %+v", p)
	}
	if list, _, err := db.MatchPatterns(t.Context(), lund); err != nil || len(list) != 1 || list[0].Accounts != 1 {
		t.Errorf("of Lund: %+v, %v", list, err)
	}

	// The review walks inside the pattern.
	for id, want := range map[actnow.AccountID]actnow.ReviewPlace{
		5: {Position: 1, Total: 4, Next: 2}, 4: {Position: 4, Total: 4, Previous: 3, Next: 5}, 6: {Total: 4, Previous: 3, Next: 4}} {
		if got, err := db.ReviewPlace(t.Context(), actnow.Everything, alike, id); err != nil || got != want {
			t.Errorf("place of %d = %+v, %v, want %+v", id, got, err, want)
		}
	}

	// What people say one by one is told, and counts for a refit unless held.
	for account, customer := range map[actnow.AccountID]actnow.CustomerID{5: 4, 6: 4} {
		if err := db.Decide(t.Context(), actnow.Everything, by, account, customer, actnow.VerdictYes, ""); err != nil {
			t.Fatal(err)
		}
	}
	if list, _, err := db.MatchPatterns(t.Context(), actnow.Everything); err != nil || list[0].Yes != 1 || list[0].No != 0 {
		t.Errorf("after a yes: %+v, %v", list, err)
	}
	if n, err := db.AnswerCount(t.Context()); err != nil || n != 1 {
		t.Errorf("%d answers, %v; want 1", n, err)
	}
	if list, err := db.Answers(t.Context()); err != nil || len(list) != 1 || list[0] != (matcher.Decision{Customer: "tpid:4", Account: "crm:A-5", Verdict: actnow.VerdictYes}) {
		t.Errorf("answers %+v, %v", list, err)
	}
}

func TestBulkAnswer(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, patterned)
	by := actnow.Actor{Name: "Elin"}
	bands := func() string {
		t.Helper()
		s := ""
		for id := actnow.AccountID(1); id <= 7; id++ {
			r, err := db.Review(t.Context(), actnow.Everything, id)
			if err != nil {
				t.Fatal(err)
			}
			s += fmt.Sprintf("%d %s %v, ", id, r.Band, r.Decided)
		}
		return s
	}
	preview := func() actnow.BulkPreview {
		t.Helper()
		p, err := db.BulkPreview(t.Context(), actnow.Everything, alike, 2)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := bands()
	shown := preview()
	if shown.Accounts != 4 || len(shown.Examples) != 2 || shown.Seen == "" {
		t.Fatalf("preview %+v", shown)
	}

	// Somebody decides between the page and the answer: nothing is done.
	if err := db.Decide(t.Context(), actnow.Everything, by, 3, 3, actnow.VerdictNo, ""); err != nil {
		t.Fatal(err)
	}
	during := bands()
	if _, err := db.AnswerPattern(t.Context(), actnow.Everything, by, alike, shown.Seen, actnow.VerdictYes, "bulk"); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("an answer to what was shown before = %v, want ErrConflict", err)
	}
	if got := bands(); got != during {
		t.Errorf("a refused answer changed %s into %s", during, got)
	}
	if shown = preview(); shown.Accounts != 3 {
		t.Errorf("the new preview has %d accounts, want 3", shown.Accounts)
	}

	answer, err := db.AnswerPattern(t.Context(), actnow.Everything, by, alike, shown.Seen, actnow.VerdictYes, "bulk")
	if err != nil || answer.Accounts != 3 || answer.Batch == 0 {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	if got, want := bands(), "1 match false, 2 match true, 3 none true, 4 match true, 5 match true, 6 review false, 7 review false, "; got != want {
		t.Errorf("after yes to all:\n%s\nwant\n%s", got, want)
	}
	if n, err := db.AnswerCount(t.Context()); err != nil || n != 1 {
		t.Errorf("a bulk answer counts for a refit: %d answers, %v", n, err)
	}
	if list, err := db.Decisions(t.Context(), actnow.Everything, 10); err != nil || len(list) != 1 {
		t.Errorf("%d single decisions, %v; want 1", len(list), err)
	}

	// One of them is decided otherwise by hand: the bulk undo leaves it.
	if err := db.Decide(t.Context(), actnow.Everything, by, 4, 3, actnow.VerdictNo, "by hand"); err != nil {
		t.Fatal(err)
	}
	list, err := db.BulkAnswers(t.Context(), actnow.Everything, 5)
	if err != nil || len(list) != 1 || list[0].Accounts != 3 || list[0].Stands != 2 || list[0].Note != "bulk" || list[0].By != "Elin" || list[0].Verdict != actnow.VerdictYes {
		t.Fatalf("bulk answers %+v, %v", list, err)
	}
	if list, err := db.BulkAnswers(t.Context(), lund, 5); err != nil || len(list) != 1 || list[0].Accounts != 1 {
		t.Errorf("of Lund %+v, %v", list, err)
	}
	if undone, err := db.UndoBulk(t.Context(), actnow.Everything, by, answer.Batch); err != nil || undone.Accounts != 2 {
		t.Errorf("undone %+v, %v; want 2 accounts", undone, err)
	}
	if got, want := bands(), "1 match false, 2 review false, 3 none true, 4 none true, 5 review false, 6 review false, 7 review false, "; got != want {
		t.Errorf("after undo:\n%s\nwant\n%s\nbefore all\n%s", got, want, before)
	}
	for name, want := range map[string]struct {
		batch actnow.BatchID
		err   error
	}{"twice": {answer.Batch, actnow.ErrConflict}, "unknown": {999, actnow.ErrNotFound}} {
		if _, err := db.UndoBulk(t.Context(), actnow.Everything, by, want.batch); !errors.Is(err, want.err) {
			t.Errorf("undo %s = %v, want %v", name, err, want.err)
		}
	}
	if _, err := db.AnswerPattern(t.Context(), actnow.Everything, by, "none-such", "", actnow.VerdictYes, ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("an answer to nothing = %v, want ErrNotFound", err)
	}

	trail, err := db.Activities(t.Context(), actnow.ActivityFilter{Noun: "batch"}, 10)
	if err != nil || len(trail) != 2 || trail[0].Action != "match.bulk_undone" || trail[1].Action != "match.bulk" {
		t.Errorf("audit %+v, %v; want one entry for each", trail, err)
	}
	in, err := db.MatchInput(t.Context())
	if err != nil || len(in.Decisions) != 2 {
		t.Errorf("%d decisions stand, %v; want the two given by hand", len(in.Decisions), err)
	}
}

func TestFunnelEnds(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	f, err := db.Funnel(t.Context(), actnow.Everything)
	if err != nil {
		t.Fatal(err)
	}
	for end, want := range map[actnow.FunnelEnd]actnow.FunnelShare{
		actnow.EndMailable:  {Customers: 1, Revenue: []actnow.Money{{Minor: 100000, Currency: "SEK"}}},
		actnow.EndWaiting:   {Customers: 1},
		actnow.EndUnmatched: {Customers: 2, Revenue: []actnow.Money{{Minor: 500000, Currency: "NOK"}}},
	} {
		got := f.Ends[end]
		if got.Customers != want.Customers || fmt.Sprint(got.Revenue) != fmt.Sprint(want.Revenue) {
			t.Errorf("%s is %+v, want %+v", end, got, want)
		}
	}
	poor := actnow.Everything
	poor.Revenue = false
	if f, err := db.Funnel(t.Context(), poor); err != nil || f.Ends[actnow.EndUnmatched].Revenue != nil || f.Ends[actnow.EndUnmatched].Customers != 2 {
		t.Errorf("without the right to see money: %+v, %v", f.Ends, err)
	}
}

func TestCalibrationIsKept(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	if c, err := db.Calibration(t.Context()); err != nil || !c.Shipped() || c.At != 0 {
		t.Errorf("at first %+v, %v", c, err)
	}
	by := actnow.Actor{Name: "Elin"}
	if err := db.SaveCalibration(t.Context(), by, actnow.MatchCalibration{Slope: 0.9, Offset: -0.2, Answers: 61}); err != nil {
		t.Fatal(err)
	}
	want := actnow.MatchCalibration{Slope: 0.9, Offset: -0.2, Answers: 61, By: "Elin", At: storagetest.Now.Unix()}
	if c, err := db.Calibration(t.Context()); err != nil || c != want {
		t.Errorf("kept %+v, %v, want %+v", c, err, want)
	}
	if err := db.SaveCalibration(t.Context(), by, actnow.MatchCalibration{}); err != nil {
		t.Fatal(err)
	}
	if c, err := db.Calibration(t.Context()); err != nil || !c.Shipped() || c.By != "Elin" {
		t.Errorf("taken back %+v, %v", c, err)
	}
	trail, err := db.Activities(t.Context(), actnow.ActivityFilter{Noun: "setting"}, 10)
	if err != nil || len(trail) != 2 || trail[0].Action != "match.calibrate_reset" || trail[1].Action != "match.calibrate" {
		t.Errorf("audit %+v, %v", trail, err)
	}
}
