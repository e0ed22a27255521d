package schedule_test

import (
	"errors"
	"testing"
	"time"

	"actnow/schedule"
)

type clockFault struct {
	Fault, Kind, Spec, TZ string
	DownFrom              time.Time `json:"down_from"`
	UpAt                  time.Time `json:"up_at"`
	Expect                struct {
		Rows []struct {
			Period string
			Due    time.Time
			State  string
		}
		RunsAtStart int `json:"runs_at_start"`
	}
}

// TestClockFaults looks at what is decided at the start after a downtime; a row
// that the collection expects done is due then.
func TestClockFaults(t *testing.T) {
	cases(t, "clock_fault.jsonl", func(c clockFault) {
		if c.Expect.Rows == nil {
			return // the faults in words have tests of their own
		}
		s := schedule.Schedule{Line: c.Spec, Zone: c.TZ, CatchUp: schedule.CatchLatest, Since: c.DownFrom, Enabled: true}
		if c.Kind == "campaign" {
			s.CatchUp = schedule.CatchAsk
		}
		runs, err := schedule.DueRuns(s, nil, c.UpAt)
		if err != nil {
			t.Fatalf("%s: %v", c.Fault, err)
		}
		if len(runs) != len(c.Expect.Rows) {
			t.Fatalf("%s: %d rows %v, want %d", c.Fault, len(runs), runs, len(c.Expect.Rows))
		}
		started := 0
		for i, want := range c.Expect.Rows {
			if want.State == "done" {
				want.State = "due"
			}
			if runs[i].State == schedule.Due {
				started++
			}
			if got := runs[i]; got.Period != want.Period || !got.DueAt.Equal(want.Due) || string(got.State) != want.State {
				t.Errorf("%s: row %d is %+v, want %+v", c.Fault, i, got, want)
			}
		}
		if started != c.Expect.RunsAtStart {
			t.Errorf("%s: %d runs at start, want %d", c.Fault, started, c.Expect.RunsAtStart)
		}
	})
}

func day(d, hour int) time.Time { return time.Date(2026, 5, d, hour, 0, 0, 0, time.UTC) }

func TestDueRuns(t *testing.T) {
	const skipped, due, asks = schedule.Skipped, schedule.Due, schedule.Asks
	daily := func(policy schedule.CatchUp, maxLate time.Duration) schedule.Schedule {
		return schedule.Schedule{Line: "0 6 * * *", Zone: "UTC", CatchUp: policy, MaxLate: maxLate, Since: day(1, 12), Enabled: true}
	}
	once := func(policy schedule.CatchUp) schedule.Schedule {
		return schedule.Schedule{At: day(3, 6), Zone: "UTC", CatchUp: policy, Since: day(3, 6), Enabled: true}
	}
	off := daily(schedule.CatchAll, 0)
	off.Enabled = false
	tests := []struct {
		name string
		s    schedule.Schedule
		last *schedule.Run
		now  time.Time
		want []schedule.State
	}{
		{"nothing yet", daily("", 0), nil, day(2, 5), nil},
		{"on time", daily(schedule.CatchNone, 0), nil, day(2, 6), []schedule.State{due}},
		{"has its row", daily("", 0), &schedule.Run{DueAt: day(2, 6)}, day(2, 7), nil},
		{"latest is the default", daily("", 0), nil, day(4, 7), []schedule.State{skipped, skipped, due}},
		{"latest, too late", daily(schedule.CatchLatest, time.Hour), nil, day(4, 8), []schedule.State{skipped, skipped, skipped}},
		{"all, the oldest too late", daily(schedule.CatchAll, 30*time.Hour), nil, day(4, 7), []schedule.State{skipped, due, due}},
		{"none", daily(schedule.CatchNone, 0), nil, day(4, 7), []schedule.State{skipped, skipped, skipped}},
		{"none, but the newest is on time", daily(schedule.CatchNone, 0), nil, day(4, 6).Add(time.Minute), []schedule.State{skipped, skipped, due}},
		{"ask", daily(schedule.CatchAsk, 0), nil, day(3, 7), []schedule.State{skipped, asks}},
		{"ask, on time", daily(schedule.CatchAsk, 0), nil, day(2, 6).Add(2 * time.Minute), []schedule.State{due}},
		{"ask, too late", daily(schedule.CatchAsk, time.Hour), nil, day(3, 8), []schedule.State{skipped, skipped}},
		{"disabled", off, nil, day(9, 9), nil},
		{"the clock went back", daily("", 0), &schedule.Run{DueAt: day(5, 6)}, day(3, 7), nil},
		{"an instant, not yet", once(""), nil, day(3, 5), nil},
		{"an instant", once(schedule.CatchAsk), nil, day(3, 6), []schedule.State{due}},
		{"an instant, missed", once(schedule.CatchAsk), nil, day(3, 9), []schedule.State{asks}},
		{"an instant, missed by days", once(schedule.CatchAsk), nil, day(6, 9), []schedule.State{skipped}},
		{"an instant that ran", once(""), &schedule.Run{DueAt: day(3, 6)}, day(3, 9), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runs, err := schedule.DueRuns(tt.s, tt.last, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			if len(runs) != len(tt.want) {
				t.Fatalf("runs = %+v, want states %v", runs, tt.want)
			}
			for i, run := range runs {
				if run.State != tt.want[i] {
					t.Errorf("state of %s = %s, want %s", run.Period, run.State, tt.want[i])
				}
			}
		})
	}
}

func TestDueRunsRefusesTheClock(t *testing.T) {
	s := schedule.Schedule{Line: "0 6 * * *", Zone: "UTC", Enabled: true}
	for _, now := range []time.Time{{}, time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if runs, err := schedule.DueRuns(s, nil, now); !errors.Is(err, schedule.ErrClock) || runs != nil {
			t.Errorf("DueRuns at %s = %d runs, %v; want ErrClock", now, len(runs), err)
		}
	}
}

// TestDueRunsAreBounded: ten years of each minute leave as many rows as a month
// does, and the newest is among them.
func TestDueRunsAreBounded(t *testing.T) {
	s := schedule.Schedule{Line: "* * * * *", Zone: "UTC", Enabled: true, Since: time.Date(2016, 5, 1, 0, 0, 0, 0, time.UTC)}
	runs, err := schedule.DueRuns(s, nil, day(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(runs); n < 31*24*60 || n > 60_000 {
		t.Errorf("%d rows, want those of a month", n)
	}
	if newest := runs[len(runs)-1]; newest.Period != "2026-05-01T00:00" || newest.State != schedule.Due {
		t.Errorf("newest = %+v", newest)
	}
}

func TestUpcoming(t *testing.T) {
	s := schedule.Schedule{Line: "0 6 25 * *", Zone: "Europe/Stockholm", Enabled: true}
	got, err := schedule.Upcoming(s, day(1, 0), 3)
	if err != nil || len(got) != 3 || got[2].Format(time.RFC3339) != "2026-07-25T06:00:00+02:00" {
		t.Errorf("Upcoming = %v, %v", got, err)
	}
	once := schedule.Schedule{At: day(3, 6), Zone: "Asia/Tokyo", Enabled: true}
	if got, err := schedule.Upcoming(once, day(1, 0), 3); err != nil || len(got) != 1 || got[0].Format("15:04") != "15:00" {
		t.Errorf("Upcoming of an instant = %v, %v", got, err)
	}
	if got, err := schedule.Upcoming(once, day(3, 6), 3); err != nil || len(got) != 0 {
		t.Errorf("Upcoming after the instant = %v, %v", got, err)
	}
}
