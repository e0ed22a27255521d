package matcher

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// devSets are the labelled sets the weights are fitted on.
var devSets = []string{"ror_alias_dev", "listed_companies_dev", "us_colleges", "fodors_zagats"}

// devSet is a labelled set.
type devSet struct {
	name      string
	customers []Record
	accounts  []Record
	truth     map[string]string // account → customer
	weak      map[string]bool   // accounts whose pair nothing proves
}

func loadSet(t testing.TB, name string) devSet {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "matching", name)
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", "..", "..", "shared", "matching", name)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no labelled sets here")
	}
	read := func(file string, side Side) []Record {
		f, err := os.Open(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		records, err := ReadRecords(f, side)
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	set := devSet{name: name, customers: read("customers.csv", Customers), accounts: read("crm.csv", Accounts),
		truth: make(map[string]string), weak: make(map[string]bool)}
	f, err := os.Open(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		set.truth[row[1]] = row[0]
		set.weak[row[1]] = row[3] == "weak"
	}
	return set
}
