package storage_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

// BenchmarkImport publishes a new month of 20,000 customers over the month
// before, beside counting the lines of the same file.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	var file strings.Builder
	file.WriteString(azureHeader)
	for i := range rows {
		fmt.Fprintf(&file, "%d,Partner,%d,\"Kund %d, AB\",kund%d.example,%d,411 03,Lund,Sweden,Medium,%s,,%d,%d,1000-5000,Yes\n",
			100+i%3, 7000000+i, i, i, 1+i%900, []string{"Yes", "No"}[i%2], i%101, (i*7)%100)
	}
	content := file.String()
	perSecond := func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("anchor=count_lines", func(b *testing.B) {
		for b.Loop() {
			if bytes.Count([]byte(content), []byte{'\n'}) != rows+1 {
				b.Fatal("lines")
			}
		}
		perSecond(b)
	})
	b.Run("import", func(b *testing.B) {
		db := storagetest.Open(b)
		month := actnow.Month("2026-01")
		for b.Loop() {
			month = month.Add(1)
			res := mustImport(b, db, "azure.csv", strings.Replace(content, "kund1.example", "kund1.example/"+string(month), 1), reports.Options{Month: month})
			if res.Rows != rows {
				b.Fatal(res.Rows)
			}
		}
		perSecond(b)
	})
}
