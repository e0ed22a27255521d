package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	"actnow"
)

const accountColumns = `a.id, a.external_id, a.name, a.website, a.domains, a.city, a.state, a.postal_code, a.country, a.tpid, a.owner_name,
	(SELECT count(*) FROM contacts k WHERE k.source = a.source AND k.account_ref = a.external_id AND k.deleted_at IS NULL)`

func scanSide(row interface{ Scan(...any) error }, s *actnow.AccountSide, more ...any) error {
	var domains string
	fields := []any{&s.ID, &s.ExternalID, &s.Name, &s.Website, &domains, &s.City, &s.State, &s.PostalCode, &s.Country, &s.TPID, &s.Owner, &s.Contacts}
	if err := row.Scan(append(fields, more...)...); err != nil {
		return err
	}
	return json.Unmarshal([]byte(domains), &s.Domains)
}

// reviewed returns the FROM and WHERE of the accounts that q chooses whose best
// candidate is in the scope.
func reviewed(scope actnow.Scope, q actnow.ReviewQuery) clause {
	in := inScope(scope, "m.customer_id")
	from := clause{
		sql: ` FROM matches m JOIN accounts a ON a.id = m.account_id LEFT JOIN customers c ON c.id = m.customer_id
			WHERE m.band = ? AND a.deleted_at IS NULL AND a.merged_into = '' AND (m.customer_id IS NULL OR ` + in.sql + `)`,
		args: append([]any{string(q.Band)}, in.args...),
	}
	if q.Pattern != "" {
		from.sql += ` AND ` + bestPattern + ` = ?`
		from.args = append(from.args, q.Pattern)
	}
	return from
}

// bestPattern is the SQL of the pattern of an account's best candidate.
const bestPattern = `(SELECT b.pattern FROM match_candidates b WHERE b.account_id = m.account_id AND b.customer_id = m.customer_id)`

// Reviews returns the accounts that q chooses, the likeliest first, whose best
// candidate is in the scope, and how many there are in all. Each has its best
// candidate alone, without comparisons; all of them are read by Review.
func (db *DB) Reviews(ctx context.Context, scope actnow.Scope, q actnow.ReviewQuery, offset, limit int) (list []actnow.Review, total int, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		from := reviewed(scope, q)
		if q.Pattern == "" {
			bands, err := db.bandCounts(tx, scope)
			if err != nil {
				return err
			}
			total = bands[q.Band]
		} else if err := tx.QueryRow(`SELECT count(*)`+from.sql, from.args...).Scan(&total); err != nil {
			return err
		}
		list, err = reviewRows(tx, from, max(offset, 0), min(max(limit, 1), maxPage))
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list reviews: %w", err)
	}
	return list, total, nil
}

// MatchBands returns how many accounts whose best candidate is in the scope, or that have
// none, are in each band.
func (db *DB) MatchBands(ctx context.Context, scope actnow.Scope) (counts map[actnow.MatchBand]int, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		counts, err = db.bandCounts(tx, scope)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count bands: %w", err)
	}
	return counts, nil
}

// bandsOfAll are the accounts in each band, kept until the CRM changes.
type bandsOfAll struct {
	mu      sync.Mutex
	changes int64
	counts  map[actnow.MatchBand]int
}

// bandCounts is MatchBands; nobody writes to what it returns.
func (db *DB) bandCounts(tx *sql.Tx, scope actnow.Scope) (map[actnow.MatchBand]int, error) {
	if !scope.AllLocations {
		in := inScope(scope, "m.customer_id")
		counts := map[actnow.MatchBand]int{}
		return counts, addBands(tx, counts, 1, clause{`SELECT m.band, count(*) FROM matches m JOIN accounts a ON a.id = m.account_id
			WHERE a.deleted_at IS NULL AND a.merged_into = '' AND (m.customer_id IS NULL OR ` + in.sql + `) GROUP BY m.band`, in.args})
	}
	db.bands.mu.Lock()
	defer db.bands.mu.Unlock()
	now, err := countChanges(tx, "crm")
	if err != nil || db.bands.counts != nil && db.bands.changes == now {
		return db.bands.counts, err
	}
	// Few accounts are gone: all are counted, and those taken off.
	counts := map[actnow.MatchBand]int{}
	err = addBands(tx, counts, 1, clause{sql: `SELECT m.band, count(*) FROM matches m GROUP BY m.band`})
	if err == nil {
		err = addBands(tx, counts, -1, clause{sql: `SELECT m.band, count(*) FROM accounts a JOIN matches m ON m.account_id = a.id
			WHERE a.deleted_at IS NOT NULL OR a.merged_into <> '' GROUP BY m.band`})
	}
	if err == nil {
		db.bands.changes, db.bands.counts = now, counts
	}
	return counts, err
}

// addBands adds how many accounts a query of bands and numbers finds, sign times.
func addBands(tx *sql.Tx, counts map[actnow.MatchBand]int, sign int, q clause) error {
	return each(tx, q.sql, q.args, func(rows *sql.Rows) error {
		var band actnow.MatchBand
		var n int
		err := rows.Scan(&band, &n)
		counts[band] += sign * n
		return err
	})
}

func reviewRows(tx *sql.Tx, from clause, offset, limit int) (list []actnow.Review, err error) {
	err = each(tx, `SELECT `+accountColumns+`, m.band, m.decided, m.probability, m.stage, m.reason,
		COALESCE(c.id, 0), COALESCE(c.name, ''), COALESCE(c.domain, ''), COALESCE(c.tpid, ''), COALESCE(c.city, ''), COALESCE(c.country, '')`+
		from.sql+` ORDER BY m.probability DESC, a.id LIMIT ? OFFSET ?`,
		append(from.args[:len(from.args):len(from.args)], limit, offset),
		func(rows *sql.Rows) error {
			var r actnow.Review
			var c actnow.ReviewCandidate
			err := scanSide(rows, &r.Account, &r.Band, &r.Decided, &c.Probability, &c.Stage, &c.Reason,
				&c.Customer.ID, &c.Customer.Name, &c.Customer.Domain, &c.Customer.TPID, &c.Customer.City, &c.Customer.Country)
			if c.Customer.ID != 0 {
				r.Candidates = []actnow.ReviewCandidate{c}
			}
			list = append(list, r)
			return err
		})
	return list, err
}

// Review returns an account with its candidates in the scope, best first. The
// error matches actnow.ErrNotFound.
func (db *DB) Review(ctx context.Context, scope actnow.Scope, id actnow.AccountID) (actnow.Review, error) {
	var r actnow.Review
	err := db.read(ctx, func(tx *sql.Tx) error {
		err := scanSide(tx.QueryRow(`SELECT `+accountColumns+`, COALESCE(m.band, 'none'), COALESCE(m.decided, 0)
			FROM accounts a LEFT JOIN matches m ON m.account_id = a.id WHERE a.id = ? AND a.deleted_at IS NULL`, id), &r.Account, &r.Band, &r.Decided)
		if err != nil {
			return noRows(err)
		}
		in := inScope(scope, "c.id")
		return each(tx, `SELECT `+customerColumns+`, mc.probability, mc.stage, mc.reason, mc.comparisons,
			COALESCE((SELECT d.verdict FROM match_decisions d JOIN accounts a ON a.id = mc.account_id
				WHERE d.account_key = `+accountKey+` AND d.customer_key = c.key ORDER BY d.id DESC LIMIT 1), '')
			FROM match_candidates mc JOIN customers c ON c.id = mc.customer_id
			WHERE mc.account_id = ? AND `+in.sql+` ORDER BY mc.rank`, append([]any{id}, in.args...),
			func(rows *sql.Rows) error {
				var c actnow.ReviewCandidate
				err := rows.Scan(append(customerFields(&c.Customer), &c.Probability, &c.Stage, &c.Reason, &c.Comparisons, &c.Verdict)...)
				r.Candidates = append(r.Candidates, c)
				return err
			})
	})
	if err == nil && !scope.AllLocations && len(r.Candidates) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("review account %d: %w", id, err)
	}
	return r, nil
}

// ReviewPlace returns where an account stands among those in the scope that wait
// for a decision, all or those of a pattern, in the order of Reviews.
func (db *DB) ReviewPlace(ctx context.Context, scope actnow.Scope, pattern string, id actnow.AccountID) (actnow.ReviewPlace, error) {
	var place actnow.ReviewPlace
	err := db.read(ctx, func(tx *sql.Tx) error {
		from := reviewed(scope, actnow.ReviewQuery{Band: actnow.BandReview, Pattern: pattern})
		var waits bool
		p := 0.0
		err := tx.QueryRow(`SELECT m.band = 'review' AND (? = '' OR `+bestPattern+` = ?), m.probability FROM matches m WHERE m.account_id = ?`, pattern, pattern, id).Scan(&waits, &p)
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		with := func(more ...any) []any { return append(from.args[:len(from.args):len(from.args)], more...) }
		const before, after = `(m.probability > ? OR (m.probability = ? AND a.id < ?))`, `(m.probability < ? OR (m.probability = ? AND a.id > ?))`
		var ahead int
		err = tx.QueryRow(`SELECT count(*), COALESCE(sum(`+before+`), 0)`+from.sql, append([]any{p, p, id}, from.args...)...).Scan(&place.Total, &ahead)
		if err != nil {
			return err
		}
		if waits {
			place.Position = ahead + 1
		}
		for _, q := range []struct {
			to    *actnow.AccountID
			query string
			args  []any
		}{
			{&place.Previous, ` AND ` + before + ` ORDER BY m.probability, a.id DESC LIMIT 1`, with(p, p, id)},
			{&place.Next, ` AND ` + after + ` ORDER BY m.probability DESC, a.id LIMIT 1`, with(p, p, id)},
			{&place.Next, ` AND a.id <> ? ORDER BY m.probability DESC, a.id LIMIT 1`, with(id)},
		} {
			if *q.to != 0 {
				continue
			}
			if err := tx.QueryRow(`SELECT a.id`+from.sql+q.query, q.args...).Scan(q.to); err != nil && err != sql.ErrNoRows {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return place, fmt.Errorf("place of account %d: %w", id, err)
	}
	return place, nil
}
