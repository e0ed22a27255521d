package reports_test

import (
	"math"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
)

func TestParseLevel(t *testing.T) {
	t.Parallel()
	num := func(v float64) *float64 { return &v }
	tests := []struct {
		in   string
		want reports.Level
		ok   bool
	}{
		{"", reports.Level{}, true},
		{" \u00a0", reports.Level{}, true},
		{"0", reports.Level{Score: num(0), Band: actnow.VeryLow}, true},
		{"100", reports.Level{Score: num(100), Band: actnow.High}, true},
		{"100,0", reports.Level{Score: num(100), Band: actnow.High}, true},
		{"74.99", reports.Level{Score: num(74.99), Band: actnow.Medium}, true},
		{"54,9", reports.Level{Score: num(54.9), Band: actnow.Low}, true},
		{" very LOW ", reports.Level{Band: actnow.VeryLow}, true},
		{"VeryLow", reports.Level{Band: actnow.VeryLow}, true},
		{"a1", reports.Level{Cell: "A1"}, true},
		{"E1", reports.Level{}, false},
		{"100.0001", reports.Level{}, false},
		{"-1", reports.Level{}, false},
		{"+88", reports.Level{}, false},
		{"8.8e1", reports.Level{}, false},
		{"088", reports.Level{}, false},
		{"88.", reports.Level{}, false},
		{"NaN", reports.Level{}, false},
		{"Inf", reports.Level{}, false},
		{"70-80", reports.Level{}, false},
		{"٨٨", reports.Level{}, false},
	}
	for _, tt := range tests {
		got, ok := reports.ParseLevel(tt.in)
		same := (got.Score == nil) == (tt.want.Score == nil) && (got.Score == nil || *got.Score == *tt.want.Score) &&
			got.Band == tt.want.Band && got.Cell == tt.want.Cell
		if !same || ok != tt.ok {
			t.Errorf("ParseLevel(%q) = %+v, %v; want %+v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	const unknown, bad = -1, -2
	tests := map[string]int64{
		"": unknown, "0": unknown, "12": 12, "12.0": 12, "1,234": 1234, "1 234": 1234, "1.234": 1234, "1\u00a0234": 1234,
		"25-300": 25, "25 to 300": 25, "25 – 300": 25, "300+": 300, ">300": 300, ">=300": 300, "<25": 1, "0-24": 1,
		"1,000-4,999": 1000,
		"-1":          bad, "big": bad, "12.5": bad, "300-25": bad, "1e3": bad, "12 employees": bad, "1,23": bad, "99999999999": bad,
	}
	for in, want := range tests {
		got, ok := reports.ParseSize(in)
		switch {
		case want == bad:
			if ok {
				t.Errorf("ParseSize(%q) is usable, want not", in)
			}
		case !ok, (got == nil) != (want == unknown), got != nil && *got != want:
			t.Errorf("ParseSize(%q) = %v, %v; want %d", in, got, ok, want)
		}
	}
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	const bad = math.MinInt64
	tests := []struct {
		in       string
		style    reports.Style
		minor    int64
		currency string
	}{
		{"1250.50", reports.DecimalPoint, 125050, ""},
		{"0", reports.DecimalPoint, 0, ""},
		{"0.005", reports.DecimalPoint, 1, ""},
		{"1,250.50", reports.DecimalPoint, 125050, ""},
		{"1.250,50", reports.DecimalPoint, 125050, ""},
		{"1250,50", reports.DecimalPoint, 125050, ""},
		{"1,250", reports.DecimalPoint, 125000, ""},
		{"1.250", reports.DecimalPoint, 125, ""},
		{"1,250", reports.DecimalComma, 125, ""},
		{"1.250", reports.DecimalComma, 125000, ""},
		{"1 250 000,5", reports.DecimalComma, 125000050, ""},
		{"1,250,000", reports.DecimalComma, 125000000, ""},
		{"$1,250.50", reports.DecimalPoint, 125050, "USD"},
		{"12,50 €", reports.DecimalComma, 1250, "EUR"},
		{"SEK 100", reports.DecimalPoint, 10000, "SEK"},
		{"JPY 100", reports.DecimalPoint, 100, "JPY"},
		{"-5", reports.DecimalPoint, -500, ""},
		{"$-5", reports.DecimalPoint, -500, "USD"},
		{"2.5K", reports.DecimalPoint, 250000, ""},
		{"--5", reports.DecimalPoint, bad, ""},
		{"NaN", reports.DecimalPoint, bad, ""},
		{"a lot", reports.DecimalPoint, bad, ""},
		{"1e400", reports.DecimalPoint, bad, ""},
		{"1,250,50", reports.DecimalPoint, bad, ""},
		{"1,25.50", reports.DecimalPoint, bad, ""},
		{"999999999999999M", reports.DecimalPoint, bad, ""},
	}
	for _, tt := range tests {
		got, ok := reports.ParseMoney(tt.in, tt.style)
		switch {
		case tt.minor == bad:
			if ok {
				t.Errorf("ParseMoney(%q) = %+v, want it unusable", tt.in, got)
			}
		case !ok || got == nil || got.Minor != tt.minor || got.Currency != tt.currency:
			t.Errorf("ParseMoney(%q, %v) = %+v, %v; want %d %s", tt.in, tt.style, got, ok, tt.minor, tt.currency)
		}
	}
	if got, ok := reports.ParseMoney(" ", reports.DecimalPoint); got != nil || !ok {
		t.Errorf("a blank amount = %v, %v; want nothing said", got, ok)
	}
}

func TestParseRevenue(t *testing.T) {
	t.Parallel()
	const open = -1
	tests := []struct {
		in        string
		low, high int64
		currency  string
	}{
		{"1000-5000", 100000, 500000, ""},
		{"$1,000 - $5,000", 100000, 500000, "USD"},
		{"$1K to $5K", 100000, 500000, "USD"},
		{"1000-5000 USD", 100000, 500000, "USD"},
		{"5000", 500000, 500000, ""},
		{"100K+", 10000000, open, ""},
		{">100K", 10000000, open, ""},
		{"<5K", open, 500000, ""},
		{"up to 5000", open, 500000, ""},
		{"5000-1000", open, open, ""},
		{"$1-€5", open, open, ""},
		{"High", open, open, ""},
	}
	for _, tt := range tests {
		got := reports.ParseRevenue(tt.in, reports.DecimalPoint)
		bound := func(p *int64) int64 {
			if p == nil {
				return open
			}
			return *p
		}
		if bound(got.Low) != tt.low || bound(got.High) != tt.high || got.Currency != tt.currency || got.Text != tt.in {
			t.Errorf("ParseRevenue(%q) = %d to %d %s %q; want %d to %d %s", tt.in, bound(got.Low), bound(got.High), got.Currency, got.Text, tt.low, tt.high, tt.currency)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"2027-03-31": "2027-03-31", "2027-03-31T23:59:59Z": "2027-03-31", "2027-03-31 00:00:00": "2027-03-31",
		"3/31/2027": "2027-03-31", "03/31/2027 12:00:00 AM": "2027-03-31", "12/1/2026": "2026-12-01",
		"46112": "2026-03-31", "46112.75": "2026-03-31",
		"2026-02-30": "", "2026-13-01": "", "31/12/2026": "", "soon": "", "0000-00-00": "", "2/30/2027": "", "12": "", "10000": "", "1/1/27": "",
	}
	for in, want := range tests {
		day, ok := reports.ParseDate(in)
		got := ""
		if ok {
			got = day.Format("2006-01-02")
		}
		if got != want {
			t.Errorf("ParseDate(%q) = %q, want %q", in, got, want)
		}
	}
	if day, ok := reports.ParseDate(""); !ok || !day.IsZero() {
		t.Errorf("a blank date = %v, %v; want nothing said", day, ok)
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"0007", "0007", true}, {`="0007"`, "0007", true}, {"'0007", "0007", true}, {"7010000.0", "7010000", true},
		{" 7 ", "7", true}, {"n/a", "", true}, {"-", "", true}, {"A-7", "A-7", true},
		{"1.23457E+15", "", false}, {"7,01E+06", "", false}, {"7e10", "", false},
	}
	for _, tt := range tests {
		if got, ok := reports.ParseID(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("ParseID(%q) = %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzCells(f *testing.F) {
	for _, s := range []string{"", "88", "71,5", "A1", "25-300", "$1,000 - $5,000", "1 250 000,5", "46112", "3/31/2027", `="07"`, "1.2E+9", "HTTPS://www.a.example./x", "bücher.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if l, ok := reports.ParseLevel(s); ok && l.Score != nil && !(*l.Score >= 0 && *l.Score <= 100) {
			t.Errorf("ParseLevel(%q) = %v", s, *l.Score)
		}
		if n, ok := reports.ParseSize(s); ok && n != nil && *n < 1 {
			t.Errorf("ParseSize(%q) = %d", s, *n)
		}
		if d, ok := reports.ParseDate(s); ok && !d.IsZero() && (d.Year() < 1990 || d.Year() > 2199) {
			t.Errorf("ParseDate(%q) = %v", s, d)
		}
		for _, style := range []reports.Style{reports.DecimalPoint, reports.DecimalComma} {
			if a, ok := reports.ParseMoney(s, style); ok && a == nil && strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " ")) != "" {
				t.Errorf("ParseMoney(%q) says nothing of a cell that is not blank", s)
			}
			if r := reports.ParseRevenue(s, style); r.Low != nil && r.High != nil && *r.Low > *r.High {
				t.Errorf("ParseRevenue(%q) = %d to %d", s, *r.Low, *r.High)
			}
		}
		if id, ok := reports.ParseID(s); ok {
			if again, _ := reports.ParseID(id); strings.HasPrefix(id, "=") && again != id {
				t.Errorf("ParseID(%q) = %q, then %q", s, id, again)
			}
		}
		if d, ok := reports.NormalDomain(s); ok {
			if again, ok := reports.NormalDomain(d); !ok || again != d {
				t.Errorf("NormalDomain(%q) = %q, then %q, %v", s, d, again, ok)
			}
		}
		_, _ = reports.Lookup(s)
	})
}
