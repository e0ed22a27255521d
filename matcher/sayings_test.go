package matcher

import (
	"fmt"
	"testing"
)

// What accounts say is counted of those that are beside one: it does not count itself.
func TestSayings(t *testing.T) {
	customers := []Record{{Key: "C1", Name: "Norrsken Silver AB", Website: "norrsken.se", TPID: "17"}}
	accounts := []Record{
		{Key: "A1", Name: "Norrsken Silver", Website: "norrsken.se"},
		{Key: "A2", Name: "NORRSKEN SILVER AB", TPID: "017"},
		{Key: "A3", Name: "Norrsken Kapital AB", Email: "info@norrsken.se"},
	}
	ix := New(customers, Options{})
	m := ix.matching(sortRecords(accounts), nil)
	silver, both := hashKey(armToken, "silver"), hashKey(armToken, "norrsken")
	for _, tt := range []struct {
		name    string
		account int
		key     uint64
		want    float32
	}{
		{"the name, by one that has it", 0, hashKey(armCompact, "norrskensilver"), 1},
		{"the name, by one that has not", 2, hashKey(armCompact, "norrskensilver"), 2},
		{"a word of two", 2, silver, 2},
		{"a word of all", 0, both, 2},
		{"the domain, also by mail", 1, hashKey(armDomain, "norrsken.se"), 2},
		{"the TPID", 0, hashKey(armTPID, "17"), 1},
		{"the TPID, by its own", 1, hashKey(armTPID, "17"), 0},
		{"what no customer says", 0, hashKey(armToken, "kapital"), 0},
	} {
		a := readEntity(&accounts[tt.account])
		var o others
		if o.of(&a, m); o.saying(tt.key) != tt.want {
			t.Errorf("%s: %v other accounts, want %v", tt.name, o.saying(tt.key), tt.want)
		}
	}
}

// Few accounts are counted otherwise than many, to the same numbers.
func TestSayingsOfFew(t *testing.T) {
	var customers, accounts []Record
	for i := range 90 {
		name := []string{"Norrsken", "Glimmark", "Torpsund"}[i%3] + " " + []string{"Silver", "Kapital", "Frakt", "Bad"}[i%4]
		customers = append(customers, Record{Key: fmt.Sprint("C", i), Name: fmt.Sprint(name, " ", i)})
		accounts = append(accounts, Record{Key: fmt.Sprint("A", i), Name: name + " AB", Website: name[:4] + ".se"})
	}
	ix := New(customers, Options{})
	few := ix.sayings(sortRecords(accounts))
	many := ix.noSayings()
	said := map[uint64]bool{}
	for i := range accounts {
		a := readEntity(&accounts[i])
		keys := a.appendSayings(nil)
		many.add(keys, 1)
		for _, k := range keys {
			said[k] = true
		}
	}
	if few.few == nil || many.few != nil {
		t.Fatal("few accounts are counted as many, or the other way round")
	}
	counted := 0
	for k := range said {
		n := many.of(k)
		if got := few.of(k); got != n {
			t.Errorf("%d accounts say %x, want %d", got, k, n)
		}
		counted += n
	}
	if counted == 0 {
		t.Error("nothing was counted")
	}
}

// Names that begin alike say so, whatever stands behind and between.
func TestBeginning(t *testing.T) {
	begins := func(s string) uint64 {
		n := readName(s, "", nil)
		return n.variants[0].begins
	}
	if begins("Riken Corundum Ltd") != begins("RIKEN Corundum Kenkyusho") {
		t.Error("two telling words begin a name otherwise than the same two and a third")
	}
	if begins("Riken Corundum") == begins("Riken Vitamin") {
		t.Error("names that share one word begin alike")
	}
	if begins("Riken University") != begins("University of Riken") {
		t.Error("common words come first")
	}
}

func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		short, long string
		want        int
	}{
		{"keenocean", "Keen Ocean International Holding Limited", 2},
		{"melroseplc", "Melrose Industries PLC", 2},
		{"esunfhc", "E.SUN Financial Holding Company, Ltd.", 5},
		{"ksoe", "Korea Shipbuilding & Offshore Engineering Co., Ltd.", 4},
		{"powergridindia", "Power Grid Corporation of India Limited", 3},
		{"powergridchina", "Power Grid Corporation of India Limited", 0},
		{"oceankeen", "Keen Ocean Ltd", 0},
		{"ab", "Anders Berg", 0},
	} {
		if got := piecesOf(tt.short, tt.long); got != tt.want {
			t.Errorf("%s of %s: %d pieces, want %d", tt.short, tt.long, got, tt.want)
		}
	}
}

// Initials run on into the legal form, and propose the customer.
func TestInitialsOfTheForm(t *testing.T) {
	customers := []Record{{Key: "C1", Name: "NMDC Steel Ltd"}, {Key: "C2", Name: "Kilo Goldmines Ltd"}, {Key: "C3", Name: "Swedish Ore"}}
	ix := New(customers, Options{})
	s := ix.newScratch()
	for _, tt := range []struct {
		account  string
		customer int32
		letters  int
	}{
		{"National Mineral Development Corporation Limited", 0, 4},
		{"KGL Resources", 1, 3},
	} {
		r := Record{Name: tt.account}
		a := ix.read(&r, s)
		found := ix.candidates(a, nil, s)
		if len(found) == 0 || found[0].id != tt.customer {
			t.Errorf("%s: candidates %v, want customer %d", tt.account, found, tt.customer)
			continue
		}
		var e nameEvidence
		if compareNames(&e, a, &ix.customers[tt.customer], s.sim); e.initials != tt.letters {
			t.Errorf("%s: %d initials, want %d", tt.account, e.initials, tt.letters)
		}
	}
}
