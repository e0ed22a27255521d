package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"actnow"
	"actnow/matcher"
)

// accountKey is the SQL of an account's key: stable over imports.
const accountKey = `a.source || ':' || a.external_id`

// isDecided says that decision d is about account a. A column as it stands would
// be compared in another way than the index of keys is sorted, so it is none.
const isDecided = accountKey + ` = d.account_key || ''`

// MatchInput is everything a match run needs, as of one moment.
type MatchInput struct {
	Customers []matcher.Record
	Accounts  []matcher.Record
	Decisions []matcher.Decision // the newest of each pair, undone ones left out
	// LastDecision is the newest decision there was: SaveMatches leaves alone
	// what people decided after it.
	LastDecision int64
}

// MatchInput reads customers, accounts and decisions for a match run. Accounts
// that were deleted or merged away are left out.
func (db *DB) MatchInput(ctx context.Context) (MatchInput, error) {
	var in MatchInput
	err := db.read(ctx, func(tx *sql.Tx) error {
		err := each(tx, `SELECT key, name, domain, city, state, postal_code, country, tpid FROM customers ORDER BY key`, nil,
			func(rows *sql.Rows) error {
				var r matcher.Record
				err := rows.Scan(&r.Key, &r.Name, &r.Website, &r.City, &r.State, &r.PostalCode, &r.Country, &r.TPID)
				in.Customers = append(in.Customers, r)
				return err
			})
		if err != nil {
			return err
		}
		err = each(tx, `SELECT `+accountKey+`, a.name, a.website, a.domains, a.city, a.state, a.postal_code, a.country, a.tpid,
			COALESCE((SELECT min(c.address) FROM contacts c WHERE c.source = a.source AND c.account_ref = a.external_id AND c.address <> '' AND c.deleted_at IS NULL), '')
			FROM accounts a WHERE a.deleted_at IS NULL AND a.merged_into = '' ORDER BY 1`, nil,
			func(rows *sql.Rows) error {
				var r matcher.Record
				var domains string
				if err := rows.Scan(&r.Key, &r.Name, &r.Website, &domains, &r.City, &r.State, &r.PostalCode, &r.Country, &r.TPID, &r.Email); err != nil {
					return err
				}
				in.Accounts = append(in.Accounts, r)
				return json.Unmarshal([]byte(domains), &in.Accounts[len(in.Accounts)-1].Domains)
			})
		if err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT COALESCE(max(id), 0) FROM match_decisions`).Scan(&in.LastDecision); err != nil {
			return err
		}
		return each(tx, `SELECT customer_key, account_key, verdict FROM match_decisions d
			WHERE verdict <> 'undone' AND id = (SELECT max(id) FROM match_decisions n WHERE n.account_key = d.account_key AND n.customer_key = d.customer_key)
			ORDER BY id`, nil,
			func(rows *sql.Rows) error {
				var d matcher.Decision
				err := rows.Scan(&d.Customer, &d.Account, &d.Verdict)
				in.Decisions = append(in.Decisions, d)
				return err
			})
	})
	if err != nil {
		return in, fmt.Errorf("read match input: %w", err)
	}
	return in, nil
}

// SaveMatches saves the outcome for some accounts, in place of what was known of
// them, some in each transaction. An account about which somebody decided after lastDecision is left as
// it is.
func (db *DB) SaveMatches(ctx context.Context, matches []matcher.Match, lastDecision int64) error {
	err := db.inPieces(ctx, len(matches), func(tx *sql.Tx, from, to int) error {
		for _, m := range matches[from:to] {
			if err := db.saveMatch(tx, m, lastDecision); err != nil {
				return fmt.Errorf("account %s: %w", m.Account, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save %d matches: %w", len(matches), err)
	}
	return nil
}

func (db *DB) saveMatch(tx *sql.Tx, m matcher.Match, lastDecision int64) error {
	var account actnow.AccountID
	err := tx.QueryRow(`SELECT a.id FROM accounts a WHERE `+accountKey+` = ? AND a.deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM match_decisions d WHERE d.account_key = ? AND d.id > ?)`, m.Account, m.Account, lastDecision).Scan(&account)
	if err == sql.ErrNoRows {
		return nil // deleted since, or decided since
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM match_candidates WHERE account_id = ?`, account); err != nil {
		return err
	}
	var best matcher.Candidate
	var bestID any
	for i, c := range m.Candidates {
		row := c
		if m.Decided {
			row = c.Undecided() // the word is kept apart, and can be taken back
		}
		var customer actnow.CustomerID
		switch err := tx.QueryRow(`SELECT id FROM customers WHERE key = ?`, c.Customer).Scan(&customer); {
		case err == sql.ErrNoRows:
			continue // its key changed since the run began; the next run sees it
		case err != nil:
			return err
		}
		comparisons, err := json.Marshal(row.Comparisons)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO match_candidates (account_id, rank, customer_id, probability, stage, reason, comparisons, pattern) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			account, i+1, customer, row.Probability, string(row.Stage), row.Reason, string(comparisons), matcher.Pattern(row.Comparisons))
		if err != nil {
			return err
		}
		if bestID == nil {
			best, bestID = c, customer
		}
	}
	band := m.Band
	if bestID == nil {
		band = actnow.BandNone
	}
	machine := band
	if m.Decided {
		machine = actnow.BandReview // taken back, it is asked again, never taken for granted
	}
	return upsertMatch(tx, account, bestID, band, m.Decided, best.Stage, best.Probability, best.Reason, string(machine), db.now().Unix())
}

func upsertMatch(tx *sql.Tx, account actnow.AccountID, customer any, band actnow.MatchBand, decided bool, stage actnow.MatchStage, probability float64, reason, machine string, at int64) error {
	_, err := tx.Exec(`INSERT INTO matches (account_id, customer_id, band, decided, stage, probability, reason, machine_band, matched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id, band = excluded.band, decided = excluded.decided,
			stage = excluded.stage, probability = excluded.probability, reason = excluded.reason, machine_band = excluded.machine_band, matched_at = excluded.matched_at`,
		account, customer, string(band), decided, string(stage), probability, reason, machine, at)
	return err
}

// MatchCounts returns the outcome of matching over all accounts.
func (db *DB) MatchCounts(ctx context.Context) (actnow.MatchCounts, error) {
	n := actnow.MatchCounts{ByStage: actnow.NoStages()}
	err := db.read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRow(`SELECT count(*), COALESCE(sum(m.band = 'match'), 0), COALESCE(sum(m.band = 'review'), 0)
			FROM accounts a LEFT JOIN matches m ON m.account_id = a.id WHERE a.deleted_at IS NULL AND a.merged_into = ''`).Scan(&n.Accounts, &n.Match, &n.Review)
		if err != nil {
			return err
		}
		n.None = n.Accounts - n.Match - n.Review
		return each(tx, `SELECT m.stage, count(*) FROM matches m JOIN accounts a ON a.id = m.account_id
			WHERE m.band = 'match' AND m.stage <> '' AND a.deleted_at IS NULL AND a.merged_into = '' GROUP BY m.stage`, nil,
			func(rows *sql.Rows) error {
				var stage actnow.MatchStage
				var count int
				err := rows.Scan(&stage, &count)
				n.ByStage[stage] = count
				return err
			})
	})
	if err != nil {
		return n, fmt.Errorf("match counts: %w", err)
	}
	return n, nil
}
