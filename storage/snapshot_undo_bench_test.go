package storage_test

import (
	"fmt"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

// BenchmarkUndo takes an import of 20,000 customers back that has one before it,
// and brings it back, beside importing it.
func BenchmarkUndo(b *testing.B) {
	const rows = 20_000
	file := func(shift int) string {
		var s strings.Builder
		s.WriteString(azureHeader)
		for i := range rows {
			fmt.Fprintf(&s, "%d,Partner,%d,\"Kund %d, AB\",kund%d.example,%d,411 03,Lund,Sweden,Medium,%s,,%d,%d,1000-5000,Yes\n",
				100+i%3, 7000000+i+shift, i+shift, i+shift, 1+i%900, []string{"Yes", "No"}[i%2], i%101, (i*7)%100)
		}
		return s.String()
	}
	perSecond := func(b *testing.B) {
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	db := storagetest.Open(b)
	mustImport(b, db, "azure.csv", file(0), reports.Options{Month: "2026-10"})
	second := file(100)
	var id actnow.SnapshotID
	b.Run("anchor=import", func(b *testing.B) {
		for b.Loop() {
			id = mustImport(b, db, "azure.csv", second, reports.Options{Month: "2026-11"}).Snapshot
			b.StopTimer()
			if _, err := db.UndoSnapshot(b.Context(), actnow.System, id, nil); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		perSecond(b)
	})
	b.Run("undo", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			if _, err := db.RedoSnapshot(b.Context(), actnow.System, id, nil); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if _, err := db.UndoSnapshot(b.Context(), actnow.System, id, nil); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
}
