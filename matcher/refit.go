package matcher

import (
	"math"

	"actnow"
)

// RefitFrom is how many answers a refit needs.
const RefitFrom = 50

// Refit is a calibration that people's answers ask for, and what it would change.
type Refit struct {
	Answers     int         `json:"answers"` // accounts that count
	Calibration Calibration `json:"calibration"`
	// Before and After are the mean log loss of the answers in bits, now and
	// after the refit; After is measured on answers that the fit did not see.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Bounded says that the answers ask for matching with less evidence than as
	// shipped, and are too few to allow it.
	Bounded bool    `json:"bounded"`
	Shares  []Share `json:"shares"`
	Moves   []Move  `json:"moves"`
}

// Share compares the probabilities of best candidates with what people said.
type Share struct {
	From    float64 `json:"from"` // the probability now, up to the next one's From
	Answers int     `json:"answers"`
	Right   float64 `json:"right"`  // share that people confirmed
	Before  float64 `json:"before"` // mean probability now
	After   float64 `json:"after"`
}

// Move is how many accounts go from one band to another.
type Move struct {
	From     actnow.MatchBand `json:"from"`
	To       actnow.MatchBand `json:"to"`
	Accounts int              `json:"accounts"`
}

// NewRefit fits a calibration to the answers and compares it with the one in
// force. The error is an *actnow.InputError if there are fewer than RefitFrom.
//
// The fit follows Platt, "Probabilistic Outputs for Support Vector Machines"
// (1999): a line through the scores, by maximum likelihood. People are asked
// about doubtful pairs alone, so their answers say little of the slope far from
// them: the fit is fitLine to the shipped line by a penalty as strong as some two
// hundred answers. One answer in a hundred is taken for a slip of the hand.
//
// It never lowers the evidence that a lone candidate needs for the band match,
// unless the answers bear that out: of those that would newly be matched without
// a person, the share that people confirmed must be at least MatchFrom with 95 %
// confidence (the lower bound of Wilson, 1927), which takes some 130 answers
// without a mistake. Otherwise the line is fitted through the shipped
// threshold, on which it then turns.
func NewRefit(answers []Answer, now Calibration) (Refit, error) {
	if len(answers) < RefitFrom {
		return Refit{}, actnow.Invalid("error.match.refit", "", "%d answers given one by one count, and a refit needs %d", len(answers), RefitFrom)
	}
	c, bounded := fitLine(answers)
	r := Refit{Answers: len(answers), Calibration: c, Bounded: bounded, Before: meanLoss(answers, now), Shares: shares(answers, now, c)}
	const folds = 10
	for fold := range folds {
		var seen, unseen []Answer
		for i, a := range answers {
			if i%folds == fold {
				unseen = append(unseen, a)
			} else {
				seen = append(seen, a)
			}
		}
		fitted, _ := fitLine(seen)
		r.After += meanLoss(unseen, fitted) * float64(len(unseen)) / float64(len(answers))
	}
	return r, nil
}

// The penalty is that of normal priors around the shipped line (1, 0): these are
// their standard deviations. Some fifty answers between 0.30 and 0.98 tell the
// slope to about 0.2 and the offset to 0.5 bits.
const (
	slopeSpread  = 0.1
	offsetSpread = 0.25
)

// matchBits is MatchFrom as log2 odds.
const matchBits = 5.614709844115208

// fitLine returns the calibration, and whether it had to be kept from matching with
// less evidence than as shipped.
func fitLine(answers []Answer) (c Calibration, bounded bool) {
	c = climb(answers, func(g [2]float64, h [3]float64) (slope, offset float64) {
		det := h[0]*h[2] - h[1]*h[1]
		return (h[2]*g[0] - h[1]*g[1]) / det, (h[0]*g[1] - h[1]*g[0]) / det
	}, func(slope float64) Calibration { return Calibration{Slope: slope} })
	if c.apply(matchBits) <= matchBits || bornOut(answers, c) {
		return c, false
	}
	return climb(answers, func(g [2]float64, h [3]float64) (slope, offset float64) {
		slope = (g[0] - matchBits*g[1]) / (h[0] - 2*matchBits*h[1] + matchBits*matchBits*h[2])
		return slope, -matchBits * slope
	}, func(slope float64) Calibration { return Calibration{slope, matchBits * (1 - slope)} }), true
}

// step leads a calibration up, by the gradient of the penalised likelihood and
// the information about slope and slope, slope and offset, offset and offset.
type step func(g [2]float64, h [3]float64) (slope, offset float64)

// climb returns the calibration of the greatest penalised likelihood that steps
// reach from through, a line of a given slope. As slips make hills of their own,
// it sets out from several.
func climb(answers []Answer, lead step, through func(slope float64) Calibration) Calibration {
	best, top := Calibration{}, math.Inf(-1)
	for _, slope := range []float64{1, 0.6, 0.3} {
		if c, v := climbFrom(answers, lead, through(slope)); v > top {
			best, top = c, v
		}
	}
	return best
}

// climbFrom takes Newton's steps, with the information that whole knowledge of
// the answers would bring in place of the curvature; each is halved until it
// leads up.
func climbFrom(answers []Answer, lead step, c Calibration) (Calibration, float64) {
	at := penalised(answers, c)
	for range 100 {
		slope, offset := lead(slopes(answers, c))
		next, up := c, at
		for try := 1.0; try > 1e-6; try /= 2 {
			to := Calibration{c.Slope + try*slope, c.Offset + try*offset}
			if v := penalised(answers, to); to.Slope > 0 && v > at {
				next, up = to, v
				break
			}
		}
		if up-at < 1e-9 {
			break
		}
		c, at = next, up
	}
	return c, at
}

// penalised returns the log likelihood of the answers less the penalty.
func penalised(answers []Answer, c Calibration) float64 {
	x, y := (c.Slope-1)/slopeSpread, c.Offset/offsetSpread
	return -meanLoss(answers, c)*float64(len(answers))*math.Ln2 - (x*x+y*y)/2
}

// slopes returns the gradient of penalised, and the information for climb.
func slopes(answers []Answer, c Calibration) (g [2]float64, h [3]float64) {
	for i := range answers {
		a := &answers[i]
		all, open := a.odds(c)
		var mean, meanOpen, square [2]float64 // of score and 1 over the candidates; none of them counts as 0
		cross := 0.0
		for j, s := range a.Scores {
			p := math.Exp2(c.apply(s) - all)
			mean[0], mean[1] = mean[0]+p*s, mean[1]+p
			square[0], square[1], cross = square[0]+p*s*s, square[1]+p, cross+p*s
			if a.Open[j] {
				q := math.Exp2(c.apply(s) - open)
				meanOpen[0], meanOpen[1] = meanOpen[0]+q*s, meanOpen[1]+q
			}
		}
		_, meant := a.likelihood(c)
		for k := range g {
			g[k] += meant * math.Ln2 * (meanOpen[k] - mean[k])
		}
		h[0] += meant * math.Ln2 * math.Ln2 * (square[0] - mean[0]*mean[0])
		h[1] += meant * math.Ln2 * math.Ln2 * (cross - mean[0]*mean[1])
		h[2] += meant * math.Ln2 * math.Ln2 * (square[1] - mean[1]*mean[1])
	}
	const wantSlope, wantOffset = 1 / (slopeSpread * slopeSpread), 1 / (offsetSpread * offsetSpread)
	g[0] -= (c.Slope - 1) * wantSlope
	g[1] -= c.Offset * wantOffset
	return g, [3]float64{h[0] + wantSlope, h[1], h[2] + wantOffset}
}

// bornOut reports whether the answers about accounts that the calibration newly
// matches without a person confirm at least MatchFrom of them, with 95 %
// confidence.
func bornOut(answers []Answer, c Calibration) bool {
	n, yes := 0.0, 0.0
	for i := range answers {
		before, right, known := answers[i].best(Calibration{})
		after, _, _ := answers[i].best(c)
		if known && before < MatchFrom && after >= MatchFrom {
			n++
			if right {
				yes++
			}
		}
	}
	return n > 0 && wilson(yes, n) >= MatchFrom
}

// wilson returns the lower bound of a share of which yes of n were seen, one-sided
// at 95 %.
func wilson(yes, n float64) float64 {
	const z = 1.6449
	p := yes / n
	return (p + z*z/(2*n) - z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))) / (1 + z*z/n)
}

// shares compares probability and answers in three ranges of the probability now.
func shares(answers []Answer, now, then Calibration) []Share {
	list := []Share{{From: 0}, {From: 0.6}, {From: 0.9}}
	for i := range answers {
		before, right, known := answers[i].best(now)
		if !known {
			continue
		}
		after, _, _ := answers[i].best(then)
		at := len(list) - 1
		for list[at].From > before {
			at--
		}
		s := &list[at]
		s.Answers++
		s.Before += before
		s.After += after
		if right {
			s.Right++
		}
	}
	for i := range list {
		if n := float64(list[i].Answers); n > 0 {
			list[i].Right, list[i].Before, list[i].After = list[i].Right/n, list[i].Before/n, list[i].After/n
		}
	}
	return list
}

// Moves counts the accounts that are in another band after than before. Both
// are outcomes for the same accounts.
func Moves(before, after []Match) []Move {
	var list []Move
	for _, from := range []actnow.MatchBand{actnow.BandMatch, actnow.BandReview, actnow.BandNone} {
		for _, to := range []actnow.MatchBand{actnow.BandMatch, actnow.BandReview, actnow.BandNone} {
			m := Move{From: from, To: to}
			for i := range before {
				if from != to && before[i].Band == from && after[i].Band == to {
					m.Accounts++
				}
			}
			if m.Accounts > 0 {
				list = append(list, m)
			}
		}
	}
	return list
}
