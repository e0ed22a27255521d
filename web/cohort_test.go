package web_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"actnow"
	"actnow/cohorts"
	"actnow/storage/storagetest"
)

// grouped adds to doubtful what cohorts look at: scores of two months, a
// confirmed column, one that waits and one that was dismissed.
const grouped = doubtful + `
	INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
		(1, 'azure', '2026-10', 1, 1, 'o.csv', 'o', '[{"Header":"Fit for AVD"}]', 0, 0, 0, 0, 0),
		(2, 'azure', '2026-11', 1, 1, 'n.csv', 'n', '[{"Header":"Fit for AVD"}]', 0, 0, 0, 0, 0);
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, cell, cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency) VALUES
		(1, 'azure', '2026-11', 1, 90, 80, 'High', 'High', 'A1', 'Act Now', 'Evaluate', '2026-10', 100000, 200000, 'SEK'),
		(3, 'azure', '2026-11', 1, 10, 10, 'Very low', 'Very low', 'D4', 'Educate', 'Act Now', '2026-10', 500000, 900000, 'NOK'),
		(1, 'azure', '2026-10', 0, 90, 40, 'High', 'Low', 'B1', 'Evaluate', '', '', NULL, NULL, ''),
		(3, 'azure', '2026-10', 0, 90, 90, 'High', 'High', 'A1', 'Act Now', '', '', NULL, NULL, '');
	INSERT INTO cohort_columns (id, report, header, key, state, first_month, last_month) VALUES
		(1, 'azure', 'Fit for AVD', 'fit for avd', 'confirmed', '2026-10', '2026-11'),
		(2, 'azure', 'Odd "new" <column>', 'odd', 'candidate', '2026-11', '2026-11'),
		(3, 'azure', 'Is Active', 'is active', 'dismissed', '2026-11', '2026-11');
	INSERT INTO cohort_members (column_id, month, customer_id) VALUES (1, '2026-11', 1), (1, '2026-10', 3), (2, '2026-11', 3);
	INSERT INTO cohorts (id, name, kind, filter, column_id, created_by, created_at, updated_at) VALUES
		(1, 'Fit for AVD', 'column', '', 1, '', 0, 0), (2, 'Hot', 'filter', 'cluster = "Act Now"', NULL, 'Elin', 0, 0);`

func TestCohortList(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	a := b.want(b.get("/cohorts"), http.StatusOK)
	for _, want := range []string{"No cohort yet", `href="/cohorts/new"`, "Renewal within 90 days", "today&#43;%2B&#43;90d"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the empty page lacks %q", want)
		}
	}
	storagetest.Exec(t, s.db, grouped)
	a = b.want(b.get("/cohorts"), http.StatusOK)
	for _, want := range []string{
		"2 cohorts follow the reports", "1 column may be a cohort", "Odd &#34;new&#34; &lt;column&gt;", `action="/cohorts/columns/2/confirmed"`, `action="/cohorts/columns/2/dismissed"`,
		"Cluster is Act Now", "A column of the report Azure", "November 2026", `href="/cohorts/2?side=joined#customers"`, "since October 2026",
		`href="/customers?cohort=2"`, "1 column is no cohort",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	a = b.want(b.post("/cohorts/columns/2/confirmed", nil), http.StatusSeeOther)
	if a = b.get("/cohorts"); !strings.Contains(a.body, "3 cohorts") || !strings.Contains(a.body, `action="/cohorts/columns/2/candidate" data-toast`) {
		t.Error("a confirmed column is no cohort, or cannot be taken back")
	}
	b.want(b.post("/cohorts/columns/2/odd", nil), http.StatusNotFound)
	b.want(b.post("/cohorts/columns/404/confirmed", nil), http.StatusNotFound)

	viewer := s.as(t, actnow.RoleReportViewer)
	if a := viewer.want(viewer.get("/cohorts"), http.StatusOK); strings.Contains(a.body, "/cohorts/new") || strings.Contains(a.body, "/cohorts/columns/") {
		t.Error("a viewer is offered to change cohorts")
	}
	viewer.want(viewer.get("/cohorts/new"), http.StatusForbidden)
	viewer.want(viewer.get("/cohorts/2/customers.csv"), http.StatusForbidden)
}

func TestCohortDetail(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, grouped)
	b := s.as(t, actnow.RoleMarketer)
	for path, wants := range map[string][]string{
		"/cohorts/2":               {"<h1>Hot</h1>", "Cluster is Act Now", "Ålands Rederikonsult Ab", "SEK\u00a01,000–2,000", "/campaigns/new?cohort=2", "/cohorts/2/edit", "/cohorts/2/customers.csv", "No campaign uses it yet", "November 2026"},
		"/cohorts/2?side=joined":   {"Ålands Rederikonsult Ab", "side=joined"},
		"/cohorts/2?side=left":     {"Cyan &lt;ASA&gt;"},
		"/cohorts/1":               {"A column of the report Azure"},
		"/cohorts/2?offset=50":     {"No customer here"},
		"/cohorts/2/edit":          {"Change “Hot”", `value="Hot"`},
		"/cohorts/2/customers.csv": {"tpid:1", "revenue_low"},
	} {
		a := b.want(b.get(path), http.StatusOK)
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	rows, err := csv.NewReader(strings.NewReader(b.get("/cohorts/2/customers.csv?side=left").body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "tpid:3" {
		t.Errorf("who left is %q, %v", rows, err)
	}
	b.want(b.get("/cohorts/404"), http.StatusNotFound)
	b.want(b.get("/cohorts/2?side=up"), http.StatusUnprocessableEntity)
	b.want(b.get("/cohorts/1/edit"), http.StatusConflict)

	steward := s.as(t, actnow.RoleSteward) // sees no money
	for _, path := range []string{"/cohorts/2", "/cohorts/2/customers.csv"} {
		if a := steward.want(steward.get(path), http.StatusOK); strings.Contains(a.body, "1,000") || strings.Contains(a.body, "100000") || strings.Contains(a.body, "revenue_low") {
			t.Errorf("%s shows money to one who may not see it", path)
		}
	}
	lund := s.as(t, actnow.RoleMarketer, func(u *actnow.User) {
		u.Email, u.AllLocations, u.Locations = "lund@nordvik.example", false, []actnow.LocationID{2}
	})
	for _, path := range []string{"/cohorts/2", "/cohorts/2?side=left", "/cohorts/2/customers.csv?side=left", "/cohorts/count?where=fit+%3E+0"} {
		if strings.Contains(lund.get(path).body, "Cyan") {
			t.Errorf("%s shows a customer of another location", path)
		}
	}
}

func TestCohortIsMadeChangedAndDeleted(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, grouped)
	b := s.as(t, actnow.RoleMarketer)
	a := b.want(b.post("/cohorts", url.Values{"name": {"Finns"}, "where": {"country = \"Finland\"\r\n"}}), http.StatusSeeOther)
	path := a.Header.Get("Location")
	if a := b.get(path); !strings.Contains(a.body, "“Finns” is saved with 1 customer.") || !strings.Contains(a.body, `action="`+path+`/delete" data-toast`) {
		t.Error("what was saved is not told")
	}
	b.want(b.post(path, url.Values{"name": {"Finnar"}}), http.StatusSeeOther) // the filter stays
	b.want(b.post(path, url.Values{"name": {"Finnar"}, "where": {`country in ("Finland", "Norway")`}}), http.StatusSeeOther)
	if a := b.get(path); !strings.Contains(a.body, "<h1>Finnar</h1>") || !strings.Contains(a.body, "Country is “Finland” or “Norway”") {
		t.Error("the change was not kept")
	}
	for name, form := range map[string]url.Values{
		"no name":  {"where": {`fit > 1`}},
		"taken":    {"name": {"hot"}, "where": {`fit > 1`}},
		"no rule":  {"name": {"All"}},
		"unclosed": {"name": {"All"}, "where": {`country = "Swe`}},
		"itself":   {"name": {"Finnar"}, "where": {`cohort = "Finnar"`}},
	} {
		to := "/cohorts"
		if name == "itself" {
			to = path
		}
		a := b.want(b.post(to, form), http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, `class="error"`) || form.Get("name") != "" && !strings.Contains(a.body, `value="`+form.Get("name")+`"`) {
			t.Errorf("%s: the form does not say what is wrong, or forgets what was typed", name)
		}
	}
	b.want(b.post(path+"/delete", nil), http.StatusSeeOther)
	if a := b.get("/cohorts"); !strings.Contains(a.body, `action="`+path+`/restore" data-toast`) {
		t.Error("a deletion cannot be undone")
	}
	b.want(b.get(path), http.StatusNotFound)
	b.want(b.post(path+"/restore", nil), http.StatusSeeOther)
	b.want(b.get(path), http.StatusOK)
	b.want(b.post(path+"/restore", nil), http.StatusConflict)
	b.want(b.post("/cohorts/1/delete", nil), http.StatusConflict)
}

// The rules of the form and its text say the same: whichever was changed last.
func TestCohortRulesAndText(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, grouped)
	b := s.as(t, actnow.RoleMarketer)
	const hot = `cluster = "Act Now" and fit >= 55`
	for _, tt := range []struct {
		name  string
		typed url.Values
		want  string // of the text
		has   []string
	}{
		{"text alone", url.Values{"where": {hot}}, hot, []string{`<option value="fit" selected>Fit</option>`, `value="55"`, `<option value="Act Now" selected>Act Now</option>`, "Cluster is Act Now and Fit is at least 55", "in any solution area", `name="in" value="area = surface and cluster = &#34;Act Now&#34; and fit &gt;= 55"`}},
		{"a rule changed", url.Values{"do": {"rules"}, "where": {hot}, "was": {hot}, "built": {hot}, "join": {"or"}, "f": {"cluster", "fit"}, "o": {"=", ">="}, "v": {"Evaluate", "75"}},
			`cluster = "Evaluate" or fit >= 75`, nil},
		{"text and rules changed", url.Values{"do": {"rules"}, "where": {"intent > 1"}, "was": {hot}, "built": {hot}, "join": {"and"}, "f": {"cluster"}, "o": {"="}, "v": {"Evaluate"}},
			`intent > 1`, []string{`<option value="intent" selected>`}},
		{"a rule added", url.Values{"do": {"add"}, "where": {hot}, "was": {hot}, "built": {hot}, "join": {"and"}, "f": {"cluster", "fit"}, "o": {"=", ">="}, "v": {"Act Now", "55"}},
			hot, []string{"Give a value, or remove the condition", `id="v2"`}},
		{"a rule removed", url.Values{"do": {"remove-0"}, "where": {hot}, "was": {hot}, "built": {hot}, "join": {"and"}, "f": {"cluster", "fit"}, "o": {"=", ">="}, "v": {"Act Now", "55"}},
			`fit >= 55`, nil},
		{"a list with commas and quotes", url.Values{"do": {"rules"}, "where": {hot}, "was": {hot}, "join": {"and"}, "f": {"industry"}, "o": {"in"}, "v": {`"Food, Drink", R&D, say "x"`}},
			`industry in ("Food, Drink", "R&D", "say ""x""")`, nil},
		{"a relation that the field does not know", url.Values{"do": {"rules"}, "where": {hot}, "was": {hot}, "join": {"and"}, "f": {"has_azure"}, "o": {">="}, "v": {""}},
			`has_azure = yes`, nil},
		{"a day", url.Values{"do": {"rules"}, "where": {hot}, "was": {hot}, "join": {"and"}, "f": {"agreement_end", "agreement_end"}, "o": {">=", "<="}, "v": {"Today", "today + 90d"}},
			`agreement_end >= today and agreement_end <= today + 90d`, nil},
		{"a number that is none", url.Values{"do": {"rules"}, "where": {hot}, "was": {hot}, "join": {"and"}, "f": {"fit"}, "o": {">="}, "v": {"many) or (fit > 0"}},
			`fit >= "many) or (fit > 0"`, []string{`class="error"`}},
		{"in one area", url.Values{"in": {"area = azure and " + hot}, "name": {"Hot"}, "where": {hot}, "was": {hot}, "built": {hot}, "join": {"or"}, "f": {"cluster", "fit"}, "o": {"=", ">="}, "v": {"Act Now", "55"}},
			"area = azure and " + hot, []string{`value="Hot"`, `<option value="azure" selected>`, `<option value="and" selected>`}},
		{"groups", url.Values{"where": {`fit > 1 and (country = "Finland" or intent > 1)`}}, `fit > 1 and (country = "Finland" or intent > 1)`, []string{"This filter has groups"}},
		{"wrong word", url.Values{"where": {`contry = "Finland"`}}, `contry = "Finland"`, []string{"There is no field “contry”.", "line 1, column 1", "<mark>contry</mark>", "Did you mean country?", `href="/cohorts/new?name=&amp;where=country&#43;%3D&#43;%22Finland%22"`}},
		{"odd lists", url.Values{"do": {"rules"}, "f": {"fit", "intent"}, "o": {"="}, "v": {}}, ``, []string{"Give a condition to see"}},
	} {
		a := b.want(b.get("/cohorts/new?"+tt.typed.Encode()), http.StatusOK)
		_, text, _ := strings.Cut(a.body, `<textarea id="where"`)
		_, text, _ = strings.Cut(text, ">")
		text, _, _ = strings.Cut(text, "</textarea>")
		if got := unescape.Replace(text); got != tt.want {
			t.Errorf("%s: the text is %q, want %q", tt.name, got, tt.want)
		}
		for _, want := range tt.has {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: the page lacks %q", tt.name, want)
			}
		}
	}
	// Saved by Enter in a rule, before the text followed.
	a := b.want(b.post("/cohorts", url.Values{"name": {"Enter"}, "where": {hot}, "was": {hot}, "built": {hot}, "join": {"and"}, "f": {"cluster", "fit"}, "o": {"=", ">="}, "v": {"Act Now", "90"}}), http.StatusSeeOther)
	if a := b.get(a.Header.Get("Location")); !strings.Contains(a.body, "Fit is at least 90") {
		t.Error("a rule that was changed last was not saved")
	}
}

var unescape = strings.NewReplacer("&#34;", `"`, "&#43;", "+", "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#39;", "'")

// Every rule that the form writes is a filter that is read back as the same rule.
func TestCohortFieldsOfTheForm(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, grouped)
	b := s.as(t, actnow.RoleMarketer)
	for _, f := range cohorts.Fields {
		value := map[cohorts.FieldKind]string{cohorts.Number: "25", cohorts.Day: "2026-11-25", cohorts.Month: "2026-11", cohorts.YesNo: "no", cohorts.Text: `O'Brien "x"`}[f.Kind]
		if f.Kind == cohorts.Choice {
			value = f.Choices[0]
		}
		q := url.Values{"do": {"rules"}, "where": {""}, "was": {""}, "join": {"and"}, "f": {f.Name}, "o": {"="}, "v": {value}}
		if a := b.want(b.get("/cohorts/new?"+q.Encode()), http.StatusOK); strings.Contains(a.body, `class="error"`) || !strings.Contains(a.body, `id="sample"`) {
			t.Errorf("%s = %s cannot be chosen", f.Name, value)
		}
	}
}

// What people type is answered with a count or with what is wrong, never with an
// error of ours.
func TestCohortCountTakesAnything(t *testing.T) {
	file, err := os.Open("../../shared/badinputs/own/segment.jsonl")
	if os.IsNotExist(err) {
		t.Skip("no filters at hand")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := open(t)
	storagetest.Exec(t, s.db, grouped)
	b := s.as(t, actnow.RoleMarketer)
	b.header.Set("HX-Request", "true")
	b.header.Set("HX-Request-Type", "partial")
	b.header.Set("HX-Target", "div#count")
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var tt struct {
			Text     string
			Accept   *bool // nil where both are fine
			Suggests string
		}
		if err := json.Unmarshal(lines.Bytes(), &tt); err != nil {
			t.Fatal(err)
		}
		n++
		a := b.want(b.get("/cohorts/count?"+url.Values{"where": {tt.Text}}.Encode()), http.StatusOK)
		switch {
		case strings.TrimSpace(tt.Text) == "" || tt.Accept == nil:
		case *tt.Accept && !strings.Contains(a.body, `<dl class="figures">`):
			t.Errorf("%q is not counted:\n%s", tt.Text, a.body)
		case !*tt.Accept && !strings.Contains(a.body, `class="error"`):
			t.Errorf("%q is not refused", tt.Text)
		case tt.Suggests != "" && !strings.Contains(unescape.Replace(a.body), tt.Suggests):
			t.Errorf("%q is refused without suggesting %q:\n%s", tt.Text, tt.Suggests, a.body)
		}
		if strings.Contains(a.body, "<script") || strings.Contains(a.body, "<html") {
			t.Errorf("%q is shown raw, or with a whole page around it", tt.Text)
		}
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Fatalf("%d filters, %v", n, err)
	}
	plain := s.browser(t)
	plain.client.Jar = b.client.Jar
	if a := plain.want(plain.get("/cohorts/count?where=fit+%3E+1"), http.StatusSeeOther); !strings.HasPrefix(a.Header.Get("Location"), "/cohorts/new?where=") {
		t.Error("without JavaScript the count leads nowhere")
	}
}
