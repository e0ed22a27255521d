package matcher

import (
	"cmp"
	"context"
	"slices"
	"sync"

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
	maxFinalists = 8 // candidates of an account that share its probability
	maxShown     = 5
	batchSize    = 64 // accounts a worker takes at a time
)

// matching is one run over accounts.
type matching struct {
	index   *Index
	sayings sayings
	decided map[string]accountDecisions
	noting  bool // whether outcomes tell what they rest on
}

// outcome is a match and what it rests on.
type outcome struct {
	Match
	basis basis
}

// Match finds the customer of each account and returns one Match per account,
// by key; of several accounts with one key the first in the order of their
// fields counts. Decisions stand in the order they were made and over any
// score; those about records that are gone have no effect.
//
// How many of the given accounts share a domain or a name weighs in, so a part of a file
// can come out slightly different from the whole. The error is ctx's.
func (ix *Index) Match(ctx context.Context, accounts []Record, decisions []Decision) ([]Match, error) {
	out := make([]Match, 0, len(accounts))
	err := ix.Each(ctx, accounts, decisions, func(m Match) error {
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if ix.opt.OneToOne {
		OneToOne(out)
	}
	return out, nil
}

// Each is Match for more accounts than there is room for their outcomes: it
// calls f with one after the other, by key. The error is ctx's or f's.
func (ix *Index) Each(ctx context.Context, accounts []Record, decisions []Decision, f func(Match) error) error {
	sorted := sortRecords(accounts)
	return ix.matching(sorted, decisions).each(ctx, sorted, func(o outcome) error { return f(o.Match) })
}

func (ix *Index) matching(accounts []*Record, decisions []Decision) *matching {
	return &matching{index: ix, sayings: ix.sayings(accounts), decided: settle(decisions)}
}

// each matches the accounts, in batches side by side, and calls f in order.
func (m *matching) each(ctx context.Context, accounts []*Record, f func(outcome) error) error {
	workers := min(m.index.opt.Workers, len(accounts)/batchSize+1)
	type batch struct {
		records []*Record
		done    chan []outcome
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	work, order := make(chan batch), make(chan chan []outcome, 4*workers)
	wg.Go(func() {
		defer close(order)
		defer close(work)
		for records := range slices.Chunk(accounts, batchSize) {
			b := batch{records, make(chan []outcome, 1)}
			select {
			case <-ctx.Done():
				return
			case order <- b.done:
			}
			work <- b
		}
	})
	for range workers {
		wg.Go(func() {
			s := m.index.borrow()
			defer m.index.scratch.Put(s)
			s.noting, s.others.noting = m.noting, m.noting
			for b := range work {
				out := make([]outcome, 0, len(b.records))
				for _, r := range b.records {
					if ctx.Err() == nil {
						out = append(out, m.match(r, s))
					}
				}
				b.done <- out
			}
		})
	}
	for done := range order {
		for _, o := range <-done {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(o); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// finalist is a candidate that was compared.
type finalist struct {
	id       int32
	e        evidence
	terms    []weighted
	x        *features // what the trees saw; nil if they were not asked
	together float64   // bits that the trees add
	score    float64   // bits in all
	bent     float64   // bits that the calibration adds to them
	rivals   float64   // bits lost to the other candidates
	p        float64
	hold     string // code of the reason why a person must see it, or ""
}

// match finds the customer of one account.
func (m *matching) match(r *Record, s *scratch) outcome {
	a := m.index.read(r, s)
	out := outcome{Match: Match{Account: r.Key, Band: actnow.BandNone}}
	d := m.decided[r.Key]
	if id, ok := m.confirmed(d); ok {
		s.terms = s.terms[:0]
		f := &s.field[0]
		m.compare(f, a, id, s)
		out.Band, out.Decided, out.Candidates = actnow.BandMatch, true, []Candidate{m.candidate(a, f, true, s)}
		s.asked, s.runs = s.asked[:0], s.runs[:0]
		s.others.of(a, m)
		for _, site := range a.sites() { // how many customers share it is said
			s.asked = append(s.asked, hashKey(armDomain, site.key))
		}
		out.basis = s.basis(a, d)
		return out
	}
	finalists := m.finalists(a, d, s)
	out.basis = s.basis(a, d)
	for i := range min(len(finalists), maxShown) {
		if finalists[i].p < ShownFrom {
			break
		}
		out.Candidates = append(out.Candidates, m.candidate(a, finalists[i], false, s))
	}
	if len(out.Candidates) > 0 {
		out.Band = band(out.Candidates[0].Probability)
	}
	return out
}

// read takes an account apart, ready to be compared until the next one is.
func (ix *Index) read(r *Record, s *scratch) *entity {
	a := readEntity(r)
	a.weighTokens(ix.tokenCount, ix.size)
	s.prepare(&a)
	return &a
}

// confirmed returns the customer that a person gave the account, if there is
// such a customer.
func (m *matching) confirmed(d accountDecisions) (int32, bool) {
	if d.yes == "" {
		return 0, false
	}
	return m.index.find(d.yes)
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

// finalists returns the likeliest customers of the account, best first. They are
// valid until the next call.
func (m *matching) finalists(a *entity, d accountDecisions, s *scratch) []*finalist {
	s.order, s.terms = s.order[:0], s.terms[:0]
	for i, c := range m.index.candidates(a, d.no, s) {
		m.compare(&s.field[i], a, c.id, s)
		s.order = append(s.order, &s.field[i])
	}
	field := s.order
	s.others.of(a, m)
	m.askTrees(a, field, s)
	slices.SortFunc(field, likelier)
	scores := make([]float64, len(field))
	for i, f := range field {
		f.hold = f.e.hold()
		scores[i] = m.index.opt.Calibration.apply(f.score)
		f.bent = scores[i] - f.score
	}
	p, rivals := posterior(scores)
	for i, f := range field {
		f.p, f.rivals = p[i], rivals[i]
		if f.hold != "" {
			f.p = held(p[i])
		}
	}
	return field
}

// likelier orders finalists by their score, and by key where they are equal.
func likelier(x, y *finalist) int {
	return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id))
}

// compare sets f to what the fields of an account and a customer say alone.
func (m *matching) compare(f *finalist, a *entity, id int32, s *scratch) {
	*f = finalist{id: id}
	m.weigh(&f.e, a, &m.index.customers[id], s.sim)
	at := len(s.terms)
	s.terms = f.e.terms(m.index.size, s.terms)
	f.terms = s.terms[at:]
	f.score = score(f.terms)
}

// hold returns the code of the reason why the pair is for a person to decide
// whatever its weight, or "": an ID that says otherwise, a domain of several
// customers and little else, a domain of a record with another name (a site
// that moved, a parent, a branch) unless both are alone there.
func (e *evidence) hold() string {
	n := &e.name
	switch {
	case e.tpid == levelDifferent:
		return "match.hold.tpid"
	case e.domain.level != levelEqual || e.tpid == levelEqual || n.acronym >= 3:
		return ""
	case e.domain.shared > 1 && n.sim < 0.75 && n.compact < 0.9:
		return "match.hold.domain"
	case n.known && !n.foreign && !n.mixed && n.sim < 0.5 && n.compact < 0.85 && !e.alone():
		return "match.hold.renamed"
	}
	return ""
}

// alone reports whether nobody but the two records stands at their domain, and
// both are in one town: the name is then what has changed.
func (e *evidence) alone() bool {
	return e.domain.shared == 1 && e.domain.accounts == 1 && e.city == levelEqual
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
