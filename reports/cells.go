package reports

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// ParseYesNo reads a yes/no cell in any case: Yes, Y, True, 1 and No, N, False,
// 0. known is false for a blank cell and for anything else.
func ParseYesNo(s string) (yes, known bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "y", "true", "1":
		return true, true
	case "no", "n", "false", "0":
		return false, true
	}
	return false, false
}

// Level is what a fit or intent cell says: a number from 0 to 100, a band word,
// or a cell of the matrix. All are zero for a blank cell, which is not 0.
type Level struct {
	Score *float64
	Band  actnow.Band
	Cell  actnow.Cell
}

var scorePattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,2})([.,][0-9]{1,20})?$`)

// ParseLevel reads a fit or intent cell. The decimal mark is a point or a
// comma; there is no mark for thousands. A range, a sign or an exponent is no
// number. ok is false if the cell is unusable.
func ParseLevel(s string) (l Level, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Level{}, true
	}
	if allDigits(s) || scorePattern.MatchString(s) {
		v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
		if err != nil || v > 100 || s[0] == '0' && v >= 1 {
			return Level{}, false
		}
		return Level{Score: &v, Band: actnow.BandOf(v)}, true
	}
	if b, ok := actnow.ParseBand(s); ok {
		return Level{Band: b}, true
	}
	if c := actnow.Cell(strings.ToUpper(s)); c.Cluster() != "" {
		return Level{Cell: c}, true
	}
	return Level{}, false
}

var (
	digitsPattern  = regexp.MustCompile(`^[0-9]{1,12}(?:[.,]0{1,6})?$`)
	groupedPattern = regexp.MustCompile(`^[1-9][0-9]{0,2}(?:[.,' ][0-9]{3})+$`)
)

// ParseSize reads a number of employees. A range counts with its lower bound:
// "25-300" and "25 to 300" are 25, "300+" and ">300" are 300; what is only
// bounded above ("<25") counts as 1. Blank and 0 are nil: the size is unknown.
// ok is false if the cell is no size.
func ParseSize(s string) (size *int64, ok bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\u00a0", " ")
	if s == "" {
		return nil, true
	}
	one := int64(1)
	if below, cut := cutAnyPrefix(s, "<=", "<"); cut {
		_, ok := parseCount(below)
		return &one, ok
	}
	if lower, upper, ok := splitRange(s); ok {
		a, okA := parseCount(lower)
		b, okB := parseCount(upper)
		if !okA || !okB || a > b {
			return nil, false
		}
		if a == 0 {
			return &one, true
		}
		return &a, true
	}
	above, _ := cutAnyPrefix(s, ">=", ">")
	above = strings.TrimSuffix(above, "+")
	n, ok := parseCount(above)
	if !ok || n == 0 {
		return nil, ok
	}
	return &n, true
}

func parseCount(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	switch {
	case allDigits(s):
	case groupedPattern.MatchString(s) && oneMark(marksOf(s)):
		s = onlyDigits(s)
	case digitsPattern.MatchString(s):
		s, _, _ = strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	default:
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n <= 1e10
}

// ParseSegment reads the class of a customer. An unknown word is Unknown; a
// blank cell says nothing and is "".
func ParseSegment(s string) actnow.Segment {
	switch NormalHeader(s) {
	case "":
		return ""
	case "uppermedium", "corporatescalebusiness", "topunmanaged":
		return actnow.UpperMedium
	case "medium":
		return actnow.MediumSegment
	case "verysmall", "small":
		return actnow.VerySmall
	}
	return actnow.UnknownSegment
}

var dateLayouts = []string{
	"2006-01-02", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"1/2/2006", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM",
}

var dayNumber = regexp.MustCompile(`^[1-9][0-9]{4}(\.[0-9]{1,15})?$`)

// ParseDate reads a date and returns the start of its day in UTC, or the zero
// time for a blank cell. It reads ISO dates with or without a time,
// month/day/year, and the day numbers of Excel (46112 is 2026-03-31), all from
// 1990 to 2199. ok is false for anything else.
func ParseDate(s string) (day time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, true
	}
	if dayNumber.MatchString(s) {
		whole, _, _ := strings.Cut(s, ".")
		n, _ := strconv.Atoi(whole)
		day = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
		return day, day.Year() >= 1990 && day.Year() <= 2199
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			day = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
			return day, day.Year() >= 1990 && day.Year() <= 2199
		}
	}
	return time.Time{}, false
}

var ruinedID = regexp.MustCompile(`(?i)^[0-9]([.,][0-9]+)?E\+?[0-9]+$`)

// ParseID cleans an id of what people and spreadsheets wrap around it to save
// its zeros: ="0007", '0007, 7010000.0. Ids are text and keep their zeros. ok
// is false if a spreadsheet has rounded the id (1.23457E+15).
func ParseID(s string) (id string, ok bool) {
	s = strings.TrimSpace(s)
	if inner, cut := strings.CutPrefix(s, `="`); cut && strings.HasSuffix(inner, `"`) {
		s = strings.TrimSpace(strings.TrimSuffix(inner, `"`))
	}
	s = strings.TrimSpace(strings.TrimPrefix(s, "'"))
	if whole, cut := strings.CutSuffix(s, ".0"); cut && whole != "" && onlyDigits(whole) == whole {
		s = whole
	}
	switch strings.ToLower(s) {
	case "-", "n/a", "na", "null", "none":
		return "", true
	}
	if ruinedID.MatchString(s) {
		return "", false
	}
	return s, true
}

// splitRange cuts "a-b" and "a to b". A dash at the start is a sign.
func splitRange(s string) (lower, upper string, ok bool) {
	for _, mark := range []string{" to ", " TO ", "–", "—", "-"} {
		if i := strings.Index(s, mark); i > 0 && i+len(mark) < len(s) {
			return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(mark):]), true
		}
	}
	return "", "", false
}

func cutAnyPrefix(s string, prefixes ...string) (rest string, cut bool) {
	for _, p := range prefixes {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return strings.TrimSpace(s[len(p):]), true
		}
	}
	return s, false
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
