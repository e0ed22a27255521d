package reports

import "actnow"

// Added is a column that Act Now adds to the rows of a report or of a cohort.
type Added struct {
	Key    string // "fit"
	Area   bool   // there is one for each solution area
	Number bool
	Minor  bool // in minor units of a currency
	Money  bool // left out for those who may not see revenue
}

// AddedColumns are the columns that Act Now can add, in the order of pages.
var AddedColumns = []Added{
	{Key: "fit", Area: true, Number: true}, {Key: "intent", Area: true, Number: true}, {Key: "cell", Area: true}, {Key: "cluster", Area: true},
	{Key: "change", Area: true}, {Key: "explanation", Area: true},
	{Key: "revenue_low", Area: true, Number: true, Minor: true, Money: true}, {Key: "revenue_high", Area: true, Number: true, Minor: true, Money: true}, {Key: "currency", Area: true, Money: true},
	{Key: "revenue_kind", Area: true, Money: true}, {Key: "revenue_basis", Area: true, Money: true}, {Key: "revenue_peers", Area: true, Number: true, Money: true},
	{Key: "account"}, {Key: "owner"}, {Key: "mailable_contacts", Number: true},
}

// addedPrefix begins the headers of added columns, by which they are told from
// those of a report.
const addedPrefix = "Act Now: "

// Header returns the header of the column, of an area if it has one for each:
// "Act Now: Azure fit", the same in every language.
func (a Added) Header(area actnow.Area) string {
	words := map[string]string{"revenue_low": "revenue from", "revenue_high": "revenue to", "revenue_kind": "revenue kind", "revenue_basis": "revenue basis", "revenue_peers": "revenue peers", "account": "CRM account", "owner": "CRM owner", "mailable_contacts": "mailable contacts"}
	name := a.Key
	if w, ok := words[a.Key]; ok {
		name = w
	}
	if a.Area {
		name = area.Name() + " " + name
	}
	return addedPrefix + name
}

// AboutCode is the key in Messages of the sentence that says what the column holds.
func (a Added) AboutCode() string { return "added." + a.Key }

// AreasOf returns the solution areas that a report is about.
func AreasOf(kind Kind) []actnow.Area {
	switch kind {
	case D365:
		return []actnow.Area{actnow.D365BC, actnow.D365SP, actnow.PowerApp}
	case M365:
		return []actnow.Area{actnow.M365, actnow.Copilot}
	case Renewals:
		return []actnow.Area{actnow.Azure, actnow.M365}
	}
	return []actnow.Area{ownArea[kind]}
}
