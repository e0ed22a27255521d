package storage_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/reports"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// visible is all that the imports have made of the store, without the numbers of
// rows and without what is kept of imports for the record.
func visible(t testing.TB, db *storage.DB) []string {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer func() { _ = raw.Close() }()
	var out []string
	for _, q := range []string{
		`SELECT 'customer', key, tpid, duns, name, domain, org_size, industry, city, postal_code, country, segment, segment_text, nonprofit, first_month, last_month, gone_month FROM customers`,
		`SELECT 'key', k.key, c.key FROM customer_keys k JOIN customers c ON c.id = k.customer_id`,
		`SELECT 'place', c.key, l.global_id FROM customer_locations p JOIN customers c ON c.id = p.customer_id JOIN locations l ON l.id = p.location_id`,
		`SELECT 'location', global_id, name FROM locations`,
		`SELECT 'fact', c.key, f.field, f.value, f.month FROM customer_facts f JOIN customers c ON c.id = f.customer_id`,
		`SELECT 'score', c.key, p.area, p.month, p.source, p.fit, p.intent, p.fit_band, p.intent_band, p.cell, p.cluster, p.cluster_from, p.explanation FROM propensities p JOIN customers c ON c.id = p.customer_id`,
		`SELECT 'revenue', c.key, r.area, r.month, r.low, r.high, r.currency, r.text, s.report FROM revenues r JOIN customers c ON c.id = r.customer_id JOIN snapshots s ON s.id = r.snapshot_id`,
		`SELECT 'standing', c.key, p.area, p.month, p.latest, p.fit, p.intent, p.fit_from, p.intent_from, p.cell, p.cluster, p.cluster_from, p.microsoft_cluster, p.own_cluster, p.previous_cluster, p.previous_month, p.revenue_low, p.revenue_high
			FROM standings p JOIN customers c ON c.id = p.customer_id`,
		`SELECT 'column', report, header, key, state, first_month, last_month FROM cohort_columns`,
		`SELECT 'cohort', name FROM cohorts WHERE deleted_at IS NULL`,
		`SELECT 'member', k.key, m.month, c.key FROM cohort_members m JOIN cohort_columns k ON k.id = m.column_id JOIN customers c ON c.id = m.customer_id`,
		`SELECT 'agreement', s.report, s.month, c.key, a.line, a.agreement_id, a.ends_at, a.expiring FROM agreements a JOIN snapshots s ON s.id = a.snapshot_id AND s.current = 1 JOIN customers c ON c.id = a.customer_id`,
		`SELECT 'row', s.report, s.month, c.key, l.global_id, r.line, r.cells FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id AND s.current = 1
			JOIN customers c ON c.id = r.customer_id JOIN locations l ON l.id = r.location_id`,
		`SELECT 'current', report, month, sha256 FROM snapshots WHERE current = 1`,
		`SELECT 'decision', customer_key, account_key, verdict FROM match_decisions`,
	} {
		rows, err := raw.Query(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		columns, _ := rows.Columns()
		var lines []string
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprint(values))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		out = append(out, lines...)
	}
	for _, area := range []actnow.Area{actnow.Azure, actnow.M365} {
		g, err := db.Grid(t.Context(), actnow.Everything, area, "")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("grid %+v", g))
	}
	page, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Rows {
		out = append(out, fmt.Sprint("listed ", r.Customer.Key, r.Customer.Name, r.Standing.Area, r.Standing.Cluster))
	}
	return out
}

// madeUp is a file of a report with random rows.
type madeUp struct {
	name, content string
	opt           reports.Options
}

// makeUp makes one of a few reports. Rows name customers of a small town by
// changing keys, so that imports find, adopt, make and miss each other's; with
// ids alone, every row has one.
func makeUp(r *rand.Rand, ids bool) madeUp { return makeUpOf(r, ids, 9, 1+r.IntN(8)) }

// makeUpOf is makeUp with a number of rows in a town of so many.
func makeUpOf(r *rand.Rand, ids bool, people, rows int) madeUp {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	report := pick("azure", "m365", "renewals")
	header := "GlobalID,PartnerName,CustomerID,AccountName,Domain,OrgSize,PostalCode,City,SMECTypeSummary,Has Azure,Industry"
	switch report {
	case "azure":
		header += ",AzureCluster,AzureFit,AzureIntent,Azure potential revenue,Azure_Modernize VDI to AVD,New Idea " + pick("1", "2")
	case "m365":
		header += ",M365Cluster,M365Fit,M365Intent,M365 potential revenue,Surface Cluster"
	default:
		header += ",AgreementID,AgreementEndDate,ExpiringRevenue,AzureCluster"
	}
	var b strings.Builder
	b.WriteString(header + "\n")
	partner := fmt.Sprint("Partner ", r.IntN(3))
	for range rows {
		n := r.IntN(people)
		id, domain := fmt.Sprint(n+1), fmt.Sprintf("c%d.example", n)
		if !ids {
			id, domain = pick(id, id, ""), pick(domain, domain, "")
		}
		name := pick(fmt.Sprintf("Kund %d", n), fmt.Sprintf("Kund %d", n), "********")
		if id == "" && domain == "" {
			name = fmt.Sprintf("Kund %d", n)
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,1,Lund,%s,%s,%s", pick("100", "200"), pick("", "Partner", partner), id, name, domain,
			pick("", "12", "400"), pick("", "Medium"), pick("Yes", "No", ""), pick("", "Retail", "Bank"))
		cluster, score := func() string { return pick("", "Act Now", "Nurture", "Educate") }, func() string {
			if r.IntN(30) == 0 {
				return "x1x2" // is rejected
			}
			return pick("", "88", "64", "12")
		}
		switch report {
		case "azure":
			fmt.Fprintf(&b, ",%s,%s,%s,%s,%s,%s\n", cluster(), pick("", "88", "60"), score(), pick("", "1000-5000"), pick("Yes", "No"), pick("Yes", "No", ""))
		case "m365":
			fmt.Fprintf(&b, ",%s,%s,%s,%s,%s\n", cluster(), pick("", "88", "20"), pick("", "40"), pick("", "7-9"), cluster())
		default:
			fmt.Fprintf(&b, ",A-%d,2027-03-31,%d,%s\n", r.IntN(3), r.IntN(100), cluster())
		}
	}
	return madeUp{report + ".csv", b.String(), reports.Options{Month: actnow.Month(pick("2026-09", "2026-10", "2026-11")), Complete: r.IntN(2) == 0, By: "Sigrid"}}
}

func TestUndoLeavesWhatWasBefore(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			db := storagetest.Open(t)
			for range 1 + r.IntN(4) {
				f := makeUp(r, false)
				mustImport(t, db, f.name, f.content, f.opt)
			}
			storagetest.Exec(t, db, `INSERT INTO match_decisions (customer_key, account_key, verdict, decided_at) SELECT key, 'crm:A-' || id, 'yes', 1 FROM customers`)
			before := visible(t, db)
			f := makeUp(r, false)
			res := mustImport(t, db, f.name, f.content, f.opt)
			if res.AlreadyImported {
				return
			}
			after := visible(t, db)
			for round := range 2 {
				preview, err := db.PreviewUndo(t.Context(), res.Snapshot)
				if err != nil {
					t.Fatal(err)
				}
				u, err := db.UndoSnapshot(t.Context(), actnow.Actor{Name: "Sigrid"}, res.Snapshot, nil)
				if err != nil {
					t.Fatal(err)
				}
				preview.DryRun = false
				if diff := cmp.Diff(preview, u); diff != "" {
					t.Errorf("preview and undo differ (-preview +undo):\n%s", diff)
				}
				if diff := cmp.Diff(before, visible(t, db)); diff != "" {
					t.Fatalf("round %d: import of %s %+v and undo (-before +now):\n%s\n%s", round, f.name, f.opt, diff, f.content)
				}
				again, err := db.RedoSnapshot(t.Context(), actnow.Actor{Name: "Sigrid"}, res.Snapshot, nil)
				if err != nil {
					t.Fatal(err)
				}
				if counts(again) != counts(res) || again.Revision != res.Revision || len(again.Rejected) != len(res.Rejected) {
					t.Errorf("redo = %+v, want what the import was: %+v", again, res)
				}
				if diff := cmp.Diff(after, visible(t, db)); diff != "" {
					t.Fatalf("round %d: redo (-import +redo):\n%s", round, diff)
				}
			}
		})
	}
}

// Where every row has an id, an import that others followed can go as if it had
// never been.
func TestUndoOfAnEarlierImport(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			var files []madeUp
			for range 2 + r.IntN(4) {
				f := makeUp(r, true)
				f.opt.Complete = false
				files = append(files, f)
			}
			without := r.IntN(len(files))
			db, want := storagetest.Open(t), storagetest.Open(t)
			var taken actnow.SnapshotID
			for i, f := range files {
				res := mustImport(t, db, f.name, f.content, f.opt)
				if i == without {
					taken = res.Snapshot
				} else {
					mustImport(t, want, f.name, f.content, f.opt)
				}
			}
			if _, err := db.UndoSnapshot(t.Context(), actnow.System, taken, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(visible(t, want), visible(t, db)); diff != "" {
				t.Errorf("undo of file %d of %d (-never imported +undone):\n%s", without+1, len(files), diff)
			}
		})
	}
}

func TestUndoBringsGoneBack(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const header = "CustomerID,AccountName,AzureCluster\n"
	mustImport(t, db, "a.csv", header+"7,Åkes,Act Now\n8,Bro,Act Now\n", reports.Options{Month: "2026-10"})
	mustImport(t, db, "a.csv", header+"7,Åkes,Act Now\n", reports.Options{Month: "2026-11", Complete: true})
	res := mustImport(t, db, "d.csv", "CustomerID,AccountName,D365BCCluster\n8,Bro,Educate\n", reports.Options{Month: "2026-11"})
	const gone = `SELECT COALESCE(gone_month, '') FROM customers WHERE tpid = '8'`
	if got := one[string](t, db, gone); got != "" {
		t.Fatalf("another report has the customer, gone since %s", got)
	}
	if _, err := db.UndoSnapshot(t.Context(), actnow.System, res.Snapshot, nil); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, db, gone); got != "2026-11" {
		t.Errorf("without that report the customer is gone since %q, want 2026-11", got)
	}
}

// An import whose customers were mailed can be taken back; those customers stay,
// since the record of mails names them. Accounts of the others match nobody.
func TestUndoKeepsWhomMailsName(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	res := mustImport(t, db, "azure.csv", azureHeader+
		"100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,,Yes\n"+
		"100,Oslo,8,Bro,bro.example,12,,Lund,Sweden,,No,Educate,8,9,,No\n", reports.Options{})
	rescore(t, db, "2026-11")
	storagetest.Exec(t, db, `
		INSERT INTO packs (id, name, revision, sha256, languages, manifest, created_at) VALUES (1, 'Start', 1, 'x', '["en"]', '{}', 0);
		INSERT INTO cohorts (id, name, kind, filter, created_at, updated_at) VALUES (9, 'All', 'filter', 'cluster = "Act Now"', 0, 0);
		INSERT INTO campaigns (id, name, pack_id, cohort_id, state, created_at) VALUES (1, 'Hello', 1, 9, 'finished', 0);
		INSERT INTO campaign_runs (id, campaign_id, period, launched_at) VALUES (1, 1, '', 1);
		INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES (1, 'A1', 1, 'akes', 0), (2, 'A2', 1, 'bro', 0);
		INSERT INTO matches (account_id, customer_id, band, machine_band, matched_at)
			SELECT CASE tpid WHEN '7' THEN 1 ELSE 2 END, id, 'match', 'match', 0 FROM customers;
		INSERT INTO audience (run_id, seq, customer_id, address) SELECT 1, 1, id, 'a@akes.example' FROM customers WHERE tpid = '7';`)
	u, err := db.UndoSnapshot(t.Context(), actnow.Actor{Name: "Sigrid"}, res.Snapshot, nil)
	if err != nil {
		t.Fatal(err)
	}
	if u.Customers != 1 || u.Kept != 1 || u.Becomes != 0 || u.Rows != 2 || len(u.Cohorts) != 1 {
		t.Errorf("undo = %+v, want one customer and one column to go and one customer to stay", u)
	}
	got := one[string](t, db, `SELECT (SELECT group_concat(tpid) FROM customers) || ' ' || (SELECT count(*) FROM standings) || ' ' || (SELECT count(*) FROM propensities) || ' ' ||
		(SELECT group_concat(band || COALESCE(customer_id, 0), ',' ORDER BY account_id) FROM matches)`)
	if want := "7 0 0 match1,none0"; got != want {
		t.Errorf("afterwards = %q, want %q", got, want)
	}
	if _, err := db.UndoSnapshot(t.Context(), actnow.System, res.Snapshot, nil); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("undo twice: %v, want a conflict", err)
	}
	if _, err := db.PreviewUndo(t.Context(), res.Snapshot); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("preview of what was undone: %v, want a conflict", err)
	}
	list, err := db.Snapshots(t.Context(), actnow.Everything, reports.Azure, 10)
	if err != nil || len(list) != 1 || !list[0].Undone() || list[0].UndoneBy != "Sigrid" || list[0].Current {
		t.Errorf("for the record there is %+v, %v", list, err)
	}
	// The same file again is a new import, for the month that is due.
	again := mustImport(t, db, "azure.csv", azureHeader+
		"100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,,Yes\n"+
		"100,Oslo,8,Bro,bro.example,12,,Lund,Sweden,,No,Educate,8,9,,No\n", reports.Options{})
	if again.AlreadyImported || again.Snapshot != res.Snapshot || again.Rows != 2 || again.New != 2 {
		t.Errorf("the same file again = %+v, want it imported", again)
	}
	if _, err := db.RedoSnapshot(t.Context(), actnow.System, res.Snapshot, nil); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("redo of what is in force: %v, want a conflict", err)
	}
	for _, do := range []func() error{
		func() error { _, err := db.UndoSnapshot(t.Context(), actnow.System, 99, nil); return err },
		func() error { _, err := db.RedoSnapshot(t.Context(), actnow.System, 99, nil); return err },
	} {
		if err := do(); !errors.Is(err, actnow.ErrNotFound) {
			t.Errorf("an import that is not there: %v, want not found", err)
		}
	}
}
