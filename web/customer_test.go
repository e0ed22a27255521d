package web_test

import (
	"bytes"
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"actnow"
	"actnow/cohorts"
	"actnow/scoring"
	"actnow/storage/storagetest"
	"actnow/web"
)

// people is a small house: four customers in two locations, one of them matched
// with contacts, one to review.
const people = `
	INSERT INTO locations (id, global_id, name) VALUES (1, '100', 'Nordvik Oslo'), (2, '200', 'Nordvik Lund');
	INSERT INTO customers (id, key, tpid, name, domain, org_size, segment, country, first_month, last_month, updated_at) VALUES
		(1, 'tpid:1', '0101', 'Åkes Bygg AB', 'akesbygg.example', 120, 'Medium', 'Sweden', '2026-09', '2026-10', 0),
		(2, 'tpid:2', '0102', '=Brobyggarna', 'bro.example', 12, 'Very Small', 'Sweden', '2026-09', '2026-10', 0),
		(3, 'tpid:3', '0103', 'Cyan <b>ASA</b>', 'cyan.example', 900, 'Upper Medium', 'Norway', '2026-09', '2026-10', 0),
		(4, 'tpid:4', '0104', '', '', NULL, 'Unknown', '', '2026-09', '2026-10', 0);
	INSERT INTO customer_locations VALUES (1, 2), (2, 2), (3, 1), (4, 1);
	INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, model, explanation, scored_at) VALUES
		(1, 'azure', '2026-10', 'azure', 90, 80, 'High', 'High', 'A1', 'Evaluate', 'file', '', 'Looks like customers who bought', 0),
		(1, 'azure', '2026-10', 'own', 55, 79.25, 'Medium', 'High', '', 'Act Now', 'matrix', 'card:azure@1', '', 0);
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster, microsoft_cluster, own_cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency) VALUES
		(1, 'azure', '2026-10', 1, 90, 80, 'High', 'High', 'azure', 'azure', 'A1', 'Act Now', 'Evaluate', 'Act Now', 'Evaluate', '2026-09', 12345600, 23456700, 'SEK'),
		(2, 'azure', '2026-10', 1, 80, 10, 'High', 'Very low', 'azure', 'azure', 'B2', 'Evaluate', '', '', 'Educate', '2026-09', NULL, NULL, ''),
		(3, 'azure', '2026-10', 1, 10, 10, 'Very low', 'Very low', 'azure', 'azure', 'D4', 'Educate', '', '', 'Act Now', '2026-09', 50000000, 90000000, 'NOK'),
		(1, 'azure', '2026-09', 0, 90, 40, 'High', 'Low', 'azure', 'azure', 'B1', 'Evaluate', '', '', '', '', NULL, NULL, ''),
		(3, 'azure', '2026-09', 0, 90, 90, 'High', 'High', 'azure', 'azure', 'A1', 'Act Now', '', '', '', '', NULL, NULL, '');
	INSERT INTO score_parts (customer_id, area, month, score, parts) VALUES
		(1, 'azure', '2026-10', 'intent', '[{"feature":"base","value":"15","points":15,"log_odds":0,"code":"card.base","text":"Where every customer starts of whom anything is known."},{"feature":"size_medium","value":"120","points":66.25,"log_odds":0,"code":"card.azure.fit.size_medium","text":"Has 120 employees","at":"2026-08-25T00:00:00Z"},{"feature":"other","value":"","points":-2,"log_odds":0,"code":"card.none","text":"Only in English"}]');
	INSERT INTO accounts (id, external_id, connection_id, name, domains, updated_at) VALUES
		(1, 'A-1', 1, 'Åkes Bygg', '["akesbygg.example"]', 0), (2, 'A-2', 1, 'Bro', '[]', 0);
	INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, consent_basis, do_not_email, updated_at) VALUES
		(1, 'C-1', 1, 'A-1', 'anna@akesbygg.example', 'anna@akesbygg.example', 'Anna', 'legitimate interest', 0, 0),
		(2, 'C-2', 1, 'A-1', 'bo@akesbygg.example', 'bo@akesbygg.example', 'Bo', '', 0, 0),
		(3, 'C-3', 1, 'A-1', 'cia@akesbygg.example', 'cia@akesbygg.example', 'Cia', 'customer', 1, 0);
	INSERT INTO matches (account_id, customer_id, band, stage, probability, reason, machine_band, matched_at) VALUES
		(1, 1, 'match', 'domain', 0.999, 'same domain', 'match', 0), (2, 2, 'review', 'name', 0.7, 'names alike', 'review', 0);
	INSERT INTO agreements (snapshot_id, customer_id, agreement_id, program, ends_at, expiring, currency) SELECT id, 1, 'AG-1', 'Open', 1800000000, 987600, 'SEK' FROM snapshots;
	INSERT INTO cohorts (id, name, kind, filter, created_at, updated_at) VALUES (1, 'Large ones', 'filter', 'org_size >= 100', 0, 0), (2, 'Rich ones', 'filter', 'revenue_low > 1', 0, 0);`

func openPeople(t *testing.T) *site {
	t.Helper()
	s := open(t, func(cfg *web.Config) { cfg.Messages = web.MergeMessages(scoring.Messages, cohorts.Messages) })
	storagetest.Exec(t, s.db, people)
	return s
}

// inLund narrows a person to one location.
func inLund(u *actnow.User) { u.AllLocations, u.Locations = false, []actnow.LocationID{2} }

func TestCustomersAnswerWhatIsAsked(t *testing.T) {
	b := openPeople(t).as(t, actnow.RoleMarketer)
	for _, tt := range []struct {
		path    string
		want    []string
		wantNot []string
	}{
		{"/customers", []string{"<h1>4 customers</h1>", "Åkes Bygg AB", "Customer 0104", `<small class="phone-only">Azure</small>`, "Cyan &lt;b&gt;ASA&lt;/b&gt;"}, []string{"<b>ASA</b>"}},
		{"/customers?area=azure&cell=A1", []string{"<h1>Azure: 1 customer in A1</h1>", "Åkes Bygg AB", "SEK\u00a0123,456–234,567", "1 to mail"}, []string{"Brobyggarna", "phone-only"}},
		{"/customers?area=azure&cell=A1&month=2026-09", []string{"<h1>Azure: 1 customer in A1</h1>", "Cyan", "Scores of September 2026"}, []string{"Åkes", "/campaigns/new"}},
		{"/customers?area=azure&move=new", []string{"<h1>Azure: 1 customer became ready to buy</h1>"}, nil},
		{"/customers?area=azure&unscored=1", []string{"<h1>Azure: 1 customer without a score</h1>", "Customer 0104"}, []string{"/campaigns/new"}},
		{"/customers?area=azure&disagree=1", []string{"Åkes Bygg AB"}, []string{"Cyan"}},
		{"/customers?q=%C3%A5KES", []string{"<h1>1 customer</h1>"}, nil},
		{"/customers?where=org_size+%3E%3D+100+and+country+%3D+%22Norway%22", []string{"Cyan", "Filter: Employees is at least 100"}, []string{"Åkes"}},
		{"/customers?cohort=1", []string{"<h1>2 customers</h1>"}, nil},
		{"/customers?segment=Medium&q=nobody", []string{"No customer is like that"}, nil},
		{"/customers?sort=size", []string{`aria-sort="descending"`}, nil},
	} {
		a := b.want(b.get(tt.path), http.StatusOK)
		for _, w := range tt.want {
			if !strings.Contains(a.body, w) {
				t.Errorf("%s does not say %q", tt.path, w)
			}
		}
		for _, w := range tt.wantNot {
			if strings.Contains(a.body, w) {
				t.Errorf("%s says %q", tt.path, w)
			}
		}
	}
}

func TestCustomersRefuseWhatCannotBeAsked(t *testing.T) {
	b := openPeople(t).as(t, actnow.RoleMarketer)
	for path, want := range map[string]string{
		"/customers?area=moon":                "“moon” is no solution area",
		"/customers?area=azure&cell=Z9":       "cells are A1 to D4",
		"/customers?cell=A1":                  "Choose a solution area first",
		"/customers?month=2026-10":            "Choose a solution area first",
		"/customers?area=azure&month=october": "is no month",
		"/customers?cluster=Hot":              "Act Now, Evaluate, Nurture, Educate",
		"/customers?move=sideways":            "new, up, down",
		"/customers?sort=luck":                "name, revenue, fit, intent, size",
		"/customers?segment=Huge":             "Upper Medium",
		"/customers?mailable=yes":             "it is 1 or 0",
		"/customers?cohort=x":                 "is no number",
		"/customers?offset=-1":                "is no number",
		"/customers?offset=99999999999999":    "is no number",
		"/customers?where=org_size+%3E%3D":    "Line 1, column 12: The filter ends too early.",
		"/customers?where=sise+%3D+3":         "There is no field “sise”.",
		"/grid?area=moon":                     "is no solution area",
		"/grid?month=2020-01":                 "There are no scores of Azure for 2020-01",
		"/grid?cell=E1":                       "cells are A1 to D4",
	} {
		a := b.want(b.get(path), http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, want) {
			t.Errorf("%s does not say %q:\n%s", path, want, a.body)
		}
	}
	for path, status := range map[string]int{"/customers/99": 404, "/customers/x": 404, "/customers?cohort=77": 404} {
		b.want(b.get(path), status)
	}
}

// The rule in "Make a campaign" chooses the customers that the list shows.
func TestCustomersLeadOnlyToWhatAnswers(t *testing.T) {
	b := openPeople(t).as(t, actnow.RoleMarketer)
	for _, query := range []string{"", "area=azure&cell=A1&month=2026-10", "area=azure&month=2026-10&since=2026-09&flow=up&from=Evaluate",
		"area=azure&report=Evaluate&ours=Act+Now", "area=azure&differ=1&unscored=1", "move=new&matched=1"} {
		page := b.want(b.get("/customers?"+query), http.StatusOK)
		links := regexp.MustCompile(`href="(/customers\?[^"]*)"`).FindAllStringSubmatch(page.body, -1)
		if len(links) < 10 {
			t.Errorf("%q: %d links", query, len(links))
		}
		for _, link := range links {
			b.want(b.get(html.UnescapeString(link[1])), http.StatusOK)
		}
	}
}

func TestCampaignTakesTheCustomersOfTheList(t *testing.T) {
	s := openPeople(t)
	b := s.as(t, actnow.RoleMarketer)
	for _, query := range []string{"area=azure&cell=A1", "area=azure&move=new", "area=azure&move=up", "area=azure&move=down", "area=azure&cluster=Evaluate",
		"q=%22quo%5Cte", "q=0103", "segment=Medium&matched=1&mailable=1", "cohort=1&where=country+%3D+%22Norway%22+or+name+contains+%22x%22"} {
		a := b.want(b.get("/customers?"+query), http.StatusOK)
		_, link, found := strings.Cut(a.body, `href="/campaigns/new?where=`)
		if !found {
			if query != "q=%22quo%5Cte" {
				t.Errorf("%s makes no campaign", query)
			}
			continue
		}
		link, _, _ = strings.Cut(link, `"`)
		rule, err := url.QueryUnescape(strings.ReplaceAll(link, "&#43;", "+"))
		if err != nil {
			t.Fatal(err)
		}
		byRule := b.want(b.get("/customers?where="+url.QueryEscape(rule)), http.StatusOK)
		if got, want := rowNames(byRule.body), rowNames(a.body); strings.Join(got, "|") != strings.Join(want, "|") || len(want) == 0 {
			t.Errorf("%s lists %q, its rule %s lists %q", query, want, rule, got)
		}
	}
}

// rowNames are the links of the rows of a list of customers.
func rowNames(body string) []string {
	var names []string
	for _, part := range strings.Split(body, `<th scope="row" class="name"><a href="`)[1:] {
		name, _, _ := strings.Cut(part, "</a>")
		names = append(names, name)
	}
	return names
}

func TestCustomerPage(t *testing.T) {
	s := openPeople(t)
	b := s.as(t, actnow.RoleMarketer)
	for lang, want := range map[string][]string{
		"en": {"Åkes Bygg AB", "up from Evaluate in September 2026", "SEK\u00a0123,456–234,567", "report says Evaluate, our score Act Now", "Looks like customers who bought",
			"Intent 79: High", "+66.25", "79.25", "Only in English", "Has 120 employees, a size at which moving servers pays.", "May be mailed", "No lawful basis", "Said no", "Large ones", "Rich ones", "Matched, >99%"},
		"sv": {"upp från Utvärdera i september 2026", "Avsikt 79: Hög", "+66,25", "79,25", "Har 120 anställda, en storlek där det lönar sig att flytta servrar.", "Kan få mejl", "Ingen rättslig grund", "Har sagt nej", "Anställda är minst 100"},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.want(b.get("/customers/1"), http.StatusOK)
		for _, w := range want {
			if !strings.Contains(html.UnescapeString(a.body), w) {
				t.Errorf("the customer in %s does not say %q", lang, w)
			}
		}
	}
	b.header.Del("Cookie")
	own := scoring.Quadrants()
	own.Name, own.Edges = "ours", actnow.Edges{High: 90, Medium: 60.5, Low: 20}
	if _, err := s.db.AddMatrix(t.Context(), actnow.Actor{}, own); err != nil {
		t.Fatal(err)
	}
	if err := s.db.ChooseMatrix(t.Context(), actnow.Actor{}, own.Name, 1); err != nil {
		t.Fatal(err)
	}
	b.says(b.want(b.get("/customers/1"), http.StatusOK), "Lines at 20, 60.5 and 90", "Intent 79: Medium", "Score, Medium", `d="M20 0V10M60.5 0V10M90 0V10"`, `<line class="band" x1="60.5"`)
	if a := b.want(b.get("/customers/4"), http.StatusOK); !strings.Contains(a.body, "No score: no signal, so no claim.") || !strings.Contains(a.body, "nobody can be mailed") {
		t.Errorf("a customer of whom nothing is known:\n%s", a.body)
	}
}

// A viewer of one location sees no other, no money and nobody's address, on no
// page and in no answer.
func TestCustomersKeepToTheScope(t *testing.T) {
	s := openPeople(t)
	b := s.as(t, actnow.RoleReportViewer, inLund)
	for _, path := range []string{"/customers", "/customers?area=azure", "/customers?sort=revenue&area=azure", "/customers/1", "/grid", "/grid?month=2026-09", "/find?q=a", "/find?q=an", "/"} {
		a := b.want(b.get(path), http.StatusOK)
		for _, secret := range []string{"Cyan", "0104", "anna@", "Anna", "SEK", "NOK", "123,456", "234,567", "/customers.csv", "/grid.csv", "/campaigns/new", "/cohorts/new"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s shows %q to a viewer of another location", path, secret)
			}
		}
	}
	if a := b.get("/customers/1"); strings.Contains(a.body, "Rich ones") || !strings.Contains(a.body, "Large ones") {
		t.Error("the page tells who is in a cohort by money")
	}
	if a := b.get("/customers/1"); !strings.Contains(a.body, "3 contacts are withheld") {
		t.Errorf("nothing says that contacts are withheld:\n%s", a.body)
	}
	if a := b.get("/customers"); !strings.Contains(a.body, "<h1>2 customers</h1>") {
		t.Error("the list counts customers of other locations")
	}
	for _, path := range []string{"/customers/3", "/customers/4"} {
		b.want(b.get(path), http.StatusNotFound)
	}
	for _, path := range []string{"/customers.csv", "/customers.xlsx", "/grid.csv", "/grid.xlsx"} {
		b.want(b.get(path), http.StatusForbidden)
	}
	if a := b.want(b.get("/customers?where=revenue_low+%3E+1"), http.StatusUnprocessableEntity); !strings.Contains(a.body, "holds money") {
		t.Errorf("a filter on money answers:\n%s", a.body)
	}
}

func TestCustomersAsFiles(t *testing.T) {
	s := openPeople(t)
	read := func(b *browser, path string) [][]string {
		a := b.want(b.get(path), http.StatusOK)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	marketer := s.as(t, actnow.RoleMarketer)
	rows := read(marketer, "/customers.csv?area=azure")
	if len(rows) != 5 || !strings.Contains(strings.Join(rows[0], ","), "revenue_low,revenue_high,currency") {
		t.Fatalf("the list as CSV has %d rows: %q", len(rows), rows)
	}
	all := ""
	for _, r := range rows {
		all += strings.Join(r, "|") + "\n"
	}
	for _, want := range []string{"'=Brobyggarna", "123456.00|234567.00|SEK", "|0101|", "A1|Act Now"} {
		if !strings.Contains(all, want) {
			t.Errorf("the list as CSV lacks %q:\n%s", want, all)
		}
	}
	steward := s.as(t, actnow.RoleSteward, inLund)
	if rows := read(steward, "/customers.csv?area=azure"); len(rows) != 3 || strings.Contains(strings.Join(rows[0], ","), "revenue") {
		t.Errorf("a steward of one location takes out %q", rows)
	}
	a := marketer.want(marketer.get("/customers.xlsx?q=0101"), http.StatusOK)
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if cell, err := book.GetCellValue(book.GetSheetName(0), "A2"); err != nil || cell != "Åkes Bygg AB" {
		t.Errorf("the first name in the workbook is %q, %v", cell, err)
	}
	if rows := read(marketer, "/grid.csv?area=azure"); len(rows) != 17 {
		t.Errorf("the grid as CSV has %d rows: %q", len(rows), rows)
	}
}

func TestGrid(t *testing.T) {
	s := openPeople(t)
	b := s.as(t, actnow.RoleMarketer)
	for lang, want := range map[string][]string{
		"en": {"<h1>Azure: 1 customer is in Act Now</h1>", "3 customers by fit and intent, October 2026", "/customers?area=azure&amp;month=2026-10&amp;unscored=1", "For 1 customer the report names another cluster",
			`aria-current="true"`, "Åkes Bygg AB", "September 2026", "no scores yet", "Reading: Quadrants, bands 75 / 55 / 30."},
		"sv": {"<h1>Azure: 1 kund är i Agera nu</h1>", "Agera nu", "inga poäng än", "Tolkning: Kvadranter, band 75 / 55 / 30."},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.want(b.get("/grid"), http.StatusOK)
		for _, w := range want {
			if !strings.Contains(a.body, w) {
				t.Errorf("the grid in %s does not say %q", lang, w)
			}
		}
	}
	b.header.Del("Cookie")
	if a := b.want(b.get("/grid?area=azure&month=2026-09&cell=a1"), http.StatusOK); !strings.Contains(a.body, "Cyan") || strings.Contains(a.body, "/campaigns/new") {
		t.Errorf("the grid of a past month:\n%s", a.body)
	}
	if a := b.want(b.get("/grid?area=azure&cell=C3"), http.StatusOK); !strings.Contains(a.body, "Nobody is in C3 in October 2026.") {
		t.Error("an empty cell does not say so")
	}
	if a := b.want(b.get("/grid?area=surface"), http.StatusOK); !strings.Contains(a.body, "No customer has a score for Surface yet") {
		t.Error("an area without scores does not say so")
	}
}

func TestRailCountsWhatWaits(t *testing.T) {
	s := openPeople(t)
	storagetest.Exec(t, s.db, `DELETE FROM matches WHERE account_id = 1`)
	lund, oslo := actnow.Scope{Locations: []actnow.LocationID{2}}, actnow.Scope{Locations: []actnow.LocationID{1}}
	for _, tt := range []struct {
		scope actnow.Scope
		want  actnow.Waiting
	}{{actnow.Everything, actnow.Waiting{ToReview: 1}}, {lund, actnow.Waiting{ToReview: 1}}, {oslo, actnow.Waiting{}}} {
		if got, err := s.db.Waiting(t.Context(), tt.scope); err != nil || got != tt.want {
			t.Errorf("waiting %+v, %v, want %+v", got, err, tt.want)
		}
	}
}

func TestFindCustomers(t *testing.T) {
	b := openPeople(t).as(t, actnow.RoleMarketer)
	if a := b.want(b.get("/find?q=BYGG"), http.StatusOK); !strings.Contains(a.body, `<a href="/customers/1">Åkes Bygg AB</a>`) {
		t.Errorf("Find does not find a customer:\n%s", a.body)
	}
	if a := b.want(b.get("/find?q=zzz"), http.StatusOK); !strings.Contains(a.body, "No customer is called “zzz”.") {
		t.Errorf("Find does not say that there is nobody:\n%s", a.body)
	}
}
