package storage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// sheetRows reads a list as lines of cells parted by "|", the header first.
func sheetRows(t *testing.T, db *storage.DB, scope actnow.Scope, q actnow.SheetQuery) []string {
	t.Helper()
	sheet, err := db.OpenSheet(t.Context(), scope, q)
	if err != nil {
		t.Fatal(err)
	}
	var head []string
	for _, c := range sheet.Columns {
		head = append(head, c.Header)
	}
	lines := []string{strings.Join(head, "|")}
	for row, err := range sheet.Rows {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Join(row, "|"))
	}
	return lines
}

func TestSheetOfCustomers(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	columns := []string{"name", "Act Now: Azure cluster", "Act Now: Azure change", "Act Now: Azure revenue to", "Act Now: Azure currency", "Act Now: CRM account", "Act Now: mailable contacts"}
	q := actnow.SheetQuery{Source: actnow.CustomersSource, Columns: columns, Sort: actnow.SheetByRevenue}
	want := []string{strings.Join(columns, "|"),
		"Cyan ASA|Educate|down|9000|NOK||0", "Åkes Bygg AB|Act Now|up|2000|SEK|Åkes Bygg|1", "Brobyggarna|Evaluate|up||||0", "Delta||||||0"}
	if got := sheetRows(t, db, actnow.Everything, q); !slices.Equal(got, want) {
		t.Errorf("customers by revenue:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	q.Where, q.Sort = `country = "Sweden"`, ""
	if got := sheetRows(t, db, actnow.Everything, q); !slices.Equal(got[1:], []string{want[3], want[2]}) {
		t.Errorf("customers of Sweden: %q", got[1:])
	}
	seen := lund
	seen.Export = true
	if got := sheetRows(t, db, seen, actnow.SheetQuery{Source: actnow.CustomersSource, Added: true}); len(got) != 3 || strings.Contains(got[0], "revenue") || !strings.Contains(got[0], "Act Now: Surface fit") {
		t.Errorf("what one of Lund may see: %q", got)
	}
	cohort, err := db.CreateCohort(t.Context(), actnow.Everything, actnow.Actor{Name: "Elin"}, "Norwegians", `country = "Norway"`)
	if err != nil {
		t.Fatal(err)
	}
	if got := sheetRows(t, db, actnow.Everything, actnow.SheetQuery{Source: actnow.CohortSource + "1", Columns: []string{"name"}}); cohort.ID != 1 || !slices.Equal(got, []string{"name", "Cyan ASA"}) {
		t.Errorf("the cohort %d: %q", cohort.ID, got)
	}
	for source, is := range map[string]error{"weather": actnow.ErrInvalid, "cohort:x": actnow.ErrInvalid, "cohort:404": actnow.ErrNotFound, "azure": actnow.ErrNotFound} {
		if _, err := db.OpenSheet(t.Context(), actnow.Everything, actnow.SheetQuery{Source: source}); !errors.Is(err, is) {
			t.Errorf("source %s: %v, want %v", source, err, is)
		}
	}
	for _, q := range []actnow.SheetQuery{{Source: "customers", Columns: []string{"colour"}}, {Source: "customers", Where: "colour = red"}} {
		if _, err := db.OpenSheet(t.Context(), actnow.Everything, q); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%+v: %v, want an input error", q, err)
		}
	}
	if _, err := db.OpenSheet(t.Context(), lund, q); !errors.Is(err, actnow.ErrForbidden) {
		t.Errorf("without the right to export: %v", err)
	}
}

// A report goes out with its own columns as they came and ours beside them, and
// comes in again without ours being taken for the report's.
func TestSheetOfReport(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	content := azureHeader + "100,Partner,7000000,\"Kund, AB\",kund.example,12,411 03,Lund,Sweden,Medium,Yes,,81,76,1000-5000,Yes\n"
	mustImport(t, db, "azure.csv", content, reports.Options{Month: "2026-10"})
	lines := sheetRows(t, db, actnow.Everything, actnow.SheetQuery{Source: "azure", Added: true, Sort: actnow.SheetByRevenue})
	if len(lines) != 2 || !strings.HasPrefix(lines[0]+",", strings.ReplaceAll(strings.TrimSpace(azureHeader), ",", "|")) || !strings.Contains(lines[1], "|81|76|A1|Act Now|") {
		t.Fatalf("the report with what is added:\n%s", strings.Join(lines, "\n"))
	}
	sheet, err := db.OpenSheet(t.Context(), actnow.Everything, actnow.SheetQuery{Source: "azure", Added: true, Language: "sv"})
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	if n, err := reports.WriteSheet(&file, reports.CSVFormat, sheet); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if want := "Act Now: Azure revenue kind|Act Now: Azure revenue basis|Act Now: Azure revenue peers"; !strings.Contains(lines[0], want) || !strings.Contains(lines[1], "|1000|5000|") {
		t.Errorf("potential revenue:\n%s", strings.Join(lines, "\n"))
	}
	if len(sheet.Notes) != 3 || sheet.Notes[0] != [2]string{"Källa", "Azure"} {
		t.Errorf("notes %q", sheet.Notes)
	}
	again := mustImport(t, db, "azure.csv", file.String(), reports.Options{Month: "2026-11"})
	if again.Rows != 1 || len(again.Rejected) != 0 {
		t.Errorf("imported again: %+v", again)
	}
	after := sheetRows(t, db, actnow.Everything, actnow.SheetQuery{Source: "azure", Columns: []string{"AccountName", "AzureFit"}})
	if !slices.Equal(after[1:], []string{"Kund, AB|81"}) {
		t.Errorf("after coming in again: %q", after)
	}
}
