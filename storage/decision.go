package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow"
	"actnow/matcher"
)

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
		if _, err := tx.Exec(insertDecision, pair.customer, pair.account, string(verdict), note, by.Name, db.now().Unix(), nil, account, customer); err != nil {
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

// insertDecision keeps a decision with the pattern that the pair had then.
const insertDecision = `INSERT INTO match_decisions (customer_key, account_key, verdict, note, decided_by, decided_at, batch, pattern)
	VALUES (?, ?, ?, ?, ?, ?, ?, COALESCE((SELECT b.pattern FROM match_candidates b WHERE b.account_id = ? AND b.customer_id = ?), ''))`

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
		if best.p >= matcher.ReviewFrom {
			band = actnow.BandReview
		}
	}
	return upsertMatch(tx, account, best.customer, band, false, best.stage, best.p, best.reason, machine, now)
}

// Decisions returns the newest decisions given one by one, newest first.
func (db *DB) Decisions(ctx context.Context, scope actnow.Scope, limit int) ([]actnow.DecisionRow, error) {
	var list []actnow.DecisionRow
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		return each(tx, `SELECT COALESCE(a.id, 0), c.id, CASE WHEN c.name <> '' THEN c.name WHEN c.domain <> '' THEN c.domain ELSE c.tpid END, COALESCE(a.name, d.account_key),
				d.verdict, d.note, d.decided_by, d.decided_at,
				d.verdict <> 'undone' AND a.id IS NOT NULL AND a.deleted_at IS NULL
				AND `+newestOfPair+`
			FROM match_decisions d JOIN customers c ON c.key = d.customer_key LEFT JOIN accounts a ON `+isDecided+`
			WHERE d.batch IS NULL AND `+in.sql+` ORDER BY d.id DESC LIMIT ?`, append(in.args, limit),
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
