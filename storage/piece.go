package storage

import (
	"context"
	"database/sql"
	"time"
)

// pieceTime is how long one transaction of long work may take, about: whoever writes
// meanwhile waits for it, and each costs an fsync.
const pieceTime = 15 * time.Millisecond

// pace is how many things one transaction of long work takes, so that it stays near
// pieceTime.
type pace int

// firstPace is a number that takes less, whatever the work.
const firstPace pace = 20

// learn takes into account how long so many things took.
func (p *pace) learn(took time.Duration) {
	fits := pace(float64(*p) * float64(pieceTime) / float64(max(took, time.Microsecond)))
	*p = min(max(fits, *p/2, 5), 2**p, 5000)
}

// inPieces runs fn over count things, some in each transaction, so that others write in
// between. What was done before an error stays.
func (db *DB) inPieces(ctx context.Context, count int, fn func(tx *sql.Tx, from, to int) error) error {
	p := firstPace
	for from := 0; from < count; {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+int(p), count)
		var took time.Duration
		err := db.write(ctx, func(tx *sql.Tx) error {
			start := time.Now()
			defer func() { took = time.Since(start) }()
			return fn(tx, from, to)
		})
		if err != nil {
			return err
		}
		p.learn(took)
		from = to
	}
	return nil
}

// span is the customers after one number, up to another.
type span struct{ after, last int64 }

// eachSpan runs fn over the customers of a table of the stage, a span in each
// transaction, and tells how many are done. ctx is looked at in between.
func (db *DB) eachSpan(ctx context.Context, stage *Staging, table string, fn func(tx *sql.Tx, of span) error, progress func(done int64)) error {
	of, p := span{}, firstPace
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var count int64
		var took time.Duration
		err := db.publish(context.WithoutCancel(ctx), stage, func(tx *sql.Tx) error {
			start := time.Now()
			defer func() { took = time.Since(start) }()
			err := tx.QueryRow(`SELECT COALESCE(max(customer_id), 0), count(*) FROM (SELECT customer_id FROM stage.`+table+`
				WHERE customer_id > ? ORDER BY customer_id LIMIT ?)`, of.after, p).Scan(&of.last, &count)
			if err != nil || count == 0 {
				return err
			}
			return fn(tx, of)
		})
		if err != nil || count == 0 {
			return err
		}
		done += count
		progress(done)
		p.learn(took)
		of.after = of.last
	}
}

// deleteInPieces deletes rows, a table and a WHERE that chooses some of those that are
// to go, until none is left.
func (db *DB) deleteInPieces(ctx context.Context, rows string) error {
	for {
		left := false
		err := db.write(ctx, func(tx *sql.Tx) error {
			res, err := tx.Exec(`DELETE FROM ` + rows)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			left = n > 0
			return err
		})
		if err != nil || !left {
			return err
		}
	}
}
