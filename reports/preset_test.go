package reports_test

import (
	"slices"
	"testing"

	"actnow"
	"actnow/reports"
)

func TestPresets(t *testing.T) {
	t.Parallel()
	columns := []reports.SheetColumn{{Header: "Customer Name"}, {Header: "AccountName"}, {Header: "AzureFit"}, {Header: "Weather"}}
	for _, a := range reports.AddedColumns {
		area := actnow.Area("")
		if a.Area {
			area = actnow.Azure
		}
		columns = append(columns, reports.SheetColumn{Header: a.Header(area), Added: true})
	}
	heads := func(p reports.Preset) (list []string) {
		for _, c := range p.Choose(columns) {
			list = append(list, c.Header)
		}
		return list
	}
	if got := heads(reports.PresetAdded); len(got) != len(columns) {
		t.Errorf("with what is added: %q", got)
	}
	if got, want := heads(reports.PresetPlain), []string{"Customer Name", "AccountName", "AzureFit", "Weather"}; !slices.Equal(got, want) {
		t.Errorf("the source's own: %q, want %q", got, want)
	}
	want := []string{"Customer Name", "AccountName", "Act Now: Azure cluster", "Act Now: Azure change", "Act Now: Azure explanation", "Act Now: Azure revenue to",
		"Act Now: Azure currency", "Act Now: CRM account", "Act Now: CRM owner", "Act Now: mailable contacts"}
	if got := heads(reports.PresetCall); !slices.Equal(got, want) {
		t.Errorf("to call from: %q, want %q", got, want)
	}
}
