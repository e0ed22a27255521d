package crm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"actnow"
)

// batch is how many rows are applied in one transaction: some ten milliseconds
// of the one writer, so that others hardly wait.
const batch = 250

// Importer reads files of CRM records.
type Importer struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Import reads a file of records of one kind for a connection: CSV with comma,
// semicolon, tab or bar, in UTF-8, UTF-16 or Windows-1252, or a workbook's first
// sheet. name is for the log. The first line names the columns, in any order and
// in the usual spellings of CRMs; columns that the kind does not know are kept
// as text. progress, if not nil, is told after every batch how many bytes of how
// many were read; total is 0 if that is not known.
//
// The rules: an absent column and an empty cell say nothing, so a file clears
// nothing (exports leave cells empty for "not known" and "not asked" alike); to
// clear a value, send a null by webhook. A row is newest by its modified_at; a
// row without one counts when it is imported. Of two rows with one id and no
// modified_at to tell them apart the second is rejected. A row with a cell that
// cannot be used is rejected whole, with its line and the reason, except that
// its do-not-mail is kept; a do_not_email that is neither yes nor no is yes.
// Amounts are read by the rule of parseAmount. With dryRun nothing is stored and
// the counts are those of an import.
//
// An *actnow.InputError means that the file cannot be used and nothing of it is
// stored. After any other error the batches before it stay; importing the file
// again is safe and does only what is missing.
func (im *Importer) Import(ctx context.Context, conn actnow.ConnectionID, kind Kind, name string, r io.Reader, dryRun bool, progress func(done, total int64)) (Result, error) {
	res := Result{Rejected: []Rejected{}, DryRun: dryRun}
	if !kind.Valid() {
		return res, invalid("crm.kind", "kind", shorten(string(kind)), strings.Join(kindNames(), ", "))
	}
	start := im.Now()
	counted := &counter{r: r, total: sizeOf(r)}
	t, err := openTable(counted)
	if err != nil {
		return res, err
	}
	defer t.Close()
	head, err := readHead(kind, t)
	if err != nil {
		return res, err
	}
	run := importRun{im: im, ctx: ctx, conn: conn, kind: kind, head: head, serial: t.serial(), now: start,
		seen: map[string]place{}, res: &res, dryRun: dryRun}
	for _, c := range head.custom {
		if c != "" {
			res.Custom = append(res.Custom, c)
		}
	}
	for {
		line, cells, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if input, ok := errors.AsType[*actnow.InputError](err); ok {
			res.Rows++
			run.reject(line, input)
			continue
		}
		if fatal, ok := errors.AsType[errFatal](err); ok {
			res.Rows++
			run.reject(line, fatal.InputError)
			break
		}
		if err != nil {
			return res, fmt.Errorf("read %s: %w", name, err)
		}
		full, err := run.row(line, cells)
		if err != nil {
			return res, err
		}
		if full && progress != nil {
			progress(counted.done, counted.total)
		}
	}
	if err := run.flush(); err != nil {
		return res, err
	}
	if progress != nil {
		progress(counted.done, counted.total)
	}
	im.Log.InfoContext(ctx, "imported CRM file", "kind", kind, "connection", conn, "file", name, "rows", res.Rows, "new", res.New,
		"changed", res.Changed, "unchanged", res.Unchanged, "rejected", len(res.Rejected), "dry_run", dryRun, "took", im.Now().Sub(start))
	return res, nil
}

func kindNames() []string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = string(k)
	}
	return names
}

func readHead(kind Kind, t table) (header, error) {
	_, cells, err := t.next()
	switch {
	case errors.Is(err, io.EOF):
		return header{}, invalid("crm.empty_file", "")
	case err != nil:
		if fatal, ok := errors.AsType[errFatal](err); ok {
			return header{}, fatal.InputError
		}
		return header{}, err
	}
	return readHeader(kind, cells)
}

// place is where an id was last seen, and how new it was said to be.
type place struct {
	line     int
	modified int64 // unix milliseconds, 0 if not said
}

// importRun is one import under way.
type importRun struct {
	im      *Importer
	ctx     context.Context
	conn    actnow.ConnectionID
	kind    Kind
	head    header
	serial  bool
	now     time.Time
	seen    map[string]place
	res     *Result
	dryRun  bool
	pending []Change
	notes   []rowNote // of pending
}

// rowNote is what counts of a row beside its change.
type rowNote struct {
	rejected bool // all but its do-not-mail
	again    bool // its id came before in the file
}

func (run *importRun) reject(line int, err *actnow.InputError) {
	run.res.Rejected = append(run.res.Rejected, rejected(line, err))
}

// row reads one row. full is true after a batch was applied.
func (run *importRun) row(line int, cells []string) (full bool, err error) {
	if len(cells) == 1 && strings.TrimSpace(cells[0]) == "" {
		return false, nil // an empty line
	}
	run.res.Rows++
	if len(cells) != len(run.head.names) {
		run.reject(line, invalid("crm.cells", "", len(cells), len(run.head.names)))
		return false, nil
	}
	c, raw, again, problem := run.change(line, cells)
	if problem != nil {
		run.reject(line, problem)
		return false, nil
	}
	d := read(c, raw, run.serial)
	for _, doubt := range d.doubts {
		run.res.Warnings = append(run.res.Warnings, rejected(line, doubt))
	}
	if len(d.problems) > 0 {
		run.reject(line, d.problems[0])
	}
	usable, ok := d.usable()
	if !ok {
		return false, nil
	}
	run.pending = append(run.pending, usable)
	run.notes = append(run.notes, rowNote{rejected: len(d.problems) > 0, again: again})
	if len(run.pending) < batch {
		return false, nil
	}
	return true, run.flush()
}

// change reads which record a row is about and when it was changed; raw are its
// other known cells that are not empty, again says that the id came before.
func (run *importRun) change(line int, cells []string) (c Change, raw map[string]any, again bool, problem *actnow.InputError) {
	c = Change{Kind: run.kind, Op: Upsert, Line: line}
	raw = map[string]any{}
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		switch name := run.head.names[i]; {
		case name == idColumn:
			id, err := checkID(cell, idColumn)
			if input, ok := errors.AsType[*actnow.InputError](err); ok {
				return c, nil, false, input
			}
			c.ID = id
		case cell == "":
		case name == modifiedColumn:
			t, ok := parseTime(cell)
			if !ok && run.serial {
				t, ok = parseSerial(cell)
			}
			if !ok {
				return c, nil, false, invalid("crm.time", modifiedColumn, shorten(cell))
			}
			c.ModifiedAt = clamp(t, run.now)
		case name != "":
			raw[name] = cell
		default:
			if c.Custom == nil {
				c.Custom = map[string]string{}
			}
			c.Custom[run.head.custom[i]] = strings.ReplaceAll(cell, "\x00", "")
		}
	}
	at := place{line: line}
	if !c.ModifiedAt.IsZero() {
		at.modified = c.ModifiedAt.UnixMilli()
	}
	before, twice := run.seen[c.ID]
	switch {
	case twice && (at.modified == before.modified || at.modified == 0 || before.modified == 0):
		return c, nil, true, invalid("crm.id_twice", idColumn, shorten(c.ID), before.line)
	case !twice || at.modified > before.modified:
		run.seen[c.ID] = at
	}
	return c, raw, twice, nil
}

// flush applies what was read.
func (run *importRun) flush() error {
	if len(run.pending) == 0 {
		return nil
	}
	apply := run.im.Store.ApplyChanges
	if run.dryRun {
		apply = run.im.Store.CompareChanges
	}
	outcomes, err := apply(run.ctx, run.conn, run.pending)
	if err != nil {
		return fmt.Errorf("apply rows from line %d: %w", run.pending[0].Line, err)
	}
	for i, o := range outcomes {
		switch {
		case run.notes[i].rejected: // and counted so
		case o == New && run.dryRun && run.notes[i].again:
			run.res.Changed++ // the row before was not stored
		case o == New:
			run.res.New++
		case o == Changed:
			run.res.Changed++
		default:
			run.res.Unchanged++
		}
	}
	run.pending, run.notes = run.pending[:0], run.notes[:0]
	return nil
}

// counter counts the bytes that were read.
type counter struct {
	r           io.Reader
	done, total int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	return n, err
}

// sizeOf returns how much is left of a file, 0 if that is not known.
func sizeOf(r io.Reader) int64 {
	s, ok := r.(io.Seeker)
	if !ok {
		return 0
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	if _, err := s.Seek(at, io.SeekStart); err != nil {
		return 0
	}
	return end - at
}
