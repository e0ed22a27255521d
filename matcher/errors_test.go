package matcher

import (
	"fmt"
	"testing"
)

func TestErrorsList(t *testing.T) {
	if !*eval {
		t.Skip()
	}
	for _, name := range devSets {
		set := loadSet(t, name)
		ix := New(set.customers, Options{})
		matches, _ := ix.Match(t.Context(), set.accounts, nil)
		acc := map[string]*Record{}
		for i := range set.accounts {
			acc[set.accounts[i].Key] = &set.accounts[i]
		}
		cus := map[string]*Record{}
		for i := range set.customers {
			cus[set.customers[i].Key] = &set.customers[i]
		}
		for _, m := range matches {
			want := set.truth[m.Account]
			p := 0.0
			got := ""
			why := ""
			if len(m.Candidates) > 0 {
				p, got, why = m.Candidates[0].Probability, m.Candidates[0].Customer, m.Candidates[0].Reason
			}
			kind := ""
			switch {
			case got != want && p >= 0.9:
				kind = "FP"
			case want != "" && !set.weak[m.Account] && (got != want || p < 0.3):
				kind = "MISS"
			case want != "" && !set.weak[m.Account] && got == want && p < 0.98:
				kind = "REVIEW"
			default:
				continue
			}
			fmt.Printf("%s %s %.3f A=%+v\n   GOT=%+v %s\n", kind, name, p, *acc[m.Account], cus[got], why)
			if want != got && want != "" {
				fmt.Printf("   WANT=%+v\n", *cus[want])
			}
		}
	}
}
