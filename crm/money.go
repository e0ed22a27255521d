package crm

import (
	"strconv"
	"strings"
	"unicode"

	"actnow"
)

// decimals of the currencies that have another number than two (ISO 4217).
var decimals = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// parseAmount reads money as minor units of the currency; an unknown one has
// two decimals. The rule for separators: blanks and apostrophes group; where
// both a comma and a point stand, the last is the decimal sign; one that stands
// twice groups; a lone comma before exactly three digits groups; a lone point
// before exactly three digits is refused as ambiguous, unless the currency has
// three decimals or nothing but a zero stands before it. Further decimals are
// rounded half away from zero. The currency's own letters around are dropped.
func parseAmount(text, currency string) (int64, *actnow.InputError) {
	bad := invalid("crm.amount", "amount", shorten(text))
	places, ok := decimals[currency]
	if !ok {
		places = 2
	}
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\'', r == '’':
			return -1
		case r == '−':
			return '-'
		}
		return r
	}, text)
	if currency != "" {
		s = strings.TrimSuffix(strings.TrimPrefix(s, currency), currency)
	}
	s, negative := strings.CutPrefix(s, "-")
	comma, point := strings.Count(s, ","), strings.Count(s, ".")
	decimal := ""
	switch {
	case comma > 0 && point > 0:
		decimal = s[strings.LastIndexAny(s, ",."):][:1]
		if strings.Count(s, decimal) > 1 {
			return 0, bad
		}
	case comma == 1 && (places == 3 || len(s)-strings.Index(s, ",") != 4 || zeroBefore(s, ",")):
		decimal = ","
	case point == 1:
		decimal = "."
		if places != 3 && len(s)-strings.Index(s, ".") == 4 && !zeroBefore(s, ".") && strings.Index(s, ".") <= 3 {
			return 0, invalid("crm.amount_ambiguous", "amount", shorten(text))
		}
	}
	whole, fraction := s, ""
	if decimal != "" {
		whole, fraction, _ = strings.Cut(s, decimal)
	}
	whole, ok = ungroup(whole)
	if !ok || strings.Trim(fraction, "0123456789") != "" || decimal != "" && fraction == "" {
		return 0, bad
	}
	up := len(fraction) > places && fraction[places] >= '5'
	fraction = (fraction + strings.Repeat("0", places))[:places]
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || n > 1<<60 {
		return 0, bad
	}
	if up {
		n++
	}
	if negative {
		n = -n
	}
	return n, nil
}

func zeroBefore(s, sign string) bool { return strings.HasPrefix(s, "0"+sign) }

// ungroup drops the group separators of a whole number: groups of three after
// the first.
func ungroup(s string) (string, bool) {
	groups := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '.' })
	if len(groups) == 0 || strings.Trim(s, "0123456789,.") != "" {
		return "", false
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || len(groups) > 1 && i == 0 && len(g) > 3 {
			return "", false
		}
	}
	digits := strings.Join(groups, "")
	return digits, len(digits)+len(groups)-1 == len(s)
}
