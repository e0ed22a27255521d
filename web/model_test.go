package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/scoring"
	"actnow/storage/storagetest"
	"actnow/web"
)

func (d *doings) StartTrain(_ context.Context, _ actnow.Actor, areas []actnow.Area) (actnow.JobID, error) {
	d.models = append(d.models, fmt.Sprint("train ", areas))
	return 11, nil
}

func (d *doings) PromoteModel(_ context.Context, _ actnow.Actor, id string, anyway bool) (actnow.JobID, error) {
	d.models = append(d.models, "promote "+id)
	if strings.HasPrefix(id, "turned") && !anyway {
		return 0, &scoring.InvertedError{Version: id, Promises: []scoring.BandPromise{{Higher: actnow.High, Lower: actnow.Medium}}}
	}
	return 12, nil
}

func (d *doings) RollbackModel(_ context.Context, _ actnow.Actor, area actnow.Area, target scoring.Target) (actnow.JobID, error) {
	d.models = append(d.models, fmt.Sprint("rollback ", area, " ", target))
	return 13, nil
}

// dealt is a partner whose subscribers to Microsoft 365 buy Azure.
func dealt(t *testing.T, s *site) {
	t.Helper()
	raw := storagetest.Raw(t, s.db)
	defer raw.Close()
	for i := 1; i <= 120; i++ {
		if _, err := raw.Exec(`
			INSERT INTO customers (id, key, name, first_month, last_month, updated_at) VALUES (?1, 'tpid:' || ?1, 'Customer ' || ?1, '2026-01', '2026-11', 0);
			INSERT INTO accounts (id, external_id, connection_id, updated_at) VALUES (?1, 'A' || ?1, 1, 0);
			INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (?1, ?1, 'match', 0);
			INSERT INTO subscriptions (external_id, connection_id, account_ref, area, seats, start_at, updated_at)
				SELECT 'S' || ?1, 1, 'A' || ?1, 'm365', 9, ?4, 0 WHERE ?1 % 2 = 0;
			INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, closed_at, updated_at)
				VALUES ('O' || ?1, 1, 'A' || ?1, 'azure', CASE WHEN (?1 % 2 = 0) = (?1 % 7 <> 0) THEN 'won' ELSE 'lost' END, ?2, ?3, 0);
			INSERT INTO standings (customer_id, area, month, latest, cluster) VALUES (?1, 'azure', '2026-03', 1, CASE WHEN ?1 % 3 = 0 THEN 'Act Now' ELSE 'Educate' END)`,
			i, storagetest.Now.AddDate(0, 0, -4*i).Unix(), storagetest.Now.AddDate(0, 0, 2-4*i).Unix(), storagetest.Now.AddDate(-3, 0, 0).Unix()); err != nil {
			t.Fatal(err)
		}
	}
}

func learnAzure(t *testing.T, s *site) string {
	t.Helper()
	tr := scoring.Trainer{Store: s.db, Now: s.now, Log: slog.New(slog.DiscardHandler)}
	got, err := tr.Run(t.Context(), []actnow.Area{actnow.Azure}, nil, nil)
	if err != nil || got.Trials[0].Model == "" {
		t.Fatalf("training: %+v, %v", got, err)
	}
	return got.Trials[0].Model
}

func TestModelPages(t *testing.T) {
	s := open(t, func(c *web.Config) { c.Messages = web.MergeMessages(scoring.Messages) })
	dealt(t, s)
	b := s.as(t, actnow.RoleAdministrator)
	a := b.want(b.get("/scoring/models"), http.StatusOK)
	for _, want := range []string{"0 of 16 scores come from a model", "Nothing has been learned here yet", `action="/scoring/models/train"`, `href="/scoring/models/azure"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("before any training the page lacks %q", want)
		}
	}
	b.want(b.get("/scoring/models/surface"), http.StatusOK)
	b.want(b.get("/scoring/models/windows"), http.StatusNotFound)
	id := learnAzure(t, s)
	a = b.want(b.get("/scoring/models/azure"), http.StatusOK)
	for _, want := range []string{"What scores Azure", "waits in the shadow of the points card", id[:12], "challenger", `action="/scoring/models/azure/promote?id=` + id + `"`,
		"Promise and outcome", `class="spark promise"`, `class="two dot"`, "Subscription to Microsoft 365", "has not scored a month yet", "Intent: by the points card"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("with a challenger the page lacks %q", want)
		}
	}
	if strings.Contains(a.body, "/rollback") {
		t.Error("there is a way back from the points card")
	}
	if a := b.want(b.post("/scoring/models/azure/promote?id="+id, nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/12" {
		t.Errorf("promoting leads to %s", a.Header.Get("Location"))
	}
	if a := b.want(b.post("/scoring/models/azure/promote?id=turned-round", nil), http.StatusSeeOther); a.Header.Get("Location") != "/scoring/models/azure/promote?id=turned-round" {
		t.Errorf("promoting a version with bands turned round leads to %s", a.Header.Get("Location"))
	}
	b.want(b.post("/scoring/models/azure/promote?id=turned-round&anyway=yes", nil), http.StatusSeeOther)
	s.did.models = s.did.models[:1]
	if _, err := s.db.Promote(t.Context(), actnow.Actor{Name: "Elin"}, id); err != nil {
		t.Fatal(err)
	}
	if err := s.db.SaveDrift(t.Context(), id, scoring.Drift{Month: "2026-11", Score: &scoring.FeatureDrift{PSI: 0.19},
		Features: []scoring.FeatureDrift{{Feature: "seats", PSI: 0.31}, {Feature: "owns.m365", PSI: 0.12}, {Feature: "years", PSI: 0}}}); err != nil {
		t.Fatal(err)
	}
	for lang, wants := range map[string][]string{
		"en": {"Fit: by a model", "Intent: by the points card", "Go back to the points card", `action="/scoring/models/azure/rollback?score=fit"`, "differ much from those of the day", "Seats elsewhere", "The score itself", "0.19", "High over Medium", "Nothing can be said yet: no score has an outcome", "High 75&#43;", "0.31", ">act<", ">watch<", "<h2 id=\"clusters\">By cluster</h2>", "Act Now"},
		"sv": {"Passform: av en modell", "Gå tillbaka till poängkortet", "skiljer sig mycket", "0,31", "Poängen själv", "Hög över Medel", "Licensplatser på annat håll"},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.want(b.get("/scoring/models/azure"), http.StatusOK)
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("in %s the page lacks %q", lang, want)
			}
		}
		if strings.Contains(a.body, "models.") {
			t.Errorf("in %s a sentence is missing: %s", lang, a.body[strings.Index(a.body, "models."):][:60])
		}
	}
	b.header.Set("Cookie", "lang=en")
	if a := b.get("/scoring/models"); !strings.Contains(a.body, "1 of 16 scores come from a model") {
		t.Error("the list does not count the model in force")
	}
	b.want(b.get("/scoring/models/azure?version="+id[:12]), http.StatusOK)
	b.want(b.post("/scoring/models/azure/rollback?score=fit", nil), http.StatusSeeOther)
	b.want(b.post("/scoring/models/azure/rollback?score=luck", nil), http.StatusUnprocessableEntity)
	b.want(b.post("/scoring/models/windows/rollback?score=fit", nil), http.StatusNotFound)
	b.want(b.post("/scoring/models/train?area=azure", nil), http.StatusSeeOther)
	b.want(b.post("/scoring/models/train", nil), http.StatusSeeOther)
	b.want(b.post("/scoring/models/train?area=windows", nil), http.StatusUnprocessableEntity)
	if got := fmt.Sprint(s.did.models); got != fmt.Sprintf("[promote %s rollback azure fit train [azure] train []]", id) {
		t.Errorf("set going: %s", got)
	}
	if a := b.get("/activity"); !strings.Contains(a.body, "Put a model in force") {
		t.Error("the activity does not tell of it")
	}

	// Whoever has one location only, or no say in settings.
	viewer := s.as(t, actnow.RoleMarketer)
	if a := viewer.want(viewer.get("/scoring/models/azure"), http.StatusOK); strings.Contains(a.body, "/promote?") || strings.Contains(a.body, "/rollback?") || strings.Contains(a.body, "/train") {
		t.Error("a marketer is offered what only an administrator may do")
	}
	viewer.want(viewer.post("/scoring/models/train", nil), http.StatusForbidden)
	lund := s.as(t, actnow.RoleAdministrator, func(u *actnow.User) {
		u.Email, u.AllLocations, u.Locations = "lund@nordvik.example", false, []actnow.LocationID{2}
	})
	for _, path := range []string{"/scoring/models", "/scoring/models/azure"} {
		lund.want(lund.get(path), http.StatusForbidden)
	}
	for _, path := range []string{"/scoring/models/train", "/scoring/models/azure/promote?id=" + id, "/scoring/models/azure/rollback?score=fit"} {
		lund.want(lund.post(path, nil), http.StatusForbidden)
	}
}

// TestPromoteTurnedRound checks that a version of which the bands are turned round is
// told of before it is promoted, and how far a challenger has come.
func TestPromoteTurnedRound(t *testing.T) {
	s := open(t, func(c *web.Config) { c.Messages = web.MergeMessages(scoring.Messages) })
	dealt(t, s)
	b := s.as(t, actnow.RoleAdministrator)
	id := learnAzure(t, s)
	page, ask := "/scoring/models/azure", "/scoring/models/azure/promote?id="+id
	for lang, want := range map[string]string{"en": "asked at the next scoring, and judged once 10 opportunities", "sv": "tillfrågas vid nästa poängsättning och bedöms när 10"} {
		b.header.Set("Cookie", "lang="+lang)
		if a := b.want(b.get(page), http.StatusOK); !strings.Contains(a.body, want) {
			t.Errorf("in %s the page lacks %q", lang, want)
		}
	}
	if a := b.want(b.get(ask), http.StatusSeeOther); a.Header.Get("Location") != page {
		t.Errorf("a version in order leads to %s", a.Header.Get("Location"))
	}
	if err := s.db.SaveShadow(t.Context(), scoring.ShadowRun{Challenger: id, From: s.now().AddDate(0, 0, -20)}, []scoring.ShadowScore{{Customer: 1, Said: 0.5, Against: 0.5}}); err != nil {
		t.Fatal(err)
	}
	storagetest.Exec(t, s.db, `UPDATE models SET verdict = '{"rows":90,"loss":0.5,"against":0.6,"inverted":[{"higher":"Medium","lower":"Very low","difference":-0.2,"low":-0.3,"high":-0.1,"verdict":"inverted"}]}'`)
	for lang, wants := range map[string][]string{
		"en": {"Promote " + id[:12] + " all the same?", "Medium over Very low", "Medium did worse than Very low", "−20.0", "anyway=yes&amp;id=" + id, "Leave it as it is"},
		"sv": {"Sätta " + id[:12] + " i kraft ändå?", "Medel över Mycket låg", "−20,0", "Låt den vara"},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.want(b.get(ask), http.StatusOK)
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("in %s the page lacks %q:\n%s", lang, want, a.body)
			}
		}
		if a := b.get(page); !strings.Contains(a.body, map[string]string{"en": "0 were won and 1 lost; 10 of each are needed. When a verdict comes cannot be told yet.", "sv": "har 0 vunnits och 1 förlorats"}[lang]) {
			t.Errorf("in %s the page does not say how far the challenger has come", lang)
		}
	}
	b.header.Set("Cookie", "lang=en")
	storagetest.Exec(t, s.db, `UPDATE models SET state = 'retired'`)
	if a := b.get(page); !strings.Contains(a.body, "but Medium did worse than Very low by more than chance: not promoted by itself") {
		t.Error("the page does not say why the version was not promoted")
	}
	b.want(b.get(page+"/promote?id=ffffffff"), http.StatusNotFound)
	viewer := s.as(t, actnow.RoleMarketer)
	viewer.want(viewer.get(ask), http.StatusForbidden)
}

func TestModelAPI(t *testing.T) {
	s := open(t)
	dealt(t, s)
	c := s.caller(t, actnow.RoleAdministrator)
	id := learnAzure(t, s)
	const list = "/api/v1/models"
	var models struct{ Models []scoring.Status }
	c.ask("GET", list, list+"?area=azure", "", http.StatusOK, &models)
	if len(models.Models) != 2 || models.Models[0].Challenger == nil || models.Models[0].Challenger.ID != id || models.Models[1].Why == "" {
		t.Errorf("models of Azure: %+v", models)
	}
	c.ask("GET", list, list, "", http.StatusOK, nil)
	var checks struct{ Checks []scoring.Check }
	c.ask("GET", list+"/checks", list+"/checks?area=azure", "", http.StatusOK, &checks)
	if len(checks.Checks) != 2 || checks.Checks[0].Promised != nil || len(checks.Checks[0].Since.Promises) != 3 {
		t.Errorf("checks of Azure: %+v", checks)
	}
	if _, err := s.db.Promote(t.Context(), actnow.Actor{Name: "Elin"}, id); err != nil {
		t.Fatal(err)
	}
	c.ask("GET", list+"/checks", list+"/checks", "", http.StatusOK, &checks)
	if len(checks.Checks) != 16 || checks.Checks[0].Promised == nil || checks.Checks[0].Drift == nil {
		t.Errorf("checks with a model in force: %+v", checks)
	}
	c.ask("GET", list+"/checks", list+"/checks?area=windows", "", http.StatusUnprocessableEntity, nil)
	c.ask("GET", list, list+"?area=windows", "", http.StatusUnprocessableEntity, nil)
	var body json.RawMessage
	c.ask("GET", list+"/{id}", list+"/"+id[:9], "", http.StatusOK, &body)
	if m, err := s.db.Model(t.Context(), id); err != nil || string(body) != string(m.JSON()) {
		t.Errorf("the model is not answered as it is kept: %v", err)
	}
	c.ask("GET", list+"/{id}", list+"/ffffffff", "", http.StatusNotFound, nil)
	c.ask("POST", list+"/train", list+"/train", `{"area":"azure"}`, http.StatusAccepted, nil)
	c.ask("POST", list+"/train", list+"/train", `{}`, http.StatusAccepted, nil)
	c.ask("POST", list+"/train", list+"/train", `{"area":"windows"}`, http.StatusUnprocessableEntity, nil)
	c.ask("POST", list+"/{id}/promote", list+"/"+id+"/promote", "", http.StatusAccepted, nil)
	c.ask("POST", list+"/{id}/promote", list+"/turned-round/promote", "", http.StatusUnprocessableEntity, nil)
	c.ask("POST", list+"/{id}/promote", list+"/turned-round/promote", `{"anyway":true}`, http.StatusAccepted, nil)
	c.ask("POST", list+"/{id}/promote", list+"/turned-round/promote", `{"anyway":1}`, http.StatusUnprocessableEntity, nil)
	c.ask("POST", list+"/rollback", list+"/rollback", `{"area":"azure","score":"fit"}`, http.StatusAccepted, nil)
	c.ask("POST", list+"/rollback", list+"/rollback", `{"area":"azure","score":"luck"}`, http.StatusUnprocessableEntity, nil)
	c.ask("POST", list+"/rollback", list+"/rollback", `{"score":"fit"}`, http.StatusUnprocessableEntity, nil)
	if got := fmt.Sprint(s.did.models); got != fmt.Sprintf("[train [azure] train [] promote %s promote turned-round promote turned-round rollback azure fit]", id) {
		t.Errorf("set going: %s", got)
	}
}
