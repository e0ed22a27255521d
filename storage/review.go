package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

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

// bandAccounts returns the FROM and WHERE of the accounts in a band whose best
// candidate is in the scope.
func bandAccounts(scope actnow.Scope, band actnow.MatchBand) clause {
	in := inScope(scope, "m.customer_id")
	return clause{
		sql: ` FROM matches m JOIN accounts a ON a.id = m.account_id LEFT JOIN customers c ON c.id = m.customer_id
			WHERE m.band = ? AND a.deleted_at IS NULL AND a.merged_into = '' AND (m.customer_id IS NULL OR ` + in.sql + `)`,
		args: append([]any{string(band)}, in.args...),
	}
}

// Reviews returns accounts in the band, the likeliest first, whose best
// candidate is in the scope, and how many there are in all. Each has its best
// candidate alone, without comparisons; all of them are read by Review.
func (db *DB) Reviews(ctx context.Context, scope actnow.Scope, band actnow.MatchBand, offset, limit int) (list []actnow.Review, total int, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		from := bandAccounts(scope, band)
		if err := tx.QueryRow(`SELECT count(*)`+from.sql, from.args...).Scan(&total); err != nil {
			return err
		}
		return each(tx, `SELECT `+accountColumns+`, m.band, m.decided, m.probability, m.stage, m.reason,
			COALESCE(c.id, 0), COALESCE(c.name, ''), COALESCE(c.domain, ''), COALESCE(c.tpid, ''), COALESCE(c.city, ''), COALESCE(c.country, '')`+
			from.sql+` ORDER BY m.probability DESC, a.id LIMIT ? OFFSET ?`,
			append(from.args, min(max(limit, 1), maxPage), max(offset, 0)),
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
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list reviews: %w", err)
	}
	return list, total, nil
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
// for a decision, in the order of Reviews.
func (db *DB) ReviewPlace(ctx context.Context, scope actnow.Scope, id actnow.AccountID) (actnow.ReviewPlace, error) {
	var place actnow.ReviewPlace
	err := db.read(ctx, func(tx *sql.Tx) error {
		from := bandAccounts(scope, actnow.BandReview)
		var waits bool
		p := 0.0
		err := tx.QueryRow(`SELECT m.band = 'review', m.probability FROM matches m WHERE m.account_id = ?`, id).Scan(&waits, &p)
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

// Decide records a person's word on an account and a customer and lets it act
// at once: yes makes the match, no takes the customer out of the running and
// leaves the next candidate for review, undone takes the newest word on the
// pair back. The decision outlives later imports and match runs. The error
// matches actnow.ErrNotFound if the pair is not in the scope, and
// actnow.ErrConflict for undone where nothing was decided.
func (db *DB) Decide(ctx context.Context, scope actnow.Scope, by actnow.Actor, account actnow.AccountID, customer actnow.CustomerID, verdict actnow.Verdict, note string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var pair struct{ account, customer, before string }
		in := inScope(scope, "c.id")
		err := tx.QueryRow(`SELECT `+accountKey+`, c.key, COALESCE((SELECT d.verdict FROM match_decisions d
				WHERE d.account_key = `+accountKey+` AND d.customer_key = c.key ORDER BY d.id DESC LIMIT 1), '')
			FROM accounts a, customers c WHERE a.id = ? AND c.id = ? AND a.deleted_at IS NULL AND `+in.sql,
			append([]any{account, customer}, in.args...)...).Scan(&pair.account, &pair.customer, &pair.before)
		if err != nil {
			return noRows(err)
		}
		if verdict == actnow.VerdictUndone && (pair.before == "" || pair.before == string(actnow.VerdictUndone)) {
			return &actnow.StateError{Noun: "decision", Have: "not there", Want: "made"}
		}
		_, err = tx.Exec(`INSERT INTO match_decisions (customer_key, account_key, verdict, note, decided_by, decided_at) VALUES (?, ?, ?, ?, ?, ?)`,
			pair.customer, pair.account, string(verdict), note, by.Name, db.now().Unix())
		if err != nil {
			return err
		}
		if err := db.settleMatch(tx, account, pair.account); err != nil {
			return err
		}
		return db.audit(tx, by, "match."+string(verdict), fmt.Sprintf("account:%d", account),
			map[string]any{"account": pair.account, "customer": pair.customer, "before": pair.before, "note": note})
	})
	if err != nil {
		return fmt.Errorf("decide account %d, customer %d: %w", account, customer, err)
	}
	return nil
}

// settleMatch sets the outcome of an account by its decisions and candidates.
func (db *DB) settleMatch(tx *sql.Tx, account actnow.AccountID, key string) error {
	var machine string
	if err := tx.QueryRow(`SELECT machine_band FROM matches WHERE account_id = ?`, account).Scan(&machine); err == sql.ErrNoRows {
		machine = string(actnow.BandNone)
	} else if err != nil {
		return err
	}
	now := db.now().Unix()
	const newest = `(SELECT d.verdict FROM match_decisions d WHERE d.account_key = ? AND d.customer_key = c.key ORDER BY d.id DESC LIMIT 1)`

	var yes actnow.CustomerID
	err := tx.QueryRow(`SELECT c.id FROM match_decisions y JOIN customers c ON c.key = y.customer_key
		WHERE y.account_key = ? AND y.verdict = 'yes' AND `+newest+` = 'yes' ORDER BY y.id DESC LIMIT 1`, key, key).Scan(&yes)
	if err == nil {
		var stage actnow.MatchStage
		var reason string
		err := tx.QueryRow(`SELECT stage, reason FROM match_candidates WHERE account_id = ? AND customer_id = ?`, account, yes).Scan(&stage, &reason)
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		return upsertMatch(tx, account, yes, actnow.BandMatch, true, stage, 1, reason, machine, now)
	}
	if err != sql.ErrNoRows {
		return err
	}

	var best struct {
		customer actnow.CustomerID
		rank     int
		p        float64
		stage    actnow.MatchStage
		reason   string
	}
	err = tx.QueryRow(`SELECT mc.customer_id, mc.rank, mc.probability, mc.stage, mc.reason
		FROM match_candidates mc JOIN customers c ON c.id = mc.customer_id
		WHERE mc.account_id = ? AND COALESCE(`+newest+`, '') <> 'no' ORDER BY mc.rank LIMIT 1`, account, key).
		Scan(&best.customer, &best.rank, &best.p, &best.stage, &best.reason)
	if err == sql.ErrNoRows {
		return upsertMatch(tx, account, nil, actnow.BandNone, true, "", 0, "", machine, now)
	}
	if err != nil {
		return err
	}
	band := actnow.MatchBand(machine)
	if best.rank > 1 {
		// The first one was refused: the next is never taken without being asked.
		band = actnow.BandNone
		if best.p >= reviewFloor {
			band = actnow.BandReview
		}
	}
	return upsertMatch(tx, account, best.customer, band, false, best.stage, best.p, best.reason, machine, now)
}

// reviewFloor is the probability from which a person is asked.
const reviewFloor = 0.30

// Decisions returns the newest decisions, newest first.
func (db *DB) Decisions(ctx context.Context, scope actnow.Scope, limit int) ([]actnow.DecisionRow, error) {
	var list []actnow.DecisionRow
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		return each(tx, `SELECT COALESCE(a.id, 0), c.id, CASE WHEN c.name <> '' THEN c.name WHEN c.domain <> '' THEN c.domain ELSE c.tpid END, COALESCE(a.name, d.account_key),
				d.verdict, d.note, d.decided_by, d.decided_at,
				d.verdict <> 'undone' AND a.id IS NOT NULL AND a.deleted_at IS NULL
				AND d.id = (SELECT max(n.id) FROM match_decisions n WHERE n.account_key = d.account_key AND n.customer_key = d.customer_key)
			FROM match_decisions d JOIN customers c ON c.key = d.customer_key LEFT JOIN accounts a ON `+accountKey+` = d.account_key
			WHERE `+in.sql+` ORDER BY d.id DESC LIMIT ?`, append(in.args, limit),
			func(rows *sql.Rows) error {
				var r actnow.DecisionRow
				err := rows.Scan(&r.AccountID, &r.CustomerID, &r.Customer, &r.Account, &r.Verdict, &r.Note, &r.By, &r.At, &r.Stands)
				list = append(list, r)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list decisions: %w", err)
	}
	return list, nil
}
