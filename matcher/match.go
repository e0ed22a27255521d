package matcher

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"actnow"
)

// The thresholds of the bands, and the least probability a candidate is shown
// with.
const (
	MatchFrom  = 0.98
	ReviewFrom = 0.30
	ShownFrom  = 0.05
)

// Probabilities from heldFrom on of pairs that a person must see whatever the
// weights say are pressed into heldFrom to heldTo.
const (
	heldFrom = 0.97
	heldTo   = 0.979
)

const (
	maxFinalists = 8 // candidates of an account that are compared closely
	maxShown     = 5
	batchSize    = 64 // accounts a worker takes at a time
)

// matching is one run of Match.
type matching struct {
	index      *Index
	accounts   []entity
	accountsAt map[string]int // accounts per domain
	decided    map[string]accountDecisions
}

// Match finds the customer of each account and returns one Match per account,
// by key; of several accounts with one key the first in the order of their
// fields counts. Decisions stand in the order they were made and over any
// score; those about records that are gone have no effect.
//
// How many of the given accounts share a domain weighs in, so a part of a file
// can come out slightly different from the whole. The error is ctx's.
func (ix *Index) Match(ctx context.Context, accounts []Record, decisions []Decision) ([]Match, error) {
	m, err := ix.matching(ctx, accounts, decisions)
	if err != nil {
		return nil, err
	}
	out := make([]Match, len(m.accounts))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(ix.opt.Workers, len(out)/batchSize+1) {
		wg.Go(func() {
			s := ix.newScratch()
			for ctx.Err() == nil {
				high := int(next.Add(batchSize))
				for i := high - batchSize; i < min(high, len(out)); i++ {
					out[i] = m.match(&m.accounts[i], s)
				}
				if high >= len(out) {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// matching takes the accounts apart and settles the decisions.
func (ix *Index) matching(ctx context.Context, accounts []Record, decisions []Decision) (*matching, error) {
	sorted := sortRecords(accounts)
	m := &matching{index: ix, accounts: make([]entity, len(sorted)),
		accountsAt: make(map[string]int), decided: settle(decisions)}
	ix.spread(len(sorted), func(_, low, high int) {
		for i := low; i < high && ctx.Err() == nil; i++ {
			m.accounts[i] = readEntity(sorted[i])
			m.accounts[i].weighTokens(ix.tokenCount, len(ix.customers))
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range m.accounts {
		for _, k := range m.accounts[i].domainKeys() {
			m.accountsAt[k]++
		}
	}
	return m, nil
}

// finalist is a candidate compared closely.
type finalist struct {
	id       int32
	e        evidence
	terms    []weighted
	x        *features
	together float64 // bits that the trees add
	score    float64 // bits in all
	bent     float64 // bits that the calibration adds to them
	rivals   float64 // bits lost to the other candidates
	p        float64
	hold     string // code of the reason why a person must see it, or ""
}

func (m *matching) match(a *entity, s *scratch) Match {
	out := Match{Account: a.rec.Key, Band: actnow.BandNone}
	d := m.decided[a.rec.Key]
	if id, ok := m.confirmed(d); ok {
		f := m.weighField(a, []weighedID{{id: id}})[0]
		out.Band, out.Decided, out.Candidates = actnow.BandMatch, true, []Candidate{m.candidate(a, &f).Confirmed()}
		return out
	}
	finalists := m.finalists(a, d, s)
	for i := range min(len(finalists), maxShown) {
		if finalists[i].p < ShownFrom {
			break
		}
		out.Candidates = append(out.Candidates, m.candidate(a, &finalists[i]))
	}
	if len(out.Candidates) > 0 {
		out.Band = band(out.Candidates[0].Probability)
	}
	return out
}

// confirmed returns the customer that a person gave the account, if there is
// such a customer.
func (m *matching) confirmed(d accountDecisions) (int32, bool) {
	if d.yes == "" {
		return 0, false
	}
	id, ok := m.index.byKey[d.yes]
	return id, ok
}

func band(p float64) actnow.MatchBand {
	switch {
	case p >= MatchFrom:
		return actnow.BandMatch
	case p >= ReviewFrom:
		return actnow.BandReview
	}
	return actnow.BandNone
}

// finalists returns the likeliest customers of the account, best first.
func (m *matching) finalists(a *entity, d accountDecisions, s *scratch) []finalist {
	n := len(m.index.customers)
	s.weighed = s.weighed[:0]
	for _, id := range m.index.candidates(a, s) {
		c := &m.index.customers[id]
		if d.no[c.rec.Key] {
			continue
		}
		e := m.weigh(a, c, quickSim)
		s.terms = e.terms(n, s.terms[:0])
		s.weighed = append(s.weighed, weighedID{id, score(s.terms)})
	}
	slices.SortFunc(s.weighed, func(x, y weighedID) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id))
	})
	field := m.weighField(a, s.weighed[:min(len(s.weighed), maxFinalists)])
	scores := make([]float64, len(field))
	for i := range field {
		f := &field[i]
		f.score += f.together
		scores[i] = m.index.opt.Calibration.apply(f.score)
		f.bent = scores[i] - f.score
	}
	p, rivals := posterior(scores)
	for i := range field {
		field[i].p, field[i].rivals = p[i], rivals[i]
		if field[i].hold != "" {
			field[i].p = held(p[i])
		}
	}
	slices.SortFunc(field, func(x, y finalist) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id))
	})
	return field
}

// hopeless is the match weight in bits below which the trees are not asked: they
// would not make a match of the pair.
const hopeless = -10

// weighField compares an account closely with each of its finalists.
func (m *matching) weighField(a *entity, weighed []weighedID) []finalist {
	field := make([]finalist, len(weighed))
	for i := range field {
		f := &field[i]
		f.id = weighed[i].id
		f.e = m.weigh(a, &m.index.customers[f.id], closeSim)
		f.terms = f.e.terms(len(m.index.customers), nil)
		f.score = score(f.terms)
		f.hold = f.e.hold()
	}
	for i := range field {
		f := &field[i]
		if f.score < hopeless {
			continue
		}
		best, near := 0.0, 0 // nobody is a rival too
		for j := range field {
			if j == i {
				continue
			}
			best = max(best, field[j].score)
			if field[j].score > f.score-rivalReach {
				near++
			}
		}
		f.x = m.features(a, f, f.score-best, near)
		f.together = forestOnce().bits(f.x)
	}
	return field
}

// hold returns the code of the reason why the pair is for a person to decide
// whatever its weight, or "": an ID that says otherwise, a domain of several
// customers and little else, a domain of a record with another name (a site
// that moved, a parent, a branch).
func (e *evidence) hold() string {
	n := &e.name
	switch {
	case e.tpid == levelDifferent:
		return "match.hold.tpid"
	case e.domain.level != levelEqual || e.tpid == levelEqual || n.acronym >= 3:
		return ""
	case e.domain.shared > 1 && n.sim < 0.75 && n.compact < 0.9:
		return "match.hold.domain"
	case n.known && !n.foreign && n.sim < 0.5 && n.compact < 0.85:
		return "match.hold.renamed"
	}
	return ""
}

// held returns the probability of a pair that a person must see: below
// MatchFrom, in the order of p.
func held(p float64) float64 {
	if p <= heldFrom {
		return p
	}
	return heldFrom + (p-heldFrom)/(1-heldFrom)*(heldTo-heldFrom)
}

// stage returns the first step of the order of trust that carries the pair:
// the domain, if it agrees; the name, if the pair would be worth a look
// without its TPID; else the TPID.
func (f *finalist) stage() actnow.MatchStage {
	if f.e.domain.level == levelEqual {
		return actnow.StageDomain
	}
	if f.e.tpid == levelEqual && f.score-weights[termTPIDEqual] < reviewBits {
		return actnow.StageTPID
	}
	return actnow.StageName
}

// reviewBits is ReviewFrom as log2 odds.
const reviewBits = -1.2223924213364479
