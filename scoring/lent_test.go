package scoring

import (
	"math"
	"testing"

	"actnow"
)

// TestLentStandsForAll checks that of many examples few are lent, that they stand for as
// many of either outcome as there are, and that all of the rarer one are among them.
func TestLentStandsForAll(t *testing.T) {
	l := newLesson(Intent, marketEnd, DefaultEdges)
	yes, no := 0, 0
	for k, area := range []actnow.Area{actnow.Azure, actnow.M365, actnow.Copilot} {
		for i := range 30_000 {
			x := example{Customer: actnow.CustomerID(i / 20), End: int64(i % 20), Yes: (i+k)%25 == 0}
			l.examples[area] = append(l.examples[area], x)
			switch {
			case area == actnow.Azure:
			case x.Yes:
				yes++
			default:
				no++
			}
		}
	}
	got := l.lenders(actnow.Azure)
	lentYes, stand := 0, map[bool]float64{}
	for _, x := range got.examples {
		stand[x.Yes] += got.weight(x)
		if x.Yes {
			lentYes++
		}
	}
	if n := len(got.examples); math.Abs(float64(n)-maxLent) > 0.02*maxLent || lentYes != yes {
		t.Errorf("%d examples are lent, %d of %d of the rarer outcome", n, lentYes, yes)
	}
	if stand[true] != float64(yes) || math.Abs(stand[false]/float64(no)-1) > 0.02 {
		t.Errorf("they stand for %g and %g, want %d and %d", stand[true], stand[false], yes, no)
	}
	l.examples[actnow.M365], l.examples[actnow.Copilot] = l.examples[actnow.M365][:9_000], nil
	if got := l.lenders(actnow.Azure); len(got.examples) != 9_000 || got.yes != 1 || got.no != 1 {
		t.Errorf("of few, %d are lent, for %g and %g", len(got.examples), got.yes, got.no)
	}
}
