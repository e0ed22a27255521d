package schedule_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/schedule"
)

// cases calls f with each line of a file of bad inputs.
func cases[T any](t *testing.T, file string, f func(T)) {
	t.Helper()
	r, err := os.Open("../../shared/badinputs/own/" + file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no collection of bad inputs beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		f(c)
		n++
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Fatalf("%s: %d cases, %v", file, n, err)
	}
}

func TestCollection(t *testing.T) {
	type cronCase struct {
		Spec, TZ string
		Last     bool
		From     time.Time
		Expect   struct {
			Accept *bool
			Next   []time.Time
			Why    string
		}
	}
	cases(t, "cron.jsonl", func(c cronCase) {
		spec, err := schedule.Parse(c.Spec, c.TZ, c.Last)
		name := c.Spec
		if len(name) > 40 {
			name = name[:40] + "…"
		}
		if err != nil {
			var input *actnow.InputError
			if !errors.As(err, &input) || schedule.Messages[input.Code] == [2]string{} || len(input.Text) < 10 {
				t.Errorf("Parse(%q) error = %#v, want an InputError with a sentence of the catalogue", name, err)
			}
		}
		if c.Expect.Accept != nil && (err == nil) != *c.Expect.Accept {
			t.Errorf("Parse(%q) error = %v, want accept %t (%s)", name, err, *c.Expect.Accept, c.Expect.Why)
			return
		}
		at := c.From
		for i, want := range c.Expect.Next {
			var ok bool
			if at, _, ok = spec.Next(at); !ok || !at.Equal(want) {
				t.Errorf("%q in %s, run %d after %s: %s, want %s (%s)", name, c.TZ, i, c.From, at.UTC(), want, c.Expect.Why)
				break
			}
		}
	})
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ line, zone, code string }{
		{"", "UTC", "error.cron_fields"},
		{"0 6 * *", "UTC", "error.cron_fields"},
		{"0 0 6 * * *", "UTC", "error.cron_fields"},
		{"@every 1h", "UTC", "error.cron_fields"},
		{"@every 1h 2 3 4", "UTC", "error.cron_field.minute"},
		{"tz=UTC 0 6 * * *", "UTC", "error.cron_zone"},
		{"CRON_TZ=", "UTC", "error.cron_zone"},
		{"0 6 * * *\r0 7 * * *", "UTC", "error.cron_lines"},
		{"60 * * * *", "UTC", "error.cron_field.minute"},
		{", * * * *", "UTC", "error.cron_field.minute"},
		{"1,,2 * * * *", "UTC", "error.cron_field.minute"},
		{"*/9223372036854775807 * * * *", "UTC", "error.cron_field.minute"},
		{"*/90 * * * *", "UTC", "error.cron_field.minute"},
		{"+5 * * * *", "UTC", "error.cron_field.minute"},
		{"0 24 * * *", "UTC", "error.cron_field.hour"},
		{"0 22-2 * * *", "UTC", "error.cron_field.hour"},
		{"0 6 0 * *", "UTC", "error.cron_field.day"},
		{"0 6 1,L * *", "UTC", "error.cron_last"},
		{"0 6 15W * *", "UTC", "error.cron_field.day"},
		{"0 6 * ?? *", "UTC", "error.cron_field.month"},
		{"0 6 * * 7", "UTC", "error.cron_field.weekday"},
		{"0 6 * * 1#2", "UTC", "error.cron_field.weekday"},
		{"0 6 25 * mon", "UTC", "error.cron_both_days"},
		{"0 6 31 4,6,9,11 *", "UTC", "error.cron_never"},
		{"0 6 * * *", "", "error.zone"},
		{"0 6 * * *", "Local", "error.zone"},
		{"0 6 * * *", "../etc/passwd", "error.zone"},
		{"0 6 * * *", "Mars/Base", "error.zone"},
		{strings.Repeat("1,", 200) + "1 * * * *", "UTC", "error.cron_long"},
	}
	for _, tt := range tests {
		_, err := schedule.Parse(tt.line, tt.zone, false)
		var input *actnow.InputError
		if !errors.As(err, &input) || input.Code != tt.code {
			t.Errorf("Parse(%.40q, %q) error = %v, want code %s", tt.line, tt.zone, err, tt.code)
		}
	}
}

// TestPeriod pins the key of the first period after the start of 2026.
func TestPeriod(t *testing.T) {
	tests := []struct {
		line string
		last bool
		want string
	}{
		{"0 6 * * *", false, "2026-01-01"},
		{"0 6,18 * * *", false, "2026-01-01T06:00"},
		{"*/15 * 5 * *", false, "2026-01-05T00:00"},
		{"0 6 25 * *", false, "2026-01"},
		{"0 6 31 * *", true, "2026-01"},
		{"0 6 30,31 * *", true, "2026-01-30"},
		{"0 6 * * mon", false, "2026-01-05"},
		{"0 6 * * sun-sat", false, "2026-01-01"},
		{"0 6 1 1,4,7,10 *", false, "2026-Q1"},
		{"0 6 1 2-12/3 *", false, "2026-Q1"},
		{"0 6 1 1,6,7,12 *", false, "2026-Q1"},
		{"0 6 1 1,2,7,10 *", false, "2026-01"},
		{"0 6 1 1,7 *", false, "2026-01"},
		{"0 6 1 jul *", false, "2026"},
		{"0 6 * jul *", false, "2026-07-01"},
	}
	for _, tt := range tests {
		spec, err := schedule.Parse(tt.line, "Europe/Stockholm", tt.last)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.line, err)
			continue
		}
		if _, got, _ := spec.Next(time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC)); got != tt.want {
			t.Errorf("first period of %q in 2026 = %s, want %s", tt.line, got, tt.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		line string
		last bool
		want string
	}{
		{"* * * * *", false, "warning.cron_each_minute"},
		{"0 6 31 * *", false, "warning.cron_short_months"},
		{"0 6 29 2 *", false, "warning.cron_leap_day"},
		{"0 6 31 * *", true, ""},
		{"0 6 31 1,3 *", false, ""},
		{"0 6 28,31 * *", false, ""},
		{"0 6 * * *", false, ""},
	}
	for _, tt := range tests {
		spec, err := schedule.Parse(tt.line, "UTC", tt.last)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range spec.Warnings() {
			got = w.Code
			if schedule.Messages[w.Code] == [2]string{} || w.Text == "" {
				t.Errorf("%q: warning %s has no sentence", tt.line, w.Code)
			}
		}
		if got != tt.want {
			t.Errorf("Warnings of %q = %q, want %q", tt.line, got, tt.want)
		}
	}
	spec, _ := schedule.Parse("0 6 31 * *", "UTC", false)
	if got, want := spec.Warnings()[0].Text, "runs in 7 months of the year"; !strings.Contains(got, want) {
		t.Errorf("warning %q does not say %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"0 6 25 * *", "*/5 8-17 * JAN-mar MON", "TZ=UTC", "TZ=", "@daily", "0 0 31 2 *", "9,/ * * * *", "*/9223372036854775807 1-1/1 ? * *"} {
		f.Add(line, "Europe/Stockholm", true)
	}
	from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line, zone string, last bool) {
		spec, err := schedule.Parse(line, zone, last)
		if err != nil {
			if !errors.Is(err, actnow.ErrInvalid) {
				t.Fatalf("Parse(%q, %q) error = %v, want an input error", line, zone, err)
			}
			return
		}
		again, err := schedule.Parse(spec.String(), zone, last)
		if err != nil {
			t.Fatalf("Parse(%q) of what Parse(%q) made of it: %v", spec, line, err)
		}
		at, seen := from, map[string]bool{}
		for range 20 {
			next, period, ok := spec.Next(at)
			if !ok {
				t.Fatalf("%q never runs after %s", line, at)
			}
			if !next.After(at) || seen[period] {
				t.Fatalf("%q after %s: %s, period %s seen %t", line, at, next, period, seen[period])
			}
			if same, _, _ := again.Next(at); !same.Equal(next) {
				t.Fatalf("%q and %q differ: %s, %s", line, spec, next, same)
			}
			at, seen[period] = next, true
		}
	})
}
