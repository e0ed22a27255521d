package reports

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Style says how a file writes numbers: with a decimal comma, as spreadsheets
// do where the semicolon separates cells, or with a decimal point. It decides
// only what "1.250" and "1,250" are; all else is plain.
type Style bool

// The two styles.
const (
	DecimalPoint Style = false
	DecimalComma Style = true
)

// Amount is money in minor units of its currency, or in hundredths if the cell
// names none.
type Amount struct {
	Minor    int64
	Currency string // ISO 4217, "" if the cell names none
}

var currencies = []struct{ text, code string }{
	{"US$", "USD"}, {"$", "USD"}, {"€", "EUR"}, {"£", "GBP"}, {"¥", "JPY"},
	{"USD", "USD"}, {"EUR", "EUR"}, {"GBP", "GBP"}, {"SEK", "SEK"}, {"NOK", "NOK"}, {"DKK", "DKK"},
	{"CHF", "CHF"}, {"PLN", "PLN"}, {"CZK", "CZK"}, {"HUF", "HUF"}, {"CAD", "CAD"}, {"AUD", "AUD"},
	{"NZD", "NZD"}, {"INR", "INR"}, {"BRL", "BRL"}, {"MXN", "MXN"}, {"ZAR", "ZAR"}, {"JPY", "JPY"}, {"KRW", "KRW"},
}

// minorDigits returns how many decimals the minor unit of a currency is below
// the currency itself.
func minorDigits(currency string) int {
	if currency == "JPY" || currency == "KRW" {
		return 0
	}
	return 2
}

// ParseMoney reads one amount, with or without a currency and marks for
// thousands, and rounds it half away from zero to minor units. A blank cell is
// nil. ok is false if the cell is no amount.
func ParseMoney(s string, style Style) (amount *Amount, ok bool) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
	if s == "" {
		return nil, true
	}
	a, ok := parseAmount(s, style)
	if !ok {
		return nil, false
	}
	return &a, true
}

func parseAmount(s string, style Style) (Amount, bool) {
	s = strings.TrimSpace(s)
	sign := 1.0
	if rest, cut := strings.CutPrefix(s, "-"); cut {
		s, sign = strings.TrimSpace(rest), -1
	}
	s, currency := cutCurrency(s)
	if rest, cut := strings.CutPrefix(s, "-"); cut && sign > 0 {
		s, sign = rest, -1
	}
	factor := 1.0
	if n := len(s); n > 1 {
		switch s[n-1] {
		case 'K', 'k':
			s, factor = s[:n-1], 1e3
		case 'M', 'm':
			s, factor = s[:n-1], 1e6
		case 'B', 'b':
			s, factor = s[:n-1], 1e9
		}
	}
	v, ok := parseNumber(strings.TrimSpace(s), style)
	if !ok {
		return Amount{}, false
	}
	minor := math.Round(v * factor * math.Pow10(minorDigits(currency)))
	if minor > 1e17 {
		return Amount{}, false
	}
	return Amount{Minor: int64(sign * minor), Currency: currency}, true
}

func cutCurrency(s string) (rest, code string) {
	upper := strings.ToUpper(s)
	if len(upper) != len(s) || allDigits(s) {
		return s, ""
	}
	for _, c := range currencies {
		if strings.HasPrefix(upper, c.text) {
			return strings.TrimSpace(s[len(c.text):]), c.code
		}
		if strings.HasSuffix(upper, c.text) {
			return strings.TrimSpace(s[:len(s)-len(c.text)]), c.code
		}
	}
	return s, ""
}

var (
	plainNumber    = regexp.MustCompile(`^[0-9]{1,15}(?:([.,])[0-9]{1,20})?$`)
	groupedNumber  = regexp.MustCompile(`^[1-9][0-9]{0,2}(?:[., '’][0-9]{3})+$`)
	groupedDecimal = regexp.MustCompile(`^([1-9][0-9]{0,2}(?:[., '’][0-9]{3})+)[.,]([0-9]{1,20})$`)
)

// parseNumber reads a number that is not negative. Groups of three digits after
// one and the same mark are thousands; "1.250" and "1,250", where the mark may
// be either, are read by the style of the file.
func parseNumber(s string, style Style) (float64, bool) {
	decimal := "."
	if style == DecimalComma {
		decimal = ","
	}
	marks := marksOf(s)
	switch {
	case marks == "" && allDigits(s) && len(s) <= 15:
	case plainNumber.MatchString(s) && (marks == "" || marks == decimal || !groupedNumber.MatchString(s)):
		s = strings.Replace(s, ",", ".", 1)
	case groupedNumber.MatchString(s) && oneMark(marks):
		s = onlyDigits(s)
	default:
		m := groupedDecimal.FindStringSubmatch(s)
		if m == nil || !oneMark(marksOf(m[1])) || oneMark(marks) {
			return 0, false
		}
		s = onlyDigits(m[1]) + "." + m[2]
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func marksOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// oneMark reports whether all marks are the same.
func oneMark(marks string) bool {
	for _, r := range marks {
		if !strings.HasPrefix(marks, string(r)) {
			return false
		}
	}
	return true
}

// ParseRevenue reads the potential revenue of an area: an amount, or a range
// such as "1000-5000", "$1K to $5K", "100K+", ">100K" or "<5K", of which each
// bound that is plain is set. What cannot be read has no bounds; the text is
// always kept.
func ParseRevenue(s string, style Style) AreaRevenue {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
	r := AreaRevenue{Text: s}
	if s == "" {
		return r
	}
	if lower, upper, ok := splitRange(s); ok {
		a, okA := parseAmount(lower, style)
		b, okB := parseAmount(upper, style)
		if okA && okB && a.Currency == "" {
			a, okA = parseAmount(lower+b.Currency, style) // "1000-5000 USD"
		}
		sameMoney := a.Currency == b.Currency || b.Currency == ""
		if okA && okB && sameMoney && a.Minor >= 0 && a.Minor <= b.Minor {
			r.Low, r.High, r.Currency = &a.Minor, &b.Minor, a.Currency
			return r
		}
	}
	if a, ok := parseAmount(s, style); ok && a.Minor >= 0 {
		r.Low, r.High, r.Currency = &a.Minor, &a.Minor, a.Currency
		return r
	}
	if below, cut := cutAnyPrefix(s, "<=", "<", "up to "); cut {
		if a, ok := parseAmount(below, style); ok {
			r.High, r.Currency = &a.Minor, a.Currency
		}
		return r
	}
	if above, cut := cutAnyPrefix(strings.TrimSuffix(s, "+"), ">=", ">"); cut || strings.HasSuffix(s, "+") {
		if a, ok := parseAmount(above, style); ok {
			r.Low, r.Currency = &a.Minor, a.Currency
		}
		return r
	}
	return r
}
