package matcher

import (
	"cmp"
	"slices"

	"actnow"
)

// Evaluation is how well matches agree with what is known to be true. A match
// says of an account that it belongs to its likeliest customer, or to nobody.
// Shares are in [0, 1]; a share of nothing is 0.
type Evaluation struct {
	Accounts int `json:"accounts"`
	Pairs    int `json:"pairs"`          // true pairs
	Provable int `json:"provable_pairs"` // those that something in the two records proves

	// Of all pairs, where a pair is said from the probability 0.5 on.
	Precision      float64 `json:"precision"`
	Recall         float64 `json:"recall"`
	F1             float64 `json:"f1"`
	ProvableRecall float64 `json:"provable_recall"`

	// The best F1 that any threshold gives, and the highest such threshold.
	BestF1        float64 `json:"best_f1"`
	BestThreshold float64 `json:"best_threshold"`
	// The recall of the lowest threshold at which 99 of 100 pairs said are true.
	RecallAt99 float64 `json:"recall_at_precision_99"`
	// The share of true pairs whose customer is among the candidates shown.
	ShownRecall float64 `json:"shown_recall"`

	Match  MatchFigures  `json:"match"`
	Review ReviewFigures `json:"review"`

	// The expected calibration error over the bins of Calibration: the mean of
	// how far what was said is from what came true, each bin weighed by its
	// accounts. Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated
	// Probabilities Using Bayesian Binning" (2015); Guo and others, "On
	// Calibration of Modern Neural Networks" (2017).
	CalibrationError float64          `json:"calibration_error"`
	Calibration      []CalibrationBin `json:"calibration"`

	Arms []ArmFigures `json:"arms"` // of Index.Arms; Evaluate leaves it empty

	ByKind     []Found `json:"by_kind"`     // most pairs first
	ByEvidence []Found `json:"by_evidence"` // most pairs first
}

// MatchFigures tells of the accounts in band match.
type MatchFigures struct {
	Accounts  int     `json:"accounts"`
	Right     int     `json:"right"` // with their true customer
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"` // share of all true pairs
}

// ReviewFigures tells of the accounts in band review: the work for people and
// what it yields.
type ReviewFigures struct {
	Accounts int     `json:"accounts"`
	Share    float64 `json:"share"` // of all accounts
	Right    int     `json:"right"` // with their true customer first
	// Missed is how many provable true pairs are not in band match; Held is how
	// many of them have their customer among the candidates of an account in
	// band review.
	Missed int `json:"missed_provable"`
	Held   int `json:"held_provable"`
}

// CalibrationBin is the accounts whose likeliest customer has a probability in
// (From, To]. Accounts without a candidate are in no bin.
type CalibrationBin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Accounts int     `json:"accounts"`
	Said     float64 `json:"said"` // mean probability
	True     float64 `json:"true"` // share whose likeliest customer is the true one
}

// calibrationBins is how many bins of equal width the calibration error has.
const calibrationBins = 10

// Found is where the true pairs of one kind came out: in band match with their
// customer, in band review with their customer among the candidates, or neither.
type Found struct {
	Name   string `json:"name"` // "unknown" if the truth does not say
	Pairs  int    `json:"pairs"`
	Match  int    `json:"match"`
	Review int    `json:"review"`
	Missed int    `json:"missed"`
}

// Evaluate compares matches with the true pairs of their accounts. An account
// that truth does not name belongs to nobody; one that has no match is missed.
func Evaluate(matches []Match, truth []TruePair) Evaluation {
	v := Evaluation{Accounts: len(matches), Pairs: len(truth)}
	customer := make(map[string]string, len(truth))
	for i := range truth {
		customer[truth[i].Account] = truth[i].Customer
	}
	byAccount := make(map[string]*Match, len(matches))
	var said []claim
	for i := range matches {
		m := &matches[i]
		byAccount[m.Account] = m
		right := false
		if len(m.Candidates) > 0 {
			best := &m.Candidates[0]
			right = best.Customer == customer[m.Account]
			said = append(said, claim{best.Probability, right})
		}
		v.countBand(m.Band, right)
	}
	v.countTruth(truth, byAccount)
	v.Match.Precision = share(v.Match.Right, v.Match.Accounts)
	v.Match.Recall = share(v.Match.Right, v.Pairs)
	v.Review.Share = share(v.Review.Accounts, v.Accounts)
	slices.SortStableFunc(said, func(a, b claim) int { return cmp.Compare(b.p, a.p) })
	v.sweep(said)
	v.calibrate(said)
	return v
}

// claim is a likeliest customer: how likely, and whether it is the true one.
type claim struct {
	p     float64
	right bool
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (v *Evaluation) countBand(band actnow.MatchBand, right bool) {
	one := 0
	if right {
		one = 1
	}
	switch band {
	case actnow.BandMatch:
		v.Match.Accounts++
		v.Match.Right += one
	case actnow.BandReview:
		v.Review.Accounts++
		v.Review.Right += one
	}
}

// countTruth counts what became of each true pair.
func (v *Evaluation) countTruth(truth []TruePair, byAccount map[string]*Match) {
	kinds, evidence := make(map[string]*Found), make(map[string]*Found)
	shown, said := 0, 0
	for i := range truth {
		p := &truth[i]
		band, rank := actnow.BandNone, -1
		if m := byAccount[p.Account]; m != nil {
			band = m.Band
			rank = slices.IndexFunc(m.Candidates, func(c Candidate) bool { return c.Customer == p.Customer })
			if rank == 0 && p.provable() && m.Candidates[0].Probability >= decideFrom {
				said++
			}
		}
		if rank >= 0 {
			shown++
		}
		matched, held := band == actnow.BandMatch && rank == 0, band == actnow.BandReview && rank >= 0
		if p.provable() {
			v.Provable++
			if !matched {
				v.Review.Missed++
			}
			if held {
				v.Review.Held++
			}
		}
		tally(kinds, p.Kind, matched, held)
		tally(evidence, p.Evidence, matched, held)
	}
	v.ShownRecall, v.ProvableRecall = share(shown, v.Pairs), share(said, v.Provable)
	v.ByKind, v.ByEvidence = listed(kinds), listed(evidence)
}

func tally(all map[string]*Found, name string, matched, held bool) {
	f := all[name]
	if f == nil {
		f = &Found{Name: cmp.Or(name, "unknown")}
		all[name] = f
	}
	f.Pairs++
	switch {
	case matched:
		f.Match++
	case held:
		f.Review++
	default:
		f.Missed++
	}
}

func listed(all map[string]*Found) []Found {
	list := make([]Found, 0, len(all))
	for _, f := range all {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Pairs, a.Pairs), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// decideFrom is the probability from which on a pair counts as said.
const decideFrom = 0.5

// sweep takes the claims, likeliest first, as said one probability after the
// other.
func (v *Evaluation) sweep(said []claim) {
	right := 0
	for i, c := range said {
		if c.right {
			right++
		}
		if i+1 < len(said) && said[i+1].p == c.p {
			continue
		}
		precision, recall := share(right, i+1), share(right, v.Pairs)
		f1 := 0.0
		if right > 0 {
			f1 = 2 * precision * recall / (precision + recall)
		}
		if c.p >= decideFrom {
			v.Precision, v.Recall, v.F1 = precision, recall, f1
		}
		if f1 > v.BestF1 {
			v.BestF1, v.BestThreshold = f1, c.p
		}
		if precision >= 0.99 {
			v.RecallAt99 = recall
		}
	}
}

// calibrate fills the bins and their error.
func (v *Evaluation) calibrate(said []claim) {
	v.Calibration = make([]CalibrationBin, calibrationBins)
	for i := range v.Calibration {
		b := &v.Calibration[i]
		b.From, b.To = float64(i)/calibrationBins, float64(i+1)/calibrationBins
		sum, right := 0.0, 0
		for _, c := range said {
			if c.p > b.From && c.p <= b.To {
				b.Accounts++
				sum += c.p
				if c.right {
					right++
				}
			}
		}
		if b.Accounts == 0 {
			continue
		}
		b.Said, b.True = sum/float64(b.Accounts), share(right, b.Accounts)
		v.CalibrationError += max(b.Said-b.True, b.True-b.Said) * share(b.Accounts, len(said))
	}
}
