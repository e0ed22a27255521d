package crm_test

import (
	"fmt"
	"testing"

	"actnow/crm"
)

func TestAmounts(t *testing.T) {
	t.Parallel()
	const bad = -1 << 62
	tests := []struct {
		text, currency string
		want           int64
	}{
		{"1234.50", "SEK", 123450}, {"1234,5", "SEK", 123450}, {"1 234,50", "SEK", 123450}, {"1\u00a0234", "SEK", 123400},
		{"1,234.50", "USD", 123450}, {"1.234,50", "EUR", 123450}, {"1.234.567", "EUR", 123456700}, {"1,234,567", "USD", 123456700},
		{"1,234", "USD", 123400}, {"1'234.50", "CHF", 123450}, {"-10", "SEK", -1000}, {"−10,5", "SEK", -1050}, {"0.125", "SEK", 13},
		{"0,125", "SEK", 13}, {"12.5000000000", "SEK", 1250}, {"99.995", "KWD", 99995}, {"1.234", "KWD", 1234}, {"1000", "JPY", 1000},
		{"1000.5", "JPY", 1001}, {"SEK 100", "SEK", 10000}, {"100 SEK", "SEK", 10000}, {"1234.567", "SEK", 123457}, {"7", "", 700},
		{"1.234", "SEK", bad}, {"12.500", "EUR", bad}, {"", "SEK", 0}, {"1e3", "SEK", bad}, {"1,23,4", "SEK", bad}, {"1.2.3", "SEK", bad},
		{"1,234.5.6", "SEK", bad}, {".5", "SEK", bad}, {"5.", "SEK", bad}, {"--5", "SEK", bad}, {"abc", "SEK", bad}, {"100 EUR", "SEK", bad},
		{"99999999999999999999", "SEK", bad}, {"NaN", "SEK", bad}, {"١٢", "SEK", bad},
	}
	for _, tt := range tests {
		m := newMemory()
		res := doImport(t, m, crm.Transaction, fmt.Sprintf("id;amount;currency\nT;\"%s\";%s\n", tt.text, tt.currency))
		if tt.want == bad {
			if len(res.Rejected) != 1 || res.Rejected[0].Field != "amount" {
				t.Errorf("%q %s: %+v, want it rejected", tt.text, tt.currency, res)
			}
			continue
		}
		got, _ := m.states["transaction:T"].Fields["amount"].(int64)
		if got != tt.want || len(res.Rejected) > 0 {
			t.Errorf("%q %s = %d %+v, want %d", tt.text, tt.currency, got, res.Rejected, tt.want)
		}
	}
	m := newMemory()
	if res := doImport(t, m, crm.Transaction, "id,amount,currency\nT,5,kronor\n"); len(res.Rejected) != 1 || res.Rejected[0].Field != "currency" {
		t.Errorf("a currency that is none: %+v", res)
	}
}
