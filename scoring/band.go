package scoring

import (
	"math"
	"slices"

	"actnow"
)

// BandOutcome is what happened to the rows of a band.
type BandOutcome struct {
	Band actnow.Band `json:"band"`
	Rows int         `json:"rows"`
	Hits int         `json:"hits"`
}

// BandTally is what happened to the rows of each band, best first, and what that says
// of the promise that a higher band does better than the one below.
type BandTally struct {
	Edges    Edges         `json:"edges"`
	Outcomes []BandOutcome `json:"outcomes"`
	// Together is the design effect: how many rows tell as much as one would if no two
	// were of the same customer. At least 1.
	Together float64       `json:"together"`
	Promises []BandPromise `json:"promises"`
}

// BandVerdict is what outcomes say of the promise of two neighbouring bands.
type BandVerdict string

// The verdicts on a band against the one below it.
const (
	BandKept     BandVerdict = "kept"     // it does better: the interval of the difference is above 0
	BandInverted BandVerdict = "inverted" // it does worse: the interval is below 0
	BandFlat     BandVerdict = "flat"     // no better: the interval holds 0, and lies below the promised difference
	BandOpen     BandVerdict = "open"     // too few outcomes to say
)

// BandPromise compares the rates of two neighbouring bands.
type BandPromise struct {
	Higher actnow.Band `json:"higher"`
	Lower  actnow.Band `json:"lower"`
	Gap
	Verdict BandVerdict `json:"verdict"`
	Missing int         `json:"missing,omitempty"` // rows, about, until it can be told
}

// BandCounter counts outcomes by band. Rows of one customer go together: they are
// added at once.
type BandCounter struct {
	edges Edges
	sums  [4]bandSum // by the place in actnow.Bands
}

// bandSum adds up the rows that customers have in a band, and their hits.
type bandSum struct {
	rows, hits             float64
	rows2, rowsHits, hits2 float64 // squares and products, customer by customer
}

// NewBandCounter counts by bands that begin at edges.
func NewBandCounter(e Edges) *BandCounter { return &BandCounter{edges: e} }

// Add counts a customer's rows in a band, and how many of them were hits.
func (c *BandCounter) Add(band actnow.Band, rows, hits int) {
	k := slices.Index(actnow.Bands, band)
	if k < 0 || rows == 0 {
		return
	}
	s, n, y := &c.sums[k], float64(rows), float64(hits)
	s.rows, s.hits = s.rows+n, s.hits+y
	s.rows2, s.rowsHits, s.hits2 = s.rows2+n*n, s.rowsHits+n*y, s.hits2+y*y
}

// Tally returns the count with its verdicts.
func (c *BandCounter) Tally() BandTally {
	outcomes := make([]BandOutcome, len(actnow.Bands))
	for k, band := range actnow.Bands {
		outcomes[k] = BandOutcome{band, int(c.sums[k].rows), int(c.sums[k].hits)}
	}
	return newBandTally(c.edges, outcomes, c.together())
}

// bandGroups gathers rows of customers in any order, until a BandCounter adds them up.
type bandGroups map[bandGroup]struct{ rows, hits int }

// bandGroup is the rows of a customer in a band.
type bandGroup struct {
	customer string
	band     actnow.Band
}

func (g bandGroups) add(customer string, band actnow.Band, hit bool) {
	at := bandGroup{customer, band}
	n := g[at]
	n.rows++
	if hit {
		n.hits++
	}
	g[at] = n
}

func (g bandGroups) counter(e Edges) *BandCounter {
	c := NewBandCounter(e)
	for at, n := range g { // sums of whole numbers, in any order
		c.Add(at.band, n.rows, n.hits)
	}
	return c
}

// together is the design effect by which Rao and Scott, "A simple method for the
// analysis of clustered binary data" (1992), divide counts: the variance of the rates
// with the rows of a customer added up, over what it were if each row stood alone;
// here of all bands together, since one band has too few customers to tell it well.
func (c *BandCounter) together() float64 {
	spread, alone := 0.0, 0.0
	for _, s := range c.sums {
		if s.rows == 0 {
			continue
		}
		p := s.hits / s.rows
		spread += s.hits2 - 2*p*s.rowsHits + p*p*s.rows2
		alone += s.rows * p * (1 - p)
	}
	if alone == 0 {
		return 1
	}
	return max(1, spread/alone)
}

func newBandTally(e Edges, outcomes []BandOutcome, together float64) BandTally {
	t := BandTally{Edges: e, Outcomes: outcomes, Together: together}
	for k := 1; k < len(outcomes); k++ {
		t.Promises = append(t.Promises, t.promise(outcomes[k-1], outcomes[k]))
	}
	return t
}

// Rate returns the rate of hits among all rows, and how many rows there are.
func (t BandTally) Rate() (rate float64, rows int) {
	hits := 0
	for _, o := range t.Outcomes {
		rows, hits = rows+o.Rows, hits+o.Hits
	}
	return float64(hits) / float64(max(rows, 1)), rows
}

// Within returns the ends of the 95 % interval of a band's rate, as of so many rows as
// there would be if no two were of the same customer.
func (t BandTally) Within(o BandOutcome) (low, high float64) {
	if o.Rows == 0 {
		return 0, 1
	}
	return wilson(float64(o.Hits)/float64(o.Rows), float64(o.Rows)/t.Together)
}

// promise compares a band with the one below by the interval of the difference of
// their rates.
func (t BandTally) promise(higher, lower BandOutcome) BandPromise {
	b := BandPromise{Higher: higher.Band, Lower: lower.Band, Gap: Gap{Low: -1, High: 1}, Verdict: BandOpen}
	if higher.Rows > 0 && lower.Rows > 0 {
		p, q := float64(higher.Hits)/float64(higher.Rows), float64(lower.Hits)/float64(lower.Rows)
		pLow, pHigh := t.Within(higher)
		qLow, qHigh := t.Within(lower)
		b.Gap = newGap(p, pLow, pHigh, q, qLow, qHigh)
	}
	above, below := t.begins(higher.Band), t.begins(lower.Band)
	switch {
	case b.Low > 0:
		b.Verdict = BandKept
	case b.High < 0:
		b.Verdict = BandInverted
	case b.High < above-below:
		b.Verdict = BandFlat
	default:
		b.Missing = t.missing(above, below, b, higher.Rows, lower.Rows)
	}
	return b
}

// begins is the chance at which a band begins where the average is that of all rows.
func (t BandTally) begins(b actnow.Band) float64 {
	rate, rows := t.Rate()
	from, _ := t.Edges.Of(b)
	return Probability(from, likely(rate*float64(rows), float64(rows)))
}

// missing is about how many rows it takes until bands that begin at two chances can be
// told apart: as many as would show that difference, or, where these are there and
// have not settled it, as many as narrow the interval to what is seen.
func (t BandTally) missing(above, below float64, b BandPromise, rows ...int) int {
	needed, missing, have := rowsToTell(above, below, 1)*t.Together, 0.0, 0.0
	for _, n := range rows {
		missing += max(0, needed-float64(n))
		have += float64(n)
	}
	if missing == 0 {
		times := (b.High - b.Low) / 2 / max(b.Difference, above-below-b.Difference)
		missing = have * (times*times - 1)
	}
	return max(1, int(math.Ceil(missing)))
}
