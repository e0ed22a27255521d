package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"actnow"
	"actnow/reports"
)

// undoSchema holds what is true of customers once an import is taken back.
const undoSchema = `
	CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, key TEXT NOT NULL,
		tpid TEXT NOT NULL, duns TEXT NOT NULL, name TEXT NOT NULL, domain TEXT NOT NULL, org_size INTEGER,
		industry TEXT NOT NULL, vertical TEXT NOT NULL, geo_area TEXT NOT NULL, subsidiary TEXT NOT NULL, sales_territory TEXT NOT NULL,
		city TEXT NOT NULL, state TEXT NOT NULL, postal_code TEXT NOT NULL, country TEXT NOT NULL,
		segment TEXT NOT NULL, segment_text TEXT NOT NULL, nonprofit TEXT NOT NULL,
		first_month TEXT NOT NULL, last_month TEXT NOT NULL, gone_month TEXT) STRICT;
	CREATE TABLE keys (customer_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (customer_id, key)) STRICT, WITHOUT ROWID;
	CREATE TABLE places (customer_id INTEGER NOT NULL, location_id INTEGER NOT NULL, PRIMARY KEY (customer_id, location_id)) STRICT, WITHOUT ROWID;
	CREATE TABLE facts (customer_id INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, month TEXT NOT NULL, PRIMARY KEY (customer_id, field)) STRICT, WITHOUT ROWID;
	CREATE TABLE scores (customer_id INTEGER NOT NULL, area TEXT NOT NULL, fit REAL, intent REAL, fit_band TEXT NOT NULL, intent_band TEXT NOT NULL,
		cell TEXT NOT NULL, cluster TEXT NOT NULL, explanation TEXT NOT NULL, PRIMARY KEY (customer_id, area)) STRICT, WITHOUT ROWID;
	CREATE TABLE revenues (customer_id INTEGER NOT NULL, area TEXT NOT NULL, low INTEGER, high INTEGER, currency TEXT NOT NULL, text TEXT NOT NULL,
		snapshot_id INTEGER NOT NULL, PRIMARY KEY (customer_id, area)) STRICT, WITHOUT ROWID;
	CREATE TABLE members (customer_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (customer_id, key)) STRICT, WITHOUT ROWID;`

// retelling goes through what every import that stands says of the customers
// whom an undo touches, in the order of publication, and stages the outcome. It
// follows the rules of publication.
type retelling struct {
	past     *past
	file     *Staging
	progress func(done, total int64)
	into     map[string]*bulk
}

// toldRow is a row of an import, typed again.
type toldRow struct {
	location int64
	row      reports.Row
}

func (r *retelling) run(ctx context.Context, tx *sql.Tx) error {
	out, err := r.file.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer out.Rollback()
	r.into = map[string]*bulk{"customers": {table: "customers", columns: 22}, "keys": {table: "keys", columns: 2}, "places": {table: "places", columns: 2},
		"facts": {table: "facts", columns: 4}, "scores": {table: "scores", columns: 9}, "revenues": {table: "revenues", columns: 7},
		"members": {table: "members", columns: 2, repeat: " ON CONFLICT DO NOTHING"}}
	next := int64(0)
	if r.past.next != nil {
		next = r.past.next.id
	}
	touched := `SELECT customer_id FROM snapshot_rows WHERE snapshot_id IN (?, ?, ?)`
	args := []any{r.past.undone.id, next, r.past.undone.before}
	var total, done int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM customers WHERE id IN (`+touched+`)`, args...).Scan(&total); err != nil {
		return err
	}
	var customer actnow.CustomerID
	var key string
	rows := map[int64][]toldRow{}
	tell := func() error {
		if len(rows) == 0 {
			return nil
		}
		r.tell(customer, key, rows)
		clear(rows)
		if done++; done%1000 != 0 {
			return nil
		}
		r.progress(done, total)
		return r.flush(ctx, out)
	}
	err = each(tx, `SELECT r.customer_id, c.key, r.snapshot_id, r.line, r.location_id, r.cells
		FROM snapshot_rows r JOIN customers c ON c.id = r.customer_id
		WHERE r.customer_id IN (`+touched+`) ORDER BY r.customer_id, r.snapshot_id, r.line`, args,
		func(list *sql.Rows) error {
			var id actnow.CustomerID
			var told string
			var snapshot, location int64
			var line int
			var text []byte
			if err := list.Scan(&id, &told, &snapshot, &line, &location, &text); err != nil {
				return err
			}
			s := r.past.byID[snapshot]
			if s == nil {
				return ctx.Err() // of the one that is taken back
			}
			if id != customer {
				if err := tell(); err != nil {
					return err
				}
				customer, key = id, told
			}
			var cells []string
			if err := json.Unmarshal(text, &cells); err != nil {
				return fmt.Errorf("cells of snapshot %d, line %d: %w", snapshot, line, err)
			}
			if row, ok := s.reader.Row(line, cells); ok {
				rows[snapshot] = append(rows[snapshot], toldRow{location, row})
			}
			return nil
		})
	if err == nil {
		err = tell()
	}
	if err == nil {
		err = r.flush(ctx, out)
	}
	if err != nil {
		return fmt.Errorf("tell customers again: %w", err)
	}
	r.progress(total, total)
	return out.Commit()
}

func (r *retelling) flush(ctx context.Context, out *sql.Tx) error {
	for _, b := range r.into {
		if err := b.insert(ctx, out); err != nil {
			return fmt.Errorf("stage %s: %w", b.table, err)
		}
	}
	return nil
}

// monthOf names what is current at a time: a report of a month.
type monthOf struct {
	report reports.Kind
	month  actnow.Month
}

// tell stages what the imports say of one customer. rows are by import.
func (r *retelling) tell(id actnow.CustomerID, key string, rows map[int64][]toldRow) {
	k := known{key: key, segment: actnow.UnknownSegment, facts: map[string]knownFact{}, keys: map[string]bool{}}
	here := map[monthOf]bool{} // reports that are current at the time and name the customer
	places, revenues := map[int64]bool{}, map[actnow.Area][]any{}
	for _, s := range r.past.stands {
		told := rows[s.id]
		here[monthOf{s.report, s.month}] = len(told) > 0
		switch {
		case len(told) > 0:
			k.learn(s, told)
		case s.complete && len(rows[s.before]) > 0 && k.gone == "" && !hereSince(here, s.month):
			k.gone = s.month
		}
		if !s.current {
			continue
		}
		for _, t := range told {
			places[t.location] = true
			if s.month == r.past.undone.month {
				for _, v := range t.row.Revenue {
					revenues[v.Area] = []any{string(v.Area), v.Low, v.High, v.Currency, v.Text, s.id}
				}
			}
		}
	}
	r.into["customers"].add(k.values(id)...)
	for _, key := range sorted(k.keys) {
		r.into["keys"].add(id, key)
	}
	for _, place := range sorted(places) {
		r.into["places"].add(id, place)
	}
	for _, field := range sorted(k.facts) {
		r.into["facts"].add(id, field, k.facts[field].value, string(k.facts[field].month))
	}
	for _, area := range sorted(revenues) {
		r.into["revenues"].add(append([]any{id}, revenues[area]...)...)
	}
	if r.past.next != nil {
		r.scores(id, rows[r.past.next.id])
	}
}

// scores stages what the import that becomes the current one says of the
// customer: of several lines the last one that says something.
func (r *retelling) scores(id actnow.CustomerID, told []toldRow) {
	scores := map[actnow.Area]reports.AreaScore{}
	for _, t := range told {
		for _, v := range t.row.Scores {
			scores[v.Area] = v
		}
		for _, place := range t.row.Cohorts {
			if key := cohortKey(r.past.next.columns[place]); key != "" {
				r.into["members"].add(id, key)
			}
		}
	}
	for _, area := range sorted(scores) {
		r.into["scores"].add(append([]any{id}, scoreValues(scores[area])...)...)
	}
}

func hereSince(here map[monthOf]bool, month actnow.Month) bool {
	for m, yes := range here {
		if yes && m.month >= month {
			return true
		}
	}
	return false
}

func sorted[K interface{ ~string | ~int64 }, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// known is a customer as the imports so far tell of it.
type known struct {
	reports.Customer
	key, domain       string
	segment           actnow.Segment
	first, last, gone actnow.Month
	facts             map[string]knownFact
	keys              map[string]bool
	own               []reports.Key // the best key of each row
}

type knownFact struct {
	value string
	month actnow.Month
}

// learn takes over what an import says, as updateCustomers and factsOf do.
func (k *known) learn(s *pastSnapshot, told []toldRow) {
	if k.last <= s.month {
		k.take(told[len(told)-1].row.Customer)
	}
	if k.first == "" || k.first > s.month {
		k.first = s.month
	}
	k.last = max(k.last, s.month)
	if k.gone <= s.month {
		k.gone = ""
	}
	for _, t := range told {
		for i, key := range t.row.Customer.Keys() {
			if key.Kind != reports.KeyTPID {
				k.keys[key.String()] = true
			}
			if i == 0 {
				k.own = append(k.own, key)
			}
		}
	}
	for _, f := range s.facts {
		if k.facts[f.field].month > s.month {
			continue
		}
		for _, t := range told {
			if value := f.value(t.row.Cells); value != "" {
				k.facts[f.field] = knownFact{value, s.month}
			}
		}
	}
}

// take takes over the cells of a customer that say something.
func (k *known) take(n reports.Customer) {
	if n.Name != "" && (!masked(n) || k.Name == "") {
		k.Name = n.Name
	}
	if segment := segmentOf(n); segment != "" && (n.SegmentText != "" || k.SegmentText == "") {
		k.segment, k.SegmentText = segment, n.SegmentText
	}
	if n.OrgSize != nil {
		k.OrgSize = n.OrgSize
	}
	for _, c := range []struct {
		into *string
		text string
	}{
		{&k.TPID, n.TPID}, {&k.DUNS, n.DUNS}, {&k.domain, domainOf(n)}, {&k.Industry, n.Industry}, {&k.Vertical, n.Vertical},
		{&k.GeoArea, n.GeoArea}, {&k.Subsidiary, n.Subsidiary}, {&k.SalesTerritory, n.SalesTerritory}, {&k.City, n.City},
		{&k.State, n.State}, {&k.PostalCode, n.PostalCode}, {&k.Country, n.Country}, {&k.Nonprofit, n.Nonprofit},
	} {
		if c.text != "" {
			*c.into = c.text
		}
	}
}

// ownKey is the key that the customer goes by: the one it has if an import that
// stands gave it, else the most trusted of those, the earliest first.
func (k *known) ownKey() string {
	best := ""
	trust := func(kind reports.KeyKind) int {
		return slices.Index([]reports.KeyKind{reports.KeyName, reports.KeyDomain, reports.KeyTPID}, kind)
	}
	most := -1
	for _, key := range k.own {
		if key.String() == k.key {
			return k.key
		}
		if t := trust(key.Kind); t > most {
			best, most = key.String(), t
		}
	}
	if best == "" {
		return k.key
	}
	return best
}

func (k *known) values(id actnow.CustomerID) []any {
	return []any{id, k.ownKey(), k.TPID, k.DUNS, k.Name, k.domain, k.OrgSize, k.Industry, k.Vertical, k.GeoArea, k.Subsidiary, k.SalesTerritory,
		k.City, k.State, k.PostalCode, k.Country, string(k.segment), k.SegmentText, k.Nonprofit, string(k.first), string(k.last), null(string(k.gone))}
}
