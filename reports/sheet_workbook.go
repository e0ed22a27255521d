package reports

import (
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"actnow"
)

// maxWorkbookRows is how many rows a sheet of a workbook holds, its header one.
const maxWorkbookRows = excelize.TotalRows

// writeWorkbook writes a list as a workbook: a sheet whose header stays in sight,
// with filters, and one that explains it.
func writeWorkbook(w io.Writer, list Sheet) (n int, err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.SetSheetName(book.GetSheetName(0), "List"); err != nil {
		return 0, err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return 0, err
	}
	if n, err = writeList(book, bold, list); err != nil {
		return n, err
	}
	if len(list.Notes) > 0 {
		if err := explain(book, bold, list); err != nil {
			return n, err
		}
	}
	return n, writeArchive(w, book)
}

func writeList(book *excelize.File, bold int, list Sheet) (n int, err error) {
	sheet, err := book.NewStreamWriter("List")
	if err != nil {
		return 0, err
	}
	header := make([]any, len(list.Columns))
	for i, c := range list.Columns {
		header[i] = excelize.Cell{StyleID: bold, Value: Harmless(c.Header)}
		if err := sheet.SetColWidth(i+1, i+1, float64(min(max(utf8.RuneCountInString(c.Header)+3, 11), 42))); err != nil {
			return 0, err
		}
	}
	err = sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	if err == nil {
		err = sheet.SetRow("A1", header)
	}
	if err != nil {
		return 0, err
	}
	values := make([]any, len(list.Columns))
	for row, err := range list.Rows {
		if err != nil {
			return n, err
		}
		if n+1 == maxWorkbookRows {
			return n, actnow.Invalid("error.sheet_rows", "format", "a workbook holds %d rows and the list has more: choose CSV, or narrow the filter", maxWorkbookRows-1)
		}
		for i, c := range row {
			values[i] = workbookCell(list.Columns[i], c)
		}
		at, err := excelize.CoordinatesToCellName(1, n+2)
		if err == nil {
			err = sheet.SetRow(at, values[:len(row)])
		}
		if err != nil {
			return n, err
		}
		n++
	}
	if n > 0 && distinct(list.Columns) {
		corner, err := excelize.CoordinatesToCellName(len(list.Columns), n+1)
		if err == nil {
			err = sheet.AddTable(&excelize.Table{Range: "A1:" + corner, Name: "List", StyleName: "TableStyleLight1"})
		}
		if err != nil {
			return n, err
		}
	}
	return n, sheet.Flush()
}

// workbookCell is a number where the column has numbers and the number says no
// less than the text, else text that nobody runs.
func workbookCell(c SheetColumn, text string) any {
	if c.Number {
		if v, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(v, 'f', -1, 64) == text {
			return v
		}
	}
	return Harmless(text) // a text cell is run by nobody, until it is saved as CSV
}

// distinct reports whether the columns can head a table, which wants names that
// differ without regard to case.
func distinct(columns []SheetColumn) bool {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		key := NormalHeader(c.Header)
		if key == "" || seen[key] || utf8.RuneCountInString(c.Header) > 200 {
			return false
		}
		seen[key] = true
	}
	return len(columns) > 0
}

// explain adds the sheet that says what the list holds.
func explain(book *excelize.File, bold int, list Sheet) error {
	const name = "About"
	if _, err := book.NewSheet(name); err != nil {
		return err
	}
	sheet, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := errors.Join(sheet.SetColWidth(1, 1, 42), sheet.SetColWidth(2, 2, 100)); err != nil {
		return err
	}
	line := 0
	put := func(style int, a, b string) {
		line++
		at, cellErr := excelize.CoordinatesToCellName(1, line)
		err = errors.Join(err, cellErr, sheet.SetRow(at, []any{excelize.Cell{StyleID: style, Value: Harmless(a)}, Harmless(b)}))
	}
	for _, note := range list.Notes {
		put(bold, note[0], note[1])
	}
	line++
	for _, c := range list.Columns {
		put(0, c.Header, c.About)
	}
	return errors.Join(err, sheet.Flush())
}
