package reports

import (
	"slices"

	"actnow"
)

// Preset is a choice of columns that a list can begin with.
type Preset string

// The presets.
const (
	PresetPlain Preset = "plain" // the source's own columns
	PresetAdded Preset = "added" // those, and all that Act Now adds
	PresetCall  Preset = "call"  // who it is, why to call, what it may be worth, whom to ask
)

// Presets lists the presets in the order of pages.
var Presets = []Preset{PresetAdded, PresetPlain, PresetCall}

// callFields are the catalogue's fields, and callAdded the added columns, that a
// list to call from has.
var (
	callFields = []string{"account_name", "name", "domain", "org_size", "industry", "city", "country", "agreement_end", "expiring_revenue"}
	callAdded  = []string{"cluster", "change", "explanation", "revenue_high", "currency", "account", "owner", "mailable_contacts"}
)

// Choose returns those of the columns that belong to the preset, in order.
func (p Preset) Choose(columns []SheetColumn) []SheetColumn {
	var list []SheetColumn
	for _, c := range columns {
		keep := !c.Added || p == PresetAdded
		if p == PresetCall {
			keep = c.Added && slices.Contains(callAdded, addedKey(c.Header)) || !c.Added && slices.Contains(callFields, fieldKey(c.Header))
		}
		if keep {
			list = append(list, c)
		}
	}
	return list
}

// fieldKey is the catalogue's name of a header, or the header.
func fieldKey(header string) string {
	if f, ok := Lookup(header); ok {
		return f.Name
	}
	return header
}

// addedKey is the key of the added column that has the header.
func addedKey(header string) string {
	for _, a := range AddedColumns {
		areas := []actnow.Area{""}
		if a.Area {
			areas = actnow.Areas
		}
		for _, area := range areas {
			if a.Header(area) == header {
				return a.Key
			}
		}
	}
	return ""
}
