package storage_test

import (
	"errors"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

const explained = people + `
	INSERT INTO accounts (id, source, external_id, connection_id, name, updated_at) VALUES
		(11, 'crm', 'twice', 1, 'One', 0), (12, 'other', 'twice', 1, 'Other', 0), (13, 'crm', 'new', 1, 'New', 0);
	INSERT INTO matches (account_id, band, stage, probability, reason, machine_band, matched_at) VALUES (12, 'none', '', 0, '', 'none', 0);
`

func TestAccountMatch(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, explained)
	for name, says := range map[string]string{
		"nobody":    "there is no account nobody",
		"twice":     "several accounts have the id twice: name one of crm:twice, other:twice",
		"crm:twice": "account crm:twice has not been matched yet: run actnow match run",
		"new":       "account crm:new has not been matched yet: run actnow match run",
	} {
		_, err := db.AccountMatch(t.Context(), name)
		if bad, ok := errors.AsType[*actnow.InputError](err); !ok || bad.Error() != says {
			t.Errorf("AccountMatch(%q) = %v, want %q", name, err, says)
		}
	}
	if m, err := db.AccountMatch(t.Context(), "other:twice"); err != nil || m.Account != "other:twice" || m.Band != actnow.BandNone || len(m.Candidates) != 0 {
		t.Errorf("AccountMatch of an account without candidates = %+v, %v", m, err)
	}
}

// What people say acts on the explanation as it does on the match.
func TestAccountMatchHeedsDecisions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	r, err := db.Review(t.Context(), actnow.Everything, 2)
	if err != nil {
		t.Fatal(err)
	}
	candidates := func(band actnow.MatchBand) (customers string) {
		t.Helper()
		m, err := db.AccountMatch(t.Context(), r.Account.ExternalID)
		if err != nil {
			t.Fatal(err)
		}
		if m.Band != band {
			t.Errorf("band %s, want %s", m.Band, band)
		}
		for _, c := range m.Candidates {
			customers += c.Customer + " "
			if m.Decided && (c.Probability != 1 || !strings.HasSuffix(c.Reason, "confirmed by a person")) {
				t.Errorf("a person's yes is explained as %+v", c)
			}
		}
		return customers
	}
	decide := func(c actnow.CustomerID, v actnow.Verdict) {
		t.Helper()
		if err := db.Decide(t.Context(), actnow.Everything, actnow.Actor{Name: "Elin"}, 2, c, v, ""); err != nil {
			t.Fatal(err)
		}
	}
	first, second, stranger := "tpid:2 ", "tpid:4 ", "tpid:1 "
	if got := candidates(actnow.BandReview); got != first+second {
		t.Errorf("before any decision: %s", got)
	}
	decide(2, actnow.VerdictNo)
	if got := candidates(actnow.BandReview); got != second {
		t.Errorf("after no: %s", got)
	}
	decide(4, actnow.VerdictYes)
	if got := candidates(actnow.BandMatch); got != second {
		t.Errorf("after yes: %s", got)
	}
	decide(1, actnow.VerdictYes)
	if got := candidates(actnow.BandMatch); got != stranger {
		t.Errorf("after yes to a customer that was no candidate: %s", got)
	}
}
