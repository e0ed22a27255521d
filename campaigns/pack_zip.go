package campaigns

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"slices"
)

// WriteZip writes the pack's files to w as an archive that ReadPackZip reads as the
// same pack, so that it can be changed and kept as its next revision. The same pack
// gives the same bytes.
func (p *Pack) WriteZip(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(p.Files[name])
		}
		if err != nil {
			return fmt.Errorf("write %s of pack %s: %w", name, p.Name, err)
		}
	}
	return z.Close()
}
