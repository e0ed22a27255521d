package matcher

import (
	"os"
	"path/filepath"
	"testing"
)

// devSets are the labelled sets the weights are fitted on.
var devSets = []string{"ror_alias_dev", "listed_companies_dev", "us_colleges", "fodors_zagats"}

// spellings is a set made up in spellings_test.go, to fit on beside them.
const spellings = "spellings"

// devSet is a labelled set.
type devSet struct {
	name      string
	customers []Record
	accounts  []Record
	pairs     []TruePair
	truth     map[string]string // account → customer
	owner     map[string]string // account → key that its fold goes by, where that is not its customer's or its own
}

// SharedPath returns where a file or folder of the test data beside the
// repository is. The test is skipped if it is not there.
func SharedPath(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	for _, root := range []string{"../../shared", "../../../shared"} {
		if p := filepath.Join(root, path); exists(p) {
			return p
		}
	}
	t.Skipf("no %s here", path)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func loadSet(t testing.TB, name string) devSet {
	t.Helper()
	if name == spellings {
		return loadSpellings(t)
	}
	dir := SharedPath(t, "matching", name)
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
	set := devSet{name: name, customers: read("customers.csv", Customers), accounts: read("crm.csv", Accounts), truth: make(map[string]string)}
	f, err := os.Open(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if set.pairs, err = ReadTruth(f, set.customers, set.accounts); err != nil {
		t.Fatal(err)
	}
	for _, p := range set.pairs {
		set.truth[p.Account] = p.Customer
	}
	return set
}
