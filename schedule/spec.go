package schedule

import (
	"fmt"
	"iter"
	"math/bits"
	"time"
)

// horizonYears is how far Next looks ahead.
const horizonYears = 10

// Spec is a parsed cron line in its zone. Each local time that fits the line is
// one period. The zero value never runs; make one with Parse.
type Spec struct {
	line                              string
	loc                               *time.Location
	last                              bool
	minute, hour, day, month, weekday uint64 // bit n is set if n fits
	grain                             grain
}

// String returns the line with single blanks between its fields.
func (s Spec) String() string { return s.line }

// Zone returns the zone in which the line is read.
func (s Spec) Zone() *time.Location { return s.loc }

// Next returns the first instant after the given one at which a period falls
// due, in the zone of the line, and the key of that period. A local time that
// the clock leaves out falls due at the first instant after the gap, one that
// comes twice the first time it comes. ok is false if there is none within ten
// years.
func (s Spec) Next(after time.Time) (at time.Time, period string, ok bool) {
	for at, period = range s.Periods(after) {
		return at, period, true
	}
	return time.Time{}, "", false
}

// Periods yields the periods that fall due after the given instant, in their
// order, with the instants at which they do; it ends where the next is more than
// ten years away. Where the clock leaves out an hour, several periods may fall
// due at the same instant.
func (s Spec) Periods(after time.Time) iter.Seq2[time.Time, string] {
	return func(yield func(time.Time, string) bool) {
		if s.loc == nil {
			return
		}
		// No local time up to that of after can fall due after it, whatever the
		// clock did; see instant.
		wall := wallOf(after.In(s.loc))
		for {
			var ok bool
			if wall, ok = s.nextWall(wall); !ok {
				return
			}
			if at := instant(wall, s.loc); at.After(after) && !yield(at, s.period(wall)) {
				return
			}
		}
	}
}

// wallOf returns what the clock on the wall shows at t, written as UTC.
func wallOf(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), time.UTC)
}

// instant returns the first instant at which the clock on the wall in loc shows
// wall or later: the time itself, its first coming if it comes twice, the end of
// the gap if it is left out. So a later wall time never has an earlier instant.
func instant(wall time.Time, loc *time.Location) time.Time {
	// No zone was ever a day off UTC, so a day before wall, read as UTC, is
	// before every candidate.
	for t := wall.AddDate(0, 0, -1).In(loc); ; {
		_, offset := t.Zone()
		start, end := t.ZoneBounds()
		at := wall.Add(-time.Duration(offset) * time.Second).In(loc)
		if at.Before(start) {
			at = start
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		t = end
	}
}

// nextWall returns the first minute after wall that fits the line.
func (s Spec) nextWall(wall time.Time) (time.Time, bool) {
	wall = wall.Truncate(time.Minute).Add(time.Minute)
	from := wall.Hour()*60 + wall.Minute()
	day := wall.Truncate(24 * time.Hour)
	for end := day.AddDate(horizonYears, 0, 1); day.Before(end); from = 0 {
		if s.month>>day.Month()&1 == 0 {
			day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if s.fits(day) {
			if minute, ok := s.minuteFrom(from); ok {
				return day.Add(time.Duration(minute) * time.Minute), true
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

// fits reports whether the line runs on the day.
func (s Spec) fits(day time.Time) bool {
	if s.weekday>>day.Weekday()&1 == 0 {
		return false
	}
	if s.day>>day.Day()&1 == 1 {
		return true
	}
	return s.last && day.AddDate(0, 0, 1).Day() == 1 && s.day>>day.Day() != 0
}

// minuteFrom returns the first minute of the day, from 0 to 1439, that fits and
// is not before from.
func (s Spec) minuteFrom(from int) (int, bool) {
	hour := from / 60
	if s.hour>>hour&1 == 1 {
		if rest := s.minute >> (from % 60); rest != 0 {
			return from + bits.TrailingZeros64(rest), true
		}
	}
	if rest := s.hour >> (hour + 1); rest != 0 {
		return (hour+1+bits.TrailingZeros64(rest))*60 + bits.TrailingZeros64(s.minute), true
	}
	return 0, false
}

// timesADay returns how often the line runs on a day on which it runs.
func (s Spec) timesADay() int { return bits.OnesCount64(s.hour) * bits.OnesCount64(s.minute) }

// grain is what the periods of a line are told apart by.
type grain int

const (
	byMinute grain = iota
	byDay
	byMonth
	byQuarter
	byYear
)

// grainOf returns the coarsest grain that tells the periods of the line apart.
func (s Spec) grainOf() grain {
	const quarter = 0b1110
	months := bits.OnesCount64(s.month)
	switch {
	case s.timesADay() > 1:
		return byMinute
	case bits.OnesCount64(s.day) > 1 || bits.OnesCount64(s.weekday) < 7:
		return byDay
	case months == 1:
		return byYear
	case months == 4 &&
		bits.OnesCount64(s.month&quarter) == 1 && bits.OnesCount64(s.month&(quarter<<3)) == 1 &&
		bits.OnesCount64(s.month&(quarter<<6)) == 1:
		return byQuarter
	}
	return byMonth
}

// period returns the key of the period that wall, a local time, stands for:
// "2026-11-25T06:00", "2026-11-25", "2026-11", "2026-Q4" or "2026".
func (s Spec) period(wall time.Time) string {
	switch s.grain {
	case byDay:
		return wall.Format("2006-01-02")
	case byMonth:
		return wall.Format("2006-01")
	case byQuarter:
		return fmt.Sprintf("%s-Q%d", wall.Format("2006"), (wall.Month()+2)/3)
	case byYear:
		return wall.Format("2006")
	}
	return wall.Format(minuteKey)
}

const minuteKey = "2006-01-02T15:04"

// Warning is something a person should know of a line that is accepted. Code
// names the sentence in the catalogues, Args fill it, Text is the same in
// English.
type Warning struct {
	Code string
	Args []any
	Text string
}

// Warnings returns what is unusual about the line: that it runs each minute, or
// that it leaves out the short months.
func (s Spec) Warnings() []Warning {
	var all []Warning
	if s.timesADay() == 24*60 {
		all = append(all, Warning{Code: "warning.cron_each_minute", Text: "This line runs each minute."})
	}
	if s.day == 0 || s.last || s.day&(1<<29-1) != 0 {
		return all
	}
	day := bits.TrailingZeros64(s.day)
	if s.month == 1<<time.February {
		return append(all, Warning{Code: "warning.cron_leap_day", Text: "This line runs in leap years only."})
	}
	months, asked := 0, bits.OnesCount64(s.month)
	for m := time.January; m <= time.December; m++ {
		if s.month>>m&1 == 1 && day <= daysIn(m) {
			months++
		}
	}
	if months < asked {
		all = append(all, Warning{
			Code: "warning.cron_short_months", Args: []any{months, day},
			Text: fmt.Sprintf("This line runs in %d months of the year: the others have no day %d. Choose the last day of the month to run in all.", months, day),
		})
	}
	return all
}

// daysIn returns the days of a month, 28 for February.
func daysIn(m time.Month) int {
	return time.Date(2001, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
