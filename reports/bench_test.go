package reports_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"actnow/reports"
)

// generated returns an Azure report of n rows, some of them quoted.
func generated(n int) []byte {
	var b bytes.Buffer
	b.WriteString("MPNID,PartnerName,CustomerID,DUNSNumber,AccountName,Domain,OrgSize,Industry,Vertical,City,State,PostalCode,Country,Segment,SMECTypeSummary," +
		"Azure_Modernize VDI to AVD,Azure_SQL DW to Azure,AzureCluster,AzureFit,AzureIntent,Azure potential revenue,Azure signal explanation,Has Azure,Has M365,HasGoogle\n")
	clusters := []string{"Act Now", "Evaluate", "Nurture", "Educate", ""}
	for i := range n {
		fmt.Fprintf(&b, "%d,Partner %d,%d,%09d,\"Kund %d, AB\",kund%d.example,%d,Manufacturing,Discrete Manufacturing,Göteborg,VG,411 0%d,Sweden,SMB,Medium,%s,No,%s,%d,%d.5,1000-5000,\"reads about migration, asks for a quote\",Yes,No,\n",
			100+i%3, i%3, 7000000+i, i, i, i, i%900, i%10, []string{"Yes", "No", ""}[i%3], clusters[i%5], i%101, (i*7)%100)
	}
	return b.Bytes()
}

// discard is a store that keeps nothing, to measure reading alone.
type discard struct{ memory }

func BenchmarkRead(b *testing.B) {
	const rows = 50_000
	content := generated(rows)
	perSecond := func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("anchor=count_lines", func(b *testing.B) {
		for b.Loop() {
			if bytes.Count(content, []byte{'\n'}) != rows+1 {
				b.Fatal("lines")
			}
		}
		perSecond(b)
	})
	b.Run("anchor=encoding_csv", func(b *testing.B) {
		for b.Loop() {
			r := csv.NewReader(bytes.NewReader(content))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
		perSecond(b)
	})
	b.Run("import", func(b *testing.B) {
		for b.Loop() {
			res, err := newImporter(b, &discard{}).Import(b.Context(), "azure.csv", bytes.NewReader(content), reports.Options{}, nil)
			if err != nil || res.Rows != rows || strings.Contains(fmt.Sprint(res.Rejected), "line") {
				b.Fatal(res.Rows, err)
			}
		}
		perSecond(b)
	})
}
