package storage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func rescore(t *testing.T, db *storage.DB, month actnow.Month) scoring.Summary {
	t.Helper()
	r := scoring.Rescorer{Store: db, Cards: scoring.Cards(), Batch: 2, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storagetest.Now }}
	sum, err := r.Run(t.Context(), month, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestRescoreOverMonths walks the whole way: facts out of reports and the CRM,
// scores by the cards, back into the store, and what a page then reads.
func TestRescoreOverMonths(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed, `
		INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, explanation, snapshot_id, scored_at)
			VALUES (1, 'azure', '2026-11', 'azure', 80, 80, 'High', 'High', 'A1', 'Evaluate', 'file', 'because', 3, 0);`)
	seedCRM(t, db)
	rescore(t, db, "2026-10")
	sum := rescore(t, db, "2026-11")
	if len(sum.Areas) != 8 || sum.Areas[0].Customers != 3 {
		t.Errorf("summary %+v", sum.Areas)
	}

	d, err := db.Customer(t.Context(), actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	var azure []actnow.Standing
	for _, s := range d.History {
		if s.Area == actnow.Azure {
			azure = append(azure, s)
		}
	}
	if len(azure) != 2 || azure[0].Month != "2026-10" || azure[0].FitFrom != "own" || azure[0].Cluster != azure[0].OwnCluster || azure[0].OwnCluster == "" {
		t.Errorf("October stands on our own scores: %+v", azure)
	}
	if len(azure) == 2 && (azure[1].FitFrom != "azure" || *azure[1].Fit != 80 || azure[1].Cluster != actnow.Evaluate || azure[1].MicrosoftCluster != actnow.Evaluate || azure[1].OwnCluster == "") {
		t.Errorf("November stands on the report, ours beside it: %+v", azure[1])
	}

	sources, err := db.Sources(t.Context(), actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 3 || sources[0].Source != "azure" || sources[0].Explanation != "because" || sources[1].Source != "own" || sources[1].Month != "2026-11" || sources[1].Model != scoring.Cards()[0].ID() {
		t.Errorf("sources: %+v", sources)
	}
	for _, r := range d.Reasons {
		var parts []scoring.Part
		if err := json.Unmarshal(r.Parts, &parts); err != nil || len(parts) == 0 {
			t.Fatalf("parts of %s %s: %v", r.Area, r.Score, err)
		}
		total := 0.0
		for _, p := range parts {
			total += p.Points
		}
		for _, s := range sources {
			if s.Source != "own" || s.Area != r.Area || s.Month != r.Month {
				continue
			}
			have := s.Fit
			if r.Score == "intent" {
				have = s.Intent
			}
			if have == nil || *have != total {
				t.Errorf("%s %s: parts add up to %g, score %v", r.Area, r.Score, total, have)
			}
		}
	}

	storagetest.Exec(t, db, `UPDATE propensities SET scored_at = 5; UPDATE standings SET fit_from = 'untouched'`)
	rescore(t, db, "2026-11")
	if d, err := db.Customer(t.Context(), actnow.Everything, 1); err != nil || d.History[0].FitFrom != "untouched" {
		t.Errorf("scoring again makes standings anew: %v", err)
	}
	again, err := db.Sources(t.Context(), actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sources, again); diff != "" {
		t.Errorf("scoring again changes:\n%s", diff)
	}
}

func TestSavePropensities(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed)
	fit, intent := 80.25, 60.0
	p := scoring.Propensity{Customer: 1, Area: actnow.Azure, Model: "card:azure@00000000",
		Fit:     scoring.Score{Points: &fit, Parts: []scoring.Part{{Feature: "base", Points: 80.25, Code: "card.base"}}},
		FitBand: actnow.High}
	save := func(p scoring.Propensity) {
		t.Helper()
		if err := db.SavePropensities(t.Context(), "2026-11", []scoring.Propensity{p}); err != nil {
			t.Fatal(err)
		}
	}
	own := func() []scoring.Sourced {
		t.Helper()
		s, err := db.Sources(t.Context(), actnow.Everything, 1)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	save(p)
	want := []scoring.Sourced{{Area: actnow.Azure, Month: "2026-11", Source: "own", Fit: &fit, FitBand: actnow.High, Model: "card:azure@00000000"}}
	if diff := cmp.Diff(want, own()); diff != "" {
		t.Errorf("one score only: %s", diff)
	}
	p.Intent, p.IntentBand, p.Cell, p.Cluster = scoring.Score{Points: &intent}, actnow.Medium, "A2", actnow.ActNow
	save(p)
	want[0].Intent, want[0].IntentBand, want[0].Cell, want[0].Cluster, want[0].ClusterFrom = &intent, actnow.Medium, "A2", actnow.ActNow, "matrix"
	if diff := cmp.Diff(want, own()); diff != "" {
		t.Errorf("both scores: %s", diff)
	}
	save(scoring.Propensity{Customer: 1, Area: actnow.Azure, Model: "card:azure@00000000"})
	if got := own(); len(got) != 0 {
		t.Errorf("taken back: %+v", got)
	}
	d, err := db.Customer(t.Context(), actnow.Everything, 1)
	if err != nil || len(d.Reasons) != 0 || len(d.History) != 0 {
		t.Errorf("what is left: %+v, %v", d, err)
	}
	if err := db.SavePropensities(t.Context(), "2026-11", []scoring.Propensity{{Customer: 99, Area: actnow.Azure, Fit: scoring.Score{Points: &fit}}}); err == nil {
		t.Error("scores of nobody were saved")
	}
}

func TestSourcesScope(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed, `INSERT INTO customer_locations (customer_id, location_id) VALUES (1, 1)`)
	if _, err := db.Sources(t.Context(), actnow.Scope{Locations: []actnow.LocationID{1}}, 1); err != nil {
		t.Errorf("own location: %v", err)
	}
	for _, s := range []actnow.Scope{{}, {Locations: []actnow.LocationID{2}}} {
		if _, err := db.Sources(t.Context(), s, 1); !errors.Is(err, actnow.ErrNotFound) {
			t.Errorf("%+v: error = %v, want ErrNotFound", s, err)
		}
	}
}

func TestMatrixVersions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed, `
		INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, scored_at) VALUES
			(1, 'azure', '2026-11', 'own', 80, 10, 'High', 'Very low', 'B2', 'Evaluate', 'matrix', 0),
			(1, 'm365', '2026-11', 'm365', 80, 10, 'High', 'Very low', '', 'Nurture', 'file', 0);`)
	ctx := t.Context()
	m, err := db.Matrix(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scoring.Quadrants(), m); diff != "" {
		t.Errorf("the default is not quadrants: %s", diff)
	}
	all, active, err := db.Matrices(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]scoring.Matrix{scoring.Quadrants(), scoring.Rows()}, all); diff != "" || active != 0 {
		t.Errorf("built-in matrices, active %d: %s", active, diff)
	}

	if err := db.ChooseMatrix(ctx, actnow.System, "rows", 1); err != nil {
		t.Fatal(err)
	}
	d, err := db.Customer(ctx, actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []actnow.Standing{
		{Area: actnow.Azure, Cell: "A4", Cluster: actnow.ActNow, OwnCluster: actnow.ActNow},
		{Area: actnow.M365, Cell: "A4", Cluster: actnow.Nurture, MicrosoftCluster: actnow.Nurture},
	}
	if diff := cmp.Diff(want, d.Standings, cmpopts.IgnoreFields(actnow.Standing{}, "Month", "Fit", "Intent", "FitBand", "IntentBand", "FitFrom", "IntentFrom", "ClusterFrom")); diff != "" {
		t.Errorf("under rows: %s", diff)
	}

	own := scoring.Rows()
	own.Name = "ours"
	for version := 1; version <= 2; version++ {
		added, err := db.AddMatrix(ctx, actnow.System, own)
		if err != nil || added.Version != version {
			t.Fatalf("added version %d, %v", added.Version, err)
		}
	}
	if err := db.ChooseMatrix(ctx, actnow.System, "ours", 2); err != nil {
		t.Fatal(err)
	}
	if m, err := db.Matrix(ctx); err != nil || m.Name != "ours" || m.Version != 2 {
		t.Errorf("in force: %s %d, %v", m.Name, m.Version, err)
	}
	if err := db.ChooseMatrix(ctx, actnow.System, "ours", 3); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("no such version: %v", err)
	}
	own.Name = "rows"
	if _, err := db.AddMatrix(ctx, actnow.System, own); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a built-in name: %v", err)
	}
	if _, err := db.AddMatrix(ctx, actnow.System, scoring.Matrix{Name: "thin"}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("no cells: %v", err)
	}
}

// What a matrix is said to move is what it moves once it is in force.
func TestMatrixEffect(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	scores := []string{"0", "29.9", "30", "54", "55", "60.5", "74.9", "75", "99", "NULL"}
	bands := []string{"Very low", "Very low", "Low", "Low", "Medium", "Medium", "Medium", "High", "High", "Medium"}
	var seed strings.Builder
	id := 0
	for _, source := range []string{"own", "azure"} {
		for _, named := range []string{"'', ''", "'Nurture', 'file'"} {
			for i, fit := range scores {
				for j, intent := range scores {
					id++
					fmt.Fprintf(&seed, "INSERT INTO customers (id, key, name, first_month, last_month, updated_at) VALUES (%d, 'tpid:%d', 'K', '2026-11', '2026-11', 0);\n", id, id)
					fmt.Fprintf(&seed, `INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cluster, cluster_from, scored_at)
						VALUES (%d, 'azure', '2026-11', '%s', %s, %s, '%s', '%s', %s, 0);`, id, source, fit, intent, bands[i], bands[j], named)
				}
			}
		}
	}
	db := storagetest.Open(t, seed.String())
	if err := db.ChooseMatrix(ctx, actnow.System, scoring.QuadrantsName, 1); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		clusters := func() map[actnow.CustomerID]actnow.Cluster {
			page, err := db.Customers(ctx, actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Limit: id})
			if err != nil || len(page.Rows) != id {
				rt.Fatal(len(page.Rows), err)
			}
			got := map[actnow.CustomerID]actnow.Cluster{}
			for _, r := range page.Rows {
				got[r.Customer.ID] = r.Standing.Cluster
			}
			return got
		}
		before := clusters()
		m := rapid.SampledFrom([]scoring.Matrix{scoring.Rows(), scoring.Quadrants()}).Draw(rt, "cells")
		m.Name, m.Edges = "ours", actnow.Edges{High: rapid.SampledFrom([]float64{74.9, 75, 99.5}).Draw(rt, "high"), Medium: rapid.SampledFrom([]float64{54, 55, 60}).Draw(rt, "medium"), Low: 20}
		said, err := db.MatrixEffect(ctx, m)
		if err != nil {
			rt.Fatal(err)
		}
		m, err = db.AddMatrix(ctx, actnow.System, m)
		if err == nil {
			err = db.ChooseMatrix(ctx, actnow.System, m.Name, m.Version)
		}
		if err != nil {
			rt.Fatal(err)
		}
		counts := map[scoring.Shift]int{}
		for id, to := range clusters() {
			if to != before[id] {
				counts[scoring.Shift{Area: actnow.Azure, From: before[id], To: to}]++
			}
		}
		if diff := cmp.Diff(scoring.NewShifts(counts), said); diff != "" {
			rt.Errorf("what came (-) is not what was said (+): %s", diff)
		}
	})
}
