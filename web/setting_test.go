package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
	"actnow/schedule"
	"actnow/scoring"
)

func TestSettingsInBothLanguages(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	order := schedule.Schedule{Key: "job:score", Line: "0 6 31 * *", Zone: "Europe/Stockholm", CatchUp: schedule.CatchLatest, Enabled: true}
	if err := s.db.EnsureSchedules(t.Context(), []schedule.Schedule{order}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/reports", "/settings", "/settings/sender", "/settings/connections", "/settings/connections/1", "/settings/inbox",
		"/settings/suppressions", "/settings/schedules", "/settings/schedules/job:score", "/settings/scoring"} {
		for _, lang := range []string{"en", "sv"} {
			b.header.Set("Cookie", "lang="+lang)
			a := b.want(b.get(path), http.StatusOK)
			if !strings.Contains(a.body, `<html lang="`+lang+`"`) || !strings.Contains(a.body, "</html>") {
				t.Errorf("%s in %s is no whole page", path, lang)
			}
			if key := regexp.MustCompile(`>\s*(settings|reports|connections|inbox|schedules|suppressions|scoring|sender|look)\.[a-z_]+`).FindString(a.body); key != "" {
				t.Errorf("%s in %s has no sentence for %s", path, lang, key)
			}
		}
	}
	b.header.Del("Cookie")
	b.says(b.get("/settings"), "/settings/scoring", "/people", "/account")
	viewer := s.as(t, actnow.RoleReportViewer)
	if a := viewer.want(viewer.get("/settings"), http.StatusOK); strings.Contains(a.body, "/settings/scoring") || !strings.Contains(a.body, "/account") {
		t.Errorf("a viewer's settings:\n%s", a.body)
	}
}

func TestSender(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	b.says(b.want(b.get("/settings/sender"), http.StatusOK), "No sender is set yet")
	for _, bad := range []url.Values{
		{"name": {""}, "address": {"a@nordvik.example"}}, {"name": {"x"}, "address": {"nowhere"}}, {"name": {"x\r\nBcc: y"}, "address": {"a@nordvik.example"}},
		{"name": {"x"}, "address": {"a@nordvik.example"}, "reply_to": {"b"}},
	} {
		b.says(b.want(b.post("/settings/sender", bad), http.StatusUnprocessableEntity), `aria-invalid="true"`)
	}
	b.want(b.post("/settings/sender", url.Values{"name": {"Nordvik"}, "address": {"hej@nordvik.example"}}), http.StatusSeeOther)
	var from campaigns.From
	if err := s.db.Setting(t.Context(), "sender", &from); err != nil || from != (campaigns.From{Name: "Nordvik", Address: "hej@nordvik.example"}) {
		t.Errorf("kept %+v, %v", from, err)
	}
	b.says(b.want(b.get("/settings/sender"), http.StatusOK), "hej@nordvik.example", "The sender is saved")
}

func TestSuppressions(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	b.says(b.want(b.get("/settings/suppressions"), http.StatusOK), "No address is here")
	b.says(b.want(b.post("/settings/suppressions", url.Values{"address": {"nobody"}}), http.StatusUnprocessableEntity), `value="nobody"`, `aria-invalid="true"`)
	b.want(b.post("/settings/suppressions", url.Values{"address": {"Anna@Contoso.example"}, "evidence": {"=phone " + strings.Repeat("å", 800)}}), http.StatusSeeOther)
	b.says(b.want(b.get("/settings/suppressions"), http.StatusOK), "1 address is not", "anna@contoso.example", "added by hand")
	b.says(b.want(b.get("/settings/suppressions.csv?q=anna"), http.StatusOK), "anna@contoso.example,added by hand,'=phone")
	b.says(b.want(b.get("/settings/suppressions?q=other"), http.StatusOK), "No address is here")

	marketer := s.as(t, actnow.RoleMarketer)
	if a := marketer.want(marketer.get("/settings/suppressions"), http.StatusOK); strings.Contains(a.body, "/lift") {
		t.Error("a marketer is offered to lift")
	}
	marketer.want(marketer.post("/settings/suppressions/lift", url.Values{"address": {"anna@contoso.example"}}), http.StatusForbidden)
	b.want(b.post("/settings/suppressions/lift", url.Values{"address": {"anna@contoso.example"}}), http.StatusSeeOther)
	b.says(b.want(b.get("/settings/suppressions"), http.StatusOK), "lifted", "may be mailed again")
	b.want(b.post("/settings/suppressions/lift", url.Values{"address": {"anna@contoso.example"}}), http.StatusNotFound)
}

func TestConnections(t *testing.T) {
	s, d := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	b.says(b.want(b.post("/settings/connections", url.Values{"name": {"My CRM"}}), http.StatusUnprocessableEntity), `value="My CRM"`, "is no name for a connection")
	made := b.says(b.want(b.post("/settings/connections", url.Values{"name": {"crm"}}), http.StatusOK), "whsec_", "https://public.example/v1/hooks/crm", "curl -i", "nobody who came by this connection")
	if made.Header.Get("Cache-Control") != "no-store" {
		t.Error("the secret may be kept by a cache")
	}
	b.says(b.want(b.post("/settings/connections", url.Values{"name": {"crm"}}), http.StatusUnprocessableEntity), "already")
	k, err := s.db.ConnectionByName(t.Context(), "crm")
	if err != nil {
		t.Fatal(err)
	}
	path := "/settings/connections/2"
	if a := b.want(b.get(path), http.StatusOK); strings.Contains(a.body, "whsec_"+strings.Split(made.body, "whsec_")[1][:10]) {
		t.Error("the secret is shown again")
	}
	b.says(b.want(b.post(path+"/rotate", nil), http.StatusOK), "whsec_", "taken until")
	b.want(b.post(path+"/basis", url.Values{"basis": {"running agreements"}}), http.StatusSeeOther)
	b.says(b.want(b.get(path), http.StatusOK), "running agreements", "The basis is saved")
	b.says(b.want(b.post(path+"/basis", url.Values{"basis": {strings.Repeat("x", 1001)}}), http.StatusUnprocessableEntity), `aria-invalid="true"`)
	b.want(b.post(path+"/disable", nil), http.StatusSeeOther)
	b.says(b.want(b.get(path), http.StatusOK), "switched off", path+"/enable")
	if _, err := s.db.Hook(t.Context(), "crm"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a hook that is switched off: %v", err)
	}
	b.want(b.post(path+"/enable", nil), http.StatusSeeOther)

	body := []byte(`{"type":"contact.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"C-1","email":"no address"}}`)
	if _, err := s.db.ReceiveEvent(t.Context(), k.ID, "msg_1", body); err != nil {
		t.Fatal(err)
	}
	w := &crm.Worker{Store: s.db, Now: s.now, Log: discard(), Bell: crm.NewBell()}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.says(b.want(b.get("/settings/connections"), http.StatusOK), "state=failed")
	b.says(b.want(b.get("/settings/inbox?connection=2&state=failed"), http.StatusOK), "msg_1", "data.email", "Work 1 failed event again")
	b.says(b.want(b.get("/settings/inbox/1"), http.StatusOK), "no address", "Work it again")
	b.want(b.post("/settings/inbox/1/replay", nil), http.StatusSeeOther)
	b.want(b.post("/settings/inbox/1/replay", nil), http.StatusConflict)
	if d.woken != 1 {
		t.Errorf("the inbox was woken %d times", d.woken)
	}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(b.post(path+"/replay", nil), http.StatusSeeOther)
	b.says(b.want(b.get("/settings/inbox?connection=2"), http.StatusOK), "1 event is worked again")
	b.want(b.get("/settings/inbox?connection=x"), http.StatusUnprocessableEntity)
	b.says(b.want(b.get("/settings/inbox?state=zz"), http.StatusUnprocessableEntity), "is no choice for state")
}

func TestCRMFile(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	a := b.want(b.upload("/settings/connections/import", [][2]string{{"kind", "account"}}, [2]string{"accounts.csv", "id,name,colour\nA-1,Contoso,red\nA-1,Twice,\n"}), http.StatusSeeOther)
	look := a.Header.Get("Location")
	b.says(b.want(b.get("/settings/connections"), http.StatusOK), look)
	b.says(b.want(b.get(look), http.StatusOK), "Accounts", "Import 1 row", "colour", "stands on line 2 already")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get(look), http.StatusOK), "Konton", "finns redan på rad 2")
	b.header.Del("Cookie")
	a = b.want(b.post(look+"/import", nil), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "It is imported", "See the matches")
	b.says(b.want(b.get(look+"/rejected.csv"), http.StatusOK), "line,column,reason\n3,")
	b.says(b.want(b.upload("/settings/connections/import", nil, [2]string{"a.csv", "id\n1\n"}), http.StatusUnprocessableEntity), "what kind of records")
	a = b.want(b.upload("/settings/connections/import", [][2]string{{"kind", "account"}}, [2]string{"a.csv", "name\nContoso\n"}), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "cannot be used", "no column holds the id", "/settings/connections")
}

func TestSchedules(t *testing.T) {
	s, d := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	now := s.now()
	orders := []schedule.Schedule{
		{Key: "job:score", Line: "0 6 31 * *", Zone: "Europe/Stockholm", CatchUp: schedule.CatchLatest, Enabled: true},
		{Key: "campaign:7", At: now.Add(-time.Hour), Zone: "UTC", CatchUp: schedule.CatchAsk, Enabled: true},
	}
	if err := s.db.EnsureSchedules(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	missed, err := s.db.Schedule(t.Context(), "campaign:7")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.AddRuns(t.Context(), []schedule.Run{{Schedule: missed.ID, Key: missed.Key, Period: "2026-11-26T08:00", DueAt: missed.At, State: schedule.Asks}}); err != nil {
		t.Fatal(err)
	}
	b.says(b.want(b.get("/settings/schedules"), http.StatusOK), "Score all customers", "Send campaign 7", "Shall it still go out?", "31\u00a0Dec\u00a02026")
	path := "/settings/schedules/job:score"
	b.says(b.want(b.get(path), http.StatusOK), "7 months of the year", "31\u00a0Dec\u00a02026", "31\u00a0Jan\u00a02027", "31\u00a0May\u00a02027")
	form := url.Values{"cron": {"61 * * * *"}, "zone": {"Europe/Stockholm"}, "max_late": {"24"}, "catch_up": {"latest"}, "enabled": {"1"}}
	b.says(b.want(b.post(path, form), http.StatusUnprocessableEntity), `value="61 * * * *"`, `aria-invalid="true"`)
	form["cron"], form["zone"] = []string{"0 6 31 * *"}, []string{"Mars"}
	b.says(b.want(b.post(path, form), http.StatusUnprocessableEntity), `value="Mars"`, "is no time zone")
	form["zone"], form["max_late"] = []string{"Europe/Stockholm"}, []string{"soon"}
	b.says(b.want(b.post(path, form), http.StatusUnprocessableEntity), "no number of hours")
	form["max_late"], form["catch_up"] = []string{"24"}, []string{"perhaps"}
	b.want(b.post(path, form), http.StatusUnprocessableEntity)
	form["catch_up"], form["last"] = []string{"none"}, []string{"1"}
	b.want(b.post(path, form), http.StatusSeeOther)
	kept, err := s.db.Schedule(t.Context(), "job:score")
	if err != nil || !kept.Last || kept.CatchUp != schedule.CatchNone || kept.MaxLate != 24*time.Hour {
		t.Errorf("kept %+v, %v", kept, err)
	}
	b.want(b.post("/settings/schedules/campaign:7", form), http.StatusForbidden)
	b.want(b.get("/settings/schedules/none"), http.StatusNotFound)
	b.says(b.want(b.get("/settings/schedules/campaign:7"), http.StatusOK), `href="/campaigns/7"`)

	b.says(b.want(b.get(path), http.StatusOK), `action="/settings/schedules/job:score/run"`, "Run it now")
	b.want(b.post(path+"/run", nil), http.StatusSeeOther)
	b.want(b.post("/settings/schedules/campaign:7/run", nil), http.StatusForbidden)
	b.want(b.post("/settings/schedules/none/run", nil), http.StatusNotFound)
	marketer := s.as(t, actnow.RoleMarketer)
	marketer.want(marketer.post(path+"/run", nil), http.StatusForbidden)
	if a := marketer.want(marketer.get(path), http.StatusOK); strings.Contains(a.body, "Run it now") {
		t.Error("a marketer is offered to run a job")
	}
	if len(d.ran) != 1 || d.ran[0] != "Elin Sjöberg job:score" {
		t.Errorf("asked for were %q", d.ran)
	}

	answer := url.Values{"period": {"2026-11-26T08:00"}, "answer": {"yes"}}
	b.want(b.post("/settings/schedules/campaign:7/answer", answer), http.StatusSeeOther)
	b.want(b.post("/settings/schedules/campaign:7/answer", answer), http.StatusConflict)
	if runs, err := s.db.Runs(t.Context(), missed.ID, 1); err != nil || len(runs) != 1 || runs[0].State != schedule.Due {
		t.Errorf("after yes: %+v, %v", runs, err)
	}
}

// Why a run failed or was skipped is said in the reader's language; what has no
// sentence stands as it is in the log.
func TestRunsSayWhyInBothLanguages(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	order := schedule.Schedule{Key: "job:score", Line: "0 6 * * *", Zone: "UTC", CatchUp: schedule.CatchLatest, Enabled: true}
	if err := s.db.EnsureSchedules(t.Context(), []schedule.Schedule{order}); err != nil {
		t.Fatal(err)
	}
	order, err := s.db.Schedule(t.Context(), order.Key)
	if err != nil {
		t.Fatal(err)
	}
	add := func(day int, state schedule.State, why *actnow.InputError) string {
		run := schedule.Run{Schedule: order.ID, Period: fmt.Sprintf("2026-10-%02d", day), DueAt: s.now().AddDate(0, 0, day-40), State: state, Failure: why}
		if added, err := s.db.AddRuns(t.Context(), []schedule.Run{run}); err != nil || len(added) != 1 {
			t.Fatalf("added %+v, %v", added, err)
		}
		return run.Period
	}
	add(1, schedule.Skipped, schedule.TooLate)
	add(2, schedule.Asks, nil)
	if err := s.db.AnswerRun(t.Context(), actnow.System, order.ID, "2026-10-02", false); err != nil {
		t.Fatal(err)
	}
	for day, why := range map[int]error{
		3: actnow.Invalid("run.given_up", "", "given up: the daemon ended %d times during this run", 1234),
		4: fmt.Errorf("score: %w", actnow.ErrConflict),
		5: errors.New("disk is full"),
	} {
		period := add(day, schedule.Due, nil)
		if ok, err := s.db.ClaimRun(t.Context(), order.ID, period, s.now(), time.Minute); err != nil || !ok {
			t.Fatalf("claimed %v, %v", ok, err)
		}
		if err := s.db.FinishRun(t.Context(), order.ID, period, schedule.Failed, why, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	add(6, schedule.Asks, nil)
	add(7, schedule.Asks, nil) // overtakes it
	order.Enabled = false
	if _, err := s.db.SaveSchedule(t.Context(), actnow.System, order); err != nil {
		t.Fatal(err)
	}
	const path = "/settings/schedules/job:score"
	b.says(b.want(b.get(path), http.StatusOK), "It was found later than the schedule allows.", "A person said no.", "Act Now ended 1,234 times", "the present state does not allow it",
		"the log says the same: disk is full", "A later run fell due.", "The schedule was switched off.")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get(path), http.StatusOK), "Den upptäcktes senare än schemat tillåter.", "En person sade nej.", "Act Now avslutades 1\u00a0234 gånger", "läget tillåter det inte",
		"loggen säger detsamma: disk is full", "En senare körning blev aktuell.", "Schemat stängdes av.")
}

func TestChooseMatrix(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	a := b.want(b.upload("/reports", nil, [2]string{"azure.csv", azureReport}), http.StatusSeeOther)
	b.want(b.post(a.Header.Get("Location")+"/import", nil), http.StatusSeeOther)
	b.says(b.want(b.get("/settings/scoring"), http.StatusOK), "The matrix Quadrants is in force", "Nobody would move", "75&#43;", "Use Rows")
	b.want(b.post("/settings/scoring", url.Values{"name": {"rows"}, "version": {"1"}}), http.StatusSeeOther)
	if m, err := s.db.Matrix(t.Context()); err != nil || m.Name != scoring.RowsName {
		t.Errorf("in force is %q, %v", m.Name, err)
	}
	b.says(b.want(b.get("/settings/scoring"), http.StatusOK), "The matrix Rows is in force", "Use Quadrants")
	b.want(b.post("/settings/scoring", url.Values{"name": {"none"}, "version": {"1"}}), http.StatusNotFound)
	b.want(b.post("/settings/scoring", url.Values{"name": {"rows"}, "version": {"x"}}), http.StatusNotFound)
}

// Own edges and cells are tried before they are saved, and saved before they hold.
func TestOwnMatrix(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleAdministrator)
	unnamed := strings.NewReplacer("AzureCluster,", "", ",Act Now", "", ",Nurture", "", ",Evaluate", "", ",Educate", "").Replace(azureReport)
	a := b.want(b.upload("/reports", nil, [2]string{"azure.csv", unnamed}), http.StatusSeeOther)
	b.want(b.post(a.Header.Get("Location")+"/import", nil), http.StatusSeeOther)
	b.says(b.want(b.get("/settings/scoring"), http.StatusOK), "/settings/scoring/matrix?name=quadrants")
	page := b.says(b.want(b.get("/settings/scoring/matrix?name=rows&version=1"), http.StatusOK), `value="A4" selected`, `value="75"`)
	form := url.Values{"name": {"Ours"}, "high": {"75"}, "medium": {"55"}, "low": {"30"}, "do": {"look"}}
	for _, m := range regexp.MustCompile(`<select name="(cell-\d-\d)".*?value="(..)" selected`).FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], m[2])
	}
	form.Set("high", "101")
	b.says(b.want(b.post("/settings/scoring/matrix", form), http.StatusUnprocessableEntity), "must fall from High")
	form.Set("high", "x")
	b.says(b.want(b.post("/settings/scoring/matrix", form), http.StatusUnprocessableEntity), `id="high-error"`)
	form.Set("high", "99")
	form.Set("cell-0-0", "D4")
	b.says(b.want(b.post("/settings/scoring/matrix", form), http.StatusUnprocessableEntity), "must be one of A1 to D4")
	form.Set("cell-0-0", "A1")
	form.Set("medium", "98")
	form.Set("low", "97")
	b.says(b.want(b.post("/settings/scoring/matrix", form), http.StatusOK), "What it would do", "move")
	if all, _, err := s.db.Matrices(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("looking saved a matrix: %d, %v", len(all), err)
	}
	form.Set("do", "save")
	b.want(b.post("/settings/scoring/matrix", form), http.StatusSeeOther)
	if m, err := s.db.Matrix(t.Context()); err != nil || m.Name != scoring.QuadrantsName {
		t.Errorf("saving put %q in force, %v", m.Name, err)
	}
	form.Set("do", "use")
	b.want(b.post("/settings/scoring/matrix", form), http.StatusSeeOther)
	if m, err := s.db.Matrix(t.Context()); err != nil || m.Name != "Ours" || m.Version != 2 || m.Edges.High != 99 {
		t.Errorf("in force is %+v, %v", m, err)
	}
	b.says(b.want(b.get("/settings/scoring"), http.StatusOK), "The matrix Ours is in force", "99&#43;", "97–97")
	b.says(b.want(b.get("/grid?area=azure"), http.StatusOK), "99&#43;")
}

func TestMatricesByAPI(t *testing.T) {
	s, _ := openDesk(t)
	admin, viewer := s.caller(t, actnow.RoleAdministrator), s.caller(t, actnow.RoleReportViewer)
	const list = "/api/v1/matrices"
	own := scoring.Rows()
	own.Name, own.Edges.High = "Ours", 80
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	if got := viewer.ask("GET", list, list, "", 200, nil); !strings.Contains(got, `"edges":{"high":75,"medium":55,"low":30}`) {
		t.Errorf("the matrices: %s", got)
	}
	viewer.ask("POST", list, list, string(text), 403, nil)
	admin.ask("POST", list+"/effect", list+"/effect", string(text), 200, nil)
	admin.ask("POST", list+"/effect", list+"/effect", `{"name":"thin"}`, 422, nil)
	admin.ask("POST", list, list, string(text), 201, nil)
	admin.ask("POST", list+"/use", list+"/use", `{"name":"Ours","version":2}`, 404, nil)
	if got := admin.ask("POST", list+"/use", list+"/use", `{"name":"Ours","version":1}`, 200, nil); !strings.Contains(got, `"high":80`) || !strings.Contains(got, `"active":true`) {
		t.Errorf("in force: %s", got)
	}
}
