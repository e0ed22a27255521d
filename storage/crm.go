package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"actnow"
	"actnow/crm"
)

var _ crm.Store = (*DB)(nil)

// ApplyChanges implements crm.Store.
func (db *DB) ApplyChanges(ctx context.Context, conn actnow.ConnectionID, changes []crm.Change) ([]crm.Outcome, error) {
	var out []crm.Outcome
	err := db.write(ctx, func(tx *sql.Tx) error {
		var err error
		out, err = db.applyChanges(tx, conn, changes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("apply %d changes of connection %d: %w", len(changes), conn, err)
	}
	return out, nil
}

func (db *DB) applyChanges(tx *sql.Tx, conn actnow.ConnectionID, changes []crm.Change) ([]crm.Outcome, error) {
	a, err := newApplier(tx, conn, db.now().Unix())
	if err != nil {
		return nil, err
	}
	defer a.close()
	out := make([]crm.Outcome, len(changes))
	for i, c := range changes {
		if out[i], err = a.apply(c); err != nil {
			return nil, fmt.Errorf("%s %q: %w", c.Kind, c.ID, err)
		}
	}
	return out, nil
}

// CompareChanges implements crm.Store.
func (db *DB) CompareChanges(ctx context.Context, conn actnow.ConnectionID, changes []crm.Change) ([]crm.Outcome, error) {
	out := make([]crm.Outcome, len(changes))
	err := db.read(ctx, func(tx *sql.Tx) error {
		a, err := newApplier(tx, conn, db.now().Unix())
		if err != nil {
			return err
		}
		defer a.close()
		states := map[string]*crm.State{}
		for i, c := range changes {
			key := string(c.Kind) + ":" + c.ID
			if states[key] == nil {
				rec, err := a.load(c.Kind, c.ID)
				if err != nil {
					return fmt.Errorf("%s %q: %w", c.Kind, c.ID, err)
				}
				states[key] = &rec.state
			}
			out[i], _ = states[key].Apply(c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare %d changes of connection %d: %w", len(changes), conn, err)
	}
	return out, nil
}

// applier applies changes of one connection in one transaction.
type applier struct {
	tx     *sql.Tx
	conn   actnow.ConnectionID
	source string
	basis  string // the connection's default
	now    int64
	loads  map[crm.Kind]*sql.Stmt
	saves  map[crm.Kind]*sql.Stmt
	merges *sql.Stmt
	areas  productAreas
}

func newApplier(tx *sql.Tx, conn actnow.ConnectionID, now int64) (*applier, error) {
	a := &applier{tx: tx, conn: conn, now: now, loads: map[crm.Kind]*sql.Stmt{}, saves: map[crm.Kind]*sql.Stmt{}}
	err := tx.QueryRow(`SELECT source, basis FROM connections WHERE id = ?`, conn).Scan(&a.source, &a.basis)
	if err != nil {
		return nil, fmt.Errorf("connection %d: %w", conn, noRows(err))
	}
	return a, nil
}

func (a *applier) close() {
	if a.merges != nil {
		a.merges.Close()
	}
	for _, m := range []map[crm.Kind]*sql.Stmt{a.loads, a.saves} {
		for _, s := range m {
			s.Close()
		}
	}
}

// prepare returns the statement of a kind, prepared once for the transaction.
func (a *applier) prepare(have map[crm.Kind]*sql.Stmt, k crm.Kind, text func(crmTable) string) (*sql.Stmt, error) {
	if s := have[k]; s != nil {
		return s, nil
	}
	t, ok := crmTables[k]
	if !ok {
		return nil, fmt.Errorf("no table for %q", k)
	}
	s, err := a.tx.Prepare(text(t))
	if err != nil {
		return nil, err
	}
	have[k] = s
	return s, nil
}

func (a *applier) apply(c crm.Change) (crm.Outcome, error) {
	rec, err := a.load(c.Kind, c.ID)
	if err != nil {
		return "", err
	}
	merged := rec.state.MergedInto
	o, save := rec.state.Apply(c)
	if !save {
		return o, nil
	}
	if err := a.save(c.Kind, c.ID, rec); err != nil {
		return "", fmt.Errorf("save: %w", err)
	}
	if c.Kind == crm.Account && rec.state.MergedInto != merged {
		if err := a.relink(c.ID); err != nil {
			return "", fmt.Errorf("relink: %w", err)
		}
	}
	return o, nil
}

// follow returns the id that an account lives on under after merges: its own if
// it was not merged, or if merges lead back to it.
func (a *applier) follow(id string) (string, error) {
	if id == "" {
		return "", nil
	}
	if a.merges == nil {
		var err error
		a.merges, err = a.tx.Prepare(`SELECT merged_into FROM accounts WHERE source = ? AND external_id = ?`)
		if err != nil {
			return "", err
		}
	}
	at := id
	for range 20 {
		var next string
		err := a.merges.QueryRow(a.source, at).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) || err == nil && next == "" {
			return at, nil
		}
		if err != nil {
			return "", err
		}
		if next == id {
			break
		}
		at = next
	}
	return id, nil
}

// relink leads the records of an account, and of those merged into it, to where
// they belong after a merge or the end of one.
func (a *applier) relink(id string) error {
	ids, err := a.column(`
		WITH RECURSIVE merged (id) AS (
			SELECT ?
			UNION
			SELECT a.external_id FROM accounts a JOIN merged m ON a.merged_into = m.id
			WHERE a.source = ? AND a.merged_into <> ''
		)
		SELECT id FROM merged`, id, a.source)
	if err != nil {
		return err
	}
	for _, from := range ids {
		to, err := a.follow(from)
		if err != nil {
			return err
		}
		for _, table := range []string{"contacts", "opportunities", "subscriptions", "transactions"} {
			_, err := a.tx.Exec(`UPDATE `+table+` SET account_ref = ?, account_said = ?, updated_at = ?
				WHERE source = ? AND account_ref = ? AND account_said IN ('', ?) AND account_ref <> ?`,
				to, from, a.now, a.source, from, from, to)
			if err != nil {
				return err
			}
			_, err = a.tx.Exec(`UPDATE `+table+` SET account_ref = ?, updated_at = ?
				WHERE source = ? AND account_said = ? AND account_said <> account_ref AND account_ref <> ?`,
				to, a.now, a.source, from, to)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// column reads a column of texts, so that no rows are open when writing goes on.
func (a *applier) column(query string, args ...any) ([]string, error) {
	rows, err := a.tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
