package web

import (
	"encoding/csv"

	"github.com/labstack/echo/v4"
)

// csvFile is a list that is sent as it is read. Cells are marked as text where a
// spreadsheet would run them.
type csvFile struct{ w *csv.Writer }

// newCSV begins the answer with a file of that name and its header row.
func newCSV(c echo.Context, name string, header ...string) *csvFile {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	f := &csvFile{csv.NewWriter(c.Response())}
	f.w.Write(header) // an error stays with the writer
	return f
}

func (f *csvFile) write(cells ...string) error {
	for i, cell := range cells {
		cells[i] = csvCell(cell)
	}
	return f.w.Write(cells)
}

func (f *csvFile) close() error {
	f.w.Flush()
	return f.w.Error()
}
