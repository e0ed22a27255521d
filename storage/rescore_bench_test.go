package storage_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// BenchmarkRescore scores 2,000 customers in all areas out of a store and back
// into it, first in months that have no scores yet, then once more in one that
// has; its anchor only reads the facts.
func BenchmarkRescore(b *testing.B) {
	db := storagetest.Open(b)
	storagetest.Exec(b, db, `
		INSERT INTO locations (id, global_id) VALUES (1, '100');
		INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
			(1, 'azure', '2026-11', 1, 1, 'a.csv', 'a', '[{"Header":"Has Azure"},{"Header":"Has M365"},{"Header":"TransactedInTheLast36Months"}]', 1, 1, 0, 0, 1795700000)`)
	for from := 1; from <= 2000; from += 500 {
		storagetest.Exec(b, db, fmt.Sprintf(`
			WITH RECURSIVE n (i) AS (VALUES (%d) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO customers (id, key, org_size, first_month, last_month, updated_at) SELECT i, 'tpid:' || i, i, '2026-11', '2026-11', 0 FROM n;
			INSERT INTO snapshot_rows (snapshot_id, line, customer_id, location_id, hash, cells) SELECT 1, id, id, 1, '', '["No","Yes","Yes"]' FROM customers WHERE id >= %d`,
			from, from+499, from))
	}
	b.Run("rescore", func(b *testing.B) {
		r := scoring.Rescorer{Store: db, Cards: scoring.Cards(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
		month := actnow.Month("2026-11")
		for b.Loop() {
			if _, err := r.Run(b.Context(), month, nil, nil); err != nil {
				b.Fatal(err)
			}
			month = month.Add(1)
		}
	})
	b.Run("again", func(b *testing.B) {
		r := scoring.Rescorer{Store: db, Cards: scoring.Cards(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
		for b.Loop() {
			if _, err := r.Run(b.Context(), "2026-11", nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("anchor", func(b *testing.B) {
		for b.Loop() {
			readAllFacts(b, db)
		}
	})
}

func readAllFacts(b *testing.B, db *storage.DB) {
	n := 0
	for after := actnow.CustomerID(0); ; after += 500 {
		facts, err := db.FactsAfter(b.Context(), "2026-11", after, 500)
		if err != nil {
			b.Fatal(err)
		}
		if n += len(facts); len(facts) == 0 {
			break
		}
	}
	if n != 2000 {
		b.Fatalf("%d customers, want 2000", n)
	}
}
