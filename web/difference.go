package web

import (
	"slices"
	"strings"
)

// longestMarked is the longest value whose letters are compared, in characters.
const longestMarked = 200

// marked returns both values in pieces, with those letters marked that the other
// has not: what is left beside a longest common subsequence, or around the shorter one
// where the longer one holds it whole. Other values that share less than half of their
// letters come back unmarked, since marking nearly all says nothing.
func marked(a, b string) (left, right []span) {
	x, y := []rune(a), []rune(b)
	if len(x) == 0 || len(y) == 0 || len(x) > longestMarked || len(y) > longestMarked {
		return []span{{Text: a}}, []span{{Text: b}}
	}
	if before, after, held := strings.Cut(b, a); held {
		return []span{{Text: a}}, around(before, a, after)
	}
	if before, after, held := strings.Cut(a, b); held {
		return around(before, b, after), []span{{Text: b}}
	}
	common := make([][]int, len(x)+1) // of the ends from i and j on
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	if 2*common[0][0] < max(len(x), len(y)) {
		return []span{{Text: a}}, []span{{Text: b}}
	}
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			left, right = grow(left, x[i], false), grow(right, y[j], false)
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			left = grow(left, x[i], true)
			i++
		default:
			right = grow(right, y[j], true)
			j++
		}
	}
	return left, right
}

// around is what is shared, with what stands before and after it marked.
func around(before, shared, after string) []span {
	all := []span{{Text: before, Mark: true}, {Text: shared}, {Text: after, Mark: true}}
	return slices.DeleteFunc(all, func(s span) bool { return s.Text == "" })
}

func grow(spans []span, letter rune, mark bool) []span {
	if n := len(spans); n > 0 && spans[n-1].Mark == mark {
		spans[n-1].Text += string(letter)
		return spans
	}
	return append(spans, span{Text: string(letter), Mark: mark})
}
