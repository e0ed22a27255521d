package cohorts_test

import (
	"testing"

	"actnow"
	"actnow/cohorts"
)

func TestAnyArea(t *testing.T) {
	for _, tt := range []struct {
		text string
		any  bool
		in   string // the filter in Azure alone
	}{
		{`cluster = "Act Now"`, true, `area = azure and cluster = "Act Now"`},
		{`cluster = "Act Now" and country = "Sweden"`, true, `area = azure and cluster = "Act Now" and country = "Sweden"`},
		{`fit >= 75 or org_size > 300`, true, `area = azure and (fit >= 75 or org_size > 300)`},
		{`not intent_band = High`, true, `area = azure and not intent_band = "High"`},
		{`held_out = no`, true, `area = azure and held_out = no`},
		{`raw."cluster" = "x"`, false, ``},
		{`country = "Sweden"`, false, ``},
		{`area = m365`, false, ``},
		{`cluster = "Act Now" and area in (azure, m365)`, false, ``},
		{`fit > 1 and (area = azure and cell = A1 or area = m365 and cell = A2)`, false, ``},
		{`area = azure and cell = A1 or cell = A2`, true, `area = azure and (area = azure and cell = A1 or cell = A2)`},
	} {
		e, err := cohorts.Parse(tt.text)
		if err != nil {
			t.Fatalf("Parse(%q): %v", tt.text, err)
		}
		if got := cohorts.AnyArea(e); got != tt.any {
			t.Errorf("AnyArea of %q = %t, want %t", tt.text, got, tt.any)
		}
		if got := cohorts.Format(cohorts.InArea(e, actnow.Azure)); tt.any && got != tt.in {
			t.Errorf("%q in Azure is %q, want %q", tt.text, got, tt.in)
		}
	}
}
