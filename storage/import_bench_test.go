package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"actnow"
	"actnow/reports"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// wideReport is an Azure report of n customers and 60 columns: traits, 20 cohorts,
// a score, facts, and columns that nobody knows.
func wideReport(n int) string {
	var b strings.Builder
	b.WriteString("GlobalID,PartnerName,CustomerID,DUNSNumber,AccountName,Domain,OrgSize,Industry,Vertical,City,State,PostalCode,Country,SMECTypeSummary")
	for i := range 20 {
		fmt.Fprintf(&b, ",Azure_Cohort %d", i)
	}
	b.WriteString(",AzureCluster,AzureFit,AzureIntent,Azure signal explanation,Azure potential revenue,Has Azure,Has M365,Has D365,HasGoogle,HasAWS")
	for i := range 16 {
		fmt.Fprintf(&b, ",Extra %d", i)
	}
	b.WriteString("\n")
	yesNo := map[bool]string{true: "Yes", false: "No"}
	for i := range n {
		fmt.Fprintf(&b, "%d,Partner %d,%d,%09d,\"Kund %d, AB\",kund%d.example,%d,Manufacturing,Discrete Manufacturing,Göteborg,VG,411 %d,Sweden,Medium",
			100+i%3, i%3, 7000000+i, i, i, i, i%900, i%90)
		for j := range 20 {
			b.WriteString("," + yesNo[(i*7+j)%11 == 0])
		}
		fmt.Fprintf(&b, ",%s,%d,%d,reads about migration; asks for a quote,1000-5000", []string{"Act Now", "Evaluate", "Nurture", "Educate", ""}[i%5], i%101, i*7%100)
		for j := range 5 {
			b.WriteString("," + yesNo[(i+j)%3 > 0])
		}
		for j := range 16 {
			fmt.Fprintf(&b, ",x%d", (i+j)%50)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perRow reports the rate, and the processor time of a row: on a machine that others
// use too it tells more.
func perRow(b *testing.B, rows int, used time.Duration) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(used.Nanoseconds())/float64(rows)/float64(b.N), "cpu-ns/row")
}

// BenchmarkImport imports 20,000 rows of 60 columns into an empty store, with scores
// that differ into the month after, and the same rows into the month after that,
// beside the sqlite3 shell's import of the same file into one table of texts, and
// the same done in Go.
// Meanwhile others write at 100 a second: insert-p99 is what they wait.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	content := wideReport(rows)
	b.Run("anchor=sqlite3_shell", func(b *testing.B) {
		shell, err := exec.LookPath("sqlite3")
		if err != nil {
			b.Skip("there is no sqlite3 shell here")
		}
		file := filepath.Join(b.TempDir(), "report.csv")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(content)))
		var used time.Duration
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), shell, filepath.Join(b.TempDir(), "t.db"), ".import --csv "+file+" report")
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		perRow(b, rows, used)
	})
	b.Run("anchor=count_lines", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		from := cpu(b)
		for b.Loop() {
			if bytes.Count([]byte(content), []byte{'\n'}) != rows+1 {
				b.Fatal("lines")
			}
		}
		perRow(b, rows, cpu(b)-from)
	})
	b.Run("anchor=plain_table", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		from := cpu(b)
		for b.Loop() {
			plainTable(b, content)
		}
		perRow(b, rows, cpu(b)-from)
	})
	differ := strings.ReplaceAll(content, ",Act Now,", ",Nurture,")
	again := strings.Replace(differ, "Kund 5,", "Kund V,", 1)
	for _, bm := range []struct {
		name   string
		before []string
		file   string
	}{{"first", nil, content}, {"next", []string{content}, differ}, {"same", []string{content, differ}, again}} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			var used time.Duration
			var waited []time.Duration
			for b.Loop() {
				b.StopTimer()
				db := storagetest.Open(b)
				month := actnow.Month("2026-01")
				for _, file := range bm.before {
					mustImport(b, db, "azure.csv", file, reports.Options{Month: month})
					month = month.Add(1)
				}
				stop := writeMeanwhile(b, db)
				from := cpu(b)
				b.StartTimer()
				if res := mustImport(b, db, "azure.csv", bm.file, reports.Options{Month: month}); res.Rows != rows {
					b.Fatal(res.Rows)
				}
				b.StopTimer()
				used += cpu(b) - from
				waited = append(waited, stop()...)
				b.StartTimer()
			}
			perRow(b, rows, used)
			slices.Sort(waited)
			b.ReportMetric(float64(waited[len(waited)*99/100].Milliseconds()), "insert-p99-ms")
		})
	}
}

// plainTable does what the shell's import does, by the SQLite and the CSV reader that
// Go has: one table of texts, without an index. No import can do with less.
func plainTable(b *testing.B, content string) {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "t.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	r := csv.NewReader(strings.NewReader(content))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		b.Fatal(err)
	}
	columns, places := make([]string, len(header)), make([]string, len(header))
	for i := range header {
		columns[i], places[i] = fmt.Sprintf("c%d TEXT", i), "?"
	}
	if _, err := db.Exec("CREATE TABLE report (" + strings.Join(columns, ", ") + ")"); err != nil {
		b.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback()
	insert, err := tx.Prepare("INSERT INTO report VALUES (" + strings.Join(places, ", ") + ")")
	if err != nil {
		b.Fatal(err)
	}
	cells := make([]any, len(header))
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		for i, cell := range record {
			cells[i] = cell
		}
		if _, err := insert.Exec(cells...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// writeMeanwhile makes a row durable 100 times a second, however long the ones
// before take, until stop, which returns how long each took.
func writeMeanwhile(b *testing.B, db *storage.DB) (stop func() []time.Duration) {
	ctx, cancel := context.WithCancel(b.Context())
	var mu sync.Mutex
	var waited []time.Duration
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			from := time.Now()
			all.Go(func() {
				err := db.Ready(context.Background())
				mu.Lock()
				defer mu.Unlock()
				waited = append(waited, time.Since(from))
				if err != nil {
					b.Error(err)
				}
			})
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() []time.Duration {
		cancel()
		all.Wait()
		return waited
	}
}

// BenchmarkExport writes a report of 20,000 rows and 60 columns again as CSV, as it
// came, and with what Act Now knows of each row; beside its import.
func BenchmarkExport(b *testing.B) {
	const rows = 20_000
	db := storagetest.Open(b)
	content := wideReport(rows)
	from := cpu(b)
	mustImport(b, db, "azure.csv", content, reports.Options{})
	imported := cpu(b) - from
	for _, added := range []bool{false, true} {
		b.Run(fmt.Sprintf("added=%v", added), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			from := cpu(b)
			for b.Loop() {
				sheet, err := db.OpenSheet(b.Context(), actnow.Everything, actnow.SheetQuery{Source: string(reports.Azure), Added: added})
				if err != nil {
					b.Fatal(err)
				}
				if n, err := reports.WriteSheet(io.Discard, reports.CSVFormat, sheet); err != nil || n != rows {
					b.Fatal(n, err)
				}
			}
			perRow(b, rows, cpu(b)-from)
			b.ReportMetric(float64(imported.Nanoseconds())/rows, "import-cpu-ns/row")
		})
	}
}
