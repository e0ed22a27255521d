package scoring

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// mostParts is how many reasons for and how many against a score are kept one by
// one, if they add leastPart or more; what the others add is kept as one.
const (
	mostParts = 5
	leastPart = 0.005
)

// Scores returns what the model says of customers, given what is known of each. Of
// whom nothing is known it says nothing. The log-odds of the parts add up to the
// logit of the probability.
func (m *Model) Scores(customers [][]Observation) []Score {
	out := make([]Score, len(customers))
	m.predictor.eachOdds(m.frame(customers), places(len(customers)), func(i int, odds, calibration float64, shares []float64) {
		if len(customers[i]) == 0 {
			return
		}
		points := Points(sigmoid(odds), m.Base)
		out[i] = Score{Points: &points, Parts: m.parts(customers[i], shares, calibration)}
	})
	return out
}

// frame lays out what is known of customers in the area of the model.
func (m *Model) frame(customers [][]Observation) *frame {
	s := newSheet(m.Area)
	lines := make([]line, len(customers))
	for i, known := range customers {
		lines[i] = s.add(known)
	}
	return frameOf(m.Features, lines)
}

// chances returns what the model says of the rows of a frame, 0 to 1.
func (m *Model) chances(f *frame) []float64 {
	out := make([]float64, f.rows())
	m.predictor.eachOdds(f, places(len(out)), func(i int, odds, _ float64, _ []float64) {
		out[i] = sigmoid(odds)
	})
	return out
}

// pointsOf returns the scores of the rows of a frame.
func (m *Model) pointsOf(f *frame) []float64 {
	out := m.chances(f)
	for i, p := range out {
		out[i] = Points(p, m.Base)
	}
	return out
}

// parts adds the shares of features up by the signals they belong to, and says the
// largest of them in sentences.
func (m *Model) parts(known []Observation, shares []float64, calibration float64) []Part {
	parts := []Part{m.part("base", "base", format(math.Round(1000*m.Base)/10), m.predictor.model.base())}
	observed := make(map[string]*Observation, len(known))
	for i := range known {
		observed[known[i].Feature] = &known[i]
	}
	var signals []Part
	for j := range m.Features {
		if shares[j] == 0 {
			continue
		}
		name := m.Features[j].Name
		signal := SignalOf(name)
		if n := len(signals); n > 0 && signals[n-1].Feature == signal { // features are in order of their names
			signals[n-1].LogOdds += shares[j]
			continue
		}
		r := reasonOf(signal, observed)
		if signal == areaFeature {
			r.value = m.Area.Name()
		}
		p := m.part(signal, r.code, r.value, shares[j])
		p.At = r.at
		p.Text = fill(Messages[p.Code][0], p)
		signals = append(signals, p)
	}
	slices.SortStableFunc(signals, func(a, b Part) int { return cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds)) })
	ups, downs, rest, left := 0, 0, 0.0, 0
	for _, p := range signals {
		side := &ups
		if p.LogOdds < 0 {
			side = &downs
		}
		if *side++; *side > mostParts || math.Abs(p.LogOdds) < leastPart {
			rest, left = rest+p.LogOdds, left+1
			continue
		}
		parts = append(parts, p)
	}
	if left > 0 {
		parts = append(parts, m.part("rest", "rest", strconv.Itoa(left), rest))
	}
	if calibration != 0 {
		parts = append(parts, m.part("calibration", "calibration", "", calibration))
	}
	return parts
}

func (m *Model) part(feature, code, value string, logOdds float64) Part {
	if code == "base" {
		code += "." + string(m.Target)
	}
	p := Part{Feature: feature, Value: value, LogOdds: logOdds, Code: "model." + code}
	p.Text = fill(Messages[p.Code][0], p)
	return p
}
