package reports

import (
	"bytes"
	"context"
	"io"
)

// Record is a record as the tests see it.
type Record struct {
	Line  int
	Cells []string
	Fault string
}

// Records cuts a text into records at sep, by the way an import takes.
func Records(dir string, content []byte, sep byte) ([]Record, Encoding, error) {
	s, err := spool(context.Background(), dir, bytes.NewReader(content), 64<<20)
	if err != nil {
		return nil, "", err
	}
	defer s.close()
	if s.workbook {
		return nil, "", nil
	}
	text, err := s.text()
	if err != nil {
		return nil, s.encoding, err
	}
	var all []Record
	for d := newDelimited(text, sep); ; {
		rec, err := d.next()
		if err == io.EOF {
			return all, s.encoding, nil
		}
		if err != nil {
			return all, s.encoding, err
		}
		all = append(all, Record{rec.line, rec.cells, rec.fault})
	}
}
