package schedule

import (
	"errors"
	"fmt"
	"time"

	"actnow"
)

// ErrClock means that the system's time cannot be right, so that nothing may be
// decided by it.
var ErrClock = errors.New("the system time is not plausible")

// OnTime is how late a run may be found without counting as missed.
const OnTime = 5 * time.Minute

// How late a missed run may be if its schedule does not say.
const (
	MaxLateJob = 31 * 24 * time.Hour
	MaxLateAsk = 24 * time.Hour
)

// maxRuns is how many runs DueRuns returns at most, about: all that a line of
// each minute can miss within MaxLateJob.
const maxRuns = 50_000

// DueRuns returns the runs of s that are due at now and have no row yet, oldest
// first: those after the newest known run, or after s.Since if last is nil. Each
// is due, asks, or skipped, as the schedule's policy for missed periods says;
// a run found more than OnTime late counts as missed. It depends on nothing but
// its arguments.
//
// The work is bounded whatever the downtime: of a line that fell due more than
// about 50,000 times (a month of each minute, 136 years of each day), the oldest
// periods get no row.
//
// The error matches ErrClock if now is before 1970 or after 2200, and is an
// *actnow.InputError if the line or zone of s cannot be used.
func DueRuns(s Schedule, last *Run, now time.Time) ([]Run, error) {
	if now.Unix() < 0 || now.Year() > 2200 {
		return nil, fmt.Errorf("%w: %s", ErrClock, now.UTC().Format(time.RFC3339))
	}
	if !s.Enabled {
		return nil, nil
	}
	runs, err := missing(s, last, now)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	newest := len(runs) - 1
	for i := range runs {
		late := now.Sub(runs[i].DueAt)
		runs[i].State, runs[i].Failure = s.verdict(late, i == newest)
	}
	return runs, nil
}

// verdict says what becomes of a period found late, and why it is skipped.
func (s Schedule) verdict(late time.Duration, newest bool) (State, *actnow.InputError) {
	switch {
	case late > OnTime && late > s.maxLate():
		return Skipped, TooLate
	case s.CatchUp == CatchAll:
		return Due, nil
	case !newest:
		return Skipped, Overtaken
	case late <= OnTime:
		return Due, nil
	case s.CatchUp == CatchNone:
		return Skipped, Missed
	case s.CatchUp == CatchAsk:
		return Asks, nil
	}
	return Due, nil
}

func (s Schedule) maxLate() time.Duration {
	switch {
	case s.MaxLate > 0:
		return s.MaxLate
	case s.CatchUp == CatchAsk:
		return MaxLateAsk
	}
	return MaxLateJob
}

// missing returns the runs after the newest known one up to now, without states.
func missing(s Schedule, last *Run, now time.Time) ([]Run, error) {
	if !s.At.IsZero() {
		return missingInstant(s, last, now)
	}
	spec, err := Parse(s.Line, s.Zone, s.Last)
	if err != nil {
		return nil, err
	}
	from := s.Since
	if last != nil && last.DueAt.After(from) {
		from = last.DueAt
	}
	if oldest := now.AddDate(0, 0, -maxRuns/spec.timesADay()); oldest.After(from) {
		from = oldest
	}
	var runs []Run
	for at, period := range spec.Periods(from) {
		if at.After(now) {
			break
		}
		runs = append(runs, Run{Schedule: s.ID, Key: s.Key, Period: period, DueAt: at.UTC()})
	}
	return runs, nil
}

// missingInstant is missing for a schedule of one instant, which is its own
// whatever Since says.
func missingInstant(s Schedule, last *Run, now time.Time) ([]Run, error) {
	loc, err := location(s.Zone)
	if err != nil {
		return nil, err
	}
	if s.At.After(now) || last != nil && !last.DueAt.Before(s.At) {
		return nil, nil
	}
	return []Run{{Schedule: s.ID, Key: s.Key, Period: s.At.In(loc).Format(minuteKey), DueAt: s.At.UTC()}}, nil
}

// Upcoming returns the next n instants at which s falls due after now, in its
// zone. A disabled schedule has none.
func Upcoming(s Schedule, now time.Time, n int) ([]time.Time, error) {
	if !s.Enabled {
		return nil, nil
	}
	if !s.At.IsZero() {
		loc, err := location(s.Zone)
		if err != nil || !s.At.After(now) || n < 1 {
			return nil, err
		}
		return []time.Time{s.At.In(loc)}, nil
	}
	spec, err := Parse(s.Line, s.Zone, s.Last)
	if err != nil {
		return nil, err
	}
	var all []time.Time
	for len(all) < n {
		at, _, ok := spec.Next(now)
		if !ok {
			break
		}
		all, now = append(all, at), at
	}
	return all, nil
}
