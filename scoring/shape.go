package scoring

import "slices"

// shape is the tables of a model as they are kept: a scorecard, and a booster if
// the two are blended.
type shape struct {
	Calibrator    calibrator    `json:"calibrator"`
	Card          cardShape     `json:"scorecard"`
	CardWeight    float64       `json:"scorecard_weight"`
	Booster       *boosterShape `json:"booster,omitempty"`
	BoosterWeight float64       `json:"booster_weight,omitempty"`
}

type cardShape struct {
	Intercept float64         `json:"intercept"`
	Effects   []basisShape    `json:"effects"`
	Straights []straightShape `json:"straights,omitempty"`
	Pairs     []pairShape     `json:"pairs,omitempty"`
}

// basisShape is the bins of a feature, by its place, and an effect of each; the
// last is that of missing, or of the rare and the unseen.
type basisShape struct {
	Feature int       `json:"feature"`
	Edges   []float64 `json:"edges,omitempty"`
	Levels  []string  `json:"levels,omitempty"`
	Effects []float64 `json:"effects"`
}

// straightShape is a straight part beside a scorecard's effect of a number, by its
// place: slope times how far a value, or its signed logarithm, lies from center in
// scales. A value beyond low or high is read as they are; a missing one adds nothing.
type straightShape struct {
	Effect    int     `json:"effect"`
	Logarithm bool    `json:"logarithm,omitempty"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	Center    float64 `json:"center"`
	Scale     float64 `json:"scale"`
	Slope     float64 `json:"slope"`
}

// pairShape crosses two of a scorecard's effects, by their places.
type pairShape struct {
	A       int       `json:"a"`
	B       int       `json:"b"`
	ClassA  []int32   `json:"class_a"` // by bin
	ClassB  []int32   `json:"class_b"`
	Sizes   [2]int    `json:"sizes"`
	Effects []float64 `json:"effects"` // row-major
}

type boosterShape struct {
	Level        float64            `json:"level"`
	Order        int                `json:"order"`
	Effects      []basisShape       `json:"effects"`
	Interactions []interactionShape `json:"interactions,omitempty"`
}

// interactionShape crosses features, by their places.
type interactionShape struct {
	Features []int     `json:"features"`
	Classes  [][]int   `json:"classes"` // by feature and bin
	Sizes    []int     `json:"sizes"`
	Effects  []float64 `json:"effects"` // row-major
}

// shapeOf returns the tables of what was learned.
func shapeOf(p *predictor) shape {
	s := shape{Calibrator: p.calibrate, CardWeight: 1}
	card := p.card
	s.Card = cardShape{Intercept: card.intercept, Effects: make([]basisShape, len(card.bases))}
	for k := range card.bases {
		s.Card.Effects[k] = basisShapeOf(&card.bases[k], card.effects[k])
	}
	for _, t := range card.straights {
		if t.slope != 0 {
			s.Card.Straights = append(s.Card.Straights, straightShape{t.basis, t.logarithm, t.low, t.high, t.center, t.scale, t.slope})
		}
	}
	for _, q := range card.pairs {
		s.Card.Pairs = append(s.Card.Pairs, pairShape{q.a, q.b, q.coarseA, q.coarseB, [2]int{q.sizeA, q.sizeB}, q.effects})
	}
	mix, ok := p.model.(blend)
	if !ok {
		return s
	}
	b := mix.b.(*booster)
	s.CardWeight, s.BoosterWeight = mix.weightA, mix.weightB
	s.Booster = &boosterShape{Level: b.level, Order: p.kind.order, Effects: []basisShape{}}
	for j, cut := range b.cuts {
		if cut != nil {
			s.Booster.Effects = append(s.Booster.Effects, basisShapeOf(cut, b.mains[j]))
		}
	}
	for _, t := range b.interactions {
		i := interactionShape{Features: t.columns, Sizes: t.sizes, Effects: t.effects}
		for _, classes := range t.classes {
			i.Classes = append(i.Classes, convert[int](classes))
		}
		s.Booster.Interactions = append(s.Booster.Interactions, i)
	}
	return s
}

func basisShapeOf(b *basis, effects []float64) basisShape {
	return basisShape{Feature: b.column, Edges: b.edges, Levels: b.names, Effects: effects}
}

func convert[T, F int | uint8](list []F) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = T(v)
	}
	return out
}

// kind names what was learned.
func (s *shape) kind() kind {
	k := kind{pairs: s.Card.Pairs != nil}
	if s.Booster != nil {
		k.order, k.weightCard, k.weightBoost = s.Booster.Order, s.CardWeight, s.BoosterWeight
	}
	return k
}

// learned returns what scores, of a shape without flaw.
func (s *shape) learned(features []Feature) learned {
	card := &scorecard{intercept: s.Card.Intercept}
	for _, e := range s.Card.Effects {
		card.bases = append(card.bases, e.basis(features))
		card.effects = append(card.effects, e.Effects)
	}
	for _, t := range s.Card.Straights {
		card.straights = append(card.straights, straight{t.Effect, t.Logarithm, t.Low, t.High, t.Center, t.Scale, t.Slope})
	}
	for _, p := range s.Card.Pairs {
		card.pairs = append(card.pairs, pair{a: p.A, b: p.B, coarseA: p.ClassA, coarseB: p.ClassB, sizeA: p.Sizes[0], sizeB: p.Sizes[1], effects: p.Effects})
	}
	if s.Booster == nil {
		return learned{card, card}
	}
	b := &booster{level: s.Booster.Level, cuts: make([]*basis, len(features)), mains: make([][]float64, len(features))}
	for _, e := range s.Booster.Effects {
		cut := e.basis(features)
		b.cuts[e.Feature], b.mains[e.Feature] = &cut, e.Effects
	}
	for _, i := range s.Booster.Interactions {
		t := interaction{columns: i.Features, sizes: i.Sizes, effects: i.Effects}
		for _, classes := range i.Classes {
			t.classes = append(t.classes, convert[uint8](classes))
		}
		b.interactions = append(b.interactions, t)
	}
	return learned{blend{card, b, s.CardWeight, s.BoosterWeight}, card}
}

func (e *basisShape) basis(features []Feature) basis {
	f := Feature{Numeric: features[e.Feature].Numeric, Edges: e.Edges, Levels: e.Levels}
	return f.basis(e.Feature)
}

// flaw names the first table that cannot be, "" if there is none.
func (s *shape) flaw(features []Feature) string {
	for _, e := range s.Card.Effects {
		if !e.sound(features) {
			return "scorecard"
		}
	}
	for _, t := range s.Card.Straights {
		if t.Effect < 0 || t.Effect >= len(s.Card.Effects) || !features[s.Card.Effects[t.Effect].Feature].Numeric || t.Low > t.High || !(t.Scale > 0) {
			return "scorecard.straights"
		}
	}
	for _, p := range s.Card.Pairs {
		sound := p.A >= 0 && p.A < len(s.Card.Effects) && p.B >= 0 && p.B < len(s.Card.Effects) && len(p.Effects) == p.Sizes[0]*p.Sizes[1] &&
			within32(p.ClassA, len(s.Card.Effects[p.A].Effects), p.Sizes[0]) && within32(p.ClassB, len(s.Card.Effects[p.B].Effects), p.Sizes[1])
		if !sound {
			return "scorecard.pairs"
		}
	}
	if s.Booster != nil {
		return s.Booster.flaw(features)
	}
	return ""
}

func within32(classes []int32, bins, size int) bool {
	return len(classes) == bins && !slices.ContainsFunc(classes, func(c int32) bool { return c < 0 || int(c) >= size })
}

func (s *boosterShape) flaw(features []Feature) string {
	if s.Order < 1 || s.Order > maxOrder {
		return "booster.order"
	}
	bins := make([]int, len(features))
	for _, e := range s.Effects {
		if !e.sound(features) || bins[e.Feature] > 0 || len(e.Effects) > maxCuts {
			return "booster"
		}
		bins[e.Feature] = len(e.Effects)
	}
	for _, t := range s.Interactions {
		if !t.sound(bins) {
			return "booster.interactions"
		}
	}
	return ""
}

// sound reports whether the feature is there and has as many bins as effects.
func (e *basisShape) sound(features []Feature) bool {
	if e.Feature < 0 || e.Feature >= len(features) || len(e.Effects) > mostBins || !rising(e.Edges) {
		return false
	}
	if features[e.Feature].Numeric {
		return e.Levels == nil && len(e.Effects) == len(e.Edges)+2
	}
	levels := slices.Clone(e.Levels)
	slices.Sort(levels)
	return e.Edges == nil && len(e.Effects) == len(levels)+1 && len(slices.Compact(levels)) == len(e.Levels)
}

// sound reports whether the table has an effect for each crossing of the classes
// of features with so many bins.
func (t *interactionShape) sound(bins []int) bool {
	n := len(t.Features)
	if n < 2 || n > maxOrder || len(t.Classes) != n || len(t.Sizes) != n {
		return false
	}
	cells := 1
	for k, feature := range t.Features {
		if feature < 0 || feature >= len(bins) || bins[feature] == 0 || len(t.Classes[k]) != bins[feature] || t.Sizes[k] < 1 || t.Sizes[k] > maxCuts {
			return false
		}
		if slices.ContainsFunc(t.Classes[k], func(c int) bool { return c < 0 || c >= t.Sizes[k] }) {
			return false
		}
		cells *= t.Sizes[k]
	}
	return len(t.Effects) == cells
}

// rising reports whether each number is above the one before.
func rising(list []float64) bool {
	for i := 1; i < len(list); i++ {
		if !(list[i] > list[i-1]) {
			return false
		}
	}
	return true
}
