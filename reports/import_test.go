package reports_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"

	"github.com/xuri/excelize/v2"
)

const small = "CustomerID,AccountName,AzureCluster,AzureFit,AzureIntent\n7,Åkes,Act Now,88,79\n8,Bro,,64,33\n"

func TestImportMonthAndRepeat(t *testing.T) {
	t.Parallel()
	m := &memory{}
	im := newImporter(t, m)
	put := func(opt reports.Options) reports.Result {
		t.Helper()
		res, err := im.Import(t.Context(), "azure.csv", strings.NewReader(small), opt, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	im.Now = func() time.Time { return time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) }
	im.Zone = time.FixedZone("east", 3600)
	if res := put(reports.Options{}); res.Month != "2026-11" {
		t.Errorf("on the 25th in its zone the month is %s, want 2026-11", res.Month)
	}
	im.Now = func() time.Time { return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) }
	if res := put(reports.Options{}); !res.AlreadyImported || res.Month != "2026-11" || res.Unchanged != 2 || res.New != 0 {
		t.Errorf("later without a month = %+v, want the earlier import", res)
	}
	if res := put(reports.Options{Month: "2026-12"}); res.AlreadyImported {
		t.Errorf("with another month = %+v, want a new snapshot", res)
	}
	if res := put(reports.Options{Month: "2026-11", DryRun: true}); !res.AlreadyImported || !res.DryRun {
		t.Errorf("with the first month = %+v, want the earlier import", res)
	}
	if len(m.heads) != 2 {
		t.Errorf("snapshots = %d, want 2", len(m.heads))
	}
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = f.SetSheetRow("Sheet1", cell, &row)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImportPacked(t *testing.T) {
	t.Parallel()
	plain, _, err := importText(t, "azure.csv", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"gzip": gzipped(t, []byte(small)),
		"zip":  zipped(t, map[string][]byte{"x/../../azure.csv": []byte(small)}),
	} {
		m := &memory{}
		im := newImporter(t, m)
		res, err := im.Import(t.Context(), "azure.csv", bytes.NewReader(content), reports.Options{}, nil)
		if err != nil || res.Rows != plain.Rows || len(res.Rejected) != 0 {
			t.Errorf("%s = %+v, %v; want the rows of the plain file", name, res, err)
			continue
		}
		if again, err := im.Import(t.Context(), "azure.csv", strings.NewReader(small), reports.Options{}, nil); err != nil || !again.AlreadyImported {
			t.Errorf("%s, then plain: %+v, %v; want the content recognised", name, again, err)
		}
		if left, err := os.ReadDir(im.Dir); err != nil || len(left) != 0 {
			t.Errorf("%s left %v behind, %v", name, left, err)
		}
	}
}

func TestImportWorkbook(t *testing.T) {
	t.Parallel()
	content := workbook(t,
		[]any{"CloudAscent renewals"},
		[]any{"CustomerID", "AccountName", "AgreementID", "AgreementEndDate", "ExpiringRevenue", "AzureCluster", "HasEA"},
		[]any{"0007", "Åkes", "00000001", time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), 1250.5, "Act Now", "Yes"},
		[]any{},
		[]any{8, "Bro", "2", "soon", 5, "Evaluate"},
		[]any{9, "Cyan"},
	)
	res, rows, err := importText(t, "renewals.xlsx", content)
	if err != nil {
		t.Fatal(err)
	}
	if res.Report != reports.Renewals || len(rows) != 2 || !slices.Equal(rejectedLines(res), []int{5}) {
		t.Fatalf("workbook = %+v; want two renewals and line 5 rejected", res)
	}
	first := rows[0]
	if first.Line != 3 || first.Customer.TPID != "0007" || first.Agreement.EndsAt != 1806451200 || *first.Agreement.Expiring != 125050 {
		t.Errorf("first row = %+v", first)
	}
	if rows[1].Line != 6 || rows[1].Customer.TPID != "9" {
		t.Errorf("a short row = %+v, want its blank cells back", rows[1])
	}
}

func TestImportReadsWhatWasMadeHarmless(t *testing.T) {
	t.Parallel()
	headers := []string{"CustomerID", "AccountName", "AgreementID", "ExpiringRevenue", "AzureCluster"}
	cells := []string{"0007", "=SUM(A1)", "-7", "-12.50", "Act Now"}
	for _, format := range []reports.Format{reports.CSVFormat, reports.XLSXFormat} {
		var file bytes.Buffer
		_, err := reports.WriteSheet(&file, format, reports.Sheet{Columns: reports.PlainColumns(headers...), Rows: func(yield func([]string, error) bool) { yield(cells, nil) }})
		if err != nil {
			t.Fatal(err)
		}
		_, rows, err := importText(t, "renewals."+string(format), file.Bytes())
		if err != nil || len(rows) != 1 {
			t.Fatalf("%s: %d rows, %v", format, len(rows), err)
		}
		r := rows[0]
		if r.Customer.Name != cells[1] || r.Agreement.ID != cells[2] || r.Agreement.Expiring == nil || *r.Agreement.Expiring != -1250 {
			t.Errorf("%s: %+v %+v, want what was written", format, r.Customer, r.Agreement)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	deep := gzipped(t, gzipped(t, []byte(small)))
	tests := []struct {
		name    string
		content []byte
		code    string
	}{
		{"nothing", nil, "error.report.empty"},
		{"a header alone", []byte("CustomerID,AzureFit\n"), "error.report.rows"},
		{"no header", []byte("7,Åkes\n"), "error.report.none"},
		{"what every report has", []byte("CustomerID,AccountName\n7,Åkes\n"), "error.report.which"},
		{"nobody", []byte("AzureFit\n7\n"), "error.report.identity"},
		{"too wide", []byte("CustomerID,AzureFit" + strings.Repeat(",x", 2000) + "\n"), "error.report.columns"},
		{"too large", []byte(small + strings.Repeat("x", 1<<20)), "error.report.large"},
		{"a second report below", []byte(small + "CustomerID,AccountName,M365Cluster,M365Fit,M365Intent\n"), "error.report.second"},
		{"two files", zipped(t, map[string][]byte{"a": []byte(small), "b": nil}), "error.report.archive.many"},
		{"no file", zipped(t, nil), "error.report.archive.empty"},
		{"an archive inside", deep, "error.report.archive.nested"},
		{"half an archive", gzipped(t, []byte(small))[:40], "error.report.archive.broken"},
		{"a broken workbook", zipped(t, map[string][]byte{"xl/workbook.xml": []byte("<x")}), "error.report.workbook"},
		{"a workbook of something else", workbook(t, []any{"a", "b"}, []any{1, 2}), "error.report.none"},
		{"an old workbook", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "error.report.format"},
		{"a page", []byte("<!DOCTYPE html><title>Sign in</title>"), "error.report.format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &memory{}
			im := newImporter(t, m)
			im.MaxBytes = 1 << 20
			_, err := im.Import(t.Context(), "report.csv", bytes.NewReader(tt.content), reports.Options{}, nil)
			var input *actnow.InputError
			if !errors.As(err, &input) || input.Code != tt.code {
				t.Errorf("error = %v, want %s", err, tt.code)
			}
			if len(m.heads) != 0 {
				t.Error("something was stored")
			}
			if left, err := os.ReadDir(im.Dir); err != nil || len(left) != 0 {
				t.Errorf("left %v behind, %v", left, err)
			}
		})
	}
}

func TestImportCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newImporter(t, &memory{}).Import(ctx, "a.csv", strings.NewReader(small), reports.Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want cancelled", err)
	}
}

func TestImportTellsProgress(t *testing.T) {
	t.Parallel()
	content := "CustomerID,AccountName,AzureFit\n" + strings.Repeat("7,Åkes,88\n", 2000)
	for _, dry := range []bool{false, true} { // who only looks has read it all at the end
		all := int64(2 * len(content))
		if dry {
			all = int64(len(content))
		}
		var last, calls int64
		_, err := newImporter(t, &memory{}).Import(t.Context(), "a.csv", strings.NewReader(content), reports.Options{DryRun: dry}, func(done, total int64) {
			calls++
			if done < last || done > total || total != all {
				t.Errorf("progress %d of %d after %d, want of %d", done, total, last, all)
			}
			last = done
		})
		if err != nil || last != int64(len(content)) || calls < 2 {
			t.Errorf("progress ended at %d of %d after %d calls, %v", last, len(content), calls, err)
		}
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header, file string
		want               reports.Kind
	}{
		{"one cluster", "Domain,AzureCluster", "x.csv", reports.Azure},
		{"many clusters", "Domain,AzureCluster,D365BCCluster,M365Cluster", "x.csv", reports.Renewals},
		{"renewals by an agreement", "CustomerID,Agreement ID,AzureCluster", "x.csv", reports.Renewals},
		{"spelled out", "Customer ID,Microsoft 365 Fit,Microsoft 365 Intent", "x.csv", reports.M365},
		{"business central", "Customer ID,Business Central Fit", "x.csv", reports.D365},
		{"potential revenue tells the twins apart", "CustomerID,M365Fit,SurfaceFit,Surface potential revenue", "x.csv", reports.Surface},
		{"and the other", "CustomerID,M365Fit,SurfaceFit,M365 Potential Revenue (range)", "x.csv", reports.M365},
		{"the name decides between twins", "CustomerID,M365Fit,SurfaceFit", "My Surface report.csv", reports.Surface},
		{"but not against the columns", "CustomerID,AzureFit,AzureCluster", "renewals.csv", reports.Azure},
		{"security under the scores of M365", "CustomerID,M365Fit,M365Intent", "CloudAscent Security.csv", reports.Security},
		{"blanks and underscores", "customer_id;azure fit;AZURE__INTENT", "x.csv", reports.Azure},
	}
	for _, tt := range tests {
		sep := ","
		if strings.Contains(tt.header, ";") {
			sep = ";"
		}
		row := "7" + strings.Repeat(sep, strings.Count(tt.header, sep))
		if strings.HasPrefix(tt.header, "Domain") {
			row = "a.example" + row[1:]
		}
		res, _, err := importText(t, tt.file, []byte(tt.header+"\n"+row+"\n"))
		if err != nil || res.Report != tt.want {
			t.Errorf("%s: %s as %q = %q, %v; want %q", tt.name, tt.header, tt.file, res.Report, err, tt.want)
		}
	}
}

func TestEveryCatalogueColumnIsKnown(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, f := range reports.Catalogue() {
		if named, ok := reports.FieldNamed(f.Name); !ok || named.Header != f.Header {
			t.Errorf("field %q is not found by its name, or twice there", f.Name)
		}
		for _, spelling := range append([]string{f.Header}, f.Aliases...) {
			norm := reports.NormalHeader(spelling)
			if other, twice := seen[norm]; twice {
				t.Errorf("%q belongs to %s and %s", spelling, other, f.Name)
			}
			seen[norm] = f.Name
			for _, variant := range []string{spelling, strings.ToUpper(spelling), strings.ReplaceAll(spelling, " ", "_"), strings.ReplaceAll(spelling, "_", " ")} {
				if got, ok := reports.Lookup(variant); !ok || got.Name != f.Name {
					t.Errorf("Lookup(%q) = %q, want %q", variant, got.Name, f.Name)
				}
			}
		}
	}
	if len(seen) < 220 {
		t.Errorf("the catalogue has %d spellings only", len(seen))
	}
}

func TestEvidenceSettlesTheMatrix(t *testing.T) {
	t.Parallel()
	// High fit with low intent: Evaluate by quadrants, Act Now by rows.
	content := "CustomerID,AzureFit,AzureIntent,AzureCluster\n1,90,40,Act Now\n2,90,10,Act Now\n3,90,90,Act Now\n4,High,Low,Act Now\n"
	res, _, err := importText(t, "azure.csv", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if against, all := res.Crossings.Against(reports.Quadrants.Reading); against != 3 || all != 4 {
		t.Errorf("against quadrants %d of %d, want 3 of 4", against, all)
	}
	if against, _ := res.Crossings.Against(reports.Rows.Reading); against != 0 {
		t.Errorf("against rows %d, want 0", against)
	}
	if !slices.ContainsFunc(res.Notices, func(n reports.Notice) bool { return n.Code == "warning.report.matrix_better" }) {
		t.Errorf("warnings = %q, want that rows fit better", res.Warnings)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	places := regexp.MustCompile(`\{[0-9]\}`)
	for code, text := range reports.Messages {
		in := func(s string) []string {
			found := places.FindAllString(s, -1)
			slices.Sort(found)
			return slices.Compact(found)
		}
		if text[0] == "" || text[1] == "" || !slices.Equal(in(text[0]), in(text[1])) {
			t.Errorf("%s: English and Swedish do not fill the same places: %q", code, text)
		}
	}
	if got := reports.NewNotice("reject.score", "{1}", "x").String(); !strings.HasPrefix(got, "{1} is “x”") {
		t.Errorf("an argument that looks like a place = %q", got)
	}
}
