package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// mailPart is a mail in its frames: phone, desktop, dark and plain text.
type mailPart struct {
	Subject string
	Text    string
	Frame   string // the path of the HTML, or "" for a mail of text alone
	Dark    string
	Note    string // why there is nothing to see, or ""
}

// contentPart is the mail of a campaign as one of its people would get it, with
// the choices of step, language and reader.
type contentPart struct {
	Steps     Select
	Languages Select
	As        Select
	Mail      mailPart
	Summary   string
	Hidden    bool // the reader may not see personal data
	Test      *Field
	Step      string
	Language  string
}

// previewPeople is how many people the choice of readers offers.
const previewPeople = 50

func (s *Server) contentPart(c echo.Context, k campaigns.Campaign, pack *campaigns.Pack, before bool) (contentPart, error) {
	text, q := s.text(c), c.QueryParams()
	steps := mailSteps(pack)
	p := contentPart{
		Steps:     Select{Name: "step", Label: text.T("campaigns.step")},
		Languages: Select{Name: "lang", Label: text.T("campaigns.language"), Options: []Option{{Text: text.T("campaigns.language_own")}}},
		As:        Select{Name: "as", Label: text.T("campaigns.seen_as")},
		Summary:   text.TN("campaigns.content_sum", int64(len(steps)), languageList(text, pack.Languages)),
		Step:      q.Get("step"), Language: q.Get("lang"),
	}
	if !slices.ContainsFunc(steps, func(st campaigns.Step) bool { return st.Key == p.Step }) {
		p.Step = ""
		if len(steps) > 0 {
			p.Step = steps[0].Key
		}
	}
	if !slices.Contains(pack.Languages, p.Language) {
		p.Language = ""
	}
	for _, st := range steps {
		p.Steps.Options = append(p.Steps.Options, Option{Value: st.Key, Text: stepName(text, pack, st), Selected: st.Key == p.Step})
	}
	for _, lang := range pack.Languages {
		p.Languages.Options = append(p.Languages.Options, Option{Value: lang, Text: languageName(text, lang), Selected: lang == p.Language})
	}
	if !s.scope(c).Personal {
		p.Hidden = true
		return p, nil
	}
	if p.Step == "" {
		p.Mail.Note = text.T("preflight.no_mail")
		return p, nil
	}
	var err error
	if before {
		err = s.previewContent(c, k, &p)
	} else {
		err = s.sentContent(c, k, &p)
	}
	if before && s.may(c, actnow.RightCampaign) {
		p.Test = &Field{Name: "address", Label: text.T("campaigns.test_to"), Type: "email", Value: s.user(c).Email, Hint: text.T("campaigns.test_hint"), Required: true}
	}
	return p, err
}

// previewContent fills the mail in for one of those who would get it.
func (s *Server) previewContent(c echo.Context, k campaigns.Campaign, p *contentPart) error {
	text := s.text(c)
	var mailed campaigns.LeftOut
	people, _, err := s.actions.PreviewAudience(ctx(c), s.scope(c), k.ID, &mailed, 0, previewPeople)
	if err != nil {
		return err
	}
	contact := chosenPerson(c, people)
	for _, a := range people {
		p.As.Options = append(p.As.Options, Option{Value: strconv.FormatInt(int64(a.Contact), 10), Text: personAt(a.Name, a.Address, a.CustomerName), Selected: a.Contact == contact})
	}
	if len(people) == 0 {
		if !s.scope(c).AllLocations {
			p.Mail.Note = text.T("campaigns.nobody_here")
			return nil
		}
		p.As.Options = []Option{{Text: text.T("campaigns.seen_nobody"), Selected: true}}
	}
	mail, err := s.actions.PreviewMail(ctx(c), k.ID, p.Step, p.Language, contact)
	if err != nil {
		return mailProblem(text, &p.Mail, err)
	}
	q := url.Values{"step": {p.Step}}
	if p.Language != "" {
		q.Set("lang", p.Language)
	}
	if contact != 0 {
		q.Set("contact", strconv.FormatInt(int64(contact), 10))
	}
	p.Mail = mailFrames(mail, campaignPath(k.ID)+"/mail?"+q.Encode())
	return nil
}

// chosenPerson is the contact that the page asks for, if it is one of them, else
// the first.
func chosenPerson(c echo.Context, people []campaigns.AudienceRow) actnow.ContactID {
	want, _ := strconv.ParseInt(c.QueryParam("as"), 10, 64)
	for _, a := range people {
		if int64(a.Contact) == want {
			return a.Contact
		}
	}
	if len(people) > 0 {
		return people[0].Contact
	}
	return 0
}

// sentContent shows the mail of one of those who are in the ledger.
func (s *Server) sentContent(c echo.Context, k campaigns.Campaign, p *contentPart) error {
	text := s.text(c)
	page, err := s.store.Ledger(ctx(c), s.scope(c), campaigns.LedgerQuery{Campaign: k.ID, Step: p.Step, Limit: previewPeople})
	if err != nil {
		return err
	}
	p.Languages = Select{}
	if len(page.Rows) == 0 {
		p.Mail.Note = text.T("campaigns.nobody_here")
		return nil
	}
	row := page.Rows[0].ID
	want, _ := strconv.ParseInt(c.QueryParam("as"), 10, 64)
	for _, r := range page.Rows {
		if int64(r.ID) == want {
			row = r.ID
		}
	}
	for _, r := range page.Rows {
		p.As.Options = append(p.As.Options, Option{Value: strconv.FormatInt(int64(r.ID), 10), Text: personAt(r.Name, r.Address, r.CustomerName), Selected: r.ID == row})
	}
	mail, err := s.actions.SentMail(ctx(c), row)
	if err != nil {
		return mailProblem(text, &p.Mail, err)
	}
	p.Mail = mailFrames(mail, deliveryPath(row)+"/mail")
	return nil
}

// mailProblem says in the mail's place why it cannot be made.
func mailProblem(text *Text, p *mailPart, err error) error {
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
		p.Note = capital(text.Error(input))
	case errors.Is(err, actnow.ErrNotFound):
		p.Note = text.T("campaigns.no_mail")
	default:
		return err
	}
	return nil
}

// mailFrames leads the frames to where the mail is served.
func mailFrames(m campaigns.Rendered, path string) mailPart {
	p := mailPart{Subject: m.Subject, Text: m.Text}
	if m.HTML != "" {
		p.Frame, p.Dark = withQuery(path, "look", "light"), withQuery(path, "look", "dark")
	}
	return p
}

func withQuery(path, name, value string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + name + "=" + url.QueryEscape(value)
}

func personAt(name, address, customer string) string {
	if name == "" {
		name = address
	}
	if customer == "" {
		return name
	}
	return name + ", " + customer
}

func mailSteps(p *campaigns.Pack) []campaigns.Step {
	var list []campaigns.Step
	for _, st := range p.Steps {
		if st.Channel == "email" {
			list = append(list, st)
		}
	}
	return list
}

// languageName is the language's name in the reader's, else its code.
func languageName(text *Text, lang string) string {
	if key := "campaigns.lang_" + lang; text.Has(key) {
		return text.T(key)
	}
	return lang
}

func languageList(text *Text, langs []string) string {
	var names []string
	for _, lang := range langs {
		names = append(names, languageName(text, lang))
	}
	return strings.Join(names, ", ")
}

// showCampaignMail serves the mail as one recipient would get it, to be framed.
func (s *Server) showCampaignMail(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	contact, err := queryNumber(c, "contact")
	if err != nil {
		return err
	}
	if scope := s.scope(c); !scope.AllLocations {
		var mailed campaigns.LeftOut
		people, _, err := s.actions.PreviewAudience(ctx(c), scope, k.ID, &mailed, 0, previewPeople)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(people, func(a campaigns.AudienceRow) bool { return int64(a.Contact) == contact }) {
			return actnow.ErrNotFound
		}
	}
	m, err := s.actions.PreviewMail(ctx(c), k.ID, c.QueryParam("step"), c.QueryParam("lang"), actnow.ContactID(contact))
	if err != nil {
		return err
	}
	return sendMail(c, m)
}

// sendMail answers with the HTML of a mail under a policy of its own, or with
// its text for ?as=text.
func sendMail(c echo.Context, m campaigns.Rendered) error {
	previewHeaders(c)
	c.Response().Header().Set("Cache-Control", "no-store")
	if c.QueryParam("as") == "text" || m.HTML == "" {
		return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(m.Text))
	}
	return c.HTML(http.StatusOK, inLight(m.HTML, c.QueryParam("look")))
}

// inLight shows a mail as in the light or the dark, whatever the reader's own
// browser prefers.
func inLight(html, look string) string {
	dark, light := "not all", "all"
	switch look {
	case "dark":
		dark, light = "all", "not all"
	case "light":
	default:
		return html
	}
	return strings.NewReplacer("(prefers-color-scheme: dark)", dark, "(prefers-color-scheme:dark)", dark,
		"(prefers-color-scheme: light)", light, "(prefers-color-scheme:light)", light).Replace(html)
}

func (s *Server) sendTest(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	address := strings.TrimSpace(f.Get("address"))
	if err := s.actions.SendTest(ctx(c), s.actor(c), k.ID, f.Get("step"), f.Get("lang"), address); err != nil {
		return err
	}
	return s.done(c, campaignPath(k.ID), s.text(c).T("campaigns.test_sent", address), "")
}
