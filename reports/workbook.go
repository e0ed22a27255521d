package reports

import (
	"io"
	"slices"

	"github.com/xuri/excelize/v2"
)

// maxWorkbook is how large a workbook may be, unpacked.
const maxWorkbook = 1 << 30

// workbook reads the records of a workbook's first sheet. A record's line is
// the number of its row.
type workbook struct {
	file *excelize.File
	rows *excelize.Rows
	line int

	// width is how many cells a row has at least: a workbook does not store
	// the blank cells at its end.
	width int
}

// openWorkbook opens the workbook and finds its header among the first rows.
func openWorkbook(s *source, limit int64, m Mapping) (header record, w *workbook, notices []Notice, err error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return record{}, nil, nil, err
	}
	f, err := excelize.OpenReader(s.file, excelize.Options{RawCellValue: true, UnzipSizeLimit: min(s.mayGrow(limit), maxWorkbook)})
	if err != nil {
		return record{}, nil, nil, refuse("error.report.workbook")
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return record{}, nil, nil, refuse("error.report.none")
	}
	if len(sheets) > 1 {
		notices = append(notices, NewNotice("warning.report.workbook_sheets", len(sheets), sheets[0]))
	}
	at, best := 0, 0
	probe := &workbook{file: f}
	if probe.rows, err = f.Rows(sheets[0]); err != nil {
		return record{}, nil, nil, refuse("error.report.workbook")
	}
	for i := 0; i < headerLines; i++ {
		rec, err := probe.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return record{}, nil, nil, err
		}
		if known := m.known(rec.cells); known > best {
			best, at, header = known, rec.line, rec
		}
	}
	_ = probe.rows.Close()
	if best == 0 {
		return record{}, nil, nil, refuse("error.report.none")
	}
	w = &workbook{file: f}
	if w.rows, err = f.Rows(sheets[0]); err != nil {
		return record{}, nil, nil, refuse("error.report.workbook")
	}
	for w.line < at {
		if _, err = w.next(); err != nil {
			return record{}, nil, nil, err
		}
	}
	w.width = header.count
	return header, w, notices, nil
}

func (w *workbook) close() {
	_ = w.rows.Close()
	_ = w.file.Close()
}

func (w *workbook) done() int64 { return int64(w.line) }

// next returns the next row that is not blank.
func (w *workbook) next() (record, error) {
	for w.rows.Next() {
		w.line++
		cells, err := w.rows.Columns()
		if err != nil {
			return record{}, refuse("error.report.workbook")
		}
		if !slices.ContainsFunc(cells, func(cell string) bool { return cell != "" }) {
			continue
		}
		for len(cells) < w.width {
			cells = append(cells, "")
		}
		return record{line: w.line, cells: cells[:min(len(cells), maxColumns+1)], count: len(cells)}, nil
	}
	if w.rows.Error() != nil {
		return record{}, refuse("error.report.workbook")
	}
	return record{}, io.EOF
}
