package web

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"actnow"
)

// Thumb is a matrix as a small picture: sixteen fields with the heat of the
// large one. Its numbers stand beside it in words.
type Thumb struct {
	fields [4][4]thumbField
}

type thumbField struct {
	cluster actnow.Cluster
	heat    int
}

func newThumb(g actnow.Grid) Thumb {
	top := map[actnow.Cluster]int{}
	for _, cell := range g.Cells {
		top[cell.Cluster] = max(top[cell.Cluster], cell.Count)
	}
	var t Thumb
	for _, cell := range g.Cells {
		row, col := slices.Index(actnow.Bands, cell.Fit), slices.Index(actnow.Bands, cell.Intent)
		if row >= 0 && col >= 0 {
			t.fields[row][col] = thumbField{cell.Cluster, heat(float64(cell.Count), float64(top[cell.Cluster]))}
		}
	}
	return t
}

// Rects returns the fields as shapes on 40 by 21, with a gap between the halves.
func (t Thumb) Rects() template.HTML {
	var b strings.Builder
	for i, y := range []string{"0", "5", "11", "16"} {
		for j, x := range []string{"0", "10", "21", "31"} {
			f := t.fields[i][j]
			fmt.Fprintf(&b, `<rect class="fill-%s h%d" x="%s" y="%s" width="9" height="4.2" rx="1"/>`, thumbLetter(f.cluster), f.heat, x, y)
		}
	}
	return template.HTML(b.String())
}

func thumbLetter(c actnow.Cluster) string {
	if i := slices.Index(actnow.Clusters, c); i >= 0 {
		return "abcd"[i : i+1]
	}
	return "d"
}
