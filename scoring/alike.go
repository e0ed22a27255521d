package scoring

import (
	"math"
	"strconv"
	"strings"

	"actnow"
)

// likenesses are the strata in which peers are looked for, the closest first: the
// first one with enough of them is taken.
var likenesses = []actnow.Likeness{actnow.AlikeIndustry, actnow.AlikeSize, actnow.AlikeSegment, actnow.AlikeArea}

// sizeBands are the fewest employees of each band. They lie within the segments.
var sizeBands = []int64{1, 10, mediumFrom, 50, 100, mediumTo + 1, 1000}

// kin is what makes a customer alike to others, where one area is asked for.
type kin struct {
	size     int64 // employees, 0 if nobody knows
	segment  actnow.Segment
	industry string
	account  bool
	areas    int     // others in which it buys
	spent    float64 // there, in the currency that is asked for
}

func newKin(b *Buyer, year map[actnow.Area]*spending, area actnow.Area, currency string) kin {
	t := kin{segment: b.Segment, industry: strings.ToLower(strings.TrimSpace(b.Industry)), account: b.Account}
	if b.OrgSize != nil && *b.OrgSize > 0 {
		t.size = *b.OrgSize
	}
	if t.segment == "" || t.segment == actnow.UnknownSegment {
		t.segment = SegmentOf(b.OrgSize, "", nil)
	}
	for other, s := range year {
		if other == area || !s.owned {
			continue
		}
		t.areas++
		for _, m := range s.paid {
			if m.Currency == currency {
				t.spent += float64(m.Minor) // whole numbers: exact in any order
			}
		}
	}
	return t
}

// stratum names the customers that are alike in the way; "" if it is not known
// what to compare.
func (t *kin) stratum(way actnow.Likeness) string {
	band := 0
	for band < len(sizeBands) && t.size >= sizeBands[band] {
		band++
	}
	switch way {
	case actnow.AlikeIndustry:
		if band == 0 || t.industry == "" {
			return ""
		}
		return strconv.Itoa(band) + "|" + t.industry
	case actnow.AlikeSize:
		if band == 0 {
			return ""
		}
		return strconv.Itoa(band)
	case actnow.AlikeSegment:
		if t.segment == actnow.UnknownSegment {
			return ""
		}
		return string(t.segment)
	}
	return "all"
}

// observe returns the traits as a regression takes them.
func (t *kin) observe() []Observation {
	var out []Observation
	if t.size > 0 {
		out = append(out, Observation{Feature: "size", Number: float64(t.size)})
	}
	if t.segment != actnow.UnknownSegment {
		out = append(out, Observation{Feature: "segment", Text: string(t.segment)})
	}
	if t.industry != "" {
		out = append(out, Observation{Feature: "industry", Text: t.industry})
	}
	if t.account {
		out = append(out, Observation{Feature: "areas", Number: float64(t.areas)}, Observation{Feature: "spent", Number: math.Log1p(t.spent)})
	}
	return out
}
