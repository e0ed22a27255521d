package insights

import (
	"time"

	"actnow"
)

// On how many days, the 25th being the first, new content is looked for.
const (
	DefaultDays = 10
	MaxDays     = 14
)

// theDay is the day of the month on which the reports are made.
const theDay = 25

// Calendar says where a day stands: whose month a report would be of, and the
// how-manieth day since its 25th it is, 0 being the 25th. It depends on the
// zone of now.
func Calendar(now time.Time) (month actnow.Month, day int) {
	month = actnow.ReportMonth(now)
	y, m, d := now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return month, int(today.Sub(month.First().AddDate(0, 0, theDay-1)) / (24 * time.Hour))
}
