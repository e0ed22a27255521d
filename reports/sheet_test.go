package reports_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"actnow"
	"actnow/reports"
)

func rowsOf(rows ...[]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// A workbook keeps ids as text and scores as numbers, holds its header in sight
// under filters, and says what it is.
func TestParseHeaders(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`"never closed`:        {"never closed"},
		"":                     nil,
		" , ":                  nil,
		"AccountName,AzureFit": {"AccountName", "AzureFit"},
		`AccountName, "D365_AX Customer, No BC/Finance", Org Size`: {"AccountName", "D365_AX Customer, No BC/Finance", "Org Size"},
		`Screen 13",Price`:                         {`Screen 13"`, "Price"},
		`"MW_""E SKU"" Attach",Act Now: CRM owner`: {`MW_"E SKU" Attach`, "Act Now: CRM owner"},
	} {
		if got := reports.ParseHeaders(line); !slices.Equal(got, want) {
			t.Errorf("ParseHeaders(%s) = %q, want %q", line, got, want)
		}
	}
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	sheet := reports.Sheet{
		Columns: []reports.SheetColumn{{Header: "CustomerID"}, {Header: "Act Now: Azure fit", Number: true, About: "How well it fits."}, {Header: "Name"}},
		Notes:   [][2]string{{"Source", "Azure"}, {"Filter", "=1+1"}},
		Rows:    rowsOf([]string{"0007", "81.5", "=SUM(A1)"}, []string{"8", "about 5", ""}, []string{"9", "1e3", "x"}),
	}
	var file bytes.Buffer
	if n, err := reports.WriteSheet(&file, reports.XLSXFormat, sheet); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	// Excel refuses a sheet of more than 4 GiB whose header does not allow for it.
	if at := bytes.Index(file.Bytes(), []byte("xl/worksheets/sheet1.xml")); at < 30 || binary.LittleEndian.Uint16(file.Bytes()[at-26:]) != 45 {
		t.Errorf("the sheet, %d bytes from the beginning, is not of version 4.5", at)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for cell, want := range map[string]struct {
		text string
		kind excelize.CellType
	}{
		"A2": {"0007", excelize.CellTypeInlineString}, "B2": {"81.5", excelize.CellTypeUnset}, "C2": {"'=SUM(A1)", excelize.CellTypeInlineString},
		"B3": {"about 5", excelize.CellTypeInlineString}, "B4": {"1e3", excelize.CellTypeInlineString},
	} {
		text, err := book.GetCellValue("List", cell)
		kind, typeErr := book.GetCellType("List", cell)
		if err = errors.Join(err, typeErr); err != nil || text != want.text || kind != want.kind {
			t.Errorf("%s is %q of type %d, %v; want %q of type %d", cell, text, kind, err, want.text, want.kind)
		}
	}
	panes, err := book.GetPanes("List")
	tables, tableErr := book.GetTables("List")
	if err = errors.Join(err, tableErr); err != nil || !panes.Freeze || panes.YSplit != 1 || len(tables) != 1 || tables[0].Range != "A1:C4" {
		t.Errorf("panes %+v, tables %+v, %v", panes, tables, err)
	}
	about, err := book.GetRows("About")
	if err != nil || len(about) != 6 || about[0][1] != "Azure" || about[1][1] != "'=1+1" || about[4][1] != "How well it fits." {
		t.Errorf("the sheet about it: %q, %v", about, err)
	}
}

// A list whose columns cannot head a table, or that is empty, is written all the
// same; one that is too long for a workbook is refused.
func TestWorkbookEnds(t *testing.T) {
	t.Parallel()
	for _, columns := range [][]reports.SheetColumn{reports.PlainColumns("a", "A "), reports.PlainColumns("a", ""), reports.PlainColumns("a", strings.Repeat("b", 300))} {
		var file bytes.Buffer
		if n, err := reports.WriteSheet(&file, reports.XLSXFormat, reports.Sheet{Columns: columns, Rows: rowsOf([]string{"1", "2"})}); n != 1 || err != nil {
			t.Errorf("%v: %d, %v", columns, n, err)
		}
	}
	if testing.Short() {
		return
	}
	long := func(yield func([]string, error) bool) {
		for range 1_048_576 {
			if !yield([]string{"1"}, nil) {
				return
			}
		}
	}
	var file bytes.Buffer
	if n, err := reports.WriteSheet(&file, reports.XLSXFormat, reports.Sheet{Columns: reports.PlainColumns("a"), Rows: long}); n != 1_048_575 || !errors.Is(err, actnow.ErrInvalid) || file.Len() > 0 {
		t.Errorf("a list that is too long: %d rows, %v, %d bytes", n, err, file.Len())
	}
}
