package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"actnow/schedule"
)

// zones have odd clocks: half hours, days left out, changes at midnight, changes
// twice in a spring, rules given up and taken up again.
var zones = []string{
	"Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Juba", "Africa/Monrovia", "Africa/Tripoli", "Africa/Windhoek",
	"America/Asuncion", "America/Caracas", "America/Godthab", "America/Havana", "America/Los_Angeles", "America/New_York",
	"America/Sao_Paulo", "America/Santiago", "America/St_Johns", "Antarctica/Casey", "Antarctica/Macquarie", "Antarctica/Troll",
	"Asia/Amman", "Asia/Beirut", "Asia/Dhaka", "Asia/Gaza", "Asia/Hebron", "Asia/Kathmandu", "Asia/Pyongyang", "Asia/Tehran",
	"Asia/Vladivostok", "Atlantic/Azores", "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "Etc/GMT+12",
	"Europe/Berlin", "Europe/Dublin", "Europe/Istanbul", "Europe/Lisbon", "Europe/London", "Europe/Moscow", "Europe/Stockholm",
	"Europe/Volgograd", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Enderbury", "Pacific/Fiji",
	"Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Tongatapu", "UTC",
}

var orders = []struct {
	line string
	last bool
	key  func(day time.Time) (period string, ok bool)
	hour int
	min  int
}{
	{"0 0 * * *", false, daily, 0, 0},
	{"30 2 * * *", false, daily, 2, 30},
	{"15 1 31 * *", true, monthly(31), 1, 15},
	{"0 6 25 * *", false, monthly(25), 6, 0},
	{"45 23 30 1,4,7,10 *", false, quarterly(30), 23, 45},
}

func daily(day time.Time) (string, bool) { return day.Format("2006-01-02"), true }

// monthly fits the nth day, or the last of a shorter month.
func monthly(n int) func(time.Time) (string, bool) {
	return func(day time.Time) (string, bool) {
		length := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return day.Format("2006-01"), day.Day() == min(n, length)
	}
}

func quarterly(n int) func(time.Time) (string, bool) {
	return func(day time.Time) (string, bool) {
		quarter, first := (day.Month()-1)/3+1, (day.Month()-1)%3 == 0
		return fmt.Sprintf("%d-Q%d", day.Year(), quarter), first && day.Day() == n
	}
}

type duePeriod struct {
	period string
	at     int64
}

// naive looks for the first minute at which the clock on the wall shows the time
// or a later one: minute by minute where the zone's offset changes within two
// days, by subtraction elsewhere.
func naive(day time.Time, hour, minute int, loc *time.Location) int64 {
	wall := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).Unix()
	offset := func(t int64) int64 { _, o := time.Unix(t, 0).In(loc).Zone(); return int64(o) }
	steady := offset(wall)
	for _, hours := range []int64{-50, -24, -14, 14, 24, 50} {
		if offset(wall+hours*3600) != steady {
			steady = -1
			break
		}
	}
	if steady != -1 {
		return wall - steady
	}
	for t := wall - 27*3600; ; t += 60 {
		if t+offset(t) >= wall {
			return t
		}
	}
}

// TestThirtyYears runs daily, monthly and quarterly lines through thirty years
// of ticks that come late, early and after long downtimes, and compares with a
// calendar that looks at each day.
func TestThirtyYears(t *testing.T) {
	start, end := time.Date(1990, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			rnd := rand.New(rand.NewPCG(7, uint64(len(zone))))
			for _, order := range orders {
				var want []duePeriod
				for day := start.AddDate(0, 0, -3).Truncate(24 * time.Hour); day.Before(end.AddDate(0, 0, 3)); day = day.AddDate(0, 0, 1) {
					if period, ok := order.key(day); ok {
						if at := naive(day, order.hour, order.min, loc); at > start.Unix() && at <= end.Unix() {
							want = append(want, duePeriod{period, at})
						}
					}
				}
				var got []duePeriod
				s := schedule.Schedule{Line: order.line, Zone: zone, Last: order.last, CatchUp: schedule.CatchAll,
					MaxLate: 50 * 365 * 24 * time.Hour, Since: start, Enabled: true}
				var last *schedule.Run
				for now := start; now.Before(end); {
					now = now.Add(time.Minute * time.Duration(1+rnd.IntN(1<<rnd.IntN(21))))
					if now.After(end) {
						now = end
					}
					runs, err := schedule.DueRuns(s, last, now)
					if err != nil {
						t.Fatal(err)
					}
					for i, run := range runs {
						if run.State != schedule.Due {
							t.Fatalf("%q: period %s is %s, want due", order.line, run.Period, run.State)
						}
						got = append(got, duePeriod{run.Period, run.DueAt.Unix()})
						last = &runs[i]
					}
				}
				compare(t, order.line, got, want)
			}
		})
	}
}

func compare(t *testing.T, line string, got, want []duePeriod) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("%q: period %v missing", line, want[i])
		case i >= len(want):
			t.Fatalf("%q: period %v too much", line, got[i])
		case got[i] != want[i]:
			t.Fatalf("%q: period %d is %s at %s, want %s at %s", line, i, got[i].period, time.Unix(got[i].at, 0).UTC(),
				want[i].period, time.Unix(want[i].at, 0).UTC())
		}
	}
	seen := make(map[string]bool, len(got))
	for _, p := range got {
		if seen[p.period] {
			t.Fatalf("%q: period %s twice", line, p.period)
		}
		seen[p.period] = true
	}
}

// TestSharedInstant: where the clock leaves out an hour, the periods of that
// hour and of the next fall due together, and both have their row.
func TestSharedInstant(t *testing.T) {
	s := schedule.Schedule{Line: "0 * * * *", Zone: "Europe/Stockholm", CatchUp: schedule.CatchLatest, Enabled: true,
		Since: time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)}
	runs, err := schedule.DueRuns(s, nil, time.Date(2026, 3, 29, 1, 0, 30, 0, time.UTC))
	if err != nil || len(runs) != 2 ||
		runs[0].Period != "2026-03-29T02:00" || runs[0].State != schedule.Skipped ||
		runs[1].Period != "2026-03-29T03:00" || runs[1].State != schedule.Due {
		t.Errorf("runs = %+v, %v; want 02:00 skipped and 03:00 due", runs, err)
	}
}

func BenchmarkNext(b *testing.B) {
	spec, err := schedule.Parse("0 6 25 * *", "Europe/Stockholm", false)
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		spec.Next(at)
	}
}
