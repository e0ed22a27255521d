package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"actnow/scoring"
	"actnow/storage/storagetest"
)

// TestScoreModels learns from a partner whose Microsoft 365 customers buy Azure,
// promotes what was learned, reads why a customer has its score, and goes back.
func TestScoreModels(t *testing.T) {
	s := newSite(t, "")
	p := s.makePartner(90)
	s.ask(nil, "import", "report", p.report, "--month", "2026-10")
	s.ask(nil, "import", "crm", "--kind", "account", p.accounts)
	now := time.Now().UTC()
	var opportunities, subscriptions strings.Builder
	opportunities.WriteString("id,account_id,area,stage,status,opened_at,closed_at,amount,currency\n")
	subscriptions.WriteString("id,account_id,product,seats,start_at,end_at,amount,currency\n")
	for i := range 90 {
		if i%3 == 0 { // so that Microsoft 365 is not told by how many areas one has
			fmt.Fprintf(&subscriptions, "D-%d,A-%d,Dynamics 365 Business Central,5,2023-01-01,2031-01-01,600,SEK\n", i, i)
		}
		status := "lost"
		if i%2 == 0 {
			fmt.Fprintf(&subscriptions, "S-%d,A-%d,Microsoft 365 E3,%d,2023-01-01,2031-01-01,1200,SEK\n", i, i, 10+i)
			status = "won"
		}
		for k := range 2 {
			if i%10 == 3+k { // not every rule holds every time
				status = map[string]string{"won": "lost", "lost": "won"}[status]
			}
			opened := now.AddDate(0, -20+(7*i+9*k)%18, i%28)
			fmt.Fprintf(&opportunities, "O-%d-%d,A-%d,azure,Close,%s,%s,%s,50000,SEK\n", i, k, i, status, opened.Format(time.DateOnly), opened.AddDate(0, 0, 20).Format(time.DateOnly))
		}
	}
	s.ask(nil, "import", "crm", "--kind", "opportunity", s.write("opportunities.csv", opportunities.String()))
	s.ask(nil, "import", "crm", "--kind", "subscription", s.write("subscriptions.csv", subscriptions.String()))
	s.ask(nil, "match", "run")

	var trained scoring.Training
	s.ask(&trained, "score", "train", "--area", "azure", "--score", "fit")
	if len(trained.Trials) != 1 || trained.Trials[0].Outcome != scoring.OutcomeChallenger || trained.Trials[0].Outcomes < 60 {
		t.Fatalf("score train: %+v %+v", trained, trained.Trials[0].Validation)
	}
	id := trained.Trials[0].Model
	var listed struct{ Models []scoring.Status }
	s.ask(&listed, "score", "models", "--area", "azure")
	if len(listed.Models) != 2 || listed.Models[0].Challenger == nil || listed.Models[0].Challenger.ID != id || !strings.HasPrefix(listed.Models[0].InForce, "card:azure@") || !strings.Contains(listed.Models[0].Why, "shadow") {
		t.Fatalf("score models: %+v", listed)
	}
	var before, after scoring.Summary
	s.ask(&before, "score", "run", "--area", "azure")
	var taken struct {
		Version scoring.Version
		InForce string `json:"in_force"`
		Scored  scoring.Summary
	}
	t.Run("turned round", func(t *testing.T) { // which closes the store
		storagetest.Exec(t, storagetest.OpenAt(t, s.dir, time.Now), `UPDATE models SET verdict = '{"inverted":[{"higher":"High","lower":"Low","verdict":"inverted"}]}'`)
	})
	if a := s.command("score", "models", "--area", "azure"); a.code != 0 || !strings.Contains(a.stdout, "no day can be told yet; 0 won and 0 lost since") || !strings.Contains(a.stdout, ", 10 are needed") {
		t.Errorf("score models: exit code %d, %s %s", a.code, a.stdout, a.stderr)
	}
	if a := s.command("score", "promote", id); a.code != 1 || !strings.Contains(a.stderr, "High did worse than Low by more than chance") {
		t.Errorf("score promote of a version turned round: exit code %d, %s", a.code, a.stderr)
	}
	s.ask(&taken, "score", "promote", id[:10], "--anyway")
	if taken.InForce != id || taken.Version.State != scoring.Champion || taken.Scored.Areas[0].Customers != 90 {
		t.Fatalf("score promote: %+v", taken)
	}
	s.ask(&after, "score", "run", "--area", "azure")
	if want := fmt.Sprintf("model:azure.fit@%.8s ", id); !strings.HasPrefix(after.Areas[0].Model, want) {
		t.Errorf("score run: by %q, want %q", after.Areas[0].Model, want)
	}
	var checked struct{ Checks []scoring.Check }
	s.ask(&checked, "score", "check", "--area", "azure")
	if len(checked.Checks) != 2 || checked.Checks[1].Promised != nil || checked.Checks[1].Drift != nil {
		t.Fatalf("score check: %+v", checked)
	}
	fit := checked.Checks[0]
	if fit.InForce != id || fit.Drift == nil || fit.Drift.Month == "" || fit.Drift.Score == nil || fit.Drift.Score.Level != scoring.DriftNone ||
		fit.Promised == nil || len(fit.Promised.Promises) != 3 || fit.Since.Promises[0].Verdict != scoring.BandOpen {
		t.Errorf("score check of fit: %+v", fit)
	}
	if a := s.command("score", "check", "--area", "azure"); a.code != 0 || !strings.Contains(a.stdout, "drift of the score in") || !strings.Contains(a.stdout, "since, High over Medium") {
		t.Errorf("score check: exit code %d, %s %s", a.code, a.stdout, a.stderr)
	}
	var held scoring.HoldOutReport
	s.ask(&held, "score", "holdout", "--share", "0.5", "--seed", "4")
	if held.Share != 0.5 || held.Seed != 4 {
		t.Errorf("score holdout: %+v", held)
	}
	s.ask(&held, "score", "holdout", "--seed", "5")
	if held.Share != 0.5 || held.Seed != 5 {
		t.Errorf("score holdout with another seed: %+v", held)
	}
	if a := s.command("score", "holdout"); a.code != 0 || !strings.Contains(a.stdout, "all areas") || !strings.Contains(a.stdout, "too few to say") {
		t.Errorf("score holdout: exit code %d, %s %s", a.code, a.stdout, a.stderr)
	}
	if a := s.command("score", "holdout", "--share", "0.6"); a.code != 1 || !strings.Contains(a.stderr, "can be held out") {
		t.Errorf("score holdout of more than a half: exit code %d, %s", a.code, a.stderr)
	}
	t.Run("reasons", func(t *testing.T) { // which closes the store
		db := storagetest.OpenAt(t, s.dir, time.Now)
		raw := storagetest.Raw(t, db)
		defer raw.Close()
		var with, without float64
		var parts string
		if err := raw.QueryRow(`SELECT min(fit) FILTER (WHERE tpid % 2 = 0), max(fit) FILTER (WHERE tpid % 2 = 1) FROM propensities p JOIN customers c ON c.id = p.customer_id WHERE area = 'azure' AND source = 'own'`).Scan(&with, &without); err != nil {
			t.Fatal(err)
		}
		if err := raw.QueryRow(`SELECT parts FROM score_parts WHERE area = 'azure' AND score = 'fit' ORDER BY customer_id`).Scan(&parts); err != nil {
			t.Fatal(err)
		}
		if with <= without || !strings.Contains(parts, "Subscribes to Microsoft 365.") {
			t.Errorf("with Microsoft 365 fit is %.1f at least, without %.1f at most; reasons %s", with, without, parts)
		}
	})
	s.ask(&taken, "score", "rollback", "--area", "azure", "--score", "fit")
	if !strings.HasPrefix(taken.InForce, "card:azure@") || taken.Version.ID != id || fmt.Sprint(taken.Scored) != fmt.Sprint(before) {
		t.Errorf("score rollback: %+v, want the scores of %+v", taken, before)
	}
	if a := s.command("score", "models", "--area", "azure"); a.code != 0 || !strings.Contains(a.stdout, "went back to the points card") {
		t.Errorf("score models: exit code %d, %s %s", a.code, a.stdout, a.stderr)
	}
}
