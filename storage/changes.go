package storage

import (
	"database/sql"
	"fmt"

	"modernc.org/sqlite"
)

// watchedTables are the tables that something kept in memory is read from, and by
// which name their changes are counted in the table changes.
var watchedTables = map[string]string{
	"customers": "reports", "standings": "reports", "customer_facts": "reports", "customer_locations": "reports",
	"cohort_members": "reports", "agreements": "reports",
	"matches": "crm", "accounts": "crm", "contacts": "crm", "suppressions": "crm",
	"hold_outs": "launches", "propensities": "launches", "snapshots": "launches",
	"ledger": "ledger", "campaign_runs": "ledger",
}

// changeCounter counts, in the transaction of the change itself, how often watched
// tables change: a reader sees by the count whether what it keeps still holds in its
// own transaction. Only the goroutine that writes uses it.
type changeCounter struct {
	hooks sqlite.HookRegisterer // of the writing connection
	seen  map[string]bool       // what has changed
}

func newChangeCounter(conn *sql.Conn) (*changeCounter, error) {
	c := &changeCounter{seen: map[string]bool{}}
	err := conn.Raw(func(driver any) error {
		hooks, ok := driver.(sqlite.HookRegisterer)
		if !ok {
			return fmt.Errorf("connection %T has no hooks", driver)
		}
		c.hooks = hooks
		c.watch(true)
		return nil
	})
	return c, err
}

// watch tells whether each row is looked at. That costs some 4 % of an import.
func (c *changeCounter) watch(on bool) {
	if !on {
		c.hooks.RegisterPreUpdateHook(nil)
		return
	}
	c.hooks.RegisterPreUpdateHook(func(row sqlite.SQLitePreUpdateData) {
		if what, ok := watchedTables[row.TableName]; ok && row.DatabaseName == "main" {
			c.seen[what] = true
		}
	})
}

// counted is fn, followed by the counting of what it changed.
func (c *changeCounter) counted(fn func(tx *sql.Tx) error) func(tx *sql.Tx) error {
	return func(tx *sql.Tx) error {
		clear(c.seen)
		if err := fn(tx); err != nil {
			return err
		}
		for what := range c.seen {
			if _, err := tx.Exec(`INSERT INTO changes (what, count) VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET count = changes.count + 1`, what); err != nil {
				return fmt.Errorf("count the change of %s: %w", what, err)
			}
		}
		return nil
	}
}

// countedAsAll is counted for work that changes so many rows that looking at each
// would slow it down: it counts as a change of everything.
func (c *changeCounter) countedAsAll(fn func(tx *sql.Tx) error) func(tx *sql.Tx) error {
	return c.counted(func(tx *sql.Tx) error {
		c.watch(false)
		defer c.watch(true)
		for _, what := range watchedTables {
			c.seen[what] = true
		}
		return fn(tx)
	})
}
