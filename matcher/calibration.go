package matcher

import (
	"context"
	"math"
)

// Calibration bends the scores of all pairs before candidates are weighed
// against each other: score' = Slope·score + Offset, in bits. The zero value
// leaves them as shipped.
type Calibration struct {
	Slope  float64 `json:"slope"` // above 0, so that the order of candidates stays
	Offset float64 `json:"offset"`
}

func (c Calibration) apply(score float64) float64 {
	if c == (Calibration{}) {
		return score
	}
	return c.Slope*score + c.Offset
}

// With returns an index of the same customers with another calibration.
func (ix *Index) With(c Calibration) *Index {
	other := *ix
	other.opt.Calibration = c
	return &other
}

// Answer is what people said of one account, beside the scores of its
// candidates.
type Answer struct {
	Account string
	Scores  []float64 // in bits, as shipped
	Open    []bool    // the candidates that the answer leaves possible
	None    bool      // it leaves possible that it is none of them
}

// Answers returns an Answer for each account that the decisions speak of, by
// key. A yes leaves one candidate possible; a no takes one away. An account is
// left out if people spoke of a pair that is held for them whatever its weight:
// it is held because its weight is not believed, so the answer says nothing of
// pairs that are not. So is one whose records are gone. The error is ctx's.
func (ix *Index) Answers(ctx context.Context, accounts []Record, decisions []Decision) ([]Answer, error) {
	sorted := sortRecords(accounts)
	m := ix.matching(sorted, decisions)
	var list []Answer
	s := ix.borrow()
	defer ix.scratch.Put(s)
	for _, r := range sorted {
		d, said := m.decided[r.Key]
		if !said {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if answer, ok := m.answer(ix.read(r, s), d, s); ok {
			list = append(list, answer)
		}
	}
	return list, nil
}

func (m *matching) answer(a *entity, d accountDecisions, s *scratch) (Answer, bool) {
	_, confirmed := m.confirmed(d)
	if d.yes != "" && !confirmed {
		return Answer{}, false
	}
	out := Answer{Account: a.rec.Key, None: true}
	spoken := false // of a candidate that there still is
	for _, f := range m.finalists(a, accountDecisions{}, s) {
		key := m.index.customers[f.id].rec.Key
		yes := confirmed && key == d.yes
		if (yes || d.no[key]) && f.hold != "" {
			return Answer{}, false
		}
		spoken = spoken || yes || d.no[key]
		out.Scores = append(out.Scores, f.score)
		out.Open = append(out.Open, yes || !confirmed && !d.no[key])
		out.None = out.None && !yes
	}
	return out, spoken || confirmed && len(out.Scores) > 0
}

// odds returns log2 of the odds of all that may be, none of the candidates with
// odds of 1 among it, and of what the answer leaves possible.
func (a *Answer) odds(c Calibration) (all, open float64) {
	open = math.Inf(-1)
	if a.None {
		open = 0
	}
	for i, s := range a.Scores {
		bits := c.apply(s)
		all = log2Sum(all, bits)
		if a.Open[i] {
			open = log2Sum(open, bits)
		}
	}
	return all, open
}

// slip is how many answers are taken for a slip of the hand. Without it a single
// one about a pair that is as good as sure would weigh more than all others.
const slip = 0.01

// likelihood returns the probability that the calibration gives to what people
// said, slips reckoned with, and how much of it is no slip.
func (a *Answer) likelihood(c Calibration) (p, meant float64) {
	all, open := a.odds(c)
	right := (1 - 2*slip) * math.Exp2(open-all)
	return right + slip, right / (right + slip)
}

// meanLoss returns the mean −log2 likelihood of the answers.
func meanLoss(answers []Answer, c Calibration) float64 {
	sum := 0.0
	for i := range answers {
		p, _ := answers[i].likelihood(c)
		sum -= math.Log2(p)
	}
	return sum / float64(len(answers))
}

// best returns the probability of the best candidate, whether people confirmed
// it, and whether they spoke of it at all.
func (a *Answer) best(c Calibration) (p float64, right, known bool) {
	bits := make([]float64, len(a.Scores))
	for i, s := range a.Scores {
		bits[i] = c.apply(s)
	}
	all, _ := posterior(bits)
	right = a.Open[0] && !a.None
	return all[0], right, right || !a.Open[0]
}
