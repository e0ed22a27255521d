package storage_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/cohorts"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// filterSeed adds to people: facts, agreements, raw cells, cohort columns, and a
// second area for customer 1.
const filterSeed = `
	UPDATE customers SET industry = 'Public sector', city = 'Umeå', nonprofit = 'No' WHERE id = 1;
	UPDATE customers SET industry = 'Retail 100%', nonprofit = 'Approved - Paid', gone_month = '2026-10' WHERE id = 2;
	UPDATE customers SET industry = 'R&D', state = 'O''Brien' WHERE id = 3;
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, cell, cluster, microsoft_cluster) VALUES
		(1, 'm365', '2026-10', 1, NULL, NULL, 'High', 'Low', 'B1', 'Evaluate', 'Evaluate');
	INSERT INTO customer_facts VALUES (1, 'has_azure', 'yes', '2026-10'), (2, 'has_azure', 'no', '2026-10'), (1, 'offers', 'Spring, Summer', '2026-10');
	INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
		(1, 'azure', '2026-09', 1, 1, 'a', 'a', '[{"Header":"Old"},{"Header":"Odd, \"Header\""}]', 1, 0, 0, 0, 0),
		(2, 'azure', '2026-10', 1, 1, 'b', 'b', '[{"Header":"CustomerID"},{"Header":"Odd, \"Header\""}]', 3, 0, 0, 0, 0),
		(3, 'renewals', '2026-10', 1, 1, 'c', 'c', '[{"header":"ODD, \"header\""}]', 1, 0, 0, 0, 0);
	INSERT INTO snapshot_rows VALUES
		(1, 2, 4, 1, '', '["Yes","Yes"]'),
		(2, 2, 1, 2, '', '["1","Yes"]'), (2, 3, 2, 2, '', '["2",""]'), (2, 4, 3, 1, '', '["3","<b>%_"]'),
		(3, 2, 2, 2, '', '["yes"]');
	INSERT INTO agreements (snapshot_id, line, customer_id, program, division, ends_at, expiring, currency) VALUES
		(3, 2, 1, 'Open', 'Office', unixepoch('2026-11-26'), 100000, 'SEK'), (3, 3, 1, 'EA', 'Azure', unixepoch('2027-06-30'), 500000, 'SEK'),
		(3, 4, 1, 'EA', 'Azure', unixepoch('2026-01-31'), NULL, ''), (3, 5, 2, 'EA', 'Windows', unixepoch('2026-10-31'), NULL, ''),
		(3, 6, 3, '', '', NULL, NULL, '');
	INSERT INTO cohort_columns (id, report, header, key, state, first_month, last_month) VALUES
		(1, 'm365', 'MW_Business Premium_E SKU Attach >50', 'k1', 'confirmed', '2026-09', '2026-10'), (2, 'm365', 'Perhaps', 'k2', 'candidate', '2026-10', '2026-10');
	INSERT INTO cohort_members VALUES (1, '2026-09', 2), (1, '2026-09', 3), (1, '2026-10', 1), (1, '2026-10', 3), (2, '2026-10', 4);
	INSERT INTO cohorts (id, name, kind, filter, column_id, created_at, updated_at) VALUES
		(1, 'Premium', 'column', '', 1, 0, 0), (2, 'Swedes', 'filter', 'country = "Sweden"', NULL, 0, 0),
		(3, 'Hot Swedes', 'filter', 'cohort = "swedes" and cluster = "Act Now"', NULL, 0, 0),
		(4, 'Ring A', 'filter', 'cohort = "Ring B"', NULL, 0, 0), (5, 'Ring B', 'filter', 'cohort = "Ring A"', NULL, 0, 0);`

// chosen returns the customers that a filter chooses, as a list, as a count and
// as a cohort.
func chosen(t testing.TB, db *storage.DB, scope actnow.Scope, filter string) ([]actnow.CustomerID, error) {
	t.Helper()
	n, err := db.CountFilter(t.Context(), scope, filter)
	if err != nil {
		return nil, err
	}
	page, err := db.Customers(t.Context(), scope, actnow.CustomerQuery{Filter: filter})
	if err != nil {
		return nil, err
	}
	var ids []actnow.CustomerID
	for _, r := range page.Rows {
		ids = append(ids, r.Customer.ID)
	}
	slices.Sort(ids)
	if filter != "" && (n.Customers != len(ids) || n.Matched != page.Matched || n.Mailable != page.Mailable) {
		t.Errorf("%q counts %+v and lists %v", filter, n, ids)
	}
	if all, err := db.FilterMembers(t.Context(), filter); scope.AllLocations && (err != nil || !slices.Equal(all, ids)) {
		t.Errorf("FilterMembers(%q) = %v, %v; want %v", filter, all, err, ids)
	}
	return ids, nil
}

func TestFilter(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	tests := []struct {
		filter string
		want   []actnow.CustomerID
	}{
		{`area = azure`, []actnow.CustomerID{1, 2, 3}},
		{`cluster = "act now"`, []actnow.CustomerID{1}},
		// One row of customer and area satisfies the whole filter.
		{`area = m365 and cluster = "Act Now"`, nil},
		{`area = azure and cluster in ("Act Now", "Evaluate")`, []actnow.CustomerID{1, 2}},
		{`cluster != "Educate"`, []actnow.CustomerID{1, 2, 4}},
		{`area = azure and not cluster = "Educate"`, []actnow.CustomerID{1, 2}},
		{`cluster is empty`, []actnow.CustomerID{4}},
		{`not cluster is empty`, []actnow.CustomerID{1, 2, 3}},
		{`microsoft_cluster = "Evaluate" or previous_cluster = "Act Now"`, []actnow.CustomerID{1, 3}},
		{`cell in (A1, D4)`, []actnow.CustomerID{1, 3}},
		{`fit >= 80`, []actnow.CustomerID{1, 2}},
		// Where only a band is known, all of it must satisfy the relation.
		{`area = m365 and fit >= 75`, []actnow.CustomerID{1}},
		{`area = m365 and fit >= 76`, nil},
		{`area = m365 and intent < 55`, []actnow.CustomerID{1}},
		{`area = m365 and intent < 54`, nil},
		{`area = m365 and (fit = 80 or fit is empty)`, nil},
		{`fit is empty`, []actnow.CustomerID{4}},
		{`not fit >= 0`, []actnow.CustomerID{4}},
		{`revenue_low >= 1000 and revenue_high <= 2000`, []actnow.CustomerID{1}},
		{`currency = "nok"`, []actnow.CustomerID{3}},
		{`org_size >= 25 and org_size < 900`, []actnow.CustomerID{1}},
		{`org_size != 12`, []actnow.CustomerID{1, 3, 4}},
		{`org_size not in (12, 120)`, []actnow.CustomerID{3, 4}},
		{`not org_size > 20`, []actnow.CustomerID{2, 4}},
		{`org_size is empty`, []actnow.CustomerID{4}},
		{`segment = "Small" or segment is empty`, []actnow.CustomerID{2, 4}},
		{`country = "SWEDEN"`, []actnow.CustomerID{1, 2}},
		{`country != "Sweden"`, []actnow.CustomerID{3, 4}},
		{`country is empty`, []actnow.CustomerID{4}},
		{`country = ""`, []actnow.CustomerID{4}},
		{`country in ("norway", "")`, []actnow.CustomerID{3, 4}},
		{`not (country = "Sweden" and industry contains "PUBLIC")`, []actnow.CustomerID{2, 3, 4}},
		{`industry contains "100%"`, []actnow.CustomerID{2}},
		{`industry contains "%"`, []actnow.CustomerID{2}},
		{`industry contains "_"`, nil},
		{`industry contains "\"`, nil},
		{`industry starts with "r&d"`, []actnow.CustomerID{3}},
		{`state = "o'brien"`, []actnow.CustomerID{3}},
		{`name starts with "åKES" and city = "UMEÅ"`, []actnow.CustomerID{1}},
		{`tpid = "3" or domain contains "bro."`, []actnow.CustomerID{2, 3}},
		{`location = "nordvik lund" or location = "100"`, []actnow.CustomerID{1, 2, 3, 4}},
		{`location != "200"`, []actnow.CustomerID{3, 4}},
		{`matched = yes`, []actnow.CustomerID{1}},
		{`matched = no`, []actnow.CustomerID{2, 3, 4}},
		{`mailable = yes and matched != no`, []actnow.CustomerID{1}},
		{`has_contact = yes`, []actnow.CustomerID{1}},
		{`waiting = yes`, []actnow.CustomerID{2}},
		{`matched_by = domain or matched_by = name`, []actnow.CustomerID{1}},
		{`matched_by in (tpid, name)`, nil},
		{`matched_by is empty`, []actnow.CustomerID{2, 3, 4}},
		{`gone = yes`, []actnow.CustomerID{2}},
		{`gone != yes and last_month >= "2026-10"`, []actnow.CustomerID{1, 3, 4}},
		{`first_month > "2026-09"`, nil},
		{`is_nonprofit = yes`, []actnow.CustomerID{2}},
		{`is_nonprofit = no`, []actnow.CustomerID{1}},
		{`is_nonprofit is empty`, []actnow.CustomerID{3, 4}},
		{`nonprofit starts with "approved"`, []actnow.CustomerID{2}},
		{`has_azure = yes`, []actnow.CustomerID{1}},
		{`has_azure = no`, []actnow.CustomerID{2}},
		{`has_azure != yes`, []actnow.CustomerID{2, 3, 4}},
		{`has_azure is empty`, []actnow.CustomerID{3, 4}},
		{`offers contains "summer"`, []actnow.CustomerID{1}},
		{`offers is empty`, []actnow.CustomerID{2, 3, 4}},
		// The next agreement that ends, not any: today is 26 November 2026.
		{`agreement_end = today`, []actnow.CustomerID{1}},
		{`agreement_end <= today + 90d and agreement_end >= today`, []actnow.CustomerID{1}},
		{`agreement_end > today`, nil},
		{`agreement_end < "2026-11-01"`, []actnow.CustomerID{2}},
		{`agreement_end is empty`, []actnow.CustomerID{3, 4}},
		{`agreement_end != today`, []actnow.CustomerID{2, 3, 4}},
		{`license_program = "ea" and revenue_division starts with "az"`, []actnow.CustomerID{1}},
		{`expiring_revenue > 4999`, []actnow.CustomerID{1}},
		{`expiring_revenue < 5000`, nil},
		{`cohort = "mw_business premium_e sku attach >50"`, []actnow.CustomerID{1, 3}},
		{`cohort = "premium" and cohort != "Swedes"`, []actnow.CustomerID{3}},
		{`cohort = "hot swedes"`, []actnow.CustomerID{1}},
		{`cohort in ("Swedes", "Premium")`, []actnow.CustomerID{1, 2, 3}},
		{`cohort starts with "sw"`, []actnow.CustomerID{1, 2}},
		{`cohort is empty`, []actnow.CustomerID{2, 4}},
		{`cohort = "Perhaps" or cohort = "none such"`, nil},
		// Only the newest month of a report, and each report that has the header.
		{`raw."odd, ""HEADER""" = "Yes"`, []actnow.CustomerID{1, 2}},
		{`raw."Odd, ""Header""" contains "%_"`, []actnow.CustomerID{3}},
		{`raw."Odd, ""Header""" != "yes"`, []actnow.CustomerID{3, 4}},
		{`raw."Odd, ""Header""" is empty`, []actnow.CustomerID{4}},
		{`raw."Old" = "Yes"`, nil},
		{`raw."No such" is empty`, []actnow.CustomerID{1, 2, 3, 4}},
		{`not (not (country = "Sweden")) or not org_size < 900 and org_size > 1`, []actnow.CustomerID{1, 2, 3}},
	}
	for _, from := range []string{"file", "census"} {
		for _, tt := range tests {
			got, err := chosen(t, db, actnow.Everything, tt.filter)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("from the %s %s: %v, %v; want %v", from, tt.filter, got, err, tt.want)
			}
		}
		takeCensus(t, db)
	}
}

// takeCensus lets filters be answered from memory.
func takeCensus(t testing.TB, db *storage.DB) {
	t.Helper()
	if err := db.TakeCensus(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
}

func TestFilterScope(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	takeCensus(t, db)
	for filter, want := range map[string][]actnow.CustomerID{
		`org_size > 0`:      {1, 2},
		`area = azure`:      {1, 2},
		`location = "100"`:  nil,
		`location is empty`: nil,
		`not (area = azure and cluster = "Act Now")`: {1, 2},
		`cohort = "Premium"`:                         {1},
	} {
		if got, err := chosen(t, db, lund, filter); err != nil || !slices.Equal(got, want) {
			t.Errorf("in Lund %s: %v, %v; want %v", filter, got, err, want)
		}
	}
	for _, filter := range []string{`revenue_low > 1`, `not currency = "SEK"`, `expiring_revenue is empty`} {
		var input *actnow.InputError
		if _, err := chosen(t, db, lund, filter); !errors.As(err, &input) || input.Code != "error.filter_revenue" {
			t.Errorf("without revenue %s: %v, want it refused", filter, err)
		}
	}
	if got, err := chosen(t, db, actnow.Scope{}, `org_size > 0 or org_size is empty`); err != nil || len(got) != 0 {
		t.Errorf("nobody sees %v, %v", got, err)
	}
	if _, err := chosen(t, db, actnow.Everything, `cohort = "Ring A"`); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a circle of cohorts: %v, want ErrInvalid", err)
	}
}

// TestFilterCollection runs every case of the collection against the database.
func TestFilterCollection(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../shared/badinputs/own/segment.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no collection of bad inputs beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	db := storagetest.Open(t, people, filterSeed)
	n := 0
	lines := bufio.NewScanner(f)
	for ; lines.Scan(); n++ {
		var c struct {
			Text   string
			Accept *bool
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		_, err := chosen(t, db, actnow.Everything, c.Text)
		if c.Accept != nil && (err == nil) != *c.Accept {
			t.Errorf("%.60q: %v, want accept %t", c.Text, err, *c.Accept)
		}
		if err != nil && !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%.60q: %v, want a refusal in words", c.Text, err)
		}
	}
	if n == 0 || lines.Err() != nil {
		t.Errorf("%d cases, %v", n, lines.Err())
	}
}

// FuzzFilter looks that whatever the grammar accepts runs, and that a filter and
// its negation part the customers.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`area = azure and cluster in ("Act Now") and not (fit >= 75 or agreement_end <= today + 9d)`, `raw."Odd, ""Header""" contains "'%_\"`,
		`cohort starts with "S" or location is empty and has_azure = no`, `segment in ("Small") and gone = yes and expiring_revenue > 1`,
	} {
		f.Add(s)
	}
	db := storagetest.Open(f, people, filterSeed)
	f.Fuzz(func(t *testing.T, filter string) {
		if _, err := cohorts.Parse(filter); err != nil {
			return
		}
		storagetest.Exec(t, db, ``) // so that the file answers, then the census
		sameFromCensus(t, db, []actnow.Scope{actnow.Everything}, []string{filter})
		n, err := db.CountFilter(t.Context(), actnow.Everything, filter)
		if err != nil && !errors.Is(err, actnow.ErrInvalid) {
			t.Fatalf("%q: %v", filter, err)
		}
		if n.Customers > 4 || n.Matched > n.Customers || n.Mailable > n.Matched {
			t.Fatalf("%q: %+v", filter, n)
		}
	})
}

// BenchmarkCountFilter counts over 1,000,000 customers, and reads first pages of lists
// of them, out of the file and out of memory, beside a bare count and a bare scan.
func BenchmarkCountFilter(b *testing.B) {
	const customers = 1_000_000
	db := storagetest.Open(b, manyCustomers(customers))
	raw := storagetest.Raw(b, db)
	defer raw.Close()
	for name, where := range map[string]string{"count": "", "scan": " WHERE org_size >= 25"} {
		b.Run("anchor="+name, func(b *testing.B) {
			for b.Loop() {
				var n int
				if err := raw.QueryRow(`SELECT count(*) FROM customers` + where).Scan(&n); err != nil || n == 0 {
					b.Fatal(n, err)
				}
			}
		})
	}
	count := func(b *testing.B) {
		for _, filter := range []string{
			`area = m365 and cluster in ("Act Now", "Evaluate") and org_size >= 25 and not (country = "Sweden" and industry contains "public")`,
			`area = azure and cell = A1`, `cluster = "Act Now"`, `country = "sweden"`, `industry contains "public"`, `org_size >= 25`,
			`cohort = "Column"`, `has_azure = yes`, `segment = "Medium"`, `name contains "77"`, `raw."Odd" = "Yes"`, `fit >= 80`,
			`has_azure = yes and org_size >= 100`, `cohort = "Column" and country = "Sweden"`, `mailable = yes`,
		} {
			b.Run(filter, func(b *testing.B) {
				from := cpu(b)
				for b.Loop() {
					if _, err := db.CountFilter(b.Context(), actnow.Everything, filter); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((cpu(b)-from).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
		for name, q := range map[string]actnow.CustomerQuery{
			"list=names": {}, "list=revenue": {Sort: actnow.SortRevenue}, "list=filter_by_fit": {Area: actnow.Azure, Sort: actnow.SortFit, Filter: `org_size >= 25`},
			"list=search": {Search: "mer 77"},
		} {
			b.Run(name, func(b *testing.B) {
				from := cpu(b)
				for b.Loop() {
					if page, err := db.Customers(b.Context(), actnow.Everything, q); err != nil || len(page.Rows) != 50 {
						b.Fatal(len(page.Rows), err)
					}
				}
				b.ReportMetric(float64((cpu(b)-from).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
	b.Run("file", count)
	b.Run("census", func(b *testing.B) {
		for b.Loop() {
			if err := db.TakeCensus(b.Context(), 1<<30); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(db.CensusBytes())/1e6, "MB")
	})
	b.Run("memory", count)
}

// manyCustomers makes n customers with standings in two areas, one cohort
// column, a fact and a row of a report each.
func manyCustomers(n int) string {
	return strings.ReplaceAll(`
	CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
	INSERT INTO n WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) SELECT i FROM n;
	INSERT INTO customers (id, key, tpid, name, domain, org_size, industry, segment, country, first_month, last_month, updated_at)
		SELECT i, 'tpid:' || i, i, 'Customer ' || i, 'c' || i || '.example', i % 500, 'Industry ' || (i % 40) || CASE WHEN i % 40 < 3 THEN ' public' ELSE '' END,
			CASE WHEN i % 500 > 300 THEN 'Upper Medium' WHEN i % 500 >= 25 THEN 'Medium' ELSE 'Very Small' END,
			CASE i % 5 WHEN 0 THEN 'Sweden' WHEN 1 THEN 'Norway' ELSE 'Country ' || (i % 30) END, '2026-09', '2026-10', 0 FROM n;
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, cell, cluster)
		SELECT i, a.area, '2026-10', 1, i % 101, (i * 7) % 101, '', '', substr('ABCD', 1 + (i + a.k) % 4, 1) || (1 + i % 4),
			CASE (i + a.k) % 4 WHEN 0 THEN 'Act Now' WHEN 1 THEN 'Evaluate' WHEN 2 THEN 'Nurture' ELSE 'Educate' END
		FROM n CROSS JOIN (SELECT 'azure' AS area, 0 AS k UNION ALL SELECT 'm365', 1) a;
	INSERT INTO customer_facts SELECT i, 'has_azure', CASE WHEN i % 3 = 0 THEN 'yes' ELSE 'no' END, '2026-10' FROM n;
	INSERT INTO locations (id, global_id) VALUES (1, '1');
	INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at)
		VALUES (1, 'azure', '2026-10', 1, 1, 'a', 'a', '[{"Header":"CustomerID"},{"Header":"Odd"}]', {n}, 0, 0, 0, 0);
	INSERT INTO snapshot_rows SELECT 1, i + 1, i, 1, '', json_array(i, CASE WHEN i % 9 = 0 THEN 'Yes' ELSE 'No' END) FROM n;
	INSERT INTO cohort_columns (id, report, header, key, state, first_month, last_month) VALUES (1, 'azure', 'Column', 'column', 'confirmed', '2026-10', '2026-10');
	INSERT INTO cohort_members SELECT 1, '2026-10', i FROM n WHERE i % 9 = 0;
	INSERT INTO accounts (id, external_id, connection_id, name, updated_at) SELECT i, 'A-' || i, 1, 'Account', 0 FROM n WHERE i % 10 = 0;
	INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, consent_basis, updated_at)
		SELECT i, 'C-' || i, 1, 'A-' || i, 'c@c' || i || '.example', 'c@c' || i || '.example', 'legitimate interest', 0 FROM n WHERE i % 20 = 0;
	INSERT INTO matches (account_id, customer_id, band, matched_at) SELECT i, i, 'match', 0 FROM n WHERE i % 10 = 0;
	ANALYZE;`, "{n}", fmt.Sprint(n))
}
