package actnow_test

import (
	"testing"

	"actnow"
)

func TestScopeCovers(t *testing.T) {
	t.Parallel()
	at := func(ids ...actnow.LocationID) actnow.Scope { return actnow.Scope{Locations: ids} }
	for _, tt := range []struct {
		name      string
		s, within actnow.Scope
		want      bool
	}{
		{"everything covers all", actnow.Everything, actnow.Everything, true},
		{"everything covers a location", actnow.Everything, at(1), true},
		{"a location does not cover all", at(1), actnow.Scope{AllLocations: true}, false},
		{"more locations cover fewer", at(1, 2, 3), at(3, 1), true},
		{"others do not", at(1, 2), at(2, 3), false},
		{"nothing is covered by all", at(), at(), true},
		{"no revenue", actnow.Scope{AllLocations: true, Personal: true}, actnow.Everything, false},
		{"no personal data", actnow.Scope{AllLocations: true, Revenue: true}, actnow.Scope{AllLocations: true, Personal: true}, false},
		{"the right to export is not looked at", actnow.Scope{AllLocations: true}, actnow.Scope{AllLocations: true, Export: true}, true},
	} {
		if got := tt.s.Covers(tt.within); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	both := at(1, 2).Within(actnow.Scope{AllLocations: true, Revenue: true})
	if both.AllLocations || both.Revenue || len(both.Locations) != 2 {
		t.Errorf("two locations within everything: %+v", both)
	}
}
