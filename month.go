package actnow

import (
	"fmt"
	"time"
)

// Month is a calendar month, "2026-11". The zero value is no month. Months
// compare as text.
type Month string

// ParseMonth reads "YYYY-MM". The error is an *InputError.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() < 2000 || t.Year() > 2199 {
		return "", Invalid("error.month", "month", "%q is no month: write it as 2026-11", s)
	}
	return Month(s), nil
}

// MonthOf returns the month in which t falls, in t's own zone.
func MonthOf(t time.Time) Month { return Month(t.Format("2006-01")) }

// ReportMonth returns the default month of a report: that of the latest 25th on
// or before t, in t's own zone.
func ReportMonth(t time.Time) Month {
	m := MonthOf(t)
	if t.Day() < 25 {
		return m.Add(-1)
	}
	return m
}

// First returns the first instant of the month in UTC, or the zero time.
func (m Month) First() time.Time {
	t, _ := time.Parse("2006-01", string(m))
	return t
}

// Add returns the month n months later, or earlier if n is negative.
func (m Month) Add(n int) Month {
	if m == "" {
		return ""
	}
	return MonthOf(m.First().AddDate(0, n, 0))
}

// Quarter returns the quarter the month falls in, "2026-Q4".
func (m Month) Quarter() string {
	t := m.First()
	return fmt.Sprintf("%d-Q%d", t.Year(), (int(t.Month())+2)/3)
}
