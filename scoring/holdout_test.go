package scoring_test

import (
	"errors"
	"math"
	"testing"

	"actnow"
	"actnow/scoring"
)

// TestHoldOut checks the draw: as large as asked for, the same each time, nested as the
// share grows, and apart by area and seed.
func TestHoldOut(t *testing.T) {
	const n = 20_000
	count := func(h scoring.HoldOut, area actnow.Area) (held map[actnow.CustomerID]bool) {
		held = map[actnow.CustomerID]bool{}
		for id := actnow.CustomerID(1); id <= n; id++ {
			if h.Holds(id, area) {
				held[id] = true
			}
		}
		return held
	}
	small := count(scoring.HoldOut{Share: 0.05, Seed: 1}, actnow.Azure)
	large := count(scoring.HoldOut{Share: 0.2, Seed: 1}, actnow.Azure)
	for share, held := range map[float64]map[actnow.CustomerID]bool{0.05: small, 0.2: large} {
		if spread := 4 * math.Sqrt(n*share*(1-share)); math.Abs(float64(len(held))-n*share) > spread {
			t.Errorf("%d of %d held out at a share of %g", len(held), n, share)
		}
	}
	for id := range small {
		if !large[id] {
			t.Fatalf("customer %d is held out at 0.05 and not at 0.2", id)
		}
	}
	for name, other := range map[string]map[actnow.CustomerID]bool{"seed": count(scoring.HoldOut{Share: 0.2, Seed: 2}, actnow.Azure), "area": count(scoring.HoldOut{Share: 0.2, Seed: 1}, actnow.M365)} {
		both := 0
		for id := range large {
			if other[id] {
				both++
			}
		}
		if share := float64(both) / float64(len(large)); math.Abs(share-0.2) > 0.03 {
			t.Errorf("another %s holds out %.2f of the same", name, share)
		}
	}
	if len(count(scoring.HoldOut{}, actnow.Azure)) != 0 {
		t.Error("a share of 0 holds somebody out")
	}
	for share, ok := range map[float64]bool{0: true, 0.5: true, -0.1: false, 0.51: false, math.NaN(): false, math.Inf(1): false} {
		if err := (scoring.HoldOut{Share: share}).Check(); (err == nil) != ok || !ok && !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("Check(%g) = %v", share, err)
		}
	}
}

// TestHoldOutCompare checks the verdicts, and that as many as are said to be missing
// would show that contact makes half as many again.
func TestHoldOutCompare(t *testing.T) {
	compare := func(held, heldOpened, others, opened int, share float64) scoring.HoldOutEffect {
		r := scoring.HoldOutResult{Held: scoring.HoldOutGroup{Customers: held, Opened: heldOpened}, Others: scoring.HoldOutGroup{Customers: others, Opened: opened}}
		r.Compare(share)
		return r.Opened
	}
	if e := compare(200, 20, 1800, 400, 0.1); e.Verdict != scoring.HoldOutMore || e.Missing != 0 || math.Abs(e.Difference-(400./1800-0.1)) > 1e-12 {
		t.Errorf("more: %+v", e)
	}
	if e := compare(200, 80, 1800, 400, 0.1); e.Verdict != scoring.HoldOutLess || e.High >= 0 {
		t.Errorf("less: %+v", e)
	}
	few := compare(20, 4, 180, 38, 0.1)
	if few.Verdict != scoring.HoldOutOpen || few.Missing < 100 {
		t.Errorf("few: %+v", few)
	}
	t.Logf("at a rate of .21 and a share of .1 %d more held out are needed", few.Missing)
	n := 20 + few.Missing
	if e := compare(n, n*21/100, 9*n, 9*n*315/1000, 0.1); e.Verdict != scoring.HoldOutMore {
		t.Errorf("with as many and half as many again: %+v", e)
	}
	if e := compare(4000, 840, 36000, 7560, 0.1); e.Verdict != scoring.HoldOutOpen || e.Missing != 0 {
		t.Errorf("many and no difference: %+v", e)
	}
	for _, none := range []scoring.HoldOutEffect{compare(0, 0, 0, 0, 0.1), compare(0, 0, 50, 50, 0.5), compare(10, 10, 10, 10, 0.5)} {
		if none.Verdict != scoring.HoldOutOpen || none.Missing <= 0 {
			t.Errorf("nothing to compare: %+v", none)
		}
	}
}
