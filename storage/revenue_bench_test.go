package storage_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"actnow"
	"actnow/scoring"
	"actnow/storage/storagetest"
)

// BenchmarkEstimate estimates the potential revenue of 2,000 scored customers, of whom
// a quarter buys, in all areas, first in months that have none yet, then once more in
// one that has; its anchor only reads the customers twice, as the job does.
func BenchmarkEstimate(b *testing.B) {
	db := storagetest.Open(b)
	for from := 1; from <= 2000; from += 500 {
		storagetest.Exec(b, db, fmt.Sprintf(`
			WITH RECURSIVE n (i) AS (VALUES (%d) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO customers (id, key, org_size, industry, first_month, last_month, updated_at) SELECT i, 'tpid:' || i, 1 + i %% 700, 'Trade ' || i %% 9, '2026-11', '2026-11', 0 FROM n;
			INSERT INTO accounts (id, external_id, connection_id, updated_at) SELECT id, 'A' || id, 1, 0 FROM customers WHERE id >= %[1]d;
			INSERT INTO matches (account_id, customer_id, band, matched_at) SELECT id, id, 'match', 0 FROM customers WHERE id >= %[1]d;
			INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, scored_at)
				SELECT c.id, a.value, m.value, 'own', 80, 80, 'High', 'High', 'A1', 'Act Now', 'matrix', 0 FROM customers c, json_each('["azure","m365","copilot","d365bc","d365sp","powerapps","security","surface"]') a,
					json_each('["2026-11","2026-12"]') m WHERE c.id >= %[1]d;
			INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster)
				SELECT customer_id, area, month, month = '2026-12', fit, intent, fit_band, intent_band, source, source, cell, cluster FROM propensities WHERE customer_id >= %[1]d;
			INSERT INTO subscriptions (external_id, connection_id, account_ref, area, product, start_at, amount, currency, updated_at)
				SELECT 'S' || c.id || a.value, 1, 'A' || c.id, a.value, 'P', 1700000000, 1000 * (1 + c.id %% 700) + 100 * (c.id %% 37), 'SEK', 0
				FROM customers c, json_each('["azure","m365","copilot","d365bc","d365sp","powerapps","security","surface"]') a WHERE c.id >= %[1]d AND c.id %% 4 = 0`,
			from, from+499))
	}
	e := scoring.Estimator{Store: db, Prices: scoring.DefaultPriceList(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
	b.Run("estimate", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			storagetest.Exec(b, db, `DELETE FROM revenue_estimates; UPDATE standings SET revenue_low = NULL, revenue_from = ''`)
			b.StartTimer()
			if _, err := e.Run(b.Context(), "2026-11", nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Run(b.Context(), "2026-11", nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("anchor", func(b *testing.B) {
		for b.Loop() {
			for range 2 {
				for after := actnow.CustomerID(0); after < 2000; after += 500 {
					if got, err := db.BuyersAfter(b.Context(), "2026-11", after, 500); err != nil || len(got) != 500 {
						b.Fatal(len(got), err)
					}
				}
			}
		}
	})
}
