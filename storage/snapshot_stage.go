package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"actnow/reports"
)

// stageSchema holds the rows of one report file until they are published. A row
// that repeats another cell for cell is not staged twice.
const stageSchema = `
	CREATE TABLE rows (
		line INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, cells TEXT NOT NULL,
		key TEXT NOT NULL, kind TEXT NOT NULL, key2 TEXT NOT NULL, key3 TEXT NOT NULL,
		global_id TEXT NOT NULL, location TEXT NOT NULL,
		tpid TEXT NOT NULL, duns TEXT NOT NULL, name TEXT NOT NULL, masked INTEGER NOT NULL, domain TEXT NOT NULL, org_size INTEGER,
		industry TEXT NOT NULL, vertical TEXT NOT NULL, geo_area TEXT NOT NULL, subsidiary TEXT NOT NULL, sales_territory TEXT NOT NULL,
		city TEXT NOT NULL, state TEXT NOT NULL, postal_code TEXT NOT NULL, country TEXT NOT NULL,
		segment TEXT NOT NULL, segment_text TEXT NOT NULL, nonprofit TEXT NOT NULL,
		agreement_id TEXT NOT NULL, program TEXT NOT NULL, division TEXT NOT NULL, ends_at INTEGER, expiring INTEGER, currency TEXT NOT NULL
	) STRICT;
	CREATE INDEX rows_key ON rows (key, line);
	CREATE TABLE scores (line INTEGER NOT NULL, area TEXT NOT NULL, fit REAL, intent REAL, fit_band TEXT NOT NULL, intent_band TEXT NOT NULL,
		cell TEXT NOT NULL, cluster TEXT NOT NULL, explanation TEXT NOT NULL) STRICT;
	CREATE TABLE revenues (line INTEGER NOT NULL, area TEXT NOT NULL, low INTEGER, high INTEGER, currency TEXT NOT NULL, text TEXT NOT NULL) STRICT;
	CREATE TABLE members (line INTEGER NOT NULL, place INTEGER NOT NULL) STRICT;
	CREATE TABLE facts (line INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL) STRICT;
	CREATE TABLE people (key TEXT PRIMARY KEY, kind TEXT NOT NULL, line INTEGER NOT NULL) STRICT;`

// snapshotStage is a reports.Stage.
type snapshotStage struct {
	db    *DB
	file  *Staging
	head  reports.Head
	order []hashColumn
	facts []factColumn
}

// hashColumn is a column in the order in which a row's hash takes the cells, so
// that neither the order of columns nor the spelling of a header changes it.
type hashColumn struct {
	name  string
	index int
}

// factColumn is a column whose cells are kept as facts of the customer.
type factColumn struct {
	field string
	index int
	yesNo bool
}

// Stage opens an empty stage for the file.
func (db *DB) Stage(ctx context.Context, head reports.Head) (reports.Stage, error) {
	file, err := db.stage(ctx, stageSchema)
	if err != nil {
		return nil, err
	}
	s := &snapshotStage{db: db, file: file, head: head}
	for i, c := range head.Columns {
		name := c.Field
		if name == "" {
			name = "raw:" + reports.NormalHeader(c.Header)
		}
		s.order = append(s.order, hashColumn{name, i})
	}
	s.facts = factColumns(head.Columns)
	sort.SliceStable(s.order, func(i, j int) bool { return s.order[i].name < s.order[j].name })
	return s, nil
}

func factColumns(columns []reports.Column) []factColumn {
	var facts []factColumn
	for i, c := range columns {
		if f, ok := reports.FieldNamed(c.Field); ok && f.Fact() {
			facts = append(facts, factColumn{f.Name, i, f.Type == reports.YesNoField})
		}
	}
	return facts
}

// Discard drops the stage. It may be called again.
func (s *snapshotStage) Discard() error { return s.file.Discard() }

// Add stages rows.
func (s *snapshotStage) Add(ctx context.Context, rows []reports.Row) error {
	if len(rows) == 0 {
		return nil
	}
	tx, err := s.file.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	into := map[string]*bulk{
		"rows":     {table: "rows", columns: 33, repeat: " ON CONFLICT DO NOTHING"},
		"scores":   {table: "scores", columns: 9},
		"revenues": {table: "revenues", columns: 6},
		"members":  {table: "members", columns: 2},
		"facts":    {table: "facts", columns: 3},
	}
	for _, r := range rows {
		cells, err := json.Marshal(r.Cells)
		if err != nil {
			return err
		}
		into["rows"].add(s.rowValues(r, string(cells))...)
		for _, v := range r.Scores {
			into["scores"].add(append([]any{r.Line}, scoreValues(v)...)...)
		}
		for _, v := range r.Revenue {
			into["revenues"].add(r.Line, string(v.Area), v.Low, v.High, v.Currency, v.Text)
		}
		for _, place := range r.Cohorts {
			into["members"].add(r.Line, place)
		}
		for _, f := range s.facts {
			if value := f.value(r.Cells); value != "" {
				into["facts"].add(r.Line, f.field, value)
			}
		}
	}
	for _, b := range into {
		if err := b.insert(ctx, tx); err != nil {
			return fmt.Errorf("stage %s: %w", b.table, err)
		}
	}
	return tx.Commit()
}

// scoreValues is what a row says of an area. A cell names its cluster.
func scoreValues(v reports.AreaScore) []any {
	if v.Cluster == "" {
		v.Cluster = v.Cell.Cluster()
	}
	return []any{string(v.Area), v.Fit, v.Intent, string(v.FitBand), string(v.IntentBand), string(v.Cell), string(v.Cluster), v.Explanation}
}

func (s *snapshotStage) rowValues(r reports.Row, cells string) []any {
	c, a := r.Customer, r.Agreement
	var keys [3]string
	kind := ""
	for i, k := range c.Keys() {
		keys[i] = k.String()
		if i == 0 {
			kind = string(k.Kind)
		}
	}
	return []any{r.Line, s.hash(r.Cells), cells, keys[0], kind, keys[1], keys[2],
		r.Location.GlobalID, r.Location.Name,
		c.TPID, c.DUNS, c.Name, masked(c), domainOf(c), c.OrgSize,
		c.Industry, c.Vertical, c.GeoArea, c.Subsidiary, c.SalesTerritory,
		c.City, c.State, c.PostalCode, c.Country,
		string(segmentOf(c)), c.SegmentText, c.Nonprofit,
		a.ID, a.Program, a.Division, null(a.EndsAt), a.Expiring, a.Currency}
}

// masked reports whether the name is blank or hidden, and so names nobody.
func masked(c reports.Customer) bool {
	return !slices.ContainsFunc(c.Keys(), func(k reports.Key) bool { return k.Kind == reports.KeyName })
}

// domainOf is the customer's domain, "" for a word that is none: the cell keeps
// what it says.
func domainOf(c reports.Customer) string {
	domain, ok := reports.NormalDomain(c.Domain)
	if !ok {
		return ""
	}
	return domain
}

func (s *snapshotStage) hash(cells []string) string {
	h := sha256.New()
	for _, c := range s.order {
		if v := strings.TrimSpace(cells[c.index]); v != "" {
			_, _ = io.WriteString(h, c.name+"\x1f"+v+"\x1e")
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (f factColumn) value(cells []string) string {
	text := strings.TrimSpace(cells[f.index])
	if !f.yesNo {
		return text
	}
	switch yes, known := reports.ParseYesNo(text); {
	case !known:
		return text
	case yes:
		return "yes"
	}
	return "no"
}

// prepare finds, once all rows are there, the customers that the file names:
// for each its last line.
func (s *snapshotStage) prepare(ctx context.Context) error {
	_, err := s.file.DB.ExecContext(ctx, `DELETE FROM people;
		INSERT INTO people (key, kind, line) SELECT key, max(kind), max(line) FROM rows GROUP BY key;
		CREATE INDEX IF NOT EXISTS scores_line ON scores (line);
		CREATE INDEX IF NOT EXISTS members_place ON members (place, line);`)
	return err
}

// count reads how many distinct rows are staged, and how many customers have
// different names on different lines.
func (s *snapshotStage) count(ctx context.Context) (rows, conflicts int, err error) {
	err = s.file.DB.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM rows),
		(SELECT count(*) FROM (SELECT key FROM rows WHERE masked = 0 GROUP BY key HAVING min(name) <> max(name)) c)`).Scan(&rows, &conflicts)
	return rows, conflicts, err
}

// bulk gathers the rows of one table and inserts many with one statement.
type bulk struct {
	table   string
	columns int
	repeat  string // what to do with a row that is there
	values  []any
}

func (b *bulk) add(values ...any) { b.values = append(b.values, values...) }

func (b *bulk) insert(ctx context.Context, tx *sql.Tx) error {
	const most = 30_000 // bound values of one statement
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", b.columns), ", ") + ")"
	for step := most / b.columns * b.columns; len(b.values) > 0; {
		n := min(step, len(b.values))
		rows := strings.TrimSuffix(strings.Repeat(one+", ", n/b.columns), ", ")
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+b.table+" VALUES "+rows+b.repeat, b.values[:n]...); err != nil {
			return err
		}
		b.values = b.values[n:]
	}
	return nil
}
