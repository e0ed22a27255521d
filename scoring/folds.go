package scoring

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// fold is one part of a validation: learn from train, judge on test.
type fold struct{ train, test []int }

const foldCount = 5

// folds splits rows for validation. With a time column the later three fifths
// are judged in four blocks, each learned from what came before. Otherwise rows
// are dealt by a hash of their id into five parts, those of an account together
// if an id column names accounts, the positives apart from the negatives.
func folds(f *frame, rows []int) []fold {
	if f.times != nil {
		return forward(f, rows)
	}
	keys := f.ids
	if grouped(f, rows) {
		keys = f.groups
	}
	hashes := make(map[string]uint64, len(rows))
	order := slices.Clone(rows)
	for _, i := range order {
		h := fnv.New64a()
		h.Write([]byte(keys[i]))
		// The last bytes of an id must reach all bits.
		v := h.Sum64()
		v ^= v >> 33
		v *= 0xff51afd7ed558ccd
		v ^= v >> 33
		hashes[keys[i]] = v
	}
	part := make(map[int]int, len(rows))
	if grouped(f, rows) {
		for _, i := range rows {
			part[i] = int(hashes[keys[i]] % foldCount)
		}
	} else {
		slices.SortStableFunc(order, func(a, b int) int {
			if f.labels != nil && f.labels[a] != f.labels[b] {
				return cmp.Compare(f.labels[b], f.labels[a])
			}
			if c := cmp.Compare(hashes[keys[a]], hashes[keys[b]]); c != 0 {
				return c
			}
			return cmp.Compare(keys[a], keys[b])
		})
		for n, i := range order {
			part[i] = n % foldCount
		}
	}
	out := make([]fold, foldCount)
	for _, i := range rows {
		for k := range out {
			if part[i] == k {
				out[k].test = append(out[k].test, i)
			} else {
				out[k].train = append(out[k].train, i)
			}
		}
	}
	return slices.DeleteFunc(out, func(f fold) bool { return len(f.test) == 0 || len(f.train) == 0 })
}

// grouped reports whether the id column names accounts that come several times.
func grouped(f *frame, rows []int) bool {
	if f.groups == nil {
		return false
	}
	seen := make(map[string]bool, len(rows))
	for _, i := range rows {
		seen[f.groups[i]] = true
	}
	return len(seen) >= 5*foldCount && len(seen) < len(rows)
}

func forward(f *frame, rows []int) []fold {
	in := make(map[int]bool, len(rows))
	for _, i := range rows {
		in[i] = true
	}
	order := make([]int, 0, len(rows))
	for _, i := range f.timeOrder() {
		if in[i] {
			order = append(order, i)
		}
	}
	const blocks = 4
	first := len(order) * 2 / 5
	var out []fold
	for k := range blocks {
		from, to := first+k*(len(order)-first)/blocks, first+(k+1)*(len(order)-first)/blocks
		if from > 0 && to > from {
			out = append(out, fold{train: order[:from], test: order[from:to]})
		}
	}
	return out
}
