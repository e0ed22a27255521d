package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// maxPackZip is how large an uploaded pack may be, with room for the form
// around it.
const maxPackZip = 25 << 20

// packStore is what the pages of packs read; campaignStore has the rest.
type packStore interface {
	PackRevisions(ctx context.Context, name string) ([]campaigns.KeptPack, error)
}

// examplePath is where an example of a pack is to be had.
const examplePath = "/campaigns/packs/example.zip"

func (s *Server) packRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/campaigns/packs", nav: "campaigns", handle: s.showPacks},
		{method: http.MethodPost, path: "/campaigns/packs", nav: "campaigns", right: actnow.RightCampaign, maxBody: maxPackZip, handle: s.uploadPack},
		{method: http.MethodGet, path: examplePath, nav: "campaigns", right: actnow.RightCampaign, handle: s.downloadExample},
		{method: http.MethodGet, path: "/campaigns/packs/:id", nav: "campaigns", handle: s.showPack},
		{method: http.MethodGet, path: "/campaigns/packs/:id/zip", nav: "campaigns", right: actnow.RightCampaign, handle: s.downloadPack},
		{method: http.MethodGet, path: "/campaigns/packs/:id/mail", nav: "campaigns", handle: s.showPackMail},
	}
}

type packsPage struct {
	Head   Head
	Rows   []packRow
	Empty  Empty
	Upload bool
	Error  string
	Where  string // of the error: file, line and column
}

type packRow struct {
	Name, Href string
	Play       string
	About      string
	Revision   int
	By         string
	At         time.Time
	Expires    Badge
	Use        string
}

func (s *Server) showPacks(c echo.Context) error { return s.listPacks(c, http.StatusOK, "", "") }

func (s *Server) listPacks(c echo.Context, status int, problem, where string) error {
	text := s.text(c)
	packs, err := s.store.Packs(ctx(c))
	if err != nil {
		return err
	}
	p := packsPage{
		Head:   Head{Crumbs: []Crumb{{Text: text.T("nav.campaigns"), Href: "/campaigns"}}, Title: text.TN("campaigns.packs_title", int64(len(packs))), Text: text.T("campaigns.packs_text")},
		Empty:  Empty{Icon: "mail", Title: text.T("campaigns.packs_empty"), Text: text.T("campaigns.packs_empty_text")},
		Upload: s.may(c, actnow.RightCampaign), Error: problem, Where: where,
	}
	if p.Upload {
		p.Empty.Actions = []Action{exampleAction(text)}
	}
	for _, k := range packs {
		p.Rows = append(p.Rows, s.packRow(c, &k))
	}
	return s.renderStatus(c, status, "packs", p)
}

func (s *Server) packRow(c echo.Context, k *campaigns.KeptPack) packRow {
	text := s.text(c)
	r := packRow{Name: k.Name, Href: packPath(k.ID), Play: k.Play, About: s.aboutPack(text, &k.Pack), Revision: k.Revision, By: k.CreatedBy, At: k.CreatedAt}
	r.Expires = s.expiry(text, &k.Pack)
	if s.may(c, actnow.RightCampaign) && !k.Expired(s.now().In(s.cfg.Zone)) {
		r.Use = "/campaigns/new?pack=" + strconv.FormatInt(int64(k.ID), 10)
	}
	return r
}

func (s *Server) expiry(text *Text, p *campaigns.Pack) Badge {
	day, err := time.ParseInLocation(time.DateOnly, p.Expires, s.cfg.Zone)
	switch {
	case err != nil:
		return Badge{Kind: "line", Text: text.T("campaigns.pack_forever")}
	case p.Expired(s.now().In(s.cfg.Zone)):
		return Badge{Kind: "danger", Icon: "clock", Text: text.T("campaigns.pack_expired", text.Date(day))}
	case day.Before(s.now().AddDate(0, 0, 14)):
		return Badge{Kind: "warn", Icon: "clock", Text: text.Date(day)}
	}
	return Badge{Kind: "line", Text: text.Date(day)}
}

// aboutPack is what a pack has in one line: "2 mails · Swedish, English".
func (s *Server) aboutPack(text *Text, p *campaigns.Pack) string {
	parts := []string{text.TN("campaigns.mails", int64(len(mailSteps(p)))), languageList(text, p.Languages)}
	if posts := len(p.Steps) - len(mailSteps(p)); posts > 0 {
		parts = slices.Insert(parts, 1, text.TN("campaigns.posts", int64(posts)))
	}
	return strings.Join(parts, " · ")
}

func packPath(id actnow.PackID) string { return "/campaigns/packs/" + strconv.FormatInt(int64(id), 10) }

// uploadPack keeps a zip with a pack. What is wrong with it is said with file,
// line and column.
func (s *Server) uploadPack(c echo.Context) error {
	file, err := c.FormFile("file")
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil:
		return s.listPacks(c, http.StatusUnprocessableEntity, s.text(c).T("campaigns.pack_choose"), "")
	}
	f, err := file.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	id, err := s.actions.SavePack(ctx(c), s.actor(c), file.Filename, content)
	var bad *campaigns.PackError
	var input *actnow.InputError
	text := s.text(c)
	switch {
	case errors.As(err, &bad):
		sentence := bad.Error()
		if text.Has(bad.Code) {
			sentence = capital(text.T(bad.Code, bad.Args...))
		}
		return s.listPacks(c, http.StatusUnprocessableEntity, sentence, packPlace(text, bad))
	case errors.As(err, &input):
		return s.listPacks(c, http.StatusUnprocessableEntity, capital(text.Error(input)), "")
	case err != nil:
		return err
	}
	return s.done(c, packPath(id), text.T("campaigns.pack_saved"), "")
}

func packPlace(text *Text, e *campaigns.PackError) string {
	switch {
	case e.File == "":
		return ""
	case e.Line == 0:
		return e.File
	case e.Column == 0:
		return text.T("campaigns.pack_line", e.File, e.Line)
	}
	return text.T("campaigns.pack_at", e.File, e.Line, e.Column)
}

type packPage struct {
	Head      Head
	Row       packRow
	From      string
	Cohorts   []string
	Revisions []packRow
	Steps     Select
	Languages Select
	Mail      mailPart
	Timeline  []timelineStep
	Change    string // how a pack is changed, "" for those who may not
}

// downloadPack sends the pack as a zip that can be changed and uploaded again.
func (s *Server) downloadPack(c echo.Context) error {
	pack, err := s.pack(c)
	if err != nil {
		return err
	}
	return sendPack(c, fmt.Sprintf("pack-%d.zip", pack.ID), pack)
}

// downloadExample sends a pack to begin one's own from.
func (s *Server) downloadExample(c echo.Context) error {
	pack, err := s.actions.ExamplePack()
	if err != nil {
		return err
	}
	return sendPack(c, "example-pack.zip", pack)
}

func exampleAction(text *Text) Action {
	return Action{Text: text.T("campaigns.pack_example_get"), Href: examplePath, Icon: "download"}
}

func sendPack(c echo.Context, name string, pack *campaigns.Pack) error {
	h := c.Response().Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	return pack.WriteZip(c.Response())
}

func (s *Server) pack(c echo.Context) (*campaigns.Pack, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return nil, err
	}
	return s.store.PackOf(ctx(c), actnow.PackID(id))
}

func (s *Server) showPack(c echo.Context) error {
	pack, err := s.pack(c)
	if err != nil {
		return err
	}
	text, q := s.text(c), c.QueryParams()
	revisions, err := s.store.PackRevisions(ctx(c), pack.Name)
	if err != nil {
		return err
	}
	p := packPage{
		Head: Head{Crumbs: []Crumb{{Text: text.T("nav.campaigns"), Href: "/campaigns"}, {Text: text.T("campaigns.packs"), Href: "/campaigns/packs"}},
			Title: pack.Name, Text: s.aboutPack(text, pack)},
		From: pack.Sender.Name + " <" + pack.Sender.Address + ">", Cohorts: pack.Cohorts,
		Steps:     Select{Name: "step", Label: text.T("campaigns.step")},
		Languages: Select{Name: "lang", Label: text.T("campaigns.language")},
	}
	for _, r := range revisions {
		row := s.packRow(c, &r)
		p.Revisions = append(p.Revisions, row)
		if r.ID == pack.ID {
			p.Row = row
		}
	}
	if s.may(c, actnow.RightCampaign) {
		p.Head.Actions = []Action{{Text: text.T("campaigns.pack_download"), Href: packPath(pack.ID) + "/zip", Icon: "download"}}
		p.Change = text.T("campaigns.pack_change")
	}
	if p.Row.Use != "" {
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("campaigns.make"), Href: p.Row.Use, Class: "main"})
	}
	p.Timeline, _ = s.timeline(text, campaigns.Campaign{}, pack, []campaigns.Run{}, campaigns.Launch{})
	for i := range p.Timeline {
		if p.Timeline[i].Icon == "mail" && p.Timeline[i].Note == text.TN("campaigns.people", 0) {
			p.Timeline[i].Note = ""
		}
	}
	step, lang := chosenStep(pack, q.Get("step"), q.Get("lang"), text.Lang)
	for _, st := range mailSteps(pack) {
		p.Steps.Options = append(p.Steps.Options, Option{Value: st.Key, Text: stepName(text, pack, st), Selected: st.Key == step})
	}
	for _, l := range pack.Languages {
		p.Languages.Options = append(p.Languages.Options, Option{Value: l, Text: languageName(text, l), Selected: l == lang})
	}
	if step == "" {
		p.Mail.Note = text.T("preflight.no_mail")
		return s.render(c, "pack", p)
	}
	mail, err := examplePackMail(pack, step, lang)
	if err != nil {
		if err := mailProblem(text, &p.Mail, err); err != nil {
			return err
		}
		return s.render(c, "pack", p)
	}
	p.Mail = mailFrames(mail, packPath(pack.ID)+"/mail?step="+step+"&lang="+lang)
	return s.render(c, "pack", p)
}

// chosenStep returns the step and language to show: those asked for, else the
// first, in the reader's language if the pack has it.
func chosenStep(pack *campaigns.Pack, step, lang, reader string) (string, string) {
	steps := mailSteps(pack)
	if !slices.ContainsFunc(steps, func(st campaigns.Step) bool { return st.Key == step }) {
		step = ""
		if len(steps) > 0 {
			step = steps[0].Key
		}
	}
	if !slices.Contains(pack.Languages, lang) {
		lang = pack.Languages[0]
		if slices.Contains(pack.Languages, reader) {
			lang = reader
		}
	}
	return step, lang
}

// exampleFields fill a pack's mail in where no campaign says for whom.
var exampleFields = campaigns.Fields{
	"FirstName": "Anna", "LastName": "Öberg", "Title": "CFO", "Company": "Contoso Bygg & Måleri AB", "City": "Lund", "Country": "SE",
	"Area": "Azure", "Cluster": "Act Now", "AgreementEnd": "2027-01-31", "Owner": "Elin Sjöberg", "OwnerEmail": "elin@example.com", "Sender": "Elin Sjöberg",
	"UnsubscribeURL": "https://example.com/u/x", "ViewURL": "https://example.com/v/x",
}

func examplePackMail(pack *campaigns.Pack, step, lang string) (campaigns.Rendered, error) {
	compiled, err := campaigns.Compile(pack, step, lang)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	return compiled.RenderWith(exampleFields, campaigns.PicturesInline)
}

func (s *Server) showPackMail(c echo.Context) error {
	pack, err := s.pack(c)
	if err != nil {
		return err
	}
	m, err := examplePackMail(pack, c.QueryParam("step"), c.QueryParam("lang"))
	if err != nil {
		return err
	}
	return sendMail(c, m)
}
