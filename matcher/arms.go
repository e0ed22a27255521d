package matcher

import "context"

// armSet is a set of arms.
type armSet uint32

// armNames are the arms that propose candidates, in the order they are told.
var armNames = []struct {
	arm  uint64
	name string
}{
	{armDomain, "domain"}, {armLabel, "domain_label"}, {armTPID, "tpid"}, {armCompact, "name"}, {armSorted, "words_in_any_order"},
	{armAcronym, "initials"}, {armPostal, "postal_code"}, {armToken, "rare_words"}, {armSlip, "slips"}, {armGram, "character_runs"},
}

// ArmFigures is what one of the arms that propose candidates does for accounts
// that have a customer.
type ArmFigures struct {
	Name     string  `json:"name"`
	Proposed float64 `json:"proposed"` // customers, on average for an account
	Recall   float64 `json:"recall"`   // share of the true pairs it proposes
	Alone    float64 `json:"alone"`    // share that no other arm proposes
}

// Arms returns what each arm does for the accounts of the true pairs and, last,
// what all do together and what is left of it for a close comparison. The error
// is ctx's.
func (ix *Index) Arms(ctx context.Context, accounts []Record, truth []TruePair) ([]ArmFigures, error) {
	byKey := make(map[string]*Record, len(accounts))
	for i := range accounts {
		byKey[accounts[i].Key] = &accounts[i]
	}
	arms := make([]ArmFigures, len(armNames)+2)
	for i := range armNames {
		arms[i].Name = armNames[i].name
	}
	all, compared := &arms[len(armNames)], &arms[len(armNames)+1]
	all.Name, compared.Name = "all", "compared"
	s := ix.newScratch()
	s.arms = make(map[int32]armSet)
	for _, pair := range truth {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		clear(s.arms)
		customer, _ := ix.find(pair.Customer)
		for _, c := range ix.candidates(ix.read(byKey[pair.Account], s), nil, s) {
			compared.Proposed++
			if c.id == customer {
				compared.Recall++
			}
		}
		all.Proposed += float64(len(s.arms))
		right := s.arms[customer]
		if right != 0 {
			all.Recall++
		}
		for i, a := range armNames {
			for _, set := range s.arms {
				arms[i].Proposed += float64(set >> a.arm & 1)
			}
			arms[i].Recall += float64(right >> a.arm & 1)
			if right == 1<<a.arm {
				arms[i].Alone++
			}
		}
	}
	n := float64(max(1, len(truth)))
	for i := range arms {
		f := &arms[i]
		f.Proposed, f.Recall, f.Alone = f.Proposed/n, f.Recall/n, f.Alone/n
	}
	return arms, nil
}
