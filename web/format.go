package web

import (
	"math"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// No-break space and minus sign: what Swedish groups digits with, and what
// both languages put before a negative number.
const (
	nbsp  = "\u00a0"
	minus = "\u2212"
)

// Number writes a whole number with its thousands grouped: 4,812 or 4 812.
func (t *Text) Number(n int64) string {
	return t.group(strconv.FormatInt(n, 10))
}

// Decimal writes x with the given number of decimals; -1 is as many as it has.
func (t *Text) Decimal(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	whole, part, has := strings.Cut(strconv.FormatFloat(x, 'f', decimals, 64), ".")
	if !has {
		return t.group(whole)
	}
	mark := "."
	if t.Lang == "sv" {
		mark = ","
	}
	return t.group(whole) + mark + part
}

// Size writes a number of bytes: 820 B, 12 kB, 3.4 MB.
func (t *Text) Size(bytes int64) string {
	x, unit := float64(bytes), "B"
	for _, larger := range []string{"kB", "MB", "GB"} {
		if x < 1000 {
			break
		}
		x, unit = x/1000, larger
	}
	decimals := 0
	if unit != "B" && x < 10 {
		decimals = 1
	}
	return t.Decimal(x, decimals) + nbsp + unit
}

// Signed writes a change: +28, −9, ±0.
func (t *Text) Signed(n int64) string {
	switch {
	case n > 0:
		return "+" + t.Number(n)
	case n < 0:
		return t.Number(n)
	}
	return "±0"
}

// SignedDecimal writes a change with decimals: +1.9, −0.6, ±0.0.
func (t *Text) SignedDecimal(x float64, decimals int) string {
	s := t.Decimal(math.Abs(x), decimals)
	switch zero := strings.Trim(s, "0.,") == ""; {
	case zero:
		return "±" + s
	case x > 0:
		return "+" + s
	}
	return minus + s
}

// Certainty writes the probability of a match, rounded down, so that what is
// below a threshold never reads as if it had reached it.
func (t *Text) Certainty(p float64) string {
	if p >= 0.01 && p < 0.99 {
		p = math.Floor(100*p) / 100
	}
	return t.Percent(p)
}

// Percent writes a share from 0 to 1: 63% or 63 %. Shares that round to 0 or
// 100 without being it say so: <1%, >99%.
func (t *Text) Percent(share float64) string {
	space := ""
	if t.Lang == "sv" {
		space = nbsp
	}
	switch n := math.Round(share * 100); {
	case math.IsNaN(share):
		return "–"
	case n == 0 && share > 0:
		return "<1" + space + "%"
	case n == 100 && share < 1:
		return ">99" + space + "%"
	default:
		return t.Number(int64(n)) + space + "%"
	}
}

// Money writes minor units of a currency in full: SEK 4,100,000 or
// 4 100 000 kr. Fractions are shown only where there are any.
func (t *Text) Money(minor int64, currency string) string {
	units := float64(minor) / 100
	decimals := 2
	if minor%100 == 0 {
		decimals = 0
	}
	return t.withCurrency(t.Decimal(units, decimals), currency)
}

// MoneyShort writes minor units of a currency in thousands or millions, as
// sentences and figures want it: SEK 4.1 M or 4,1 mn kr.
func (t *Text) MoneyShort(minor int64, currency string) string {
	units := float64(minor) / 100
	thousand, million := "k", "M"
	if t.Lang == "sv" {
		thousand, million = "tkr", "mn"
	}
	switch abs := math.Abs(units); {
	case abs >= 999_950:
		return t.withCurrency(t.short(units/1e6)+nbsp+million, currency)
	case abs >= 10_000 && t.Lang == "sv" && currency == "SEK":
		return t.Decimal(units/1e3, 0) + nbsp + thousand
	case abs >= 10_000 && t.Lang != "sv":
		return t.withCurrency(t.Decimal(units/1e3, 0)+nbsp+thousand, currency)
	}
	return t.withCurrency(t.Decimal(units, 0), currency)
}

// MoneyRange writes a revenue range: SEK 310,000–420,000.
func (t *Text) MoneyRange(low, high int64, currency string) string {
	if low == high {
		return t.Money(low, currency)
	}
	return t.withCurrency(t.Decimal(float64(low)/100, 0)+"–"+t.Decimal(float64(high)/100, 0), currency)
}

// Amount writes money in full.
func (t *Text) Amount(m actnow.Money) string { return t.Money(m.Minor, m.Currency) }

// Sums writes amounts of several currencies, in short, side by side: currencies
// are never added. A line may end before a plus. Without any it says that there is no estimate.
func (t *Text) Sums(amounts []actnow.Money) string {
	if len(amounts) == 0 {
		return t.T("money.none")
	}
	parts := make([]string, len(amounts))
	for i, m := range amounts {
		parts[i] = t.MoneyShort(m.Minor, m.Currency)
	}
	return strings.Join(parts, " +\u00a0")
}

// Revenue writes an estimate: a range, "from" or "up to" one end, or that there
// is none.
func (t *Text) Revenue(r actnow.MoneyRange) string {
	switch {
	case r.Low != nil && r.High != nil:
		return t.MoneyRange(*r.Low, *r.High, r.Currency)
	case r.Low != nil:
		return t.T("money.from", t.Money(*r.Low, r.Currency))
	case r.High != nil:
		return t.T("money.upto", t.Money(*r.High, r.Currency))
	}
	return t.T("money.none")
}

// Date writes a day: 25 Nov 2026 or 25 nov 2026.
func (t *Text) Date(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	at = at.In(t.zone())
	return strconv.Itoa(at.Day()) + nbsp + t.T("month.short."+monthKey(at.Month())) + nbsp + strconv.Itoa(at.Year())
}

// DateLong writes a day with its weekday: Wednesday 25 November 2026.
func (t *Text) DateLong(at time.Time) string {
	at = at.In(t.zone())
	return t.T("weekday."+strconv.Itoa(int(at.Weekday()))) + " " + strconv.Itoa(at.Day()) + " " +
		t.T("month.long."+monthKey(at.Month())) + " " + strconv.Itoa(at.Year())
}

// Time writes the time of day: 09:00 or 09.00.
func (t *Text) Time(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	layout := "15:04"
	if t.Lang == "sv" {
		layout = "15.04"
	}
	return at.In(t.zone()).Format(layout)
}

// DateTime writes day and time.
func (t *Text) DateTime(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return t.Date(at) + ", " + t.Time(at)
}

// Month writes a month: November 2026 or november 2026.
func (t *Text) Month(m actnow.Month) string {
	first := m.First()
	if first.IsZero() {
		return "–"
	}
	return t.T("month.long."+monthKey(first.Month())) + " " + strconv.Itoa(first.Year())
}

// Area returns the name of a solution area; reports write it so in every
// language.
func (t *Text) Area(a actnow.Area) string { return a.Name() }

// Cluster returns the cluster's name: Act Now, Agera nu; "no score" for none.
func (t *Text) Cluster(c actnow.Cluster) string {
	if c == "" {
		return t.T("cluster.none")
	}
	return t.T("cluster." + string(c))
}

// Band returns the band's name: High, Hög; "no score" for none.
func (t *Text) Band(b actnow.Band) string {
	if b == "" {
		return t.T("cluster.none")
	}
	return t.T("band." + string(b))
}

func (t *Text) withCurrency(amount, currency string) string {
	switch {
	case currency == "":
		return amount
	case t.Lang == "sv" && currency == "SEK":
		return amount + nbsp + "kr"
	case t.Lang == "sv":
		return amount + nbsp + currency
	}
	return currency + nbsp + amount
}

func (t *Text) short(x float64) string {
	if math.Abs(x) >= 100 {
		return t.Decimal(x, 0)
	}
	return t.Decimal(x, 1)
}

func (t *Text) group(digits string) string {
	mark := ","
	if t.Lang == "sv" {
		mark = nbsp
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = minus, digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteRune(d)
	}
	return b.String()
}

func (t *Text) zone() *time.Location {
	if t.Zone == nil {
		return time.UTC
	}
	return t.Zone
}

func monthKey(m time.Month) string { return strconv.Itoa(int(m)) }
