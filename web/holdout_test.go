package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"actnow"
	"actnow/scoring"
	"actnow/storage/storagetest"
)

// drawn lets customer 1 be held out of Azure, and others with it some time ago.
func drawn(t *testing.T, s *site) {
	t.Helper()
	storagetest.Exec(t, s.db, `INSERT INTO hold_outs (customer_id, area, chosen_at, held) VALUES (1, 'azure', unixepoch('2026-05-01'), 1), (2, 'azure', unixepoch('2026-05-01'), 0),
		(3, 'm365', unixepoch('2026-05-01'), 0)`)
}

func TestHoldOutPage(t *testing.T) {
	s := openPeople(t)
	b := s.as(t, actnow.RoleAdministrator)
	const path = "/settings/scoring/holdout"
	b.says(b.want(b.get("/settings/scoring"), http.StatusOK), `href="`+path+`"`)
	b.says(b.want(b.get(path), http.StatusOK), "Nobody is held out of campaigns", "Nobody has been drawn yet", `value="0"`)
	for share, want := range map[string]string{"51": "a number from 0 to 50", "-1": "a number from 0 to 50", "some": "“some”", "": "a number from 0 to 50", "NaN": "a number"} {
		b.says(b.want(b.post(path, url.Values{"share": {share}, "seed": {"1"}}), http.StatusUnprocessableEntity), want, `id="share-error"`)
	}
	b.says(b.want(b.post(path, url.Values{"share": {"5"}, "seed": {"1.5"}}), http.StatusUnprocessableEntity), `id="seed-error"`, "whole number")
	drawn(t, s)
	b.want(b.post(path, url.Values{"share": {"2,5"}, "seed": {"7"}}), http.StatusSeeOther)
	if h, err := s.db.HoldOut(t.Context()); err != nil || h.HoldOut != (scoring.HoldOut{Share: 0.025, Seed: 7}) {
		t.Errorf("saved: %+v, %v", h, err)
	}
	for lang, want := range map[string][]string{
		"en": {"2.5% of Act Now are held out of campaigns", `value="2.5"`, "1 of 2", "Contact adds, percentage points", "more held-out customers are needed", "All areas", "area&#43;%3D&#43;azure&#43;and&#43;held_out&#43;%3D&#43;yes"},
		"sv": {"av Agera nu hålls utanför kampanjer", "1 av 2", "kunder till behövs utanför", "Alla områden"},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.says(b.want(b.get(path), http.StatusOK), want...)
		if strings.Contains(a.body, "holdout.") {
			t.Errorf("in %s a sentence is missing", lang)
		}
	}
	b.header.Set("Cookie", "lang=en")
	b.says(b.want(b.get("/customers/1"), http.StatusOK), "Held out of campaigns since", "drawn by chance")
	b.says(b.want(b.get("/activity?noun=holdout"), http.StatusOK), "Changed the share of Act Now that is held out")
	b.want(b.post(path, url.Values{"share": {"0"}, "seed": {"7"}}), http.StatusSeeOther)
	if a := b.want(b.get("/customers/1"), http.StatusOK); strings.Contains(a.body, "Held out of campaigns") {
		t.Error("the customer is held out after the end")
	}
	m := s.as(t, actnow.RoleMarketer)
	m.want(m.get(path), http.StatusForbidden)
	m.want(m.post(path, url.Values{"share": {"5"}, "seed": {"7"}}), http.StatusForbidden)
}

func TestHoldOutAPI(t *testing.T) {
	s := openPeople(t)
	drawn(t, s)
	const path = "/api/v1/holdout"
	admin, viewer := s.caller(t, actnow.RoleAdministrator), s.caller(t, actnow.RoleReportViewer)
	var report scoring.HoldOutReport
	admin.ask("GET", path, path, "", http.StatusOK, &report)
	if report.Share != 0 || len(report.Areas) != 2 || report.All.HeldNow != 1 || report.All.OthersNow != 2 {
		t.Errorf("%+v", report)
	}
	admin.ask("PUT", path, path, `{"share":0.1,"seed":3}`, http.StatusOK, &report)
	if report.HoldOut != (scoring.HoldOut{Share: 0.1, Seed: 3}) {
		t.Errorf("saved: %+v", report.HoldOut)
	}
	admin.ask("PUT", path, path, `{"share":0.9}`, http.StatusUnprocessableEntity, nil)
	viewer.ask("GET", path, path, "", http.StatusForbidden, nil)
	viewer.ask("PUT", path, path, `{"share":0.1}`, http.StatusForbidden, nil)
	var customer struct {
		HeldOut []struct{ Area actnow.Area } `json:"held_out"`
	}
	admin.ask("GET", "/api/v1/customers/{id}", "/api/v1/customers/1", "", http.StatusOK, &customer)
	if len(customer.HeldOut) != 1 || customer.HeldOut[0].Area != actnow.Azure {
		t.Errorf("the customer: %+v", customer)
	}
}
