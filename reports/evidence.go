package reports

import "actnow"

// Reading says which cluster a fit band and an intent band cross in, or "".
type Reading func(fit, intent actnow.Band) actnow.Cluster

// NamedReading is a matrix that evidence is held against.
type NamedReading struct {
	Name    string
	Reading Reading
}

// Quadrants and Rows are the two readings that the published words of the
// matrix allow: clusters as blocks of two by two cells, or as rows.
var (
	Quadrants = NamedReading{"quadrants", func(fit, intent actnow.Band) actnow.Cluster {
		f, i := rank(fit), rank(intent)
		if f < 0 || i < 0 {
			return ""
		}
		return actnow.Clusters[f/2*2+i/2]
	}}
	Rows = NamedReading{"rows", func(fit, intent actnow.Band) actnow.Cluster {
		f := rank(fit)
		if f < 0 || rank(intent) < 0 {
			return ""
		}
		return actnow.Clusters[f]
	}}
)

func rank(b actnow.Band) int {
	for i, band := range actnow.Bands {
		if b == band {
			return i
		}
	}
	return -1
}

// Crossing is a fit band, an intent band and the cluster a file names for them.
type Crossing struct {
	Fit, Intent actnow.Band
	Cluster     actnow.Cluster
}

// Evidence counts the crossings of a file. The first real file settles with it
// which matrix Microsoft uses.
type Evidence map[Crossing]int

// Add counts the scores of a row that name fit, intent and cluster together.
func (e Evidence) Add(scores []AreaScore) {
	for _, s := range scores {
		if s.FitBand != "" && s.IntentBand != "" && s.Cluster != "" {
			e[Crossing{s.FitBand, s.IntentBand, s.Cluster}]++
		}
	}
}

// Against returns how many of the crossings contradict the reading, and how
// many there are.
func (e Evidence) Against(r Reading) (contradict, all int) {
	for c, n := range e {
		all += n
		if r(c.Fit, c.Intent) != c.Cluster {
			contradict += n
		}
	}
	return contradict, all
}

// notice warns if the evidence contradicts the first of readings, and says
// which of the others fits better.
func (e Evidence) notice(readings []NamedReading) (Notice, bool) {
	if len(readings) == 0 {
		return Notice{}, false
	}
	active := readings[0]
	contradict, all := e.Against(active.Reading)
	if contradict == 0 {
		return Notice{}, false
	}
	best, fewest := "", contradict
	for _, other := range readings[1:] {
		if n, _ := e.Against(other.Reading); n < fewest {
			best, fewest = other.Name, n
		}
	}
	if best == "" {
		return NewNotice("warning.report.matrix", contradict, all, active.Name), true
	}
	return NewNotice("warning.report.matrix_better", contradict, all, active.Name, best, fewest), true
}
