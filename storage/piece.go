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
