package actnow

import "math"

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
	// RankCorrelation is RankCorrelation of the pairs, nil if there is none.
	RankCorrelation *float64 `json:"rank_correlation,omitempty"`
}

// RankCorrelation returns how alike a report and we order customers, from -1 to 1:
// Spearman's rho, the correlation of ranks, in which those of one cluster share their
// mean rank. It is nil if one of the two puts all customers into one cluster.
func RankCorrelation(pairs []ClusterPair) *float64 {
	report, ours := map[Cluster]float64{}, map[Cluster]float64{}
	n := 0.0
	for _, p := range pairs {
		report[p.Report] += float64(p.Customers)
		ours[p.Ours] += float64(p.Customers)
		n += float64(p.Customers)
	}
	// spread returns the ranks of the clusters, from the mean, and their variance.
	spread := func(counts map[Cluster]float64) (ranks map[Cluster]float64, variance float64) {
		ranks = map[Cluster]float64{}
		before := 0.0
		for _, k := range Clusters {
			ranks[k] = before + counts[k]/2 - n/2
			variance += counts[k] * ranks[k] * ranks[k]
			before += counts[k]
		}
		return ranks, variance
	}
	r, rv := spread(report)
	o, ov := spread(ours)
	if rv == 0 || ov == 0 {
		return nil
	}
	together := 0.0
	for _, p := range pairs {
		together += float64(p.Customers) * r[p.Report] * o[p.Ours]
	}
	rho := together / math.Sqrt(rv*ov)
	return &rho
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
