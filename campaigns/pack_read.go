package campaigns

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

// Limits of a pack.
const (
	MaxPackFiles    = 500
	MaxPackFile     = 5 << 20  // bytes of one file
	MaxPackSize     = 25 << 20 // bytes of all files
	maxPackRatio    = 200      // of a zip entry, unpacked to packed
	maxPackPath     = 200      // bytes
	packManifest    = "pack.yaml"
	ratioMattersAt  = 256 << 10
	maxPackSteps    = 50
	maxPackLanguage = 20
)

// ReadPack reads a pack from a folder. Hidden files are skipped. Every text is
// compiled in every language, so that a pack that is read can be rendered. The
// error of a bad pack is a *PackError.
func ReadPack(fsys fs.FS) (*Pack, error) {
	files := packFiles{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && hidden(name):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return &PackError{File: name, Code: "pack.not_regular"}
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return files.add(name, f)
	})
	if err != nil {
		return nil, err
	}
	return files.pack()
}

// ReadPackZip reads a pack from a zip, in which the files may stand in one
// folder. Entries that would lead out of the pack, are archives, are encrypted,
// or unpack to more than the limits are refused. The error of a bad pack is a
// *PackError.
func ReadPackZip(r io.ReaderAt, size int64) (*Pack, error) {
	if size > MaxPackSize {
		return nil, &PackError{Code: "pack.size", Args: []any{MaxPackSize >> 20}}
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, &PackError{Code: "pack.not_zip"}
	}
	if len(z.File) > 2*MaxPackFiles {
		return nil, &PackError{Code: "pack.files", Args: []any{MaxPackFiles}}
	}
	files := packFiles{}
	for _, f := range z.File {
		if err := files.addZip(f); err != nil {
			return nil, err
		}
	}
	return files.inFolder().pack()
}

// packFiles are the files of a pack by path.
type packFiles map[string][]byte

func (p packFiles) addZip(f *zip.File) error {
	name := f.Name
	switch {
	case strings.HasSuffix(name, "/") && f.UncompressedSize64 == 0:
		name = strings.TrimSuffix(name, "/")
		if !fs.ValidPath(name) || strings.Contains(name, `\`) {
			return &PackError{File: f.Name, Code: "pack.path"}
		}
		return nil
	case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00"):
		return &PackError{File: f.Name, Code: "pack.path"}
	case hidden(name):
		return nil
	case !f.Mode().IsRegular():
		return &PackError{File: name, Code: "pack.not_regular"}
	case f.Flags&1 != 0:
		return &PackError{File: name, Code: "pack.encrypted"}
	case f.UncompressedSize64 > ratioMattersAt && f.UncompressedSize64/maxPackRatio > f.CompressedSize64:
		return &PackError{File: name, Code: "pack.ratio"}
	}
	r, err := f.Open()
	if err != nil {
		return &PackError{File: name, Code: "pack.broken"}
	}
	defer r.Close()
	err = p.add(name, r)
	var bad *PackError
	if err != nil && !errors.As(err, &bad) {
		return &PackError{File: name, Code: "pack.broken"}
	}
	return err
}

func (p packFiles) add(name string, r io.Reader) error {
	if len(name) > maxPackPath || !utf8.ValidString(name) {
		return &PackError{File: strings.ToValidUTF8(name[:min(len(name), maxPackPath)], "\uFFFD"), Code: "pack.path"}
	}
	for have := range p {
		if strings.EqualFold(have, name) {
			return &PackError{File: name, Code: "pack.twice"}
		}
	}
	if len(p) >= MaxPackFiles {
		return &PackError{Code: "pack.files", Args: []any{MaxPackFiles}}
	}
	content, err := io.ReadAll(io.LimitReader(r, MaxPackFile+1))
	if err != nil {
		return err
	}
	if len(content) > MaxPackFile {
		return &PackError{File: name, Code: "pack.file_size", Args: []any{MaxPackFile >> 20}}
	}
	total := len(content)
	for _, c := range p {
		total += len(c)
	}
	if total > MaxPackSize {
		return &PackError{Code: "pack.size", Args: []any{MaxPackSize >> 20}}
	}
	if isArchive(content) {
		return &PackError{File: name, Code: "pack.nested"}
	}
	p[name] = content
	return nil
}

// inFolder takes the one folder away in which all files stand, if they do.
func (p packFiles) inFolder() packFiles {
	if _, ok := p[packManifest]; ok || len(p) == 0 {
		return p
	}
	out := packFiles{}
	folder := ""
	for name, content := range p {
		top, rest, ok := strings.Cut(name, "/")
		if !ok || folder != "" && folder != top {
			return p
		}
		folder, out[rest] = top, content
	}
	return out
}

// hidden reports whether a path is none of the author's doing.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" || part == "Thumbs.db" || part == "desktop.ini" {
			return true
		}
	}
	return false
}

func isArchive(content []byte) bool {
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(content, []byte(magic)) {
			return true
		}
	}
	return len(content) > 262 && string(content[257:262]) == "ustar"
}

// checkImages refuses files that are named like pictures and are none.
func (p packFiles) checkImages(pack *Pack) error {
	for name := range p {
		switch strings.ToLower(path.Ext(name)) {
		case ".png", ".jpg", ".jpeg", ".gif", ".webp":
			if _, _, ok := pack.Image(name); !ok {
				return &PackError{File: name, Code: "pack.not_image"}
			}
		}
	}
	return nil
}
