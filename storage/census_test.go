package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/cohorts"
	"actnow/crm"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// TestCensusSaysWhatTheFileSays compares random filters over random customers, from
// memory and by SQL, for several scopes, after each of many changes.
func TestCensusSaysWhatTheFileSays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t, people, filterSeed)
			r := rand.New(rand.NewPCG(seed, 1))
			some := actnow.Everything
			some.AllLocations, some.Locations = false, []actnow.LocationID{2}
			for range 4 {
				storagetest.Exec(t, db, randomChanges(r))
				scopes := []actnow.Scope{actnow.Everything, some}
				sameFromCensus(t, db, scopes, randomFilters(r, 60))
				storagetest.Exec(t, db, ``)
				sameLists(t, db, scopes, randomQueries(r, 40))
				storagetest.Exec(t, db, `UPDATE standings AS s SET latest = 1 WHERE month = (SELECT max(n.month) FROM standings n
					WHERE n.customer_id = s.customer_id AND n.area = s.area)`) // as the store itself keeps it
				sameCounts(t, db, append(scopes, actnow.Scope{AllLocations: true}))
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestCensusFollowsTheStore compares after imports that are published, taken back and
// brought back, from a census of the moment before and from one of the moment.
func TestCensusFollowsTheStore(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	db := storagetest.Open(t)
	same := func() {
		t.Helper()
		sameFromCensus(t, db, []actnow.Scope{actnow.Everything}, randomFilters(r, 25))
	}
	for range 8 {
		f := makeUp(r, false)
		res := mustImport(t, db, f.name, f.content, f.opt)
		same()
		if res.AlreadyImported {
			continue
		}
		if _, err := db.UndoSnapshot(t.Context(), actnow.System, res.Snapshot, nil); err != nil {
			t.Fatal(err)
		}
		same()
		if _, err := db.RedoSnapshot(t.Context(), actnow.System, res.Snapshot, nil); err != nil {
			t.Fatal(err)
		}
		same()
	}
}

// sameFromCensus looks that filters and cohorts choose the same from the file, since
// something has just changed, as from a census taken then.
func sameFromCensus(t testing.TB, db *storage.DB, scopes []actnow.Scope, filters []string) {
	t.Helper()
	ask := func() (answers []string) {
		for _, scope := range scopes {
			for _, filter := range filters {
				ids, err := chosen(t, db, scope, filter)
				if err != nil && !errors.Is(err, actnow.ErrInvalid) {
					t.Fatalf("%s: %v", filter, err)
				}
				answers = append(answers, fmt.Sprint(filter, ids, err))
			}
			for id := actnow.CohortID(1); id <= 3; id++ {
				ids, err := db.CohortMembers(t.Context(), scope, id)
				answers = append(answers, fmt.Sprint("cohort ", id, ids, err))
			}
			for id := actnow.CustomerID(1); id <= 3; id++ {
				d, err := db.Customer(t.Context(), scope, id)
				answers = append(answers, fmt.Sprint("customer ", id, d.Rules, err))
			}
		}
		return answers
	}
	file := ask()
	takeCensus(t, db)
	for i, answer := range ask() {
		if answer != file[i] {
			t.Errorf("from memory %s, from the file %s", answer, file[i])
		}
	}
}

// sameCounts looks that the first page, the matrices and the funnel are the same from the
// file and from a census.
func sameCounts(t testing.TB, db *storage.DB, scopes []actnow.Scope) {
	t.Helper()
	ask := func() (answers []any) {
		keep := func(answer any, err error) {
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, answer)
		}
		for _, scope := range scopes {
			for _, area := range actnow.Areas {
				o, err := db.Overview(t.Context(), scope, area)
				keep(o, err)
				for _, month := range []actnow.Month{"", "2026-09", "2026-10"} {
					g, err := db.Grid(t.Context(), scope, area, month)
					keep(g, err)
				}
			}
			f, err := db.Funnel(t.Context(), scope)
			keep(f, err)
		}
		return answers
	}
	file := ask()
	takeCensus(t, db)
	if diff := cmp.Diff(file, ask()); diff != "" {
		t.Errorf("from memory (+), from the file (-):\n%s", diff)
	}
}

// sameLists looks that pages of customers are the same from the file and from a census.
func sameLists(t testing.TB, db *storage.DB, scopes []actnow.Scope, queries []actnow.CustomerQuery) {
	t.Helper()
	ask := func() (answers []actnow.CustomerPage) {
		for _, scope := range scopes {
			for _, q := range queries {
				page, err := db.Customers(t.Context(), scope, q)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				answers = append(answers, page)
			}
		}
		return answers
	}
	file := ask()
	takeCensus(t, db)
	for i, page := range ask() {
		if diff := cmp.Diff(file[i], page); diff != "" {
			t.Errorf("%+v: from the file (-) and from memory (+): %s", queries[i%len(queries)], diff)
		}
	}
}

// randomQueries makes queries of lists, also such as only the file can answer.
func randomQueries(r *rand.Rand, n int) []actnow.CustomerQuery {
	some := func() bool { return r.IntN(4) == 0 }
	list := make([]actnow.CustomerQuery, n)
	for i := range list {
		q := &list[i]
		q.Sort = pick(r, []actnow.CustomerSort{actnow.SortName, actnow.SortRevenue, actnow.SortFit, actnow.SortIntent, actnow.SortSize})
		q.Limit, q.Offset = 1+r.IntN(12), r.IntN(3)*r.IntN(9)
		if r.IntN(2) == 0 {
			q.Area = pick(r, actnow.Areas)
			if some() {
				q.Month = actnow.Month(fmt.Sprintf("2026-%02d", 8+r.IntN(3)))
			}
			if some() {
				q.Cell = pick(r, []actnow.Cell{"A1", "B2", "C3"})
			}
		}
		if some() {
			q.Cluster = pick(r, actnow.Clusters)
		}
		if some() {
			q.Move = pick(r, []actnow.Move{actnow.MovedNew, actnow.MovedUp, actnow.MovedDown})
		}
		if some() {
			q.Search = pick(r, []string{"2", "10", "åk", "ÅK", "example", "a%", "_", `\`, "brien", "x\x00y", "Public"})
		}
		if some() {
			q.Segment = pick(r, actnow.Segments)
		}
		if some() {
			q.Filter = pick(r, []string{`org_size > 200`, `fit > 50`, `country = "Sweden" or cluster = "Act Now"`, `raw."Odd" = "x"`})
		}
		if some() {
			q.Cohort = actnow.CohortID(1 + r.IntN(3))
		}
		for _, on := range []*bool{&q.Unscored, &q.Gone, &q.Matched, &q.Mailable, &q.Disagree} {
			*on = r.IntN(12) == 0
		}
	}
	return list
}

// words are what random texts and filters are made of.
var words = []string{"", "Sweden", "SWEDEN", "Norge", "Åland", "åland", "a%_\\", "O''Brien", "x\x00y", "y", "Public sector", "no", "yes", "Approved"}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// randomChanges writes a few customers anew, with all that filters look at.
func randomChanges(r *rand.Rand) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+";\n", args...) }
	or := func(s string) string {
		if r.IntN(4) == 0 {
			return "NULL"
		}
		return s
	}
	text := func() string { return "'" + strings.ReplaceAll(pick(r, words), "\x00", "' || char(0) || '") + "'" }
	number := func(n int) string { return or(fmt.Sprint(r.IntN(n))) }
	month := func() string { return fmt.Sprintf("'2026-%02d'", 8+r.IntN(3)) }
	choice := func(field string) string {
		info, _ := cohorts.Info(field)
		return "'" + pick(r, append([]string{""}, info.Choices...)) + "'"
	}
	for range 12 {
		id := 1 + r.IntN(40)
		say(`INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (%d, 'tpid:%d', '', '', 0) ON CONFLICT DO NOTHING`, id, 1000+id)
		say(`UPDATE customers SET org_size = %s, industry = %s, country = %s, state = %s, city = %s, name = %s, domain = %s, nonprofit = %s, segment = %s,
			first_month = %s, last_month = %s, gone_month = %s WHERE id = %d`, number(900), text(), text(), text(), text(), text(), text(), text(),
			"'"+string(pick(r, append(actnow.Segments, actnow.UnknownSegment)))+"'", month(), month(), or(month()), id)
		for range 2 {
			area := pick(r, actnow.Areas)
			say(`DELETE FROM standings WHERE customer_id = %d AND area = '%s'`, id, area)
			latest := min(1, r.IntN(5))
			say(`INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, cell, cluster, microsoft_cluster,
					previous_cluster, previous_month, revenue_low, revenue_high, currency, revenue_kind)
				VALUES (%d, '%s', '2026-%02d', %d, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)`, id, area, 8+latest*(1+r.IntN(2)), latest,
				number(101), number(101), choice("fit_band"), choice("intent_band"), choice("cell"), choice("cluster"), choice("microsoft_cluster"),
				choice("previous_cluster"), pick(r, []string{"''", "'2026-08'"}), number(5), number(5), text(), choice("revenue_kind"))
		}
		say(`INSERT OR REPLACE INTO customer_facts VALUES (%d, 'has_azure', '%s', '2026-10')`, id, pick(r, []string{"yes", "no"}))
		say(`INSERT OR REPLACE INTO customer_facts VALUES (%d, 'offers', %s, '2026-10')`, id, text())
		say(`INSERT OR IGNORE INTO customer_locations VALUES (%d, %d)`, id, 1+r.IntN(2))
		say(`INSERT OR IGNORE INTO cohort_members VALUES (1, '2026-10', %d)`, id)
		say(`INSERT OR REPLACE INTO agreements (snapshot_id, line, customer_id, program, division, ends_at, expiring) VALUES (3, %d, %d, %s, %s, %s, %s)`,
			100+r.IntN(60), id, text(), text(), or(fmt.Sprintf("unixepoch('2026-11-26') + 86400 * %d", r.IntN(9)-4)), number(9))
	}
	say(`DELETE FROM customer_facts WHERE customer_id = %d`, r.IntN(40))
	say(`UPDATE matches SET customer_id = %d WHERE account_id = 1`, 1+r.IntN(3))
	return b.String()
}

func randomFilters(r *rand.Rand, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = randomFilter(r, 3)
	}
	return list
}

// randomFilter makes a filter of the grammar: up to depth levels of and, or and not.
func randomFilter(r *rand.Rand, depth int) string {
	if depth > 0 {
		switch part := func() string { return randomFilter(r, depth-1) }; r.IntN(4) {
		case 0:
			return "(" + part() + " and " + part() + ")"
		case 1:
			return "(" + part() + " or " + part() + ")"
		case 2:
			return "not (" + part() + ")"
		}
	}
	quoted := func(s string) string {
		return `"` + strings.NewReplacer("''", "'", `"`, `""`, "\x00", "").Replace(s) + `"`
	}
	f := pick(r, cohorts.Fields)
	for f.Kind == cohorts.Text && r.IntN(2) == 0 { // there are many, and the others matter as much
		f = pick(r, cohorts.Fields)
	}
	if r.IntN(12) == 0 {
		return `raw."Odd, ""Header""" ` + pick(r, []string{`= "yes"`, `!= "Yes"`, `is empty`})
	}
	op := pick(r, []cohorts.Op{cohorts.Eq, cohorts.Ne, cohorts.Lt, cohorts.Le, cohorts.Gt, cohorts.Ge, cohorts.In, cohorts.NotIn, cohorts.Contains, cohorts.StartsWith, cohorts.IsEmpty})
	if !f.Kind.Allows(op) {
		op = cohorts.IsEmpty
	}
	value := func() string {
		switch f.Kind {
		case cohorts.Number:
			return fmt.Sprint(pick(r, []int{0, 25, 30, 55, 75, 100, r.IntN(101), r.IntN(900)}))
		case cohorts.Day:
			return fmt.Sprintf("today + %dd", r.IntN(5))
		case cohorts.YesNo:
			return pick(r, []string{"yes", "no"})
		case cohorts.Month:
			return fmt.Sprintf(`"2026-%02d"`, 8+r.IntN(3))
		case cohorts.Choice:
			return quoted(pick(r, f.Choices))
		}
		if f.Name == "cohort" {
			return quoted(pick(r, []string{"Swedes", "Premium", "hot swedes", "Perhaps", "none"}))
		}
		return quoted(pick(r, words))
	}
	switch op {
	case cohorts.IsEmpty:
		return f.Name + " is empty"
	case cohorts.In, cohorts.NotIn:
		return f.Name + " " + string(op) + " (" + value() + ", " + value() + ")"
	}
	return f.Name + " " + string(op) + " " + value()
}

// TestCensusHolds looks that memory answers as long as nothing has changed, and no
// longer.
func TestCensusHolds(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	count := func(filter string, want cohorts.Counts) {
		t.Helper()
		if n, err := db.CountFilter(t.Context(), actnow.Everything, filter); err != nil || n != want {
			t.Errorf("%s: %+v, %v; want %+v", filter, n, err, want)
		}
	}
	takeCensus(t, db)
	swedes := cohorts.Counts{Customers: 2, Matched: 1, Mailable: 1}
	count(`country = "Sweden"`, swedes)
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE customers SET country = 'Sweden'`); err != nil {
		t.Fatal(err)
	}
	count(`country = "Sweden"`, swedes) // nobody counted that
	if err := db.Suppress(t.Context(), actnow.System, crm.Suppression{Address: "anna@akesbygg.example", Reason: crm.Manual}); err != nil {
		t.Fatal(err)
	}
	swedes.Mailable = 0
	count(`country = "Sweden"`, swedes) // who can be mailed is asked again, all else not
	storagetest.Exec(t, db, ``)
	count(`country = "Sweden"`, cohorts.Counts{Customers: 4, Matched: 1})
	if err := db.TakeCensus(t.Context(), 1); err == nil {
		t.Error("a census of one byte was taken")
	}
	count(`country = "Sweden"`, cohorts.Counts{Customers: 4, Matched: 1})
}

// TestCensusOfManyValues counts where a column has more different values than codes.
func TestCensusOfManyValues(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, `
		INSERT INTO customers (id, key, name, org_size, first_month, last_month, updated_at)
		WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 2 FROM n WHERE i < 140000)
		SELECT i, 'tpid:' || i, 'Kund ' || i, CASE WHEN i % 10 > 0 THEN i END, '2026-10', '2026-10', 0 FROM n;
		INSERT INTO customer_facts SELECT id, 'offers', 'Offer ' || id, '2026-10' FROM customers WHERE id % 4 = 0 OR id > 1000;`)
	for _, filter := range []string{`org_size > 70000`, `org_size is empty`, `org_size in (4, 139998, 10)`, `name contains "77"`, `name = "kund 6"`,
		`name starts with "KUND 139"`, `not offers contains "5"`, `offers is empty`} {
		var n [2]cohorts.Counts
		var err error
		for i := range n {
			if i == 1 {
				takeCensus(t, db)
			}
			if n[i], err = db.CountFilter(t.Context(), actnow.Everything, filter); err != nil {
				t.Fatal(err)
			}
		}
		if n[0] != n[1] || n[0].Customers == 0 || n[0].Customers == 70000 {
			t.Errorf("%s counts %+v in the file and %+v in memory", filter, n[0], n[1])
		}
		storagetest.Exec(t, db, ``)
	}
}

// TestKeepCensus looks that the census comes by itself, comes again after a change,
// is not larger than it may be, and goes with its keeper.
func TestKeepCensus(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- db.KeepCensus(ctx, 1<<20) }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	wait := func(there bool) {
		t.Helper()
		for db.CensusBytes() > 0 != there {
			select {
			case <-look.C:
			case err := <-ended:
				t.Fatal(err)
			}
		}
	}
	wait(true)
	if n := db.CensusBytes(); n > 1<<20 {
		t.Errorf("it takes %d bytes", n)
	}
	storagetest.Exec(t, db, `UPDATE customers SET country = 'Sweden'`)
	wait(false)
	wait(true)
	if n, err := db.CountFilter(t.Context(), actnow.Everything, `country = "Sweden"`); err != nil || n.Customers != 4 {
		t.Errorf("%+v, %v; want 4 customers", n, err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || db.CensusBytes() != 0 {
		t.Errorf("it ended with %v and %d bytes", err, db.CensusBytes())
	}
}
