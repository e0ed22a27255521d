package actnow

import (
	"math"
	"strings"
)

// Band is the coarse reading of a score from 0 to 100.
type Band string

// The bands, best first. The zero value means "no score", which is not 0.
const (
	High    Band = "High"
	Medium  Band = "Medium"
	Low     Band = "Low"
	VeryLow Band = "Very low"
)

// Bands lists the bands, best first.
var Bands = []Band{High, Medium, Low, VeryLow}

// Edges are the lowest scores of the bands High, Medium and Low; below Low is
// Very low. They are data, versioned with the matrix that the bands lead to.
type Edges struct {
	High   float64 `json:"high" yaml:"high"`
	Medium float64 `json:"medium" yaml:"medium"`
	Low    float64 `json:"low" yaml:"low"`
}

// DefaultEdges are those of the CloudAscent page, which calls them examples that
// vary by model.
var DefaultEdges = Edges{High: 75, Medium: 55, Low: 30}

// Band returns the band of an unrounded score in [0, 100]. NaN has no band.
func (e Edges) Band(score float64) Band {
	switch {
	case math.IsNaN(score):
		return ""
	case score >= e.High:
		return High
	case score >= e.Medium:
		return Medium
	case score >= e.Low:
		return Low
	}
	return VeryLow
}

// Of returns the scores of a band: from the lowest on, up to but without the upper
// end, which is 100 and belongs to it for High.
func (e Edges) Of(b Band) (low, high float64) {
	switch b {
	case High:
		return e.High, 100
	case Medium:
		return e.Medium, e.High
	case Low:
		return e.Low, e.Medium
	}
	return 0, e.Low
}

// Check returns an *InputError unless 100 ≥ High > Medium > Low > 0.
func (e Edges) Check() error {
	if e.High <= 100 && e.High > e.Medium && e.Medium > e.Low && e.Low > 0 {
		return nil
	}
	return Invalid("error.score.edges", "edges", "band edges must fall from High to Low between 100 and 0, not %g, %g, %g", e.High, e.Medium, e.Low)
}

// BandOf returns the band of an unrounded score in [0, 100] by DefaultEdges.
func BandOf(score float64) Band { return DefaultEdges.Band(score) }

// ParseBand reads a band word without regard to case and spaces. ok is false if
// the word is no band.
func ParseBand(s string) (b Band, ok bool) {
	for _, b := range Bands {
		if foldWord(s) == foldWord(string(b)) {
			return b, true
		}
	}
	return "", false
}

// Cluster says what to do with a customer in a solution area.
type Cluster string

// The clusters, hottest first. The zero value means "no cluster".
const (
	ActNow   Cluster = "Act Now"
	Evaluate Cluster = "Evaluate"
	Nurture  Cluster = "Nurture"
	Educate  Cluster = "Educate"
)

// Clusters lists the clusters, hottest first.
var Clusters = []Cluster{ActNow, Evaluate, Nurture, Educate}

// Heat is 4 for Act Now down to 1 for Educate, 0 for no cluster.
func (c Cluster) Heat() int {
	for i, d := range Clusters {
		if c == d {
			return len(Clusters) - i
		}
	}
	return 0
}

// ParseCluster reads a cluster word without regard to case and spaces
// ("ActNow", "act now"). ok is false if the word is no cluster.
func ParseCluster(s string) (c Cluster, ok bool) {
	for _, c := range Clusters {
		if foldWord(s) == foldWord(string(c)) {
			return c, true
		}
	}
	return "", false
}

func foldWord(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), ""))
}

// Cell is a crossing of a fit band and an intent band, "A1" to "D4". The
// letter tells the cluster. The zero value means "no cell".
type Cell string

// Cluster returns the cluster that the cell's letter stands for, or "".
func (c Cell) Cluster() Cluster {
	if len(c) != 2 || c[1] < '1' || c[1] > '4' {
		return ""
	}
	switch c[0] {
	case 'A':
		return ActNow
	case 'B':
		return Evaluate
	case 'C':
		return Nurture
	case 'D':
		return Educate
	}
	return ""
}

// Segment is a customer's size class.
type Segment string

// The segments, largest first.
const (
	UpperMedium    Segment = "Upper Medium"
	MediumSegment  Segment = "Medium"
	VerySmall      Segment = "Very Small"
	UnknownSegment Segment = "Unknown"
)

// Segments lists the segments, largest first.
var Segments = []Segment{UpperMedium, MediumSegment, VerySmall, UnknownSegment}
