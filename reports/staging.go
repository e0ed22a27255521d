package reports

import (
	"context"
	"fmt"
)

// staging hands rows to a stage on a goroutine of its own, so that one core reads
// while another writes.
type staging struct {
	batch []Row
	full  chan []Row
	empty chan []Row
	ended chan struct{} // closed when the goroutine ends
	err   error         // why; to be read after that
}

// newStaging begins to stage. It ends with finish or abandon, and the stage must
// not be used before.
func newStaging(ctx context.Context, stage Stage) *staging {
	s := &staging{batch: make([]Row, 0, batchRows), full: make(chan []Row, 1), empty: make(chan []Row, 3), ended: make(chan struct{})}
	for range 2 {
		s.empty <- make([]Row, 0, batchRows)
	}
	go func() {
		defer close(s.ended)
		defer func() {
			if r := recover(); r != nil { // as on the goroutine of the import
				s.err = fmt.Errorf("panic while staging: %v", r)
			}
		}()
		for batch := range s.full {
			if s.err = ctx.Err(); s.err == nil {
				s.err = stage.Add(ctx, batch)
			}
			if s.err != nil {
				return
			}
			s.empty <- batch[:0]
		}
	}()
	return s
}

// add stages a row, soon. handed is true when a batch went its way; the error may be of
// a row before.
func (s *staging) add(r Row) (handed bool, err error) {
	if s.batch = append(s.batch, r); len(s.batch) < batchRows {
		return false, nil
	}
	return true, s.hand()
}

func (s *staging) hand() error {
	select {
	case s.full <- s.batch:
	case <-s.ended:
		return s.err
	}
	select {
	case s.batch = <-s.empty:
		return nil
	case <-s.ended:
		return s.err
	}
}

// finish stages what is left and waits until all is staged.
func (s *staging) finish() error {
	if err := s.hand(); err != nil {
		return err
	}
	close(s.full)
	<-s.ended
	return s.err
}

// abandon waits until the stage is no longer used. After finish it does nothing.
func (s *staging) abandon() {
	select {
	case <-s.ended:
	default:
		close(s.full)
		<-s.ended
	}
}
