package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"actnow/reports"
)

// stageSchema holds the rows of one report file until they are published. A row
// that repeats another cell for cell is not staged twice.
const stageSchema = `
	CREATE TABLE rows (
		line INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, key2 TEXT NOT NULL, key3 TEXT NOT NULL,
		global_id TEXT NOT NULL, location TEXT NOT NULL,
		tpid TEXT NOT NULL, duns TEXT NOT NULL, name TEXT NOT NULL, masked INTEGER NOT NULL, domain TEXT NOT NULL, org_size INTEGER,
		industry TEXT NOT NULL, vertical TEXT NOT NULL, geo_area TEXT NOT NULL, subsidiary TEXT NOT NULL, sales_territory TEXT NOT NULL,
		city TEXT NOT NULL, state TEXT NOT NULL, postal_code TEXT NOT NULL, country TEXT NOT NULL,
		segment TEXT NOT NULL, segment_text TEXT NOT NULL, nonprofit TEXT NOT NULL,
		agreement_id TEXT NOT NULL, program TEXT NOT NULL, division TEXT NOT NULL, ends_at INTEGER, expiring INTEGER, currency TEXT NOT NULL,
		hash TEXT NOT NULL, cells TEXT NOT NULL
	) STRICT;
	CREATE TABLE scores (line INTEGER NOT NULL, area TEXT NOT NULL, fit REAL, intent REAL, fit_band TEXT NOT NULL, intent_band TEXT NOT NULL,
		cell TEXT NOT NULL, cluster TEXT NOT NULL, explanation TEXT NOT NULL, PRIMARY KEY (line, area)) STRICT, WITHOUT ROWID;
	CREATE TABLE revenues (line INTEGER NOT NULL, area TEXT NOT NULL, low INTEGER, high INTEGER, currency TEXT NOT NULL, text TEXT NOT NULL,
		PRIMARY KEY (line, area)) STRICT, WITHOUT ROWID;
	CREATE TABLE members (line INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (line, place)) STRICT, WITHOUT ROWID;
	CREATE TABLE facts (line INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (line, field)) STRICT, WITHOUT ROWID;`

// snapshotStage is a reports.Stage.
type snapshotStage struct {
	db    *DB
	file  *Staging
	tx    *sql.Tx // of the file, from the first row until all are there
	head  reports.Head
	order []hashColumn
	facts []factColumn
	seen  map[rowHash]struct{} // of the rows that are staged
	text  []byte               // of the row at hand

	rows, scores, revenues, members, said bulk
}

// rowHash is the hash of a row's cells.
type rowHash [16]byte

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
	s := &snapshotStage{
		db: db, file: file, head: head, seen: map[rowHash]struct{}{},
		rows: bulk{table: "rows", columns: 33}, scores: bulk{table: "scores", columns: 9}, revenues: bulk{table: "revenues", columns: 6},
		members: bulk{table: "members", columns: 2}, said: bulk{table: "facts", columns: 3},
	}
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
func (s *snapshotStage) Discard() error {
	s.end()
	return s.file.Discard()
}

// end closes the transaction in which rows were staged.
func (s *snapshotStage) end() error {
	if s.tx == nil {
		return nil
	}
	tx := s.tx
	s.tx = nil
	return tx.Commit()
}

// Add stages rows.
func (s *snapshotStage) Add(ctx context.Context, rows []reports.Row) (err error) {
	if len(rows) == 0 {
		return nil
	}
	if s.tx == nil {
		if s.tx, err = s.file.DB.Begin(); err != nil {
			return err
		}
	}
	for _, r := range rows {
		hash := s.hash(r.Cells)
		if _, repeated := s.seen[hash]; repeated {
			continue
		}
		s.seen[hash] = struct{}{}
		if err := s.add(r, hash); err != nil {
			return err
		}
	}
	for _, b := range []*bulk{&s.rows, &s.scores, &s.revenues, &s.members, &s.said} {
		if err := b.insert(ctx, s.tx); err != nil {
			return fmt.Errorf("stage %s: %w", b.table, err)
		}
	}
	return nil
}

func (s *snapshotStage) add(r reports.Row, hash rowHash) error {
	cells, err := s.cells(r.Cells)
	if err != nil {
		return err
	}
	s.rows.add(rowValues(r)...)
	s.rows.add(hex.EncodeToString(hash[:]), cells)
	line := int64(r.Line)
	for _, v := range r.Scores {
		s.scores.add(line)
		s.scores.add(scoreValues(v)...)
	}
	for _, v := range r.Revenue {
		s.revenues.add(line, string(v.Area), value(v.Low), value(v.High), v.Currency, v.Text)
	}
	for _, place := range r.Cohorts {
		s.members.add(line, int64(place))
	}
	for _, f := range s.facts {
		if value := f.value(r.Cells); value != "" {
			s.said.add(line, f.field, value)
		}
	}
	return nil
}

// value returns what p points at, nil if it is nil.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// cells returns the cells as a JSON array.
func (s *snapshotStage) cells(cells []string) (string, error) {
	s.text = append(s.text[:0], '[')
	for i, cell := range cells {
		if i > 0 {
			s.text = append(s.text, ',')
		}
		if !plain(cell) {
			quoted, err := json.Marshal(cell)
			if err != nil {
				return "", err
			}
			s.text = append(s.text, quoted...)
			continue
		}
		s.text = append(s.text, '"')
		s.text = append(s.text, cell...)
		s.text = append(s.text, '"')
	}
	return string(append(s.text, ']')), nil
}

// plain reports whether text stands for itself in JSON.
func plain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// scoreValues is what a row says of an area. A cell names its cluster.
func scoreValues(v reports.AreaScore) []any {
	if v.Cluster == "" {
		v.Cluster = v.Cell.Cluster()
	}
	return []any{string(v.Area), value(v.Fit), value(v.Intent), string(v.FitBand), string(v.IntentBand), string(v.Cell), string(v.Cluster), v.Explanation}
}

// rowValues are the columns of the stage's rows up to the hash.
func rowValues(r reports.Row) []any {
	c, a := r.Customer, r.Agreement
	var keys [3]string
	kind := ""
	for i, k := range c.Keys() {
		keys[i] = k.String()
		if i == 0 {
			kind = string(k.Kind)
		}
	}
	return []any{int64(r.Line), keys[0], kind, keys[1], keys[2],
		r.Location.GlobalID, r.Location.Name,
		c.TPID, c.DUNS, c.Name, masked(c), domainOf(c), value(c.OrgSize),
		c.Industry, c.Vertical, c.GeoArea, c.Subsidiary, c.SalesTerritory,
		c.City, c.State, c.PostalCode, c.Country,
		string(segmentOf(c)), c.SegmentText, c.Nonprofit,
		a.ID, a.Program, a.Division, null(a.EndsAt), value(a.Expiring), a.Currency}
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

func (s *snapshotStage) hash(cells []string) rowHash {
	s.text = s.text[:0]
	for _, c := range s.order {
		if v := strings.TrimSpace(cells[c.index]); v != "" {
			s.text = append(append(append(append(s.text, c.name...), '\x1f'), v...), '\x1e')
		}
	}
	sum := sha256.Sum256(s.text)
	return rowHash(sum[:16])
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
