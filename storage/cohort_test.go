package storage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/cohorts"
	"actnow/storage/storagetest"
)

func TestCohortLife(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	ctx, by := t.Context(), actnow.Actor{Name: "Elin"}
	c, err := db.CreateCohort(ctx, actnow.Everything, by, "  Hot in Sweden ", `cluster="actnow" AND country = "Sweden"`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Hot in Sweden" || c.Filter != `cluster = "Act Now" and country = "Sweden"` || c.Kind != cohorts.ByFilter ||
		c.By != "Elin" || c.Counts != (cohorts.Counts{Customers: 1, Matched: 1, Mailable: 1}) {
		t.Errorf("CreateCohort = %+v", c)
	}
	for _, tt := range []struct{ name, filter, code string }{
		{"hot in SWEDEN", `fit > 1`, "error.cohort_name_taken"},
		{"", `fit > 1`, "error.cohort_name"},
		{strings.Repeat("å", 201), `fit > 1`, "error.cohort_name"},
		{"a\nb", `fit > 1`, "error.cohort_name"},
		{"everyone", ``, "error.filter_empty"},
		{"odd", `clster = "x"`, "error.filter_field"},
	} {
		var input *actnow.InputError
		if _, err := db.CreateCohort(ctx, actnow.Everything, by, tt.name, tt.filter); !errors.As(err, &input) || input.Code != tt.code {
			t.Errorf("CreateCohort(%.20q, %q) error = %v, want %s", tt.name, tt.filter, err, tt.code)
		}
	}
	if err := db.ChangeCohort(ctx, actnow.Everything, by, c.ID, "Cold", `cluster = "Educate"`); err != nil {
		t.Fatal(err)
	}
	if err := db.ChangeCohort(ctx, actnow.Everything, by, c.ID, "Cold", `cohort = "Cold"`); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a cohort within itself: %v, want ErrInvalid", err)
	}
	if c, err = db.Cohort(ctx, actnow.Everything, c.ID); err != nil || c.Name != "Cold" || c.Counts.Customers != 1 {
		t.Errorf("after the change %+v, %v", c, err)
	}
	if err := db.DeleteCohort(ctx, by, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Cohort(ctx, actnow.Everything, c.ID); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("after the deletion: %v, want ErrNotFound", err)
	}
	if _, err := db.CreateCohort(ctx, actnow.Everything, by, "Cold", `fit > 1`); err != nil {
		t.Errorf("the name of a deleted cohort is taken: %v", err)
	}
}

func TestCohortInUse(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed, `
		INSERT INTO packs (id, name, revision, sha256, languages, manifest, created_at) VALUES (1, 'p', 1, 'x', '[]', '{}', 0);
		INSERT INTO campaigns (id, name, pack_id, cohort_id, state, created_at) VALUES (1, 'Azure', 1, 3, 'draft', 0);`)
	ctx := t.Context()
	for name, id := range map[string]actnow.CohortID{"a campaign's": 3, "named by another": 2, "a column's": 1} {
		if err := db.DeleteCohort(ctx, actnow.System, id); !errors.Is(err, actnow.ErrConflict) {
			t.Errorf("delete %s: %v, want ErrConflict", name, err)
		}
	}
	if err := db.ChangeCohort(ctx, actnow.Everything, actnow.System, 2, "Svear", `country = "Sweden"`); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("rename what another names: %v, want ErrConflict", err)
	}
	if err := db.ChangeCohort(ctx, actnow.Everything, actnow.System, 1, "Premium upsell", "ignored"); err != nil {
		t.Errorf("rename a column's cohort: %v", err)
	}
	storagetest.Exec(t, db, `UPDATE campaigns SET state = 'finished'`)
	if err := db.DeleteCohort(ctx, actnow.System, 3); err != nil {
		t.Errorf("delete after the campaign: %v", err)
	}
	if err := db.DeleteCohort(ctx, actnow.System, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("delete what is not there: %v, want ErrNotFound", err)
	}
}

func TestCohorts(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed, `DELETE FROM cohorts WHERE id > 3;
		INSERT INTO cohorts (id, name, kind, filter, created_at, updated_at) VALUES (9, 'Rich', 'filter', 'revenue_low > 1', 0, 0);`)
	list, err := db.Cohorts(t.Context(), lund)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		name     string
		kind     cohorts.Kind
		counts   cohorts.Counts
		withheld bool
	}
	var got []row
	for _, c := range list {
		got = append(got, row{c.Name, c.Kind, c.Counts, c.Withheld})
	}
	want := []row{
		{"Hot Swedes", cohorts.ByFilter, cohorts.Counts{Customers: 1, Matched: 1, Mailable: 1}, false},
		{"Premium", cohorts.ByColumn, cohorts.Counts{Customers: 1, Matched: 1, Mailable: 1}, false},
		{"Rich", cohorts.ByFilter, cohorts.Counts{}, true},
		{"Swedes", cohorts.ByFilter, cohorts.Counts{Customers: 2, Matched: 1, Mailable: 1}, false},
	}
	if !slices.Equal(got, want) {
		t.Errorf("Cohorts = %+v, want %+v", got, want)
	}
	if p := list[1]; p.Header != "MW_Business Premium_E SKU Attach >50" || p.Report != "m365" || p.Month != "2026-10" {
		t.Errorf("column's cohort = %+v", p)
	}
}

func TestCohortChange(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	ctx := t.Context()
	ids := func(p actnow.CustomerPage, err error) []actnow.CustomerID {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var all []actnow.CustomerID
		for _, r := range p.Rows {
			all = append(all, r.Customer.ID)
		}
		if p.Total != len(all) {
			t.Errorf("total %d of %v", p.Total, all)
		}
		return all
	}
	hot, err := db.CreateCohort(ctx, actnow.Everything, actnow.System, "Hot", `area = azure and cluster = "Act Now"`)
	if err != nil {
		t.Fatal(err)
	}
	// In September customers 2 and 3 were in the column and 3 was hot; 1 joined both.
	for id, want := range map[actnow.CohortID]cohorts.Change{
		hot.ID: {Month: "2026-10", Previous: "2026-09", Joined: 1, Left: 1},
		1:      {Month: "2026-10", Previous: "2026-09", Joined: 1, Left: 1},
		2:      {Month: "2026-10", Previous: "2026-09"},
	} {
		if got, err := db.CohortChange(ctx, actnow.Everything, id); err != nil || got != want {
			t.Errorf("CohortChange(%d) = %+v, %v; want %+v", id, got, err, want)
		}
	}
	azure := actnow.CustomerQuery{Area: actnow.Azure}
	if got := ids(db.CohortMoved(ctx, actnow.Everything, hot.ID, cohorts.Joined, azure)); !slices.Equal(got, []actnow.CustomerID{1}) {
		t.Errorf("joined %v", got)
	}
	if got := ids(db.CohortMoved(ctx, actnow.Everything, hot.ID, cohorts.Left, azure)); !slices.Equal(got, []actnow.CustomerID{3}) {
		t.Errorf("left %v", got)
	}
	if got := ids(db.CohortMoved(ctx, lund, hot.ID, cohorts.Left, azure)); len(got) != 0 {
		t.Errorf("left, seen from Lund: %v", got)
	}
	if got := ids(db.Customers(ctx, actnow.Everything, actnow.CustomerQuery{Cohort: 2, Filter: `org_size > 100`})); !slices.Equal(got, []actnow.CustomerID{1}) {
		t.Errorf("Customers with a cohort and a filter = %v", got)
	}
	if p, err := db.Customers(ctx, actnow.Everything, actnow.CustomerQuery{Cohort: 2, Limit: 1, Offset: 1}); err != nil || p.Total != 2 || len(p.Rows) != 1 || p.Matched != 1 || p.Mailable != 1 {
		t.Errorf("second page = %+v, %v", p, err)
	}
	if _, err := db.Customers(ctx, actnow.Everything, actnow.CustomerQuery{Cohort: 404}); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("customers of no cohort: %v", err)
	}
	if _, err := db.CohortChange(ctx, actnow.Everything, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("change of no cohort: %v", err)
	}
	if _, err := db.CohortMembers(ctx, actnow.Everything, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("members of no cohort: %v", err)
	}
	storagetest.Exec(t, db, `UPDATE snapshots SET current = 0 WHERE month = '2026-09'`)
	if got, err := db.CohortChange(ctx, actnow.Everything, hot.ID); err != nil || got != (cohorts.Change{Month: "2026-10"}) {
		t.Errorf("without a month before: %+v, %v", got, err)
	}
}

func TestRestoreCohort(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, filterSeed)
	ctx := t.Context()
	c, err := db.CreateCohort(ctx, actnow.Everything, actnow.System, "Large", `org_size > 100`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.RestoreCohort(ctx, actnow.System, c.ID); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("restore what is there: %v, want ErrConflict", err)
	}
	if err := db.DeleteCohort(ctx, actnow.System, c.ID); err != nil {
		t.Fatal(err)
	}
	if err := db.RestoreCohort(ctx, actnow.System, c.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Cohort(ctx, actnow.Everything, c.ID); err != nil || got.Counts != c.Counts {
		t.Errorf("restored %+v, %v", got, err)
	}
	if err := db.DeleteCohort(ctx, actnow.System, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateCohort(ctx, actnow.Everything, actnow.System, "LARGE", `org_size > 10`); err != nil {
		t.Fatal(err)
	}
	if err := db.RestoreCohort(ctx, actnow.System, c.ID); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("restore under a name that is taken: %v, want ErrConflict", err)
	}
	if err := db.RestoreCohort(ctx, actnow.System, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("restore nothing: %v, want ErrNotFound", err)
	}
}
