package actnow

import "strings"

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

// BandOf returns the band of an unrounded score in [0, 100] with Microsoft's
// example edges: High from 75, Medium from 55, Low from 30.
func BandOf(score float64) Band {
	switch {
	case score >= 75:
		return High
	case score >= 55:
		return Medium
	case score >= 30:
		return Low
	}
	return VeryLow
}

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
