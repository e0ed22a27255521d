package storage_test

import (
	"errors"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

func TestCohortColumnTiedToAPlay(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const header = "CustomerID,AccountName,AzureCluster,New Idea FY27\n"
	mustImport(t, db, "a.csv", header+"1,A,Act Now,Yes\n2,B,Act Now,No\n3,C,Act Now,\n4,D,Act Now,Yes\n", reports.Options{Month: "2026-10"})
	columns, err := db.CohortColumns(t.Context(), actnow.Everything, reports.CohortCandidate)
	if err != nil || len(columns) != 1 {
		t.Fatalf("candidates = %+v, %v", columns, err)
	}
	id := columns[0].ID
	k, err := db.CohortColumn(t.Context(), actnow.Everything, id)
	if err != nil || k.Members != 2 || k.Customers != 4 || k.Blank != 1 || k.Name != "New Idea FY27" {
		t.Errorf("column = %+v, %v; want 2 Yes and 1 blank of 4", k, err)
	}
	if err := db.NameCohortColumn(t.Context(), actnow.Everything, actnow.Actor{Name: "Maja"}, id, " Warm leads ", "Migrate to Azure"); err != nil {
		t.Fatal(err)
	}
	// Another spelling of the header in a later file asks nobody again.
	mustImport(t, db, "a.csv", strings.Replace(header, "New Idea FY27", "new_idea (FY27)", 1)+"1,A,Act Now,No\n2,B,Act Now,Yes\n", reports.Options{Month: "2026-11"})
	k, err = db.CohortColumn(t.Context(), actnow.Everything, id)
	if err != nil || k.State != reports.CohortConfirmed || k.Name != "Warm leads" || k.Play != "Migrate to Azure" || k.LastMonth != "2026-11" || k.Members != 1 || k.DecidedBy != "Maja" {
		t.Errorf("after a later file = %+v, %v", k, err)
	}
	list, err := db.Cohorts(t.Context(), actnow.Everything)
	if err != nil || len(list) != 1 || list[0].Name != "Warm leads" || list[0].Play != "Migrate to Azure" || list[0].Counts.Customers != 1 {
		t.Errorf("cohorts = %+v, %v", list, err)
	}
	if err := db.NameCohortColumn(t.Context(), actnow.Everything, actnow.System, id, "", "Copilot"); err != nil {
		t.Fatal(err)
	}
	if list, err = db.Cohorts(t.Context(), actnow.Everything); err != nil || len(list) != 1 || list[0].Name != "new_idea (FY27)" || list[0].Play != "Copilot" {
		t.Errorf("named after its header again: %+v, %v", list, err)
	}
	if _, err := db.CreateCohort(t.Context(), actnow.Everything, actnow.System, "Taken", `cohort = "new_idea (FY27)"`); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		id         reports.CohortColumnID
		name, play string
		want       error
	}{
		"taken":    {id, "TAKEN", "", actnow.ErrInvalid},
		"long":     {id, strings.Repeat("x", 201), "", actnow.ErrInvalid},
		"play":     {id, "ok", "a\nb", actnow.ErrInvalid},
		"used":     {id, "Other", "", actnow.ErrConflict}, // a filter names it
		"no such":  {99, "x", "", actnow.ErrNotFound},
		"same one": {id, "new_idea (FY27)", "", nil},
	} {
		if err := db.NameCohortColumn(t.Context(), actnow.Everything, actnow.System, tt.id, tt.name, tt.play); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
