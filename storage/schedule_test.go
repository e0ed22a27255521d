package storage_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"actnow"
	"actnow/schedule"
	"actnow/storage"
	"actnow/storage/storagetest"
)

var _ schedule.Store = (*storage.DB)(nil)

// clock is a clock that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// openOn opens a store on a clock that starts at the given instant.
func openOn(t *testing.T, start string) (*storage.DB, *clock) {
	t.Helper()
	c := &clock{at(start)}
	return storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), c.now), c
}

// tick starts a runner, lets it look once, stops it, and returns the periods
// that its jobs were called with.
func tick(t *testing.T, db *storage.DB, c *clock) []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var periods []string
	look := make(chan time.Time)
	r := schedule.Runner{Store: db, Now: c.now, Log: slog.New(slog.DiscardHandler), Tick: look,
		Lookup: func(string) (schedule.Job, bool) {
			return schedule.JobFunc(func(_ context.Context, period string) error {
				periods = append(periods, period)
				return nil
			}), true
		}}
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	look <- c.t // is taken once the first look is over
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return periods
}

func states(t *testing.T, db *storage.DB, id actnow.ScheduleID) map[string]schedule.State {
	t.Helper()
	runs, err := db.Runs(t.Context(), id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]schedule.State)
	for _, r := range runs {
		all[r.Period] = r.State
	}
	return all
}

// TestClockFaults takes a store through each downtime of the collection.
func TestClockFaults(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../shared/badinputs/own/clock_fault.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no collection of bad inputs beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var fault struct {
			Fault, Kind, Spec, TZ string
			DownFrom              string `json:"down_from"`
			UpAt                  string `json:"up_at"`
			Expect                struct {
				Rows []struct{ Period, Due, State string }
				Runs int `json:"runs_at_start"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &fault); err != nil && fault.Kind != "" {
			t.Fatal(err)
		}
		if fault.DownFrom == "" {
			continue // in words; see the tests of the runner
		}
		n++
		t.Run(fault.Fault, func(t *testing.T) {
			db, c := openOn(t, fault.DownFrom)
			s := schedule.Schedule{Key: "job:test", Line: fault.Spec, Zone: fault.TZ, Enabled: true}
			if fault.Kind == "campaign" {
				s.CatchUp = schedule.CatchAsk
			}
			s, err := db.SaveSchedule(t.Context(), actnow.System, s)
			if err != nil {
				t.Fatal(err)
			}
			c.t = at(fault.UpAt)
			if ran := tick(t, db, c); len(ran) != fault.Expect.Runs {
				t.Errorf("ran %v, want %d runs", ran, fault.Expect.Runs)
			}
			got := states(t, db, s.ID)
			if len(got) != len(fault.Expect.Rows) {
				t.Errorf("rows = %v, want %v", got, fault.Expect.Rows)
			}
			for _, want := range fault.Expect.Rows {
				if string(got[want.Period]) != want.State {
					t.Errorf("%s is %q, want %q", want.Period, got[want.Period], want.State)
				}
			}
		})
	}
	if n == 0 {
		t.Error("no case with a downtime")
	}
}

// TestEditKeepsOneRowPerPeriod changes lines and zones around the moment at
// which they fall due.
func TestEditKeepsOneRowPerPeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		before, after  schedule.Schedule
		editAt, tickAt string
		want           []string // periods that run after the edit
		wantRows       int
	}{
		{
			name:   "edited a second before it is due",
			before: schedule.Schedule{Line: "0 6 * * *", Zone: "UTC"}, after: schedule.Schedule{Line: "0  6 * * *", Zone: "UTC", MaxLate: time.Hour},
			editAt: "2026-05-02T05:59:59Z", tickAt: "2026-05-02T06:00:30Z", want: []string{"2026-05-02"}, wantRows: 1,
		},
		{
			name:   "moved on, a second before it is due",
			before: schedule.Schedule{Line: "0 6 * * *", Zone: "UTC"}, after: schedule.Schedule{Line: "30 6 * * *", Zone: "UTC"},
			editAt: "2026-05-02T05:59:59Z", tickAt: "2026-05-02T06:30:30Z", want: []string{"2026-05-02"}, wantRows: 1,
		},
		{
			name:   "moved on a second after it was due: it runs by the old line",
			before: schedule.Schedule{Line: "0 6 * * *", Zone: "UTC"}, after: schedule.Schedule{Line: "30 6 * * *", Zone: "UTC"},
			editAt: "2026-05-02T06:00:01Z", tickAt: "2026-05-02T06:30:30Z", want: []string{"2026-05-02"}, wantRows: 1,
		},
		{
			name:   "a zone in which today falls due again",
			before: schedule.Schedule{Line: "0 6 * * *", Zone: "Europe/Stockholm"}, after: schedule.Schedule{Line: "0 6 * * *", Zone: "America/New_York"},
			editAt: "2026-05-02T05:00:00Z", tickAt: "2026-05-02T12:00:00Z", want: []string{"2026-05-02"}, wantRows: 1,
		},
		{
			name:   "a day of this month that has passed does not run now",
			before: schedule.Schedule{Line: "0 6 25 * *", Zone: "UTC"}, after: schedule.Schedule{Line: "0 6 1 * *", Zone: "UTC"},
			editAt: "2026-05-02T08:00:00Z", tickAt: "2026-05-03T08:00:00Z", want: nil, wantRows: 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, c := openOn(t, "2026-05-01T12:00:00Z")
			tt.before.Key, tt.before.Enabled, tt.after.Key, tt.after.Enabled = "job:test", true, "job:test", true
			if _, err := db.SaveSchedule(t.Context(), actnow.System, tt.before); err != nil {
				t.Fatal(err)
			}
			c.t = at(tt.editAt)
			s, err := db.SaveSchedule(t.Context(), actnow.System, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			c.t = at(tt.tickAt)
			ran := tick(t, db, c)
			if len(ran) != len(tt.want) || len(ran) > 0 && ran[0] != tt.want[0] {
				t.Errorf("ran %v, want %v", ran, tt.want)
			}
			if rows := states(t, db, s.ID); len(rows) != tt.wantRows {
				t.Errorf("rows = %v, want %d", rows, tt.wantRows)
			}
			if ran := tick(t, db, c); len(ran) != 0 {
				t.Errorf("ran again: %v", ran)
			}
		})
	}
}

func TestAnswerRun(t *testing.T) {
	t.Parallel()
	db, c := openOn(t, "2026-05-01T12:00:00Z")
	ctx := t.Context()
	s, err := db.SaveSchedule(ctx, actnow.System, schedule.Schedule{Key: "campaign:7", Line: "0 9 * * *", Zone: "UTC", CatchUp: schedule.CatchAsk, Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	c.t = at("2026-05-02T12:00:00Z")
	if ran := tick(t, db, c); len(ran) != 0 {
		t.Fatalf("ran %v without an answer", ran)
	}
	if asking, err := db.AskingRuns(ctx); err != nil || len(asking) != 1 || asking[0].Period != "2026-05-02" || asking[0].Key != "campaign:7" {
		t.Fatalf("AskingRuns = %v, %v", asking, err)
	}
	// A day on, only the newest asks.
	c.t = at("2026-05-03T12:00:00Z")
	tick(t, db, c)
	if got := states(t, db, s.ID); got["2026-05-02"] != schedule.Skipped || got["2026-05-03"] != schedule.Asks {
		t.Fatalf("rows = %v", got)
	}
	by := actnow.Actor{Name: "Elin"}
	if err := db.AnswerRun(ctx, by, s.ID, "2026-05-02", true); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("answer to a skipped run: %v, want ErrConflict", err)
	}
	if err := db.AnswerRun(ctx, by, s.ID, "2026-05-09", true); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("answer to no run: %v, want ErrNotFound", err)
	}
	if err := db.AnswerRun(ctx, by, s.ID, "2026-05-03", true); err != nil {
		t.Fatal(err)
	}
	if ran := tick(t, db, c); len(ran) != 1 || ran[0] != "2026-05-03" {
		t.Errorf("after yes ran %v", ran)
	}
	c.t = at("2026-05-04T12:00:00Z")
	tick(t, db, c)
	if err := db.AnswerRun(ctx, by, s.ID, "2026-05-04", false); err != nil {
		t.Fatal(err)
	}
	if ran := tick(t, db, c); len(ran) != 0 || states(t, db, s.ID)["2026-05-04"] != schedule.Skipped {
		t.Errorf("after no ran %v", ran)
	}
}

func TestClaimRun(t *testing.T) {
	t.Parallel()
	db, _ := openOn(t, "2026-05-01T12:00:00Z")
	ctx, now := t.Context(), at("2026-05-03T12:00:00Z")
	s, err := db.SaveSchedule(ctx, actnow.System, schedule.Schedule{Key: "job:test", Line: "0 6 * * *", Zone: "UTC", Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	runs := []schedule.Run{
		{Schedule: s.ID, Period: "2026-05-02", DueAt: at("2026-05-02T06:00:00Z"), State: schedule.Due},
		{Schedule: s.ID, Period: "2026-05-03", DueAt: at("2026-05-03T06:00:00Z"), State: schedule.Due},
	}
	if added, err := db.AddRuns(ctx, append(runs, runs[0])); err != nil || len(added) != 2 {
		t.Fatalf("AddRuns = %v, %v; want two", added, err)
	}
	claim := func(period string, now time.Time) bool {
		t.Helper()
		ok, err := db.ClaimRun(ctx, s.ID, period, now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !claim("2026-05-02", now) {
		t.Error("a due run cannot be claimed")
	}
	if claim("2026-05-02", now.Add(30*time.Second)) {
		t.Error("claimed twice within the lease")
	}
	if claim("2026-05-03", now.Add(30*time.Second)) {
		t.Error("two periods of a schedule at once")
	}
	if ok, err := db.RenewRun(ctx, s.ID, "2026-05-02", now.Add(50*time.Second), time.Minute); err != nil || !ok {
		t.Errorf("RenewRun = %t, %v", ok, err)
	}
	if claim("2026-05-02", now.Add(100*time.Second)) {
		t.Error("claimed within a renewed lease")
	}
	if !claim("2026-05-02", now.Add(3*time.Minute)) {
		t.Error("a run whose lease has ended cannot be claimed")
	}
	if err := db.FinishRun(ctx, s.ID, "2026-05-02", schedule.Failed, errors.New("no luck"), now.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := db.FinishRun(ctx, s.ID, "2026-05-02", schedule.Done, nil, now); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("finished twice: %v, want ErrConflict", err)
	}
	if ok, err := db.RenewRun(ctx, s.ID, "2026-05-02", now, time.Minute); err != nil || ok {
		t.Errorf("renewed after the end: %t, %v", ok, err)
	}
	got, err := db.Runs(ctx, s.ID, 10)
	if err != nil || len(got) != 2 || got[1].Attempt != 2 || got[1].Message != "no luck" || !got[1].EndedAt.Equal(now.Add(4*time.Minute)) {
		t.Errorf("Runs = %+v, %v", got, err)
	}
	if last, err := db.LastRun(ctx, s.ID); err != nil || last.Period != "2026-05-03" {
		t.Errorf("LastRun = %+v, %v", last, err)
	}
	if _, err := db.LastRun(ctx, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("LastRun of no schedule: %v", err)
	}
	// Switched off, what was due is skipped; switched on, it counts from then.
	if err := db.EnableSchedule(ctx, actnow.System, "job:test", false); err != nil {
		t.Fatal(err)
	}
	if got := states(t, db, s.ID); got["2026-05-03"] != schedule.Skipped {
		t.Errorf("after switching off: %v", got)
	}
	if err := db.EnableSchedule(ctx, actnow.System, "job:none", false); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("EnableSchedule of no schedule: %v", err)
	}
}

func TestSaveScheduleRefuses(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	for name, s := range map[string]schedule.Schedule{
		"no key":            {Line: "0 6 * * *", Zone: "UTC"},
		"no time":           {Key: "k", Zone: "UTC"},
		"two times":         {Key: "k", Line: "0 6 * * *", At: storagetest.Now, Zone: "UTC"},
		"zone of the line":  {Key: "k", Line: "TZ=UTC 0 6 * * *", Zone: "UTC"},
		"zone":              {Key: "k", At: storagetest.Now, Zone: "Mars/Base"},
		"a day there isn't": {Key: "k", Line: "0 6 30 2 *", Zone: "UTC"},
		"negative lateness": {Key: "k", Line: "0 6 * * *", Zone: "UTC", MaxLate: -time.Hour},
	} {
		if _, err := db.SaveSchedule(t.Context(), actnow.System, s); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if all, err := db.Schedules(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("kept %v, %v", all, err)
	}
}

func TestEnsureSchedules(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	ctx := t.Context()
	defaults := []schedule.Schedule{{Key: "job:score", Line: "0 7 25 * *", Zone: "Europe/Stockholm", Last: true, Enabled: true}}
	if err := db.EnsureSchedules(ctx, defaults); err != nil {
		t.Fatal(err)
	}
	s, err := db.Schedule(ctx, "job:score")
	if err != nil || s.CatchUp != schedule.CatchLatest || !s.Since.Equal(storagetest.Now) || !s.Last {
		t.Fatalf("Schedule = %+v, %v", s, err)
	}
	s.Line = "0 8 26 * *"
	if _, err := db.SaveSchedule(ctx, actnow.System, s); err != nil {
		t.Fatal(err)
	}
	if err := db.EnsureSchedules(ctx, defaults); err != nil {
		t.Fatal(err)
	}
	if s, _ := db.Schedule(ctx, "job:score"); s.Line != "0 8 26 * *" {
		t.Errorf("a person's line was overwritten: %+v", s)
	}
	if _, err := db.Schedule(ctx, "job:none"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("Schedule of no key: %v", err)
	}
}
