package web

import (
	"bytes"
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow/reports"
)

// sendSheet sends a sheet as a file of that name. Every cell is made harmless.
// The file is made whole before the first byte leaves: half a list must not look
// like one.
func (s *Server) sendSheet(c echo.Context, name string, format reports.Format, sheet reports.Sheet) error {
	var b bytes.Buffer
	if _, err := reports.WriteSheet(&b, format, sheet); err != nil {
		return err
	}
	sheetHeaders(c, name, format)
	return c.Blob(http.StatusOK, c.Response().Header().Get("Content-Type"), b.Bytes())
}

// sheetHeaders says that a file of that name follows.
func sheetHeaders(c echo.Context, name string, format reports.Format) {
	kind := "text/csv; charset=utf-8"
	if format == reports.XLSXFormat {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	h := c.Response().Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
}
