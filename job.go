package actnow

import "errors"

// ErrCancelled is why a job ended that a person cancelled.
var ErrCancelled = errors.New("cancelled")

// JobState is where a piece of long work stands.
type JobState string

// The states of a job.
const (
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Job is a piece of long work whose progress pages show: an import, a match
// run, a scoring run.
type Job struct {
	ID         JobID
	Kind       string // "import", "match", "score"
	Title      string
	State      JobState
	Done       int64
	Total      int64       // 0 while it is not known
	Message    string      // why it failed, in English
	Failure    *InputError // the same as a sentence of the catalogues, nil if there is none
	Result     []byte      // JSON, of the kind's own result
	By         string
	StartedAt  int64
	UpdatedAt  int64
	FinishedAt int64
}

// Halves splits the progress of work, nil for none, into that of its first and of its
// second half, each in a measure of its own. A total of 0 is not known.
func Halves(progress func(done, total int64)) (first, second func(done, total int64)) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	return func(done, total int64) { progress(done, 2*total) }, func(done, total int64) { progress(total+done, 2*total) }
}
