package scoring

import (
	"strings"

	"actnow"
)

// The limits of the segments: employees, and Azure consumed revenue in US
// dollars a month.
const (
	mediumFrom      = 25
	mediumTo        = 300
	upperMediumFrom = 1000.0
)

// SegmentOf returns a customer's size class. The words of the file win, under
// all the names they have had over the years; without any, Azure consumption
// above 1,000 USD a month makes any size Upper Medium, else head count decides:
// over 300 is Upper Medium, 25 to 300 Medium, 1 to 24 Very Small. Size nil, 0 or
// less is not known. acr is nil where nobody knows it, as in all reports so far.
func SegmentOf(size *int64, fileWords string, acr *float64) actnow.Segment {
	if s, ok := ParseSegment(fileWords); ok {
		return s
	}
	switch {
	case acr != nil && *acr > upperMediumFrom:
		return actnow.UpperMedium
	case size == nil || *size <= 0:
		return actnow.UnknownSegment
	case *size > mediumTo:
		return actnow.UpperMedium
	case *size >= mediumFrom:
		return actnow.MediumSegment
	}
	return actnow.VerySmall
}

// ParseSegment reads the words of a file without regard to case, spaces and
// marks: Upper Medium, earlier Corporate Scale Business and Top Unmanaged;
// Medium; Very Small, also Small. ok is false for anything else, for words that
// name several classes ("Small and Medium"), and for Unknown, which says nothing.
func ParseSegment(words string) (s actnow.Segment, ok bool) {
	w := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, words)
	var found []actnow.Segment
	for _, old := range []string{"uppermedium", "corporatescale", "topunmanaged"} {
		if strings.Contains(w, old) {
			w = strings.ReplaceAll(w, old, "")
			found = append(found, actnow.UpperMedium)
		}
	}
	if strings.Contains(w, "medium") {
		found = append(found, actnow.MediumSegment)
	}
	if strings.Contains(w, "small") {
		found = append(found, actnow.VerySmall)
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}
