package matcher_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"actnow/matcher"
)

// Whatever stands in the cells, files are read and matched, and the numbers
// stay numbers.
func TestNaughtyStrings(t *testing.T) {
	text, err := os.ReadFile(matcher.SharedPath(t, "badinputs", "naughty", "blns-part.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(text, &naughty); err != nil || len(naughty) < 100 {
		t.Fatalf("%d strings, %v", len(naughty), err)
	}
	// Each string stands in each column of a file once.
	customers := readCells(t, matcher.Customers, []string{"id", "name", "domain", "city", "state", "postal_code", "country", "tpid"}, naughty, 0)
	accounts := readCells(t, matcher.Accounts, []string{"id", "name", "website", "email", "city", "state", "postal_code", "country", "tpid"}, naughty, 1)
	matches, err := matcher.New(customers, matcher.Options{}).Match(t.Context(), accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(matches) != len(naughty) {
		t.Fatalf("%d matches, want %d", len(matches), len(naughty))
	}
	var out bytes.Buffer
	w := matcher.NewMatchWriter(&out)
	for _, m := range matches {
		checkNumbers(t, m)
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "@") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
}

// readCells reads a file whose cell in row i and column j is the string
// i + j*shift.
func readCells(t *testing.T, side matcher.Side, columns, cells []string, shift int) []matcher.Record {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(columns); err != nil {
		t.Fatal(err)
	}
	for i := range cells {
		row := []string{fmt.Sprint(i)}
		for j := 1; j < len(columns); j++ {
			row = append(row, cells[(i+j*shift)%len(cells)])
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	records, err := matcher.ReadRecords(&b, side)
	if err != nil {
		t.Fatal(err)
	}
	return records
}
