package matcher_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"actnow"
	"actnow/matcher"
)

func TestEvaluate(t *testing.T) {
	say := func(account string, p float64, customers ...string) matcher.Match {
		m := matcher.Match{Account: account, Band: actnow.BandNone}
		for i, c := range customers {
			m.Candidates = append(m.Candidates, matcher.Candidate{Customer: c, Probability: p / float64(i+1)})
		}
		switch {
		case p >= matcher.MatchFrom:
			m.Band = actnow.BandMatch
		case p >= matcher.ReviewFrom:
			m.Band = actnow.BandReview
		}
		return m
	}
	matches := []matcher.Match{
		say("A1", 1, "C1"),
		say("A2", 1, "C1"), // a customer may have several accounts
		say("A3", 0.99, "C9"),
		say("A4", 0.8, "C4"),
		say("A5", 0.6, "C9", "C5"), // its customer is the second one
		say("A6", 0.4, "C6"),
		say("A7", 0.1, "C7"),
		say("A8", 0),
		say("A9", 0.55, "C9"), // belongs to nobody
	}
	truth := []matcher.TruePair{
		{Customer: "C1", Account: "A1", Kind: "same", Evidence: "domain"},
		{Customer: "C1", Account: "A2", Kind: "same", Evidence: "domain"},
		{Customer: "C3", Account: "A3", Kind: "typo", Evidence: "name"},
		{Customer: "C4", Account: "A4", Kind: "typo", Evidence: "weak"},
		{Customer: "C5", Account: "A5", Kind: "typo", Evidence: "name"},
		{Customer: "C6", Account: "A6", Evidence: "name"},
		{Customer: "C7", Account: "A7", Kind: "same", Evidence: "weak"},
		{Customer: "C8", Account: "A8", Kind: "same", Evidence: "tpid"},
	}
	bin := func(i, accounts int, said, right float64) matcher.CalibrationBin {
		return matcher.CalibrationBin{From: float64(i) / 10, To: float64(i+1) / 10, Accounts: accounts, Said: said, True: right}
	}
	want := matcher.Evaluation{
		Accounts: 9, Pairs: 8, Provable: 6,
		// From 0.5 on, A1, A2, A3, A4, A5 and A9 are said; A1, A2 and A4 are right.
		Precision: 3.0 / 6, Recall: 3.0 / 8, F1: 6.0 / 14, ProvableRecall: 2.0 / 6,
		// Down to 0.8, 3 of 4 are right; down to 0.1, 5 of 8.
		BestF1: 10.0 / 16, BestThreshold: 0.1, RecallAt99: 2.0 / 8, ShownRecall: 6.0 / 8,
		Match:            matcher.MatchFigures{Accounts: 3, Right: 2, Precision: 2.0 / 3, Recall: 2.0 / 8},
		Review:           matcher.ReviewFigures{Accounts: 4, Share: 4.0 / 9, Right: 2, Missed: 4, Held: 2},
		CalibrationError: (0.9 + 0.6 + 0.55 + 0.6 + 0.2 + 3*(2.99/3-2.0/3)) / 8,
		Calibration: []matcher.CalibrationBin{
			bin(0, 1, 0.1, 1), bin(1, 0, 0, 0), bin(2, 0, 0, 0), bin(3, 1, 0.4, 1), bin(4, 0, 0, 0),
			bin(5, 2, 0.575, 0), bin(6, 0, 0, 0), bin(7, 1, 0.8, 1), bin(8, 0, 0, 0), bin(9, 3, 2.99/3, 2.0/3),
		},
		ByKind: []matcher.Found{
			{Name: "same", Pairs: 4, Match: 2, Missed: 2},
			{Name: "typo", Pairs: 3, Review: 2, Missed: 1},
			{Name: "unknown", Pairs: 1, Review: 1},
		},
		ByEvidence: []matcher.Found{
			{Name: "name", Pairs: 3, Review: 2, Missed: 1},
			{Name: "domain", Pairs: 2, Match: 2},
			{Name: "weak", Pairs: 2, Review: 1, Missed: 1},
			{Name: "tpid", Pairs: 1, Missed: 1},
		},
	}
	got := matcher.Evaluate(matches, truth)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	nothing := matcher.Evaluation{Calibration: make([]matcher.CalibrationBin, 10), ByKind: []matcher.Found{}, ByEvidence: []matcher.Found{}}
	if diff := cmp.Diff(nothing, matcher.Evaluate(nil, nil), cmpopts.IgnoreFields(matcher.CalibrationBin{}, "From", "To")); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

func TestReadTruth(t *testing.T) {
	want := []matcher.TruePair{
		{Customer: "C1", Account: "A1", Kind: "typo, twice", Evidence: "weak"},
		{Customer: "C1", Account: "A2"},
	}
	tests := []struct{ name, in string }{
		{"plain", "customer_id,crm_id,kind,evidence\nC1,A1,\"typo, twice\",weak\nC1,A2,,\n"},
		{"any order and case, other columns, CRLF", "Evidence, CRM_ID ,colour,kind,Customer_ID\r\nWeak,A1,red,\"typo, twice\",C1\r\n,A2,,,C1\r\n"},
		{"byte order mark", "\ufeffcustomer_id,crm_id,kind,evidence\nC1,A1,\"typo, twice\",weak\nC1,A2,,\n"},
		{"semicolons", "customer_id;crm_id;kind;evidence\nC1;A1;typo, twice;weak\nC1;A2;;\n"},
		{"UTF-16", utf16("customer_id\tcrm_id\tkind\tevidence\nC1\tA1\ttypo, twice\tweak\nC1\tA2\t\t\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readTruth(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got, err := readTruth("crm_id,customer_id\nA1,C1\n"); err != nil || len(got) != 1 || got[0] != (matcher.TruePair{Customer: "C1", Account: "A1"}) {
		t.Errorf("without kind and evidence: %v, %v", got, err)
	}
}

func readTruth(in string) ([]matcher.TruePair, error) {
	return matcher.ReadTruth(strings.NewReader(in), []matcher.Record{{Key: "C1"}, {Key: "C2"}}, []matcher.Record{{Key: "A1"}, {Key: "A2"}})
}

func TestReadTruthRefuses(t *testing.T) {
	tests := []struct {
		name, in, code string
		line           int
	}{
		{"nothing", "", "error.match.truth.empty", 1},
		{"no account", "customer_id,kind\nC1,same\n", "error.match.column", 1},
		{"no customer", "crm_id\nA1\n", "error.match.column", 1},
		{"a column twice", "customer_id,crm_id,CRM_ID\n", "error.match.twice", 1},
		{"a customer that is not there", "customer_id,crm_id\nC1,A1\nC3,A2\n", "error.match.truth.customer", 3},
		{"an empty customer", "customer_id,crm_id\n,A2\n", "error.match.truth.customer", 2},
		{"an account that is not there", "customer_id,crm_id\nC1,A3\n", "error.match.truth.account", 2},
		{"an account with two customers", "customer_id,crm_id\nC1,A1\nC1,A2\nC2,A1\n", "error.match.truth.twice", 4},
		{"too few cells", "customer_id,crm_id\nC1\n", "error.match.csv", 2},
		{"not UTF-8", "customer_id,crm_id,kind\nC1,A1,\xe5\n", "error.match.utf8", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readTruth(tt.in)
			bad, ok := errors.AsType[*actnow.InputError](err)
			if !ok || bad.Code != tt.code || bad.Line != tt.line || bad.Field != "truth" || bad.Text == "" {
				t.Errorf("error %#v, want %s in line %d", err, tt.code, tt.line)
			}
		})
	}
}
