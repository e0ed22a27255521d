package reports

import (
	"context"

	"actnow"
)

// Store keeps snapshots. It stages rows apart from live data and publishes them
// customer by customer.
type Store interface {
	// Imported returns the result of an earlier import of the same content for
	// the same report and month, with Superseded set if it is not the current
	// one. The error matches actnow.ErrNotFound.
	Imported(ctx context.Context, sha256 string, kind Kind, month actnow.Month) (Result, error)
	// ImportedAnyMonth is Imported without regard to the month: the latest one.
	ImportedAnyMonth(ctx context.Context, sha256 string) (Result, error)
	// Stage opens an empty stage for the file.
	Stage(ctx context.Context, head Head) (Stage, error)
}

// Stage holds the rows of one file until they are published or dropped. It is
// used by one goroutine.
type Stage interface {
	// Add stages rows. The rows and their slices are not kept.
	Add(ctx context.Context, rows []Row) error
	// Compare returns res with the counts of what Publish would do. After either
	// the stage can only be dropped.
	Compare(ctx context.Context, res Result) (Result, error)
	// Publish makes the snapshot current with the columns, rejected lines and
	// warnings of res, and returns res with the counts. A row that repeats an
	// earlier one cell for cell counts once. Nobody is gone unless Head says
	// that the file is complete and no line was rejected. In the end all of it has
	// happened or none of it, whatever ends it; meanwhile what it says of a customer
	// shows as soon as it is there, so that others need not wait to write, and the
	// snapshot itself shows last. progress is called with how much is done of how much.
	// If the same content was published for the month before, that result comes back
	// with AlreadyImported set; if it was superseded, taken back, or its columns were read
	// otherwise, it is published anew, and the new snapshot takes its place.
	Publish(ctx context.Context, res Result, progress func(done, total int64)) (Result, error)
	// Discard drops the stage; after Publish it does nothing.
	Discard() error
}
