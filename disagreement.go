package actnow

// ClusterPair is how many customers a report puts into one cluster and our own
// scores into another, or the same.
type ClusterPair struct {
	Report    Cluster `json:"report"`
	Ours      Cluster `json:"ours"`
	Customers int     `json:"customers"`
}

// Crossing is a fit band and an intent band that a report gives, with the cluster
// that it names for them.
type Crossing struct {
	Fit       Band    `json:"fit"`
	Intent    Band    `json:"intent"`
	Cluster   Cluster `json:"cluster"`
	Customers int     `json:"customers"`
}

// ReadingCount says how far crossings bear a matrix out.
type ReadingCount struct {
	Name       string `json:"name"`
	Version    int    `json:"version"`
	Active     bool   `json:"active"`
	Contradict int    `json:"contradict"`
	All        int    `json:"all"`
}

// Disagreement compares what reports say of an area with what we say.
type Disagreement struct {
	Area       Area           `json:"area"`
	Month      Month          `json:"month"`      // "" without scores
	Pairs      []ClusterPair  `json:"pairs"`      // only those that are not 0
	Crossings  []Crossing     `json:"crossings"`  // only those that are not 0
	Readings   []ReadingCount `json:"readings"`   // of the area, the matrix in force first
	Everywhere []ReadingCount `json:"everywhere"` // of all areas, each in its latest month
}

// Sums returns how many customers the pairs agree on, and on how many not.
func (d Disagreement) Sums() (agree, differ int) {
	for _, p := range d.Pairs {
		if p.Report == p.Ours {
			agree += p.Customers
		} else {
			differ += p.Customers
		}
	}
	return agree, differ
}

// Better returns the reading that fewer crossings of all areas contradict than
// the matrix in force. ok is false if there is none.
func (d Disagreement) Better() (best ReadingCount, ok bool) {
	for i, r := range d.Everywhere {
		if i == 0 || r.Contradict < best.Contradict {
			best = r
		}
	}
	return best, !best.Active && best.All > 0
}
