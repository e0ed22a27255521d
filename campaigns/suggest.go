package campaigns

import (
	"strings"

	"github.com/hbollon/go-edlib"
)

// nearest returns the known word that was most likely meant, or "" if none is
// near: equal but for case, else at most a third of its letters away.
func nearest(word string, known []string) string {
	best, bestAt := "", 1+len([]rune(word))/3
	lower := strings.ToLower(word)
	for _, k := range known {
		if len(k) > 3*len(word)+8 || len(word) > 64 {
			continue
		}
		if d := edlib.OSADamerauLevenshteinDistance(lower, strings.ToLower(k)); d < bestAt || d == 0 {
			best, bestAt = k, d
		}
	}
	return best
}
