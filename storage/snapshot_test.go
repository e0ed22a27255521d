package storage_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/storage"
	"actnow/storage/storagetest"
)

const azureHeader = "GlobalID,PartnerName,CustomerID,AccountName,Domain,OrgSize,PostalCode,City,Country,SMECTypeSummary," +
	"Azure_Modernize VDI to AVD,AzureCluster,AzureFit,AzureIntent,Azure potential revenue,Has Azure\n"

func importer(t testing.TB, db *storage.DB) *reports.Importer {
	t.Helper()
	return &reports.Importer{Store: db, Now: func() time.Time { return storagetest.Now }, Zone: time.UTC,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: t.TempDir()}
}

func mustImport(t testing.TB, db *storage.DB, name, content string, opt reports.Options) reports.Result {
	t.Helper()
	res, err := importer(t, db).Import(t.Context(), name, strings.NewReader(content), opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// one reads a single value from behind the exported methods.
func one[T any](t testing.TB, db *storage.DB, query string, args ...any) T {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer func() { _ = raw.Close() }()
	var v T
	if err := raw.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func counts(r reports.Result) [5]int { return [5]int{r.Rows, r.New, r.Changed, r.Unchanged, r.Gone} }

func TestImportTwiceAndRevise(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	first := azureHeader +
		"100,Oslo,0007,Åkes Bygg AB,akesbygg.example,120,411 03,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n" +
		"100,Oslo,0008,Brobyggarna,bro.example,12,,Lund,Sweden,Upper Medium,No,,64,33,,No\n" +
		"100,Oslo,0009,Cyan,cyan.example,12,,Lund,Sweden,,No,,NaN,33,,No\n"
	res := mustImport(t, db, "azure.csv", first, reports.Options{By: "Sigrid"})
	if got, want := counts(res), [5]int{2, 2, 0, 0, 0}; got != want || res.Revision != 1 || res.Month != "2026-11" {
		t.Fatalf("first import = %+v, want counts %v, revision 1 of 2026-11", res, want)
	}

	again := mustImport(t, db, "copy of azure.csv", first, reports.Options{})
	if got, want := counts(again), [5]int{2, 0, 0, 2, 0}; !again.AlreadyImported || got != want || again.Revision != 1 || len(again.Rejected) != 1 {
		t.Errorf("the same file again = %+v, want it recognised and unchanged", again)
	}
	if n := one[int](t, db, `SELECT count(*) FROM snapshots`); n != 1 {
		t.Fatalf("snapshots = %d, want 1", n)
	}

	other := mustImport(t, db, "azure.csv", first, reports.Options{Month: "2026-10"})
	if other.AlreadyImported || other.Month != "2026-10" || other.New != 2 {
		t.Errorf("the same content for another month = %+v, want a new snapshot", other)
	}

	second := strings.Replace(first, "64,33,", "64,60,", 1)
	dry := mustImport(t, db, "azure.csv", second, reports.Options{DryRun: true})
	if got, want := counts(dry), [5]int{2, 0, 1, 1, 0}; got != want || !dry.DryRun {
		t.Errorf("dry run = %+v, want %v", dry, want)
	}
	if n := one[int](t, db, `SELECT count(*) FROM snapshots`); n != 2 {
		t.Fatalf("after a dry run there are %d snapshots, want 2", n)
	}
	revised := mustImport(t, db, "azure.csv", second, reports.Options{})
	if got, want := counts(revised), [5]int{2, 0, 1, 1, 0}; got != want || revised.Revision != 2 {
		t.Errorf("revision = %+v, want %v, revision 2", revised, want)
	}
	if n := one[int](t, db, `SELECT count(*) FROM snapshots WHERE current = 1 AND month = '2026-11'`); n != 1 {
		t.Errorf("current snapshots of a month = %d, want 1", n)
	}
	if n := one[int](t, db, `SELECT count(*) FROM propensities WHERE month = '2026-11'`); n != 2 {
		t.Errorf("scores of the month = %d, want 2", n)
	}
	got := one[string](t, db, `SELECT p.cell || ' ' || p.cluster || ' ' || p.cluster_from FROM current_propensities p JOIN customers c ON c.id = p.customer_id WHERE c.tpid = '0008'`)
	if got != "A4 Act Now matrix" {
		t.Errorf("without a cluster in the file = %q, want it from the matrix", got)
	}
	if got := one[string](t, db, `SELECT cluster_from FROM current_propensities p JOIN customers c ON c.id = p.customer_id WHERE c.tpid = '0007'`); got != "file" {
		t.Errorf("with a cluster in the file, it is from %q", got)
	}
	if got := one[string](t, db, `SELECT segment FROM customers WHERE tpid = '0008'`); got != string(actnow.UpperMedium) {
		t.Errorf("segment = %q, want the one of the file", got)
	}
	if got := one[string](t, db, `SELECT segment FROM customers WHERE tpid = '0007'`); got != string(actnow.MediumSegment) {
		t.Errorf("segment = %q, want that of 120 employees", got)
	}
	if got := one[int64](t, db, `SELECT low FROM revenues WHERE month = '2026-11'`); got != 100000 {
		t.Errorf("potential revenue from %d, want 1000.00", got)
	}
	if got := one[string](t, db, `SELECT f.value FROM customer_facts f JOIN customers c ON c.id = f.customer_id WHERE c.tpid = '0007' AND f.field = 'has_azure'`); got != "yes" {
		t.Errorf("has_azure = %q", got)
	}
	if got := one[string](t, db, `SELECT cells FROM snapshot_rows WHERE line = 3 AND snapshot_id = 1`); !strings.Contains(got, `"Brobyggarna"`) {
		t.Errorf("raw cells = %s", got)
	}

	list, err := db.Snapshots(t.Context(), actnow.Everything, reports.Azure, 10)
	if err != nil || len(list) != 3 || list[0].Revision != 2 || !list[0].Current || list[0].Rejected != 1 {
		t.Fatalf("snapshots = %+v, %v; want three, the revision first", list, err)
	}
	rejected, total, err := db.RejectedRows(t.Context(), actnow.Everything, list[0].ID, 0, 10)
	if err != nil || total != 1 || rejected[0].Line != 4 || rejected[0].Field != "AzureFit" {
		t.Errorf("rejected = %+v of %d, %v; want line 4, AzureFit", rejected, total, err)
	}
}

func TestImportRightFileAfterWrongOne(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	right := azureHeader + "100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n"
	wrong := azureHeader + "200,Lund,7,Åkes,akes.example,120,,Lund,Sweden,,No,Educate,1,2,7-8,No\n"
	mustImport(t, db, "right.csv", right, reports.Options{Month: "2026-10"})
	mustImport(t, db, "wrong.csv", wrong, reports.Options{Month: "2026-10"})
	const where = `SELECT group_concat(l.global_id) FROM customer_locations cl JOIN locations l ON l.id = cl.location_id`
	if got := one[string](t, db, where); got != "200" {
		t.Errorf("after the wrong file the customer is in %s, want 200", got)
	}
	res := mustImport(t, db, "right.csv", right, reports.Options{})
	if res.AlreadyImported || res.Month != "2026-10" || res.Revision != 3 || res.Rows != 1 {
		t.Fatalf("the right file again = %+v, want revision 3 of its month", res)
	}
	if got := one[string](t, db, where); got != "100" {
		t.Errorf("after the right file the customer is in %s, want 100", got)
	}
	got := one[string](t, db, `SELECT p.cluster || ' ' || p.revenue_low || ' ' || (SELECT count(*) FROM cohort_members) || ' ' || (SELECT count(*) FROM snapshot_rows)
		FROM current_propensities p`)
	if want := "Act Now 100000 1 2"; got != want {
		t.Errorf("the current state = %q, want %q", got, want)
	}
	if again := mustImport(t, db, "right.csv", right, reports.Options{}); !again.AlreadyImported || again.Revision != 3 {
		t.Errorf("and again = %+v, want it recognised", again)
	}
	list, err := db.Snapshots(t.Context(), actnow.Everything, reports.Azure, 10)
	if err != nil || len(list) != 2 || one[int](t, db, `SELECT count(*) FROM snapshots WHERE current = 1`) != 1 {
		t.Errorf("snapshots = %+v, %v; want two, one of them current", list, err)
	}
}

func TestImportFindsCustomers(t *testing.T) {
	t.Parallel()
	const header = "GlobalID,CustomerID,AccountName,Domain,PostalCode,AzureCluster\n"
	tests := []struct {
		name  string
		files []string // for September, October …
		want  []string // keys of the customers there are afterwards
		rows  [5]int   // counts of the last import
	}{
		{
			name:  "a domain's customer is adopted when its id appears",
			files: []string{"1,,Åkes,akes.example,1,Act Now\n", "1,77,Åkes,akes.example,1,Act Now\n"},
			want:  []string{"tpid:77"}, rows: [5]int{1, 0, 1, 0, 0},
		},
		{
			name:  "a row without id finds the customer of its domain",
			files: []string{"1,77,Åkes,akes.example,1,Act Now\n", "1,,Åkes,www.akes.example,1,Act Now\n"},
			want:  []string{"tpid:77"}, rows: [5]int{1, 0, 1, 0, 0},
		},
		{
			name:  "also within one file",
			files: []string{"1,,Åkes,akes.example,1,Act Now\n1,77,Åkes,akes.example,1,Act Now\n"},
			want:  []string{"tpid:77"}, rows: [5]int{2, 2, 0, 0, 0},
		},
		{
			name:  "two ids claim one domain: nobody adopts",
			files: []string{"1,,Åkes,akes.example,1,Act Now\n", "1,77,Åkes,akes.example,1,Act Now\n1,78,Åkes Syd,akes.example,2,Act Now\n"},
			want:  []string{"domain:akes.example", "tpid:77", "tpid:78"}, rows: [5]int{2, 2, 0, 0, 0},
		},
		{
			name:  "free mail is no identity",
			files: []string{"1,,Åkes,gmail.com,1,Act Now\n1,,Bros,gmail.com,2,Act Now\n"},
			want:  []string{"name:bros|2||", "name:åkes|1||"}, rows: [5]int{2, 2, 0, 0, 0},
		},
		{
			name:  "name and place grow a domain, then an id",
			files: []string{"1,,Åkes,,1,Act Now\n", "1,,Åkes,akes.example,1,Act Now\n", "1,77,Åkes,akes.example,1,Act Now\n"},
			want:  []string{"tpid:77"}, rows: [5]int{1, 0, 1, 0, 0},
		},
		{
			name:  "one name in two places is two customers",
			files: []string{"1,,Åkes,,1,Act Now\n1,,ÅKES,,2,Act Now\n1,, åkes ,,1,Evaluate\n"},
			want:  []string{"name:åkes|1||", "name:åkes|2||"}, rows: [5]int{3, 3, 0, 0, 0},
		},
		{
			name:  "a line that comes again counts once",
			files: []string{"1,77,Åkes,akes.example,1,Act Now\n1,77,Åkes,akes.example,1,Act Now\n"},
			want:  []string{"tpid:77"}, rows: [5]int{1, 1, 0, 0, 0},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t)
			var res reports.Result
			month := actnow.Month("2026-08")
			for _, f := range tt.files {
				month = month.Add(1)
				res = mustImport(t, db, "azure.csv", header+f, reports.Options{Month: month})
			}
			if got := counts(res); got != tt.rows {
				t.Errorf("counts = %v, want %v", got, tt.rows)
			}
			if got := one[string](t, db, `SELECT group_concat(key, ' ' ORDER BY key) FROM customers`); got != strings.Join(tt.want, " ") {
				t.Errorf("customers = %s, want %v", got, tt.want)
			}
		})
	}
}

func TestAdoptionKeepsDecisions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, `INSERT INTO match_decisions (customer_key, account_key, verdict, decided_at) VALUES ('domain:akes.example', 'crm:A-1', 'no', 1)`)
	const header = "CustomerID,AccountName,Domain,AzureCluster\n"
	mustImport(t, db, "a.csv", header+",Åkes,akes.example,Act Now\n", reports.Options{Month: "2026-10"})
	id := one[int64](t, db, `SELECT id FROM customers`)
	mustImport(t, db, "a.csv", header+"77,********,akes.example,Act Now\n", reports.Options{Month: "2026-11"})
	if got := one[int64](t, db, `SELECT id FROM customers WHERE key = 'tpid:77' AND name = 'Åkes'`); got != id {
		t.Errorf("the customer is %d, want the same %d, with its name", got, id)
	}
	if got := one[string](t, db, `SELECT customer_key FROM match_decisions`); got != "tpid:77" {
		t.Errorf("the decision is about %s, want it to follow the key", got)
	}
}

func TestImportTwoLocationsWithinScope(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	res := mustImport(t, db, "azure.csv", azureHeader+
		"100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n"+
		"200,Lund,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n"+
		"200,Lund,8,Bro,bro.example,12,,Lund,Sweden,,No,Educate,8,9,,No\n"+
		"200,Lund,,,,12,,Lund,Sweden,,No,Educate,8,9,,No\n", reports.Options{})
	if got, want := counts(res), [5]int{3, 3, 0, 0, 0}; got != want {
		t.Fatalf("counts = %v, want %v", got, want)
	}
	if n := one[int](t, db, `SELECT count(*) FROM customers`); n != 2 {
		t.Errorf("customers = %d, want 2", n)
	}
	if n := one[int](t, db, `SELECT count(*) FROM customer_locations`); n != 3 {
		t.Errorf("customers in locations = %d, want 3", n)
	}
	oslo := actnow.Scope{Locations: []actnow.LocationID{actnow.LocationID(one[int64](t, db, `SELECT id FROM locations WHERE global_id = '100'`))}}
	s, err := db.Snapshot(t.Context(), oslo, res.Snapshot)
	if err != nil || s.Rows != 1 {
		t.Errorf("seen from Oslo = %d rows, %v; want 1", s.Rows, err)
	}
	if _, err := db.Snapshot(t.Context(), actnow.Scope{}, res.Snapshot); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("seen from nowhere: %v, want not found", err)
	}
	if list, err := db.Snapshots(t.Context(), actnow.Scope{}, "", 10); err != nil || len(list) != 0 {
		t.Errorf("listed from nowhere: %v, %v", list, err)
	}
	if _, _, err := db.RejectedRows(t.Context(), oslo, res.Snapshot, 0, 10); !errors.Is(err, actnow.ErrForbidden) {
		t.Errorf("rejected lines from Oslo: %v, want forbidden", err)
	}
	if columns, err := db.CohortColumns(t.Context(), oslo, ""); err != nil || len(columns) != 1 || columns[0].Members != 1 {
		t.Errorf("cohorts from Oslo = %+v, %v; want one of one", columns, err)
	}
}

func TestImportGoneOnlyWhenComplete(t *testing.T) {
	t.Parallel()
	const header = "CustomerID,AccountName,AzureCluster,AzureFit\n"
	gone := func(t *testing.T, second string, opt reports.Options) (reports.Result, *storage.DB) {
		db := storagetest.Open(t)
		mustImport(t, db, "a.csv", header+"7,Åkes,Act Now,80\n8,Bro,Act Now,80\n", reports.Options{Month: "2026-10"})
		opt.Month = "2026-11"
		return mustImport(t, db, "a.csv", header+second, opt), db
	}
	res, db := gone(t, "7,Åkes,Act Now,80\n", reports.Options{Complete: true})
	if res.Gone != 1 || one[string](t, db, `SELECT gone_month FROM customers WHERE tpid = '8'`) != "2026-11" {
		t.Errorf("complete: gone = %d, want 1", res.Gone)
	}
	mustImport(t, db, "d.csv", "CustomerID,AccountName,D365BCCluster\n8,Bro,Educate\n", reports.Options{Month: "2026-11"})
	if n := one[int](t, db, `SELECT count(*) FROM customers WHERE gone_month IS NOT NULL`); n != 0 {
		t.Errorf("another report of the month has the customer, and still %d are gone", n)
	}
	if res, _ := gone(t, "7,Åkes,Act Now,80\n", reports.Options{}); res.Gone != 0 {
		t.Errorf("not complete: gone = %d, want 0", res.Gone)
	}
	if res, _ := gone(t, "7,Åkes,Act Now,80\n8,Bro,Act Now,x\n", reports.Options{Complete: true}); res.Gone != 0 || len(res.Warnings) == 0 {
		t.Errorf("complete with a rejected line: gone = %d, warnings %q; want 0 and a warning", res.Gone, res.Warnings)
	}
}

func TestImportRenewals(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const header = "CustomerID,AccountName,AgreementID,AgreementEndDate,ExpiringRevenue,RevSumDivisionName,AzureCluster\n"
	mustImport(t, db, "r.csv", header+"7,Åkes,00000001,2027-03-31,1250.50,Azure,Act Now\n7,Åkes,1,,,Azure,Act Now\n7,Åkes,A-7,3/31/2027,0,Azure,Act Now\n",
		reports.Options{Month: "2026-10"})
	res := mustImport(t, db, "r.csv", header+"7,Åkes,00000001,2027-03-31,1250.50,Azure,Act Now\n7,Åkes,1,,5,Azure,Act Now\n7,Åkes,B-8,,,Azure,Act Now\n",
		reports.Options{Month: "2026-11"})
	if got, want := counts(res), [5]int{3, 1, 1, 1, 0}; got != want {
		t.Errorf("counts = %v, want %v: a row is an agreement", got, want)
	}
	d, err := db.Customer(t.Context(), actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Agreements) != 3 || d.Agreements[0].ID == "" {
		t.Errorf("agreements = %+v, want the three of November", d.Agreements)
	}
}

func TestCohortColumns(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const content = "CustomerID,AccountName,AzureCluster,Azure_Modernize VDI to AVD,Azure_Arc FY27,Colour\n7,Åkes,Act Now,Yes,Yes,red\n8,Bro,Act Now,No,,blue\n"
	mustImport(t, db, "a.csv", content, reports.Options{})
	names := func(state reports.CohortState) []string {
		columns, err := db.CohortColumns(t.Context(), actnow.Everything, state)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, c := range columns {
			names = append(names, c.Header)
		}
		return names
	}
	if got := names(reports.CohortConfirmed); !slices.Equal(got, []string{"Azure_Modernize VDI to AVD"}) {
		t.Errorf("confirmed = %q, want the known one", got)
	}
	if got := names(reports.CohortCandidate); !slices.Equal(got, []string{"Azure_Arc FY27"}) {
		t.Errorf("candidates = %q, want the unknown one", got)
	}
	columns, err := db.CohortColumns(t.Context(), actnow.Everything, reports.CohortCandidate)
	if err != nil || columns[0].Members != 1 {
		t.Fatalf("candidate = %+v, %v; want one member", columns, err)
	}
	id, by := columns[0].ID, actnow.Actor{Name: "Sigrid"}
	for range 2 { // again changes nothing
		if err := db.DecideCohortColumn(t.Context(), by, id, reports.CohortConfirmed); err != nil {
			t.Fatal(err)
		}
	}
	if n := one[int](t, db, `SELECT count(*) FROM cohorts WHERE deleted_at IS NULL`); n != 2 {
		t.Errorf("cohorts = %d, want the known and the confirmed one", n)
	}
	// The next month has it in another place, and the decision stands.
	res := mustImport(t, db, "a.csv", strings.NewReplacer("Azure_Arc FY27", "azure arc fy27", "red", "green").Replace(content), reports.Options{Month: "2026-12"})
	if len(names(reports.CohortConfirmed)) != 2 || res.Changed != 1 {
		t.Errorf("confirmed after the next import = %q, changed %d; want two, 1", names(reports.CohortConfirmed), res.Changed)
	}
	if err := db.DecideCohortColumn(t.Context(), by, id, reports.CohortDismissed); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, db, `SELECT count(*) FROM cohorts WHERE deleted_at IS NULL`); n != 1 {
		t.Errorf("cohorts after dismissing = %d, want 1", n)
	}
	if err := db.DecideCohortColumn(t.Context(), by, 404, reports.CohortConfirmed); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a column that is not there: %v", err)
	}
	if err := db.DecideCohortColumn(t.Context(), by, id, "maybe"); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("no decision: %v", err)
	}
}

func TestImportKeepsNewerMonths(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const header = "CustomerID,AccountName,Domain,AzureCluster,HasAWS\n"
	mustImport(t, db, "a.csv", header+"7,New name,new.example,Act Now,Yes\n", reports.Options{Month: "2026-11"})
	mustImport(t, db, "a.csv", header+"7,Old name,old.example,Educate,No\n", reports.Options{Month: "2026-09"})
	got := one[string](t, db, `SELECT c.name || ' ' || c.domain || ' ' || c.first_month || ' ' || c.last_month || ' ' || f.value || ' ' || p.cluster
		FROM customers c JOIN customer_facts f ON f.customer_id = c.id JOIN current_propensities p ON p.customer_id = c.id`)
	if want := "New name new.example 2026-09 2026-11 yes Act Now"; got != want {
		t.Errorf("after an older month = %q, want %q", got, want)
	}
	var cluster sql.NullString
	raw := storagetest.Raw(t, db)
	defer func() { _ = raw.Close() }()
	if err := raw.QueryRow(`SELECT previous_cluster FROM current_propensities`).Scan(&cluster); err != nil || cluster.String != "Educate" {
		t.Errorf("the month before = %v, %v; want Educate", cluster, err)
	}
}

// Every odd file goes through the whole store: what is imported adds up, what is
// refused leaves nothing.
func TestImportBadInputs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../shared/badinputs/own/csv/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the bad inputs are not here")
	}
	db := storagetest.Open(t)
	im := importer(t, db)
	published := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		res, err := im.Import(t.Context(), filepath.Base(file), bytes.NewReader(content), reports.Options{}, nil)
		if errors.Is(err, actnow.ErrInvalid) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if res.New+res.Changed+res.Unchanged != res.Rows || res.Rows < 0 {
			t.Errorf("%s: %v do not add up", filepath.Base(file), counts(res))
		}
		if !res.AlreadyImported {
			published++
		}
	}
	list, err := db.Snapshots(t.Context(), actnow.Everything, "", 1000)
	if err != nil || len(list) != published {
		t.Errorf("snapshots = %d, %v; want %d", len(list), err, published)
	}
	if n := one[int](t, db, `SELECT count(*) FROM customers WHERE key NOT LIKE 'tpid:_%' AND key NOT LIKE 'domain:_%.%' AND key NOT LIKE 'name:_%|%'`); n != 0 {
		t.Errorf("%d customers have no proper key", n)
	}
	if left, err := os.ReadDir(filepath.Join(db.Dir(), "staging")); err != nil || len(left) != 0 {
		t.Errorf("staging files left: %v, %v", left, err)
	}
}

func TestConcurrentImportsOfOneFile(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	content := azureHeader + "100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n"
	results := make(chan reports.Result, 4)
	for range cap(results) {
		im := importer(t, db)
		go func() {
			res, err := im.Import(t.Context(), "azure.csv", strings.NewReader(content), reports.Options{}, nil)
			if err != nil {
				t.Error(err)
			}
			results <- res
		}()
	}
	fresh := 0
	for range cap(results) {
		if res := <-results; !res.AlreadyImported {
			fresh++
		}
	}
	if n := one[int](t, db, `SELECT count(*) FROM snapshots`); n != 1 || fresh != 1 {
		t.Errorf("snapshots = %d, of %d imports that say so; want one", n, fresh)
	}
}
