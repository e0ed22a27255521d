package reports

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// writeArchive writes a book's archive as it is made, so that a large one takes no
// more memory than a small one: by itself excelize gathers the whole archive first.
func writeArchive(w io.Writer, book *excelize.File) error {
	a := &archive{to: w}
	a.Writer = zip.NewWriter(a)
	book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return a })
	_, err := book.WriteToBuffer()
	return err
}

// archive is a zip.Writer that writes to itself, since it has something to add.
type archive struct {
	*zip.Writer
	to   io.Writer
	held *bytes.Buffer // what is not written yet, nil when nothing is held back
}

func (a *archive) Write(p []byte) (int, error) {
	if a.held != nil {
		return a.held.Write(p)
	}
	return a.to.Write(p)
}

// A local header is as long as this and its name, and the version follows four bytes;
// from version 4.5 on an entry may be longer than 4 GiB.
const (
	localHeader = 30
	zip64       = 45
)

// Create begins an entry. A sheet may come to more than 4 GiB of XML, and Excel refuses
// it then unless the version in its header allows for it.
func (a *archive) Create(name string) (io.Writer, error) {
	if !strings.HasPrefix(name, "xl/worksheets/") {
		return a.Writer.Create(name)
	}
	a.held = &bytes.Buffer{}
	entry, err := a.Writer.Create(name) // after the end of the entry before
	err = errors.Join(err, a.Flush())
	held := a.held.Bytes()
	a.held = nil
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint16(held[len(held)-localHeader-len(name)+4:], zip64)
	_, err = a.to.Write(held)
	return entry, err
}
