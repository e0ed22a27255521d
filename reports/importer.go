package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"actnow"
)

// batchRows is how many rows are handed to a stage at once.
const batchRows = 500

// maxRejected is how many lines may be unusable before the file is refused.
const maxRejected = 100_000

// Importer reads report files into a store.
type Importer struct {
	Store Store
	Now   func() time.Time
	Zone  *time.Location // in which the month of today is found
	Log   *slog.Logger

	// Readings are the matrices that a file's clusters are held against, the
	// active one first; Quadrants and Rows if there are none.
	Readings []NamedReading
	// Mapping is what people have said of columns, for every file.
	Mapping Mapping
	// Dir is where the file is kept while it is read; "" is the system's
	// folder for temporary files.
	Dir string
	// MaxBytes is how large a file may be, unpacked; 4 GiB if 0.
	MaxBytes int64
}

// Options say what a person wants of an import.
type Options struct {
	Month    actnow.Month // "" is that of the latest 25th
	Complete bool         // who is missing from the file is gone
	DryRun   bool         // count only
	By       string       // who imports
	Map      Mapping      // what the person says of columns of this file, over Importer.Mapping
}

// Import reads the report in r, a CSV, TSV or XLSX file or a gzip or zip
// archive of one, and publishes it as the current snapshot of its month. name is
// the file's name. progress, which may be nil, is called now and then with how
// much is done of how much, of which the first half is reading; the latter is 0 while
// a workbook is read.
//
// The same content again changes nothing: the earlier result comes back with
// AlreadyImported set and every row unchanged, for whatever month it was imported, unless opt names
// another month. If another revision of that month has come since, the content
// becomes the current one again; if its columns are read otherwise now, it is read
// anew. Lines that cannot be used are in the result with their reason;
// a file that cannot be used at all is an *actnow.InputError, and nothing is
// stored.
func (im *Importer) Import(ctx context.Context, name string, r io.Reader, opt Options, progress func(done, total int64)) (Result, error) {
	start := im.Now()
	limit := im.MaxBytes
	if limit == 0 {
		limit = 4 << 30
	}
	s, err := spool(ctx, im.Dir, r, limit)
	if err != nil {
		return Result{}, describe(name, "read", err)
	}
	defer s.close()
	res, err := im.importSource(ctx, filepath.Base(name), s, opt, limit, progress)
	if err != nil {
		return Result{}, describe(name, "import", err)
	}
	im.Log.InfoContext(ctx, "report imported", "report", string(res.Report), "month", string(res.Month),
		"revision", res.Revision, "rows", res.Rows, "rejected", len(res.Rejected), "already", res.AlreadyImported,
		"dry_run", res.DryRun, "took", im.Now().Sub(start))
	return res, nil
}

// describe says what was being done, except before a sentence for a person.
func describe(name, doing string, err error) error {
	var input *actnow.InputError
	if errors.As(err, &input) {
		return err
	}
	return fmt.Errorf("%s report %s: %w", doing, filepath.Base(name), err)
}

func (im *Importer) importSource(ctx context.Context, name string, s *source, opt Options, limit int64, progress func(done, total int64)) (Result, error) {
	t, l, head, err := open(s, name, limit, im.Mapping.With(opt.Map))
	if err != nil {
		return Result{}, err
	}
	if w, ok := t.(*workbook); ok {
		defer w.close()
	}
	head.File, head.SHA256, head.Complete, head.By = name, s.sha256, opt.Complete, opt.By

	head.Month = opt.Month
	earlier, err := im.earlier(ctx, head)
	switch {
	case err == nil && (earlier.Superseded || !SameReading(earlier.Columns, head.Columns)):
		head.Month = earlier.Month
	case err == nil:
		earlier.File, earlier.DryRun = name, opt.DryRun
		earlier.Encoding, earlier.Separator = head.Encoding, head.Separator
		return earlier.Again(), nil
	case !errors.Is(err, actnow.ErrNotFound):
		return Result{}, err
	}
	if head.Month == "" {
		head.Month = actnow.ReportMonth(im.Now().In(im.Zone))
	}

	stage, err := im.Store.Stage(ctx, head)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = stage.Discard() }()
	if progress == nil {
		progress = func(done, total int64) {}
	}
	reading, publishing := actnow.Halves(progress)
	if opt.DryRun {
		reading = progress
	}
	res, err := read(ctx, t, l, stage, func(done int64) { reading(s.progress(done)) })
	if err != nil {
		return Result{}, err
	}
	res.File, res.Report, res.Month = name, head.Kind, head.Month
	res.Encoding, res.Separator = head.Encoding, head.Separator
	im.conclude(&res, s, l, opt)
	if opt.DryRun {
		res.DryRun = true
		return stage.Compare(ctx, res)
	}
	return stage.Publish(ctx, res, publishing)
}

// earlier returns the result of an earlier import of the same content.
func (im *Importer) earlier(ctx context.Context, head Head) (Result, error) {
	if head.Month == "" {
		return im.Store.ImportedAnyMonth(ctx, head.SHA256)
	}
	return im.Store.Imported(ctx, head.SHA256, head.Kind, head.Month)
}

// open finds the header of the source and the report it belongs to.
func open(s *source, name string, limit int64, m Mapping) (table, *layout, Head, error) {
	var (
		header  record
		t       table
		notices []Notice
		sep     string
		err     error
	)
	if s.workbook {
		var w *workbook
		if header, w, notices, err = openWorkbook(s, limit, m); err != nil {
			return nil, nil, Head{}, err
		}
		t = w
	} else {
		var d *delimited
		if header, d, err = findHeader(s, m); err != nil {
			return nil, nil, Head{}, err
		}
		t, sep = d, string(rune(d.sep))
	}
	l, err := readHeader(header, name, m)
	if err != nil {
		if w, ok := t.(*workbook); ok {
			w.close()
		}
		return nil, nil, Head{}, err
	}
	l.style = Style(sep == ";")
	if header.line > 1 {
		notices = append(notices, NewNotice("warning.report.header_line", header.line))
	}
	l.notices = append(notices, l.notices...)
	encoding := string(s.encoding)
	if s.workbook {
		encoding = "xlsx"
	}
	return t, l, Head{Kind: l.kind, Encoding: encoding, Separator: sep, Columns: l.columns}, nil
}

// read stages the rows of a table and collects the lines that are rejected.
func read(ctx context.Context, t table, l *layout, stage Stage, progress func(done int64)) (Result, error) {
	res := Result{Rejected: []Rejected{}, Crossings: Evidence{}}
	values := make([]cohortValues, len(l.cohorts))
	fill := newFill(l)
	staging := newStaging(ctx, stage)
	defer staging.abandon()
	for {
		rec, err := t.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Result{}, err
		}
		if again, other := l.repeatsHeader(rec); other {
			return Result{}, refuse("error.report.second", rec.line)
		} else if again {
			res.Rejected = append(res.Rejected, *reject(rec.line, "", "reject.header"))
			continue
		}
		row, bad := l.row(rec)
		if bad != nil {
			res.Rejected = append(res.Rejected, *bad)
			if len(res.Rejected) > maxRejected {
				first := res.Rejected[0]
				return Result{}, refuse("error.report.rejected", maxRejected, first.Line, first.Reason)
			}
			continue
		}
		for i, column := range l.cohorts {
			values[i].see(row.Cells[column])
		}
		fill.see(row.Cells)
		res.Crossings.Add(row.Scores)
		res.Rows++
		handed, err := staging.add(row)
		if err != nil {
			return Result{}, err
		}
		if handed {
			progress(t.done())
		}
	}
	if err := staging.finish(); err != nil {
		return Result{}, err
	}
	progress(t.done())
	if res.Rows == 0 && len(res.Rejected) == 0 {
		return Result{}, refuse("error.report.rows")
	}
	res.Fill = fill.list
	for i, column := range l.cohorts {
		l.columns[column].Candidate = values[i].onlyYesNo(l.columns[column].Known)
		if l.columns[column].Known && values[i].other > 0 {
			l.notices = append(l.notices, NewNotice("warning.report.cohort_values", l.columns[column].Header))
		}
	}
	return res, nil
}

// cohortValues counts what a column holds that may be a cohort.
type cohortValues struct{ words, digits, other int }

func (v *cohortValues) see(cell string) {
	cell = strings.TrimSpace(cell)
	_, known := ParseYesNo(cell)
	switch {
	case cell == "":
	case cell == "0" || cell == "1":
		v.digits++
	case known:
		v.words++
	default:
		v.other++
	}
}

// onlyYesNo reports whether the column holds Yes, No and blanks alone. 1 and 0
// count as such only where the catalogue knows the column as a cohort: in an
// unknown one they may be numbers.
func (v *cohortValues) onlyYesNo(known bool) bool {
	if known {
		return v.other == 0
	}
	return v.words > 0 && v.digits == 0 && v.other == 0
}

// conclude adds to the result what is known once all rows were read.
func (im *Importer) conclude(res *Result, s *source, l *layout, opt Options) {
	res.Columns = l.columns
	res.UnknownColumns, res.CohortCandidates = []string{}, []string{}
	for _, c := range l.columns {
		if !c.Unknown() {
			continue
		}
		res.UnknownColumns = append(res.UnknownColumns, c.Header)
		if c.Candidate {
			res.CohortCandidates = append(res.CohortCandidates, c.Header)
		}
	}
	if s.encoding == Windows1252 && !s.workbook {
		res.Warn(NewNotice("warning.report.encoding", string(s.encoding)))
	}
	for _, n := range l.notices {
		res.Warn(n)
	}
	if len(res.UnknownColumns) > 0 {
		res.Warn(NewNotice("warning.report.unknown_columns", strings.Join(firstFew(res.UnknownColumns, 8), ", ")))
	}
	readings := im.Readings
	if len(readings) == 0 {
		readings = []NamedReading{Quadrants, Rows}
	}
	if n, ok := res.Crossings.notice(readings); ok {
		res.Warn(n)
	}
	if opt.Complete && len(res.Rejected) > 0 {
		res.Warn(NewNotice("warning.report.incomplete", len(res.Rejected)))
	}
}
