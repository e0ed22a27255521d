package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/matcher"
)

// patternStore groups the accounts that wait, and answers a group at once.
type patternStore interface {
	MatchPatterns(ctx context.Context, scope actnow.Scope) (list []actnow.MatchPattern, ungrouped int, err error)
	BulkPreview(ctx context.Context, scope actnow.Scope, pattern string, examples int) (actnow.BulkPreview, error)
	AnswerPattern(ctx context.Context, scope actnow.Scope, by actnow.Actor, pattern, seen string, verdict actnow.Verdict, note string) (actnow.BulkAnswer, error)
	UndoBulk(ctx context.Context, scope actnow.Scope, by actnow.Actor, batch actnow.BatchID) (actnow.BulkAnswer, error)
	BulkAnswers(ctx context.Context, scope actnow.Scope, limit int) ([]actnow.BulkAnswer, error)
}

func (s *Server) patternRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/matches/patterns", right: actnow.RightReview, nav: "matches", handle: s.showPatterns},
		{method: http.MethodGet, path: "/matches/patterns/:pattern", right: actnow.RightReview, nav: "matches", handle: s.showBulk},
		{method: http.MethodPost, path: "/matches/patterns/:pattern", right: actnow.RightReview, maxBody: 64 << 10, handle: s.answerPattern},
		{method: http.MethodPost, path: "/matches/bulk/:batch/undo", right: actnow.RightReview, handle: s.undoBulk},
	}
}

// bulkSample is how many accounts the page before a bulk answer shows.
const bulkSample = 20

type patternsPage struct {
	Head      Head
	Empty     *Empty
	Rows      []patternRow
	Ungrouped int // they wait for the next match run
	Answers   []bulkLine
}

type patternRow struct {
	Sentence string
	Count    int
	Range    string // of the probabilities
	Said     string // what people said one by one, "" for nothing
	Review   string
	Yes, No  string // the pages before a bulk answer
	Examples []matchRow
}

// bulkLine is a bulk answer that was given.
type bulkLine struct {
	Text, Note, By string
	At             time.Time
	Undo           string // "" once nothing of it stands
}

// patternSentence says in words what agrees and differs in a pattern.
func patternSentence(text *Text, pattern string) string {
	var said []string
	for _, code := range matcher.PatternCodes(pattern) {
		said = append(said, text.T(code))
	}
	return capital(strings.Join(said, "; "))
}

func (s *Server) showPatterns(c echo.Context) error {
	list, ungrouped, err := s.store.MatchPatterns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	given, err := s.store.BulkAnswers(ctx(c), s.scope(c), decisionsShown)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := patternsPage{Ungrouped: ungrouped, Answers: bulkLines(text, given)}
	accounts := 0
	for _, k := range list {
		p.Rows = append(p.Rows, s.patternRow(c, k))
		accounts += k.Accounts
	}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.matches"), Href: "/matches"}, {Text: text.T("pattern.crumb")}},
		Title: text.TN("pattern.title", int64(len(list)), accounts), Text: text.T("pattern.text")}
	if len(list) == 0 {
		p.Head.Title = text.T("review.none")
		p.Empty = &Empty{Icon: "circle-check", Title: text.T("pattern.none"), Text: text.T("review.none_text"),
			Actions: []Action{{Text: text.T("review.back"), Href: "/matches", Class: "main"}}}
	}
	return s.render(c, "patterns", p)
}

func (s *Server) patternRow(c echo.Context, k actnow.MatchPattern) patternRow {
	text, path := s.text(c), "/matches/patterns/"+k.Key
	row := patternRow{Sentence: patternSentence(text, k.Key), Count: k.Accounts, Range: probabilities(text, k), Said: singleWords(text, k),
		Review: "/matches/review" + patternQuery(k.Key), Yes: path + "?d=yes", No: path + "?d=no"}
	for _, r := range k.Examples {
		row.Examples = append(row.Examples, s.matchRow(c, r))
	}
	return row
}

// probabilities writes the range of a pattern's probabilities.
func probabilities(text *Text, k actnow.MatchPattern) string {
	low, high := text.Certainty(k.Low), text.Certainty(k.High)
	if low == high {
		return low
	}
	return low + "–" + high
}

// singleWords says what people said of the pattern's pairs one by one.
func singleWords(text *Text, k actnow.MatchPattern) string {
	if k.Yes+k.No == 0 {
		return ""
	}
	return text.T("pattern.said", k.Yes, k.No)
}

func bulkLines(text *Text, list []actnow.BulkAnswer) []bulkLine {
	var lines []bulkLine
	for _, b := range list {
		l := bulkLine{Text: text.TN("pattern.given_"+string(b.Verdict), int64(b.Accounts)), Note: b.Note, By: b.By, At: time.Unix(b.At, 0)}
		if b.Stands > 0 {
			l.Undo = undoBulkPath(b.Batch)
		}
		lines = append(lines, l)
	}
	return lines
}

func undoBulkPath(batch actnow.BatchID) string { return "/matches/bulk/" + idText(batch) + "/undo" }

type bulkPage struct {
	Head    Head
	Changed *Note // other accounts wait than were shown before
	Count   int
	Range   string
	Said    string
	Caution *Note
	Rows    []matchRow
	Post    string
	Verdict actnow.Verdict
	Seen    string
	Button  string
	Review  string
}

// showBulk is the page before a bulk answer: how many accounts it touches, and
// which.
func (s *Server) showBulk(c echo.Context) error {
	verdict, err := yesOrNo("d", c.QueryParam("d"))
	if err != nil {
		return err
	}
	return s.renderBulk(c, http.StatusOK, verdict)
}

// renderBulk shows what waits now. After a conflict it says that nothing was done.
func (s *Server) renderBulk(c echo.Context, status int, verdict actnow.Verdict) error {
	k, err := s.store.BulkPreview(ctx(c), s.scope(c), c.Param("pattern"), bulkSample)
	if err != nil {
		return err
	}
	if k.Accounts == 0 {
		return actnow.ErrNotFound
	}
	text, n := s.text(c), int64(k.Accounts)
	p := bulkPage{Count: k.Accounts, Range: probabilities(text, k.MatchPattern), Said: singleWords(text, k.MatchPattern), Post: "/matches/patterns/" + k.Key,
		Verdict: verdict, Seen: k.Seen, Button: text.TN("pattern.button_"+string(verdict), n), Review: "/matches/review" + patternQuery(k.Key)}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.matches"), Href: "/matches"}, {Text: text.T("pattern.crumb"), Href: "/matches/patterns"}},
		Title: text.TN("pattern.ask_"+string(verdict), n), Text: patternSentence(text, k.Key) + "."}
	if p.Said == "" {
		p.Caution = &Note{Kind: "warn", Text: text.T("pattern.caution")}
	}
	if status == http.StatusConflict {
		p.Changed = &Note{Kind: "warn", Text: text.TN("pattern.changed", n)}
	}
	for _, r := range k.Examples {
		p.Rows = append(p.Rows, s.matchRow(c, r))
	}
	return s.renderStatus(c, status, "bulk", p)
}

func (s *Server) answerPattern(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	verdict, err := yesOrNo("d", f.Get("d"))
	if err != nil {
		return err
	}
	note, err := noteOf(f.Get("note"))
	if err != nil {
		return err
	}
	text := s.text(c)
	if note == "" {
		note = bulkNote(text, c.Param("pattern"))
	}
	b, err := s.store.AnswerPattern(ctx(c), s.scope(c), s.actor(c), c.Param("pattern"), f.Get("seen"), verdict, note)
	if errors.Is(err, actnow.ErrConflict) {
		return s.renderBulk(c, http.StatusConflict, verdict)
	}
	if err != nil {
		return err
	}
	return s.done(c, "/matches/patterns", text.TN("pattern.given_"+string(verdict), int64(b.Accounts)), undoBulkPath(b.Batch))
}

// bulkNote is what the decisions of a bulk answer say without a note of the
// person's own.
func bulkNote(text *Text, pattern string) string {
	return text.T("pattern.note", patternSentence(text, pattern))
}

func (s *Server) undoBulk(c echo.Context) error {
	batch, err := pathID(c, "batch")
	if err != nil {
		return err
	}
	b, err := s.store.UndoBulk(ctx(c), s.scope(c), s.actor(c), actnow.BatchID(batch))
	if err != nil {
		return err
	}
	return s.done(c, "/matches/patterns", s.text(c).TN("pattern.undone", int64(b.Accounts)), "")
}
