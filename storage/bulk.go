package storage

import (
	"context"
	"database/sql"
	"strings"
)

// bulk gathers the rows of one table and inserts many with one statement.
type bulk struct {
	table   string
	columns int
	repeat  string // what to do with a row that is there
	values  []any
}

// bulkValues is how many values a statement of a bulk binds, about: enough that
// calls do not count, and few enough that it is soon parsed.
const bulkValues = 600

func (b *bulk) add(values ...any) { b.values = append(b.values, values...) }

// insert inserts what was added, all of it or an error. ctx is looked at before
// it begins: while it runs, watching it would cost more than the rows.
func (b *bulk) insert(ctx context.Context, tx *sql.Tx) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	left := b.values
	b.values = b.values[:0]
	whole := max(bulkValues/b.columns, 1) * b.columns
	if len(left) >= 2*whole {
		stmt, err := tx.Prepare(b.statement(whole))
		if err != nil {
			return err
		}
		defer stmt.Close()
		for ; len(left) >= whole; left = left[whole:] {
			if _, err := stmt.Exec(left[:whole]...); err != nil {
				return err
			}
		}
	}
	for len(left) > 0 {
		n := min(whole, len(left))
		if _, err := tx.Exec(b.statement(n), left[:n]...); err != nil {
			return err
		}
		left = left[n:]
	}
	return nil
}

// statement inserts as many rows as take n values. Who gets an error of it undoes
// all, so that it need not be able to undo itself.
func (b *bulk) statement(n int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", b.columns), ", ") + ")"
	return "INSERT OR FAIL INTO " + b.table + " VALUES " + strings.TrimSuffix(strings.Repeat(one+", ", n/b.columns), ", ") + b.repeat
}
