package schedule

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"actnow"

	"github.com/robfig/cron/v3"
)

// maxLine is the longest cron line in bytes. A list of all sixty minutes has 169.
const maxLine = 300

// field is one of the five fields of a line.
type field struct {
	name     string // in the codes of errors
	english  string
	min, max int
}

var fields = [5]field{
	{"minute", "the minute", 0, 59},
	{"hour", "the hour", 0, 23},
	{"day", "the day of the month", 1, 31},
	{"month", "the month", 1, 12},
	{"weekday", "the weekday", 0, 6},
}

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// starBit is set by the parser in a field that was written as a star.
const starBit = 1 << 63

// Parse reads a line of five cron fields (minute, hour, day of month, month,
// weekday with Sunday as 0; English names of months and weekdays allowed) for a
// zone of the IANA list. With last, a day beyond a month's end means the month's
// last day. Day of month and weekday cannot be limited both, since cron would
// read them as "or".
//
// The error is an *actnow.InputError that says which field cannot be used, or
// that the line would not run within ten years.
func Parse(line, zone string, last bool) (Spec, error) {
	loc, err := location(zone)
	if err != nil {
		return Spec{}, err
	}
	if len(line) > maxLine {
		return Spec{}, actnow.Invalid("error.cron_long", "cron", "the line is longer than %d characters", maxLine)
	}
	line = strings.TrimSpace(line)
	if strings.ContainsAny(line, "\r\n") {
		return Spec{}, actnow.Invalid("error.cron_lines", "cron", "write one line only")
	}
	if strings.Contains(strings.ToUpper(line), "TZ=") {
		return Spec{}, actnow.Invalid("error.cron_zone", "cron", "the line must not name a time zone: choose the zone in its own field")
	}
	parts := strings.Fields(line)
	if len(parts) != len(fields) {
		return Spec{}, actnow.Invalid("error.cron_fields", "cron",
			"the line has %d fields, it needs five: minute, hour, day of month, month, weekday", len(parts))
	}
	s := Spec{line: strings.Join(parts, " "), loc: loc, last: last}
	for i, set := range []*uint64{&s.minute, &s.hour, &s.day, &s.month, &s.weekday} {
		if *set, err = parseField(fields[i], i, parts[i]); err != nil {
			return Spec{}, err
		}
	}
	if s.day&starBit == 0 && s.weekday&starBit == 0 {
		return Spec{}, actnow.Invalid("error.cron_both_days", "cron",
			"day of month and weekday cannot be combined: write * for one of them")
	}
	for _, set := range []*uint64{&s.minute, &s.hour, &s.day, &s.month, &s.weekday} {
		*set &^= starBit
	}
	s.grain = s.grainOf()
	// The calendar repeats its gaps within ten years (29 February is at most
	// eight years away), so one starting point answers for all.
	if _, ok := s.nextWall(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		return Spec{}, actnow.Invalid("error.cron_never", "cron",
			"the line never runs: there is no such day in the next %d years", horizonYears)
	}
	return s, nil
}

// location returns the zone of an IANA name. The machine's own zone and the
// empty name are refused: a schedule must mean the same wherever it is read.
func location(zone string) (*time.Location, error) {
	if zone != "" && zone != "Local" {
		if loc, err := time.LoadLocation(zone); err == nil {
			return loc, nil
		}
	}
	return nil, actnow.Invalid("error.zone", "zone", "%q is no time zone: write it as Europe/Stockholm", zone)
}

// parseField reads one field into a set of bits. It looks for what the library
// takes and should not (empty list items, signs, steps beyond the field) and
// leaves the grammar to the library.
func parseField(f field, at int, text string) (uint64, error) {
	bad := func() (uint64, error) {
		return 0, actnow.Invalid("error.cron_field."+f.name, "cron",
			"%q cannot be used as %s: write *, a number from %d to %d, a list or a range", text, f.english, f.min, f.max)
	}
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', strings.ContainsRune("*,-/", r):
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		default:
			return bad()
		}
	}
	if f.name == "day" && strings.ContainsAny(text, "lL") {
		return 0, actnow.Invalid("error.cron_last", "cron",
			"L is not known here: write 31 and choose that a day beyond the month's end is its last day")
	}
	for _, item := range strings.Split(text, ",") {
		if item == "" {
			return bad()
		}
		if _, step, ok := strings.Cut(item, "/"); ok {
			if n, err := strconv.Atoi(step); err != nil || n < 1 || n > f.max {
				return bad()
			}
		}
	}
	line := []string{"*", "*", "*", "*", "*"}
	line[at] = text
	parsed, err := parser.Parse(strings.Join(line, " "))
	if err != nil {
		return bad()
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return bad()
	}
	return [...]uint64{spec.Minute, spec.Hour, spec.Dom, spec.Month, spec.Dow}[at], nil
}
