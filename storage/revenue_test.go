package storage_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func estimate(t *testing.T, db *storage.DB, month actnow.Month, areas ...actnow.Area) scoring.RevenueSummary {
	t.Helper()
	e := scoring.Estimator{Store: db, Prices: scoring.DefaultPriceList(), Batch: 7, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
	sum, err := e.Run(t.Context(), month, areas, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// revenueSeed is forty customers of one size, of whom all but four have an account;
// twelve of those buy Microsoft 365 and four Azure. Reports give a range to
// customers 31, who buys nothing, 1, who does, and 32, whose range is no number.
const revenueSeed = `
	INSERT INTO locations (id, global_id) VALUES (1, '100');
	WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 40)
	INSERT INTO customers (id, key, name, org_size, industry, segment, first_month, last_month, updated_at)
		SELECT i, 'tpid:' || i, 'C' || i, 40, 'Retail', 'Medium', '2026-11', '2026-11', 0 FROM n;
	INSERT INTO customer_locations SELECT id, 1 FROM customers;
	INSERT INTO customer_facts VALUES (36, 'has_m365', 'yes', '2026-11'), (35, 'has_m365', 'no', '2026-11');
	INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at)
		VALUES (1, 'm365', '2026-11', 1, 1, 'a.csv', 'a', '[]', 1, 1, 0, 0, 1795700000);
	INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, snapshot_id, scored_at)
		SELECT id, 'm365', '2026-11', 'm365', 80, 80, 'High', 'High', 'A1', 'Act Now', 'matrix', 1, 0 FROM customers;
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster)
		SELECT id, 'm365', '2026-11', 1, 80, 80, 'High', 'High', 'm365', 'm365', 'A1', 'Act Now' FROM customers;
	INSERT INTO revenues (customer_id, area, month, low, high, currency, text, snapshot_id) VALUES
		(31, 'm365', '2026-11', 700, 900, 'SEK', '7-9', 1), (1, 'm365', '2026-11', NULL, 500, 'SEK', 'up to 5', 1), (32, 'm365', '2026-11', NULL, NULL, '', 'much', 1);
	INSERT INTO accounts (id, external_id, connection_id, updated_at) SELECT id, 'A' || id, 1, 0 FROM customers;
	INSERT INTO matches (account_id, customer_id, band, matched_at) SELECT id, id, CASE WHEN id > 36 THEN 'review' ELSE 'match' END, 0 FROM customers;
	INSERT INTO subscriptions (external_id, connection_id, account_ref, area, product, seats, start_at, end_at, amount, currency, updated_at)
		SELECT 'S' || id, 1, 'A' || id, 'm365', 'E3', 30, 1760000000, 1860000000, 1000000 + 10000 * id, 'SEK', 0 FROM customers WHERE id <= 12;
	INSERT INTO transactions (external_id, connection_id, account_ref, area, product, at, amount, currency, updated_at)
		SELECT 'T' || id, 1, 'A' || id, 'azure', 'Azure', 1790000000, 500000, 'SEK', 0 FROM customers WHERE id <= 4;
	INSERT INTO transactions (external_id, connection_id, account_ref, area, product, at, amount, currency, updated_at)
		VALUES ('late', 1, 'A20', 'm365', 'E3', 1796000000, 99000000, 'SEK', 0), ('when', 1, 'A21', 'm365', 'E3', NULL, 99000000, 'SEK', 0),
			('doubtful', 1, 'A37', 'm365', 'E3', 1790000000, 99000000, 'SEK', 0);`

func TestEstimates(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, revenueSeed)
	sum := estimate(t, db, "2026-11")
	m365, azure := sum.Areas[1], sum.Areas[0]
	if m365.Area != actnow.M365 || m365.Upsell != 13 || m365.Whitespace != 27 || m365.ByBasis[actnow.BasisPeers] != 40 || len(m365.Demands) != 1 || m365.Demands[0].Peers != 12 {
		t.Errorf("Microsoft 365: %+v", m365)
	}
	if azure.Upsell != 4 || azure.Whitespace != 36 || azure.ByBasis[actnow.BasisList] != 40 || sum.Currency != "SEK" {
		t.Errorf("Azure: %+v of %+v", azure, sum)
	}
	of := func(id actnow.CustomerID, scope actnow.Scope) (actnow.Standing, map[actnow.Area]actnow.RevenueEstimate) {
		t.Helper()
		d, err := db.Customer(t.Context(), scope, id)
		if err != nil || len(d.Standings) != 1 {
			t.Fatalf("customer %d: %+v, %v", id, d.Standings, err)
		}
		es := map[actnow.Area]actnow.RevenueEstimate{}
		for _, e := range d.Estimates {
			es[e.Area] = e
		}
		return d.Standings[0], es
	}

	// Nothing is bought: our estimate fills the standing.
	s, es := of(30, actnow.Everything)
	e := es[actnow.M365]
	if e.Kind != actnow.Whitespace || e.Basis != actnow.BasisPeers || e.Alike != actnow.AlikeIndustry || e.Peers != 12 || e.P10 < 1_000_000 || e.P90 > 1_200_000 || e.Chance == nil || e.Expected == nil || e.Month != "2026-11" {
		t.Errorf("customer 30: %+v", e)
	}
	if s.RevenueFrom != "own" || s.RevenueKind != actnow.Whitespace || *s.Revenue.Low != e.P10 || *s.Revenue.High != e.P90 || s.Revenue.Currency != "SEK" {
		t.Errorf("customer 30 stands at %+v", s)
	}
	if a := es[actnow.Azure]; a.Basis != actnow.BasisList || a.Peers != 4 || a.Chance != nil || a.P50 == 0 {
		t.Errorf("customer 30, Azure: %+v", a)
	}
	if len(es) != len(actnow.Areas) {
		t.Errorf("%d estimates", len(es))
	}
	// A report says what it says.
	if s, es := of(31, actnow.Everything); s.RevenueFrom != "report" || *s.Revenue.Low != 700 || *s.Revenue.High != 900 || s.RevenueKind != actnow.Whitespace || es[actnow.M365].P10 != e.P10 {
		t.Errorf("customer 31: %+v, %+v", s, es[actnow.M365])
	}
	if s, es := of(1, actnow.Everything); s.RevenueFrom != "report" || s.Revenue.Low != nil || s.RevenueKind != actnow.Upsell || es[actnow.M365].Paid != 1_010_000 || es[actnow.M365].Peers != 11 {
		t.Errorf("customer 1: %+v, %+v", s, es[actnow.M365])
	}
	if s, _ := of(32, actnow.Everything); s.RevenueFrom != "own" || *s.Revenue.Low != e.P10 {
		t.Errorf("customer 32: %+v", s)
	}
	// A report says that it has Microsoft 365, of somebody else.
	if s, es := of(36, actnow.Everything); s.RevenueKind != actnow.Upsell || es[actnow.M365].Paid != 0 {
		t.Errorf("customer 36: %+v", s)
	}
	// What is bought later, at no time, or by an account in doubt does not count.
	for _, id := range []actnow.CustomerID{20, 21, 37} {
		if s, _ := of(id, actnow.Everything); s.RevenueKind != actnow.Whitespace {
			t.Errorf("customer %d: %+v", id, s)
		}
	}
	// Made anew, standings say the same.
	before, _ := of(30, actnow.Everything)
	reported, _ := of(1, actnow.Everything)
	if err := db.ChooseMatrix(t.Context(), actnow.System, scoring.QuadrantsName, 1); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[actnow.CustomerID]actnow.Standing{30: before, 1: reported} {
		if got, _ := of(id, actnow.Everything); got.RevenueFrom != want.RevenueFrom || got.RevenueKind != want.RevenueKind || !cmp.Equal(got.Revenue, want.Revenue) {
			t.Errorf("customer %d: %+v, made anew %+v", id, want, got)
		}
	}
	blind := actnow.Everything
	blind.Revenue = false
	if s, es := of(30, blind); s.Revenue.Known() || s.RevenueFrom != "" || len(es) > 0 {
		t.Errorf("without the right to see money: %+v, %+v", s, es)
	}
	grid, err := db.Overview(t.Context(), actnow.Everything, actnow.M365)
	if err != nil || len(grid.ActNowRevenue) != 1 || grid.ActNowRevenue[0].Currency != "SEK" || grid.ActNowRevenue[0].Minor < 20*e.P10 {
		t.Errorf("sums of Act Now: %+v, %v", grid.ActNowRevenue, err)
	}
	page, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Area: actnow.M365, Filter: `area = m365 and revenue_kind = upsell and revenue_high <= 5`})
	if err != nil || page.Total != 2 { // 12 pays most of all, 1 has five of the report
		t.Errorf("filter: %d, %v", page.Total, err)
	}
}

// TestEstimatesAgain estimates again, which writes nothing, and after changes, which
// writes those only.
func TestEstimatesAgain(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, revenueSeed)
	first := estimate(t, db, "2026-11")
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	count := func(query string) (n int) {
		t.Helper()
		if err := raw.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	storagetest.Exec(t, db, `UPDATE revenue_estimates SET estimated_at = 1; UPDATE standings SET latest = latest`)
	if again := estimate(t, db, "2026-11"); !cmp.Equal(first, again) {
		t.Errorf("%s", cmp.Diff(first, again))
	}
	if n := count(`SELECT count(*) FROM revenue_estimates WHERE estimated_at <> 1`); n != 0 {
		t.Errorf("%d estimates are written again", n)
	}
	// An amount that nobody tells takes the estimate back, in its area alone.
	storagetest.Exec(t, db, `UPDATE subscriptions SET amount = NULL WHERE external_id = 'S12'`)
	sum := estimate(t, db, "2026-11", actnow.M365)
	if sum.Areas[0].None != 1 || count(`SELECT count(*) FROM revenue_estimates WHERE customer_id = 12`) != len(actnow.Areas)-1 {
		t.Errorf("%+v", sum)
	}
	if n := count(`SELECT count(*) FROM standings WHERE customer_id = 12 AND (revenue_low IS NOT NULL OR revenue_from <> '' OR revenue_kind <> '')`); n != 0 {
		t.Error("the standing keeps it")
	}
	if n := count(`SELECT count(*) FROM revenue_estimates WHERE area <> 'm365' AND estimated_at <> 1`); n != 0 {
		t.Errorf("%d estimates of other areas are written", n)
	}
	// A month has its own.
	estimate(t, db, "2026-12", actnow.M365)
	if n := count(`SELECT count(*) FROM revenue_estimates WHERE month = '2026-11' AND area = 'm365'`); n != 39 {
		t.Errorf("%d estimates of November", n)
	}
	d, err := db.Customer(t.Context(), actnow.Everything, 30)
	if err != nil || len(d.Estimates) != len(actnow.Areas) || d.Estimates[4].Month != "2026-12" {
		t.Errorf("newest: %+v, %v", d.Estimates, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := scoring.Estimator{Store: db, Prices: scoring.DefaultPriceList(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
	if _, err := e.Run(ctx, "2026-11", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestBuyers(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, revenueSeed)
	got, err := db.BuyersAfter(t.Context(), "2026-11", 3, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	size, subscription, transaction := int64(40), int64(1_040_000), int64(500_000)
	want := scoring.Buyer{Customer: 4, Account: true, OrgSize: &size, Segment: actnow.MediumSegment, Industry: "Retail", Purchases: []scoring.Purchase{
		{Area: actnow.M365, Product: "E3", Subscription: true, At: time.Unix(1760000000, 0), Until: time.Unix(1860000000, 0), Amount: &subscription, Currency: "SEK"},
		{Area: actnow.Azure, Product: "Azure", At: time.Unix(1790000000, 0), Amount: &transaction, Currency: "SEK"}}}
	if diff := cmp.Diff(want, got[0], cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := db.BuyersAfter(t.Context(), "2026-11", 35, 9); err != nil || len(got) != 5 || len(got[0].Has) != 1 || got[0].Has[0] != actnow.M365 || got[1].Account {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := db.BuyersAfter(t.Context(), "2026-10", 0, 9); err != nil || len(got) > 0 {
		t.Errorf("before they were there: %+v, %v", got, err)
	}
	if c, err := db.ReportCurrency(t.Context()); err != nil || c != "SEK" {
		t.Errorf("currency %q, %v", c, err)
	}
	empty := storagetest.Open(t)
	if c, err := empty.ReportCurrency(t.Context()); err != nil || c != "" {
		t.Errorf("currency %q of no reports, %v", c, err)
	}
}
