package scoring

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strconv"

	"actnow"
)

// HoldOut is how large a random share of the customers of Act Now is left out of
// campaigns, so that it can be told what contact itself adds. The zero value leaves
// out nobody.
type HoldOut struct {
	Share float64 `json:"share"` // 0 to MaxHoldOut
	Seed  int64   `json:"seed"`  // another seed draws other customers
}

// MaxHoldOut is the largest share that may be held out.
const MaxHoldOut = 0.5

// Check returns an *actnow.InputError unless the share can be held out.
func (h HoldOut) Check() error {
	if h.Share >= 0 && h.Share <= MaxHoldOut {
		return nil
	}
	return actnow.Invalid("error.holdout.share", "share", "from 0 to %g %% of Act Now can be held out, not %g %%", 100*MaxHoldOut, 100*h.Share)
}

// Holds reports whether a customer is among the share in an area. It is the same each
// time; one who is held out with a share is held out with any larger one.
func (h HoldOut) Holds(customer actnow.CustomerID, area actnow.Area) bool {
	sum := sha256.Sum256([]byte(strconv.FormatInt(h.Seed, 10) + " " + strconv.FormatInt(int64(customer), 10) + " " + string(area)))
	return float64(binary.BigEndian.Uint64(sum[:])>>11)/(1<<53) < h.Share
}

// HoldOutGroup is customers of whom one part of a draw is told: the 90 days since they
// were drawn are over.
type HoldOutGroup struct {
	Customers int `json:"customers"`
	Opened    int `json:"opened"` // of them, with an opportunity opened in the area within the 90 days
	Won       int `json:"won"`    // and won by now
}

// HoldOutResult compares the customers of an area that were held out with the others
// that were drawn with them.
type HoldOutResult struct {
	Area      actnow.Area   `json:"area,omitempty"` // "" of all areas together
	HeldNow   int           `json:"held_now"`       // customers that are held out today
	OthersNow int           `json:"others_now"`     // drawn with them, and not held out
	Held      HoldOutGroup  `json:"held"`
	Others    HoldOutGroup  `json:"others"`
	Opened    HoldOutEffect `json:"opened"`
	Won       HoldOutEffect `json:"won"`
}

// HoldOutEffect is what contact adds to a rate.
type HoldOutEffect struct {
	Gap
	Verdict HoldOutVerdict `json:"verdict"`
	Missing int            `json:"missing,omitempty"` // customers held out, about, until it can be told
}

// HoldOutVerdict is what a hold-out says of contact.
type HoldOutVerdict string

// The verdicts of a hold-out.
const (
	HoldOutMore HoldOutVerdict = "more" // the interval of the difference is above 0
	HoldOutLess HoldOutVerdict = "less" // it is below 0
	HoldOutOpen HoldOutVerdict = "open" // it holds 0: contact may add nothing, or there is too little to say
)

// worthSeeing is the effect that a hold-out is to show: contact makes half as many
// again, or, where most answer anyway, a third fewer who do not.
const worthSeeing = 1.5

// Compare fills in what the groups say of contact. share is that of the draw, which
// says how many others there will be for each customer held out. Whether those others
// were in fact contacted does not matter: who was drawn stays in the group, so that
// nothing but chance tells the groups apart.
func (r *HoldOutResult) Compare(share float64) {
	r.Opened = newHoldOutEffect(r.Held.Opened, r.Held.Customers, r.Others.Opened, r.Others.Customers, share)
	r.Won = newHoldOutEffect(r.Held.Won, r.Held.Customers, r.Others.Won, r.Others.Customers, share)
}

func newHoldOutEffect(heldHits, held, otherHits, others int, share float64) HoldOutEffect {
	e := HoldOutEffect{Gap: Gap{Low: -1, High: 1}, Verdict: HoldOutOpen}
	if held > 0 && others > 0 {
		low, high := Interval(otherHits, others)
		heldLow, heldHigh := Interval(heldHits, held)
		e.Gap = newGap(float64(otherHits)/float64(others), low, high, float64(heldHits)/float64(held), heldLow, heldHigh)
	}
	switch {
	case e.Low > 0:
		e.Verdict = HoldOutMore
	case e.High < 0:
		e.Verdict = HoldOutLess
	case share > 0:
		base := likely(float64(heldHits+otherHits), float64(held+others))
		needed := rowsToTell(base, min(worthSeeing*base, 1-(1-base)/worthSeeing), (1-share)/share)
		e.Missing = int(math.Ceil(max(0, needed-float64(held))))
	}
	return e
}

// HoldOutReport is the hold-out in force and what it came to.
type HoldOutReport struct {
	HoldOut
	Areas []HoldOutResult `json:"areas"` // that were drawn in
	All   HoldOutResult   `json:"all"`
}

// NewHoldOutReport adds the results of areas up. Each area draws for itself, so that a
// customer who stands in several is in both groups as chance has it.
func NewHoldOutReport(h HoldOut, areas []HoldOutResult) HoldOutReport {
	r := HoldOutReport{HoldOut: h, Areas: areas}
	for _, a := range areas {
		r.All.HeldNow, r.All.OthersNow = r.All.HeldNow+a.HeldNow, r.All.OthersNow+a.OthersNow
		r.All.Held.add(a.Held)
		r.All.Others.add(a.Others)
	}
	r.All.Compare(h.Share)
	return r
}

func (g *HoldOutGroup) add(o HoldOutGroup) {
	g.Customers, g.Opened, g.Won = g.Customers+o.Customers, g.Opened+o.Opened, g.Won+o.Won
}
