package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"actnow"
	"actnow/matcher"
)

// AccountMatch returns what holds for an account: its candidates as the last
// run found them, and what people decided about them since. The account is
// named by its key, source:id, or by its id in the CRM where no other source
// has the same.
//
// The error is a *actnow.InputError if there is no such account, if several
// have the id, or if no run has seen it.
func (db *DB) AccountMatch(ctx context.Context, name string) (matcher.Match, error) {
	var m matcher.Match
	err := db.read(ctx, func(tx *sql.Tx) error {
		id, key, err := findAccount(tx, name)
		if err != nil {
			return err
		}
		m.Account = key
		var customer string
		err = tx.QueryRow(`SELECT m.band, m.decided, COALESCE(c.key, '') FROM matches m LEFT JOIN customers c ON c.id = m.customer_id WHERE m.account_id = ?`, id).
			Scan(&m.Band, &m.Decided, &customer)
		if err == sql.ErrNoRows {
			return actnow.Invalid("error.match_not_run", "", "account %s has not been matched yet: run actnow match run", key)
		}
		if err != nil {
			return err
		}
		if m.Candidates, err = standingCandidates(tx, id, key); err != nil || !m.Decided {
			return err
		}
		m.Candidates = confirmed(m.Candidates, customer)
		return nil
	})
	if err != nil {
		return matcher.Match{}, fmt.Errorf("match of account %s: %w", name, err)
	}
	return m, nil
}

// findAccount returns the account with the key or, if there is none, the one
// with the id in the CRM.
func findAccount(tx *sql.Tx, name string) (actnow.AccountID, string, error) {
	var ids []actnow.AccountID
	var keys []string
	err := each(tx, `SELECT a.id, `+accountKey+` FROM accounts a
		WHERE (a.external_id = ? OR `+accountKey+` = ?) AND a.deleted_at IS NULL AND a.merged_into = '' ORDER BY 2`, []any{name, name},
		func(rows *sql.Rows) error {
			var id actnow.AccountID
			var key string
			err := rows.Scan(&id, &key)
			ids, keys = append(ids, id), append(keys, key)
			return err
		})
	if err != nil {
		return 0, "", err
	}
	for i, key := range keys {
		if key == name {
			return ids[i], key, nil
		}
	}
	switch len(ids) {
	case 0:
		return 0, "", actnow.Invalid("error.match_account", "", "there is no account %s", name)
	case 1:
		return ids[0], keys[0], nil
	}
	return 0, "", actnow.Invalid("error.match_ambiguous", "", "several accounts have the id %s: name one of %s", name, strings.Join(keys, ", "))
}

// standingCandidates returns the candidates of an account that nobody refused.
func standingCandidates(tx *sql.Tx, id actnow.AccountID, key string) ([]matcher.Candidate, error) {
	var list []matcher.Candidate
	err := each(tx, `SELECT c.key, mc.probability, mc.stage, mc.reason, mc.comparisons
		FROM match_candidates mc JOIN customers c ON c.id = mc.customer_id
		WHERE mc.account_id = ? AND COALESCE((SELECT d.verdict FROM match_decisions d
			WHERE d.account_key = ? AND d.customer_key = c.key ORDER BY d.id DESC LIMIT 1), '') <> 'no' ORDER BY mc.rank`, []any{id, key},
		func(rows *sql.Rows) error {
			var c matcher.Candidate
			var comparisons []byte
			if err := rows.Scan(&c.Customer, &c.Probability, &c.Stage, &c.Reason, &comparisons); err != nil {
				return err
			}
			list = append(list, c)
			return json.Unmarshal(comparisons, &list[len(list)-1].Comparisons)
		})
	return list, err
}

// confirmed returns the candidate that a person said yes to, alone; a customer
// that was no candidate has only that person's word.
func confirmed(list []matcher.Candidate, customer string) []matcher.Candidate {
	for _, c := range list {
		if c.Customer == customer {
			return []matcher.Candidate{c.Confirmed()}
		}
	}
	return []matcher.Candidate{matcher.Candidate{Customer: customer}.Confirmed()}
}
