package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/matcher"
	"actnow/storage/storagetest"
)

// TestMatchCalibrate refits the matching from sixty answers, most of them no
// although the names say yes, puts the refit in force and takes it back.
func TestMatchCalibrate(t *testing.T) {
	s := newSite(t, "")
	var seed strings.Builder
	towns := []string{"Lund", "Kiruna", "Umeå", "Kalmar", "Visby", "Falun"}
	kinds := []string{"Bygg", "Frakt", "Energi", "Skog", "Tryck", "Rör", "Plåt", "Data", "Mat", "Glas"}
	for i := range 60 {
		name, town := fmt.Sprintf("%sby %s", []string{"Glim", "Torp", "Nor", "Ek", "Sten", "Berg"}[i/10], kinds[i%10]), towns[i%6]
		fmt.Fprintf(&seed, `INSERT INTO customers (id, key, tpid, name, city, country, first_month, last_month, updated_at) VALUES (%[1]d, 'tpid:%[1]d', '%[1]d', '%[2]s AB', '%[3]s', 'Sweden', '2026-10', '2026-11', 0);
			INSERT INTO accounts (id, external_id, connection_id, name, city, country, updated_at) VALUES (%[1]d, 'A-%[1]d', 1, '%[2]s', '%[3]s', 'Sweden', 0);`, i+1, name, town)
	}
	t.Run("answer", func(t *testing.T) { // which closes the store
		db := storagetest.OpenAt(t, s.dir, time.Now, seed.String())
		for i := range 60 {
			verdict := actnow.VerdictNo
			if i%3 == 0 {
				verdict = actnow.VerdictYes
			}
			if err := db.Decide(t.Context(), actnow.Everything, actnow.System, actnow.AccountID(i+1), actnow.CustomerID(i+1), verdict, ""); err != nil {
				t.Fatal(err)
			}
		}
	})
	var r struct {
		matcher.Refit
		Accepted bool
	}
	s.ask(&r, "match", "calibrate")
	if r.Accepted || r.Answers < matcher.RefitFrom || r.After >= r.Before || r.Calibration.Slope*4+r.Calibration.Offset >= 4 {
		t.Errorf("calibrate: %+v", r)
	}
	first := r.Calibration
	s.ask(&r, "match", "calibrate", "--accept")
	if !r.Accepted || r.Calibration != first {
		t.Errorf("calibrate --accept: %+v, want %+v accepted", r, first)
	}
	s.ask(&r, "match", "calibrate")
	if r.Calibration != first || len(r.Moves) != 0 {
		t.Errorf("a second refit of the same answers: %+v", r)
	}
	var n actnow.MatchCounts
	s.ask(&n, "match", "calibrate", "--reset")
	if n.Accounts != 60 {
		t.Errorf("calibrate --reset: %+v", n)
	}
	s.ask(&r, "match", "calibrate", "--accept")
	if a := s.command("match", "calibrate"); a.code != 0 || !strings.Contains(a.stdout, "slope") || !strings.Contains(a.stdout, "nothing is changed") {
		t.Errorf("calibrate says %q %q", a.stdout, a.stderr)
	}
}
