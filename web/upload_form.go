package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"actnow"
)

// The largest upload, in bytes, and how many files come at once.
const (
	maxUpload  = 2<<30 + 1<<20
	maxUploads = 20
)

// eachUpload calls take with each file of a multipart form as it comes in, and
// with the fields that stand before it.
func eachUpload(c echo.Context, take func(f url.Values, name string, r io.Reader) error) error {
	mr, err := c.Request().MultipartReader()
	if err != nil {
		return actnow.Invalid("error.form", "", "the form cannot be read")
	}
	f := url.Values{}
	files := 0
	for {
		part, err := mr.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return uploadBroke(err)
		}
		if part.FileName() == "" {
			if err := readField(f, part); err != nil {
				return err
			}
			continue
		}
		if files++; files > maxUploads {
			return actnow.Invalid("error.uploads", "file", "more than %d files at once: upload the others after these", maxUploads)
		}
		if err := take(f, part.FileName(), part); err != nil {
			return err
		}
	}
	if files == 0 {
		return actnow.Invalid("error.no_file", "file", "choose a file first")
	}
	return nil
}

func readField(f url.Values, part *multipart.Part) error {
	const most = 4 << 10
	b, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return uploadBroke(err)
	}
	if name := part.FormName(); name != "file" && len(b) <= most {
		f.Add(name, string(b))
	}
	return nil
}

// uploadBroke is a form that ends too early or is too large.
func uploadBroke(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", actnow.Invalid("error.form", "", "the form cannot be read"), err)
}

// uploaded answers a form of files, of which those with a job were taken: one leads
// to what was found in it, several back to the page at path. Where none was, since
// the first cannot be used, the page says why.
func (s *Server) uploaded(c echo.Context, path string, started []actnow.JobID, err error, page func(problem *Note) error) error {
	var input *actnow.InputError
	switch {
	case errors.As(err, &input) && len(started) == 0:
		return page(&Note{Kind: "danger", Text: s.text(c).Error(input)})
	case err != nil:
		return err
	case len(started) == 1:
		return c.Redirect(http.StatusSeeOther, lookPath(started[0]))
	}
	return s.done(c, path, s.text(c).TN("reports.started", int64(len(started))), "")
}
