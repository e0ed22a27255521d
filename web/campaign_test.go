package web_test

import (
	"bufio"
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
	"actnow/storage"
	"actnow/storage/storagetest"
	"actnow/web"
)

const packManifest = `name: Small
play: Migrate
expires: 2027-06-30
languages: [en, sv]
sender: {name: Nordvik, address: hello@nordvik.example}
footer: {company: Nordvik Data AB, postal_address: Storgatan 1}
steps:
  - key: first
    channel: email
    subject: {en: "Hi {{.Company}}", sv: "Hej {{.Company}}"}
    markdown: {en: first.en.md, sv: first.sv.md}
`

const campaignPeople = `
INSERT INTO locations (id, global_id, name) VALUES (1, 'L1', 'Malmö'), (2, 'L2', 'Oslo');
INSERT INTO customers (id, key, name, domain, first_month, last_month, updated_at) VALUES
	(1, 'domain:one.example', 'One AB', 'one.example', '2026-10', '2026-11', 0),
	(2, 'domain:two.example', 'Two AB', 'two.example', '2026-10', '2026-11', 0),
	(3, 'domain:three.example', 'Three AB', 'three.example', '2026-10', '2026-11', 0);
INSERT INTO customer_locations (customer_id, location_id) VALUES (1, 1), (2, 2), (3, 1);
INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES (1, 'A1', 1, 'one', 0), (2, 'A2', 1, 'two', 0);
INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (1, 1, 'match', 0), (2, 2, 'match', 0);
INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, family_name, language, consent_basis, do_not_email, updated_at) VALUES
	(1, 'C1', 1, 'A1', 'anna@one.example', 'anna@one.example', 'Anna', 'Berg', 'sv', 'consent', 0, 0),
	(2, 'C2', 1, 'A1', 'no@one.example', 'no@one.example', 'No', 'Mail', 'en', 'consent', 1, 0),
	(3, 'C3', 1, 'A2', 'cia@two.example', 'cia@two.example', 'Cia', 'Ek', 'en', 'consent', 0, 0);
INSERT INTO cohorts (id, name, kind, filter, created_at, updated_at) VALUES (1, 'Ready', 'filter', 'mailable = yes', 0, 0);
`

// sender is the actions behind the pages of campaigns, over the real store; it
// notes what it is asked for.
type sender struct {
	web.Actions
	db       *storage.DB
	now      func() time.Time
	findings []campaigns.Finding
	mu       sync.Mutex
	asked    []string
}

func (s *sender) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
}

func (s *sender) plan() campaigns.LaunchPlan {
	return campaigns.LaunchPlan{Pack: 1, Cohort: 1, Customers: []actnow.CustomerID{1, 2, 3}, Domain: "nordvik.example", Steps: []campaigns.LaunchStep{{Key: "first", Channel: "email"}},
		Language: func(l string) (string, bool) { return l, l == "en" || l == "sv" }}
}

func (s *sender) Preview(ctx context.Context, id actnow.CampaignID) (campaigns.Launch, []campaigns.Finding, error) {
	l, _, err := s.db.PreviewCampaign(ctx, id, s.plan(), campaigns.Check{})
	return l, s.findings, err
}

func (s *sender) PreviewAudience(ctx context.Context, sc actnow.Scope, id actnow.CampaignID, leftOut *campaigns.LeftOut, offset, limit int) ([]campaigns.AudienceRow, int, error) {
	return s.db.PreviewAudience(ctx, sc, id, s.plan(), leftOut, offset, limit)
}

func rendered(to string) campaigns.Rendered {
	return campaigns.Rendered{Subject: "Hi " + to, HTML: "<style>@media (prefers-color-scheme: dark) {p{color:red}}</style><p>Dear " + to + "</p>", Text: "Dear " + to + "\n"}
}

func (s *sender) PreviewMail(ctx context.Context, id actnow.CampaignID, step, language string, contact actnow.ContactID) (campaigns.Rendered, error) {
	m, err := s.db.PreviewMessage(ctx, id, s.plan(), contact)
	return rendered(m.Name), err
}

func (s *sender) SentMail(ctx context.Context, row actnow.LedgerID) (campaigns.Rendered, error) {
	m, err := s.db.LedgerMessage(ctx, row)
	return rendered(m.Name), err
}

func (s *sender) SendTest(_ context.Context, _ actnow.Actor, _ actnow.CampaignID, step, language, address string) error {
	if _, err := actnow.NormalAddress(address); err != nil {
		return err
	}
	s.note("test " + step + language + " " + address)
	return nil
}

func (s *sender) Launch(ctx context.Context, by actnow.Actor, id actnow.CampaignID) (campaigns.Launch, error) {
	s.note("launch")
	k, err := s.db.Campaign(ctx, actnow.Everything, id)
	if err != nil {
		return campaigns.Launch{}, err
	}
	if k.State == actnow.CampaignDraft {
		if err := s.db.ScheduleCampaign(ctx, by, id); err != nil {
			return campaigns.Launch{}, err
		}
	}
	return s.db.LaunchCampaign(ctx, by, id, s.plan())
}

// Change leaves to the program whether a scheduled campaign stays so.
func (s *sender) Change(ctx context.Context, by actnow.Actor, id actnow.CampaignID, p campaigns.Plan) error {
	return s.db.UpdateCampaign(ctx, by, id, p)
}

func (s *sender) Resume(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return s.db.ResumeCampaign(ctx, by, id)
}

func (s *sender) SavePack(ctx context.Context, by actnow.Actor, name string, zip []byte) (actnow.PackID, error) {
	p, err := campaigns.ReadPackZip(bytes.NewReader(zip), int64(len(zip)))
	if err != nil {
		return 0, err
	}
	id, _, err := s.db.SavePack(ctx, by, p)
	return id, err
}

func (s *sender) ExamplePack() (*campaigns.Pack, error) { return testPack() }
func (d *doings) ExamplePack() (*campaigns.Pack, error) { return testPack() }

func testPack() (*campaigns.Pack, error) {
	return campaigns.ReadPack(fstest.MapFS{"pack.yaml": {Data: []byte(packManifest)},
		"first.en.md": {Data: []byte("Hello {{or .FirstName \"you\"}}\n")}, "first.sv.md": {Data: []byte("Hej {{or .FirstName \"du\"}}\n")}})
}

func (s *sender) PublicURL() string      { return "https://demo.actnow.example" }
func (s *sender) PublicLoopback() string { return "http://127.0.0.1:8421" }

// openCampaigns opens a site with a pack, a cohort and three customers: two people can
// be mailed, one said no, one customer has no account.
func openCampaigns(t *testing.T, change ...func(*web.Config)) (*site, *sender) {
	t.Helper()
	a := &sender{}
	s := open(t, append([]func(*web.Config){func(c *web.Config) { c.Actions, c.Demo = a, true }}, change...)...)
	a.db, a.now = s.db, s.now
	pack, err := testPack()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.db.SavePack(t.Context(), actnow.System, pack); err != nil {
		t.Fatal(err)
	}
	storagetest.Exec(t, s.db, campaignPeople)
	return s, a
}

func draft() url.Values {
	return url.Values{"name": {"Autumn"}, "pack": {"1"}, "cohort": {"1"}, "when": {"now"}, "policy": {"hold"}, "cap": {"1"}, "cap_mails": {"1"}, "cap_days": {"7"}}
}

// has fails unless the answer holds every text.
func has(t *testing.T, a answer, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s lacks %q:\n%s", a.Request.URL, want, a.body)
		}
	}
}

func hasNot(t *testing.T, a answer, texts ...string) {
	t.Helper()
	for _, not := range texts {
		if strings.Contains(a.body, not) {
			t.Errorf("%s shows %q", a.Request.URL, not)
		}
	}
}

func TestCampaignFromDraftToLastMail(t *testing.T) {
	s, a := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	has(t, b.want(b.get("/campaigns"), 200), "No campaign yet", "/campaigns/new")
	has(t, b.want(b.get("/campaigns/new?cohort=1"), 200), `value="Ready, `, "Small", "Migrate", "Hold and ask")
	if made := b.want(b.post("/campaigns", draft()), 303); made.Header.Get("Location") != "/campaigns/1" {
		t.Fatalf("made leads to %s", made.Header.Get("Location"))
	}
	page := b.want(b.get("/campaigns/1"), 200)
	has(t, page, "Send to 2 people now", "2 people would be mailed", "Customer without an account in the CRM", "The CRM says: do not e-mail",
		"why=do_not_email", "Adds up", "Hi Anna Berg", `sandbox=`, "/campaigns/1/mail?contact=1&amp;step=first&amp;look=light")
	has(t, b.want(b.get("/campaigns/1?as=3"), 200), "Hi Cia Ek")
	has(t, b.want(b.get("/campaigns/1/audience?why=mailed"), 200), "2 people are mailed", "anna@one.example", "Cia Ek")
	has(t, b.want(b.get("/campaigns/1/audience?why=not_matched"), 200), "Three AB")
	b.want(b.get("/campaigns/1/audience?why=nonsense"), 422)

	b.want(b.post("/campaigns/1/test", url.Values{"step": {"first"}, "address": {"me@nordvik.example"}}), 303)
	b.want(b.post("/campaigns/1/test", url.Values{"step": {"first"}, "address": {"me"}}), 422)
	has(t, b.want(b.post("/campaigns/1/test", url.Values{"step": {"first"}, "address": {""}}), 422), "<p>An e-mail address is needed.</p>")
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"3"}}), 303)
	if len(a.asked) != 1 || a.asked[0] != "test first me@nordvik.example" {
		t.Fatalf("asked for %v: an audience that has changed must not be mailed", a.asked)
	}
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "0 of 2 mails are sent", `hx-sse:connect="/campaigns/1/events"`, "Pause", "Frozen", "/deliveries?campaign=1&amp;state=queued")
	has(t, b.want(b.get("/campaigns"), 200), "One campaign is being sent", `class="count"`)
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 409)
	b.want(b.post("/campaigns/1", draft()), 409)

	b.want(b.post("/campaigns/1/pause", nil), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "Resume")
	b.want(b.post("/campaigns/1/resume", nil), 303)
	b.want(b.post("/campaigns/1/cancel", nil), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "Cancelled", "0 of 2 mails were sent")
	has(t, b.want(b.get("/campaigns/1/audience?why=mailed"), 200), "2 people are mailed", "As it was frozen at the launch")
	b.header.Set("Cookie", "lang=sv")
	has(t, b.want(b.get("/campaigns/1"), 200), "Avbruten", "Går ihop")
}

func TestCampaignFormKeepsWhatWasTyped(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	for name, tt := range map[string]struct {
		change url.Values
		want   []string
	}{
		"no name":      {url.Values{"name": {" "}}, []string{"The campaign needs a name"}},
		"no pack":      {url.Values{"pack": {""}}, []string{"Choose a pack."}},
		"no cohort":    {url.Values{"cohort": {""}}, []string{"Choose a cohort."}},
		"pack gone":    {url.Values{"pack": {"77"}}, []string{"The pack is there no more", `value="Autumn"`}},
		"cohort gone":  {url.Values{"cohort": {"77"}}, []string{"The cohort is there no more", `value="Autumn"`}},
		"long in åäö":  {url.Values{"name": {strings.Repeat("å", 201)}}, []string{"longer than 200 characters"}},
		"no day":       {url.Values{"when": {"at"}, "day": {""}, "time": {"09:00"}}, []string{"Give a day and a time."}},
		"day is past":  {url.Values{"when": {"at"}, "day": {"2020-01-01"}, "time": {"09:00"}}, []string{"This moment has passed", `value="2020-01-01"`}},
		"bad line":     {url.Values{"when": {"line"}, "line": {"0 99 26 * *"}}, []string{`value="0 99 26 * *"`, "99"}},
		"bad cap":      {url.Values{"cap_days": {"999"}}, []string{"1 to 366 days", `value="999"`}},
		"bad policy":   {url.Values{"policy": {"guess"}}, []string{`value="Autumn"`}},
		"name is long": {url.Values{"name": {strings.Repeat("x", 201)}}, []string{"200"}},
	} {
		f := draft()
		for k, v := range tt.change {
			f[k] = v
		}
		page := b.want(b.post("/campaigns", f), 422)
		t.Run(name, func(t *testing.T) {
			has(t, page, tt.want...)
		})
	}
	f := draft()
	f.Set("when", "line")
	f.Set("line", "0 9 26 * *")
	f.Set("look", "1")
	has(t, b.want(b.post("/campaigns", f), 200), "Next runs", "26 ")
	b.header.Set("HX-Request", "true")
	has(t, b.want(b.get("/campaigns/runs?line="+url.QueryEscape("0 9 26 * *")), 200), "Next runs")
	hasNot(t, b.want(b.get("/campaigns/runs?line=x"), 200), "Next runs", "<html")
	if list, err := s.db.Campaigns(t.Context(), actnow.Everything); err != nil || len(list) != 0 {
		t.Errorf("%d campaigns were made of bad forms, %v", len(list), err)
	}
}

func TestCampaignOfAFilterMakesItsCohort(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	where := `mailable = yes`
	has(t, b.want(b.get("/campaigns/new?area=azure&where="+url.QueryEscape(where)), 200), "2 customers", `name="cohort_name"`, `value="azure" selected`)
	b.want(b.get("/campaigns/new?where=nonsense+nonsense"), 422)
	f := draft()
	f.Del("cohort")
	f.Set("where", where)
	has(t, b.want(b.post("/campaigns", f), 422), `name="where"`)
	f.Set("cohort_name", "One of them")
	b.want(b.post("/campaigns", f), 303)
	k, err := s.db.Campaign(t.Context(), actnow.Everything, 1)
	if err != nil || k.CohortName != "One of them" {
		t.Errorf("campaign of %q, %v", k.CohortName, err)
	}
}

func TestApprovalNeedsAnotherPerson(t *testing.T) {
	s, a := openCampaigns(t)
	if err := s.db.SaveSetting(t.Context(), actnow.System, "approval", true); err != nil {
		t.Fatal(err)
	}
	b := s.as(t, actnow.RoleAdministrator)
	b.want(b.post("/campaigns", draft()), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "Ask for approval")
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 403)
	b.want(b.post("/campaigns/1/submit", nil), 303)
	page := b.want(b.get("/campaigns/1"), 200)
	has(t, page, "someone else has to approve")
	hasNot(t, page, "/campaigns/1/approve")
	b.want(b.post("/campaigns/1/approve", nil), 403)

	other := s.as(t, actnow.RoleApprover)
	has(t, other.want(other.get("/campaigns/1"), 200), "/campaigns/1/approve")
	other.want(other.post("/campaigns/1/reject", url.Values{"why": {"The subject is dull"}}), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "Given back: The subject is dull")
	b.want(b.post("/campaigns/1/submit", nil), 303)
	other.want(other.post("/campaigns/1/approve", nil), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "Send to 2 people now")
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
	if len(a.asked) != 1 {
		t.Errorf("asked for %v", a.asked)
	}
}

func TestAScheduledCampaignIsChanged(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	f := draft()
	f.Set("when", "line")
	f.Set("line", "0 9 1 * *")
	b.want(b.post("/campaigns", f), 303)
	if err := s.db.ScheduleCampaign(t.Context(), actnow.System, 1); err != nil {
		t.Fatal(err)
	}
	has(t, b.want(b.get("/campaigns/1"), 200), `href="/campaigns/1/edit"`)
	has(t, b.want(b.get("/campaigns/1/edit"), 200), "It is scheduled", `value="0 9 1 * *"`)
	f.Set("line", "0 9 2 * *")
	b.want(b.post("/campaigns/1", f), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "It is a draft again", "Draft")

	b.want(b.post("/campaigns/1", draft()), 303)
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
	b.want(b.post("/campaigns/1", draft()), 409)
	b.want(b.get("/campaigns/1/edit"), 409)
	hasNot(t, b.want(b.get("/campaigns/1"), 200), "/edit")
}

func TestSchedulesNameTheCampaignAndItsTimeInOneZone(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := openCampaigns(t, func(c *web.Config) { c.Zone = stockholm })
	b := s.as(t, actnow.RoleAdministrator)
	f := draft()
	for k, v := range map[string]string{"when": "at", "day": "2027-01-07", "time": "08:00"} {
		f.Set(k, v)
	}
	b.want(b.post("/campaigns", f), 303)
	if err := s.db.ScheduleCampaign(t.Context(), actnow.System, 1); err != nil {
		t.Fatal(err)
	}
	page := b.want(b.get("/settings/schedules"), 200)
	has(t, page, "Send campaign “Autumn”", "08:00</span><small>Europe/Stockholm</small>")
	if n := strings.Count(page.body, "08:00"); n != 2 {
		t.Errorf("the page says 08:00 %d times, want it as the date and as what is next", n)
	}
	order, err := s.db.Schedule(t.Context(), "campaign:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.AddRuns(t.Context(), []schedule.Run{{Schedule: order.ID, Key: order.Key, Period: "p", DueAt: order.At, State: schedule.Asks}}); err != nil {
		t.Fatal(err)
	}
	has(t, b.want(b.get("/"), 200), "“Autumn” was to go out")
	has(t, b.want(b.get("/settings/schedules/campaign:1"), 200), "Send campaign “Autumn” was missed")
}

func TestAnExampleLeadsToTheFirstPack(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	example := b.want(b.get("/campaigns/packs/example.zip"), 200)
	if _, err := campaigns.ReadPackZip(strings.NewReader(example.body), int64(len(example.body))); err != nil {
		t.Errorf("the example is no pack: %v", err)
	}
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/campaigns/packs/example.zip"), 403)
	bare := open(t)
	b = bare.as(t, actnow.RoleMarketer)
	for _, path := range []string{"/campaigns/packs", "/campaigns/new"} {
		has(t, b.want(b.get(path), 200), "No pack yet", `href="/campaigns/packs/example.zip"`)
	}
}

func TestBlockedCampaignIsNotLaunched(t *testing.T) {
	s, a := openCampaigns(t)
	a.findings = []campaigns.Finding{{Code: "preflight.expired", Args: []any{"2026-01-01"}, Text: "the pack expired on 2026-01-01", Severity: campaigns.SeverityBlock}}
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/campaigns", draft()), 303)
	has(t, b.want(b.get("/campaigns/1"), 200), "The pack expired on 2026-01-01", "disabled", "First fix what blocks")
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 422)
	if len(a.asked) != 0 {
		t.Errorf("asked for %v", a.asked)
	}
}

func TestCampaignShowsNoMoreThanOneMaySee(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/campaigns", draft()), 303)
	viewer := s.as(t, actnow.RoleReportViewer)
	oslo := s.as(t, actnow.RoleExecutiveViewer, func(u *actnow.User) {
		u.Email, u.AllLocations, u.Locations = "oslo@nordvik.example", false, []actnow.LocationID{2}
	})
	for _, launched := range []bool{false, true} {
		if launched {
			b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
		}
		for _, path := range []string{"/campaigns", "/campaigns/1", "/campaigns/1/audience", "/deliveries"} {
			hasNot(t, viewer.want(viewer.get(path), 200), "anna@", "Anna", "cia@", "Send to", "Cancel for good", ".csv", `name="as" value="sent"`)
			hasNot(t, oslo.want(oslo.get(path), 200), "anna@", "Anna", "One AB", "Send to")
		}
		viewer.want(viewer.get("/campaigns/1/mail?step=first"), 403)
		oslo.want(oslo.get("/campaigns/1/mail?step=first&contact=1"), 404)
		viewer.want(viewer.get("/campaigns/1/audience.csv"), 403)
		viewer.want(viewer.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 403)
	}
	has(t, oslo.want(oslo.get("/deliveries.csv"), 200), "cia@two.example")
	hasNot(t, oslo.get("/deliveries.csv"), "anna@")
	oslo.want(oslo.get("/deliveries/1"), 404)
	oslo.want(oslo.get("/deliveries/1/mail"), 404)
	oslo.want(oslo.get("/mailbox"), 404)
}

func TestMailFramesHaveTheirOwnPolicy(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/campaigns", draft()), 303)
	frame := b.want(b.get("/campaigns/1/mail?step=first&contact=3&look=dark"), 200)
	if csp := frame.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox;") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	has(t, frame, "Dear Cia Ek", "@media all {")
	has(t, b.want(b.get("/campaigns/1/mail?step=first&contact=3&look=light"), 200), "@media not all {")
	if text := b.want(b.get("/campaigns/1/mail?step=first&as=text"), 200); !strings.HasPrefix(text.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("text is %s", text.Header.Get("Content-Type"))
	}
	b.want(b.get("/campaigns/1/mail?step=first&contact=2"), 404) // said no: gets none
}

func TestCountsStream(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/campaigns", draft()), 303)
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/campaigns/1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", want, lines.Err())
	}
	next("id: sending-2-0-0")
	next("0 of 2 mails are sent")
	for row := actnow.LedgerID(1); row <= 2; row++ {
		if ok, err := s.db.MarkIntent(t.Context(), row, s.now()); err != nil || !ok {
			t.Fatalf("intent %v, %v", ok, err)
		}
		if err := s.db.MarkVerdict(t.Context(), row, campaigns.Verdict{State: actnow.LedgerSent, Code: 250, Why: "taken"}, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	next("id: finished-0-0-2")
	next("2 of 2 mails are sent")
	next("event: end")
}

func TestPacksAreUploaded(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	has(t, b.want(b.get("/campaigns/packs"), 200), "1 pack", "Small", "Good until", "/campaigns/new?pack=1")
	has(t, b.want(b.get("/campaigns/packs/1"), 200), "/campaigns/packs/1/zip", "it becomes the next revision")
	has(t, b.want(b.get("/campaigns/packs/1?lang=sv"), 200), "Hej Contoso", "step=first&amp;lang=sv")
	has(t, b.want(b.get("/campaigns/packs/1/mail?step=first&lang=en"), 200), "Hello Anna")
	upload := func(zip []byte) answer {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "pack.zip")
		if err != nil {
			t.Fatal(err)
		}
		part.Write(zip)
		form.Close()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/campaigns/packs", &body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, resp)
	}
	good := map[string]string{"pack.yaml": packManifest + "# again\n", "first.en.md": "Hello\n", "first.sv.md": "Hej\n"}
	if a := b.want(upload(zipped(t, good)), 303); a.Header.Get("Location") != "/campaigns/packs/2" {
		t.Errorf("leads to %s", a.Header.Get("Location"))
	}
	good["pack.yaml"] = "name: Small\nlanguges: [en]\n"
	has(t, b.want(upload(zipped(t, good)), 422), "pack.yaml, line 2, column 1", "languages")
	has(t, b.want(upload(zipped(t, nil)), 422), "pack.yaml")
	kept := b.want(b.get("/campaigns/packs/2/zip"), 200)
	if a := b.want(upload([]byte(kept.body)), 303); a.Header.Get("Location") != "/campaigns/packs/2" {
		t.Errorf("what was downloaded and uploaded again is at %s", a.Header.Get("Location"))
	}
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/campaigns/packs/2/zip"), 403)
	has(t, b.want(b.post("/campaigns/packs", nil), 422), "Choose a zip file")
}
