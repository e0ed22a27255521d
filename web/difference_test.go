package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkedWhereOneHoldsTheOther(t *testing.T) {
	type spans = []span
	for _, tt := range []struct {
		a, b        string
		left, right spans
	}{
		{"Sundby Tryck HB", "Sundby", spans{{Text: "Sundby"}, {Text: " Tryck HB", Mark: true}}, spans{{Text: "Sundby"}}},
		{"Dalstad", "Örebro Dalstad AB", spans{{Text: "Dalstad"}}, spans{{Text: "Örebro ", Mark: true}, {Text: "Dalstad"}, {Text: " AB", Mark: true}}},
		{"Ab", "AB", spans{{Text: "A"}, {Text: "b", Mark: true}}, spans{{Text: "A"}, {Text: "B", Mark: true}}},
		{"Lund", "Göteborg", spans{{Text: "Lund"}}, spans{{Text: "Göteborg"}}},
		{"", "Lund", spans{{Text: ""}}, spans{{Text: "Lund"}}},
	} {
		left, right := marked(tt.a, tt.b)
		if diff := cmp.Diff([2]spans{tt.left, tt.right}, [2]spans{left, right}, cmp.AllowUnexported(span{})); diff != "" {
			t.Errorf("%q and %q (-want +got):\n%s", tt.a, tt.b, diff)
		}
	}
}
