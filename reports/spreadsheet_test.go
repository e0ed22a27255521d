package reports_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"actnow/reports"
)

// A spreadsheet program opens our workbook and gives back the same cells: ids
// with their zeros, what looks like a date or a formula as text, numbers as
// numbers.
func TestSpreadsheetProgramReadsTheWorkbook(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv("ACTNOW_REQUIRE_PEERS") == "1" {
			t.Fatal("LibreOffice is not installed, and ACTNOW_REQUIRE_PEERS=1 asks for it")
		}
		t.Skip("skipped: LibreOffice is not installed")
	}
	rows := [][]string{
		{"0012345", "Åkes Bygg & Söner, \"AB\"", "81", "=1+1", "2026-11-25"},
		{"1234567890123456789", "株式会社", "0.5", "-2", "MAR1"},
		{"1E5", "line one\nline two", "", "@SUM(A1)", "1/2"},
		{"  7 ", "'quoted", "1000000", "＝x", "TRUE"},
	}
	sheet := reports.Sheet{Columns: reports.PlainColumns("CustomerID", "AccountName", "AzureFit", "Notes", "When"),
		Notes: [][2]string{{"Source", "Azure"}, {"Filter", `=cluster in ("Act Now")`}}, Rows: rowsOf(rows...)}
	sheet.Columns[2].Number = true
	sheet.Columns[2].About = "How well it fits."
	dir := t.TempDir()
	var book bytes.Buffer
	if _, err := reports.WriteSheet(&book, reports.XLSXFormat, sheet); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "list.xlsx")
	if err := os.WriteFile(path, book.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	// Comma, quotation mark, UTF-8, numbers as they are, all sheets.
	const asCSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
	cmd := exec.CommandContext(t.Context(), office, "--headless", "--norestore", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--convert-to", asCSV, "--outdir", dir, path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	want := [][]string{{"CustomerID", "AccountName", "AzureFit", "Notes", "When"}}
	for _, row := range rows {
		row = slices.Clone(row)
		for i, cell := range row {
			if !sheet.Columns[i].Number {
				row[i] = reports.Harmless(cell)
			}
		}
		want = append(want, row)
	}
	if got := readSheet(t, filepath.Join(dir, "list-List.csv")); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("LibreOffice reads\n%q, want\n%q", got, want)
	}
	about := readSheet(t, filepath.Join(dir, "list-About.csv"))
	if !slices.ContainsFunc(about, func(row []string) bool { return row[0] == "Filter" && row[1] == `'=cluster in ("Act Now")` }) ||
		!slices.ContainsFunc(about, func(row []string) bool { return row[0] == "AzureFit" && row[1] == "How well it fits." }) {
		t.Errorf("LibreOffice reads of the sheet that explains: %q", about)
	}
}

func readSheet(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
