package web

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/matcher"
)

// noteLength is the longest note of a decision, in characters.
const noteLength = 500

type reviewPage struct {
	Head       Head
	Empty      *Empty // nobody waits, or the account has no candidate
	Label      string // the account's name
	Pattern    string // in words, if only accounts of one pattern are walked through
	Post       string // the path that takes the answer
	Position   string // "3 of 68", "" if it does not wait
	Place      actnow.ReviewPlace
	Candidates []candidateChoice
	Customer   actnow.CustomerID
	Href       string // the customer's page
	Fields     []versusRow
	Note       string
	Decided    string // what was decided about the pair, "" for nothing
	UndoPair   string // path that takes it back
	Skip       string
	Previous   string
	UndoLast   string // path that takes the reader's last decision back
	Waterfall  *Waterfall
	Held       string
	Last       []decisionLine
}

// candidateChoice is one of the customers an account may be.
type candidateChoice struct {
	Key         string // "1" to "5"
	Href        string
	Probability string
	Current     bool
	Refused     bool
}

// versusRow is one field of both sides.
type versusRow struct {
	Name              string
	Customer, Account []span
	Class, Icon       string // of the verdict
	Verdict           string
}

// span is a piece of a value; Mark is set where the sides differ.
type span struct {
	Text string
	Mark bool
}

// firstReview leads to the likeliest account that waits, of all or of a pattern.
func (s *Server) firstReview(c echo.Context) error {
	pattern := c.QueryParam("pattern")
	list, _, err := s.store.Reviews(ctx(c), s.scope(c), actnow.ReviewQuery{Band: actnow.BandReview, Pattern: pattern}, 0, 1)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return c.Redirect(http.StatusSeeOther, reviewPath(list[0].Account.ID, pattern))
	}
	text := s.text(c)
	return s.render(c, "review", reviewPage{
		Head: Head{Crumbs: []Crumb{{Text: text.T("nav.matches"), Href: "/matches"}}, Title: text.T("review.none")},
		Empty: &Empty{Icon: "circle-check", Title: text.T("review.none_title"), Text: text.T("review.none_text"),
			Actions: []Action{{Text: text.T("review.back"), Href: "/matches", Class: "main"}}},
	})
}

// reviewPath leads to an account's review, and to that within a pattern unless it
// is "".
func reviewPath(account actnow.AccountID, pattern string) string {
	return "/matches/review/" + idText(account) + patternQuery(pattern)
}

// patternQuery keeps to a pattern; what it is put behind has no query of its own.
func patternQuery(pattern string) string {
	if pattern == "" {
		return ""
	}
	return "?" + url.Values{"pattern": {pattern}}.Encode()
}

func (s *Server) showReview(c echo.Context) error {
	account, err := pathID(c, "account")
	if err != nil {
		return err
	}
	return s.renderReview(c, actnow.AccountID(account))
}

// renderReview answers with an account and one of its candidates: the one asked
// for by its number, else the likeliest that nobody refused.
func (s *Server) renderReview(c echo.Context, account actnow.AccountID) error {
	pattern := c.QueryParam("pattern")
	r, err := s.store.Review(ctx(c), s.scope(c), account)
	if err != nil {
		return err
	}
	place, err := s.store.ReviewPlace(ctx(c), s.scope(c), pattern, account)
	if err != nil {
		return err
	}
	decisions, err := s.store.Decisions(ctx(c), s.scope(c), 6)
	if err != nil {
		return err
	}
	chosen, err := chosenCandidate(c, r)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := reviewPage{Label: accountLabel(r.Account), Post: reviewPath(account, pattern), Place: place, Skip: "/matches", Last: s.decisionLines(c, decisions)}
	if place.Position > 0 {
		p.Position = text.T("review.position", place.Position, place.Total)
	}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.matches"), Href: "/matches"}, {Text: text.T("match.band." + string(r.Band)), Href: "/matches?band=" + string(r.Band)}, {Text: p.Label}}}
	if pattern != "" {
		p.Pattern, p.Skip = patternSentence(text, pattern), "/matches/patterns"
		p.Head.Crumbs[1] = Crumb{Text: text.T("pattern.crumb"), Href: "/matches/patterns"}
	}
	if place.Next != 0 {
		p.Skip = reviewPath(place.Next, pattern)
	}
	if place.Previous != 0 {
		p.Previous = reviewPath(place.Previous, pattern)
	}
	for _, d := range decisions {
		if d.Stands && d.By == s.user(c).Name {
			p.UndoLast = undoPath(d.AccountID, d.CustomerID) + patternQuery(pattern)
			break
		}
	}
	if chosen < 0 {
		p.Head.Title = text.T("review.title_none", p.Label)
		p.Empty = &Empty{Icon: "git-compare", Title: text.T("review.no_candidate"), Text: text.T("review.no_candidate_text"),
			Actions: []Action{{Text: text.T("review.next"), Href: p.Skip, Class: "main", Key: "s"}}}
		return s.render(c, "review", p)
	}
	s.fillPair(c, &p, r, chosen)
	return s.render(c, "review", p)
}

// fillPair sets everything that is about one candidate.
func (s *Server) fillPair(c echo.Context, p *reviewPage, r actnow.Review, chosen int) {
	text, candidate := s.text(c), r.Candidates[chosen]
	for i, k := range r.Candidates {
		key := strconv.Itoa(i + 1)
		q := url.Values{"candidate": {key}}
		if p.Pattern != "" {
			q.Set("pattern", c.QueryParam("pattern"))
		}
		p.Candidates = append(p.Candidates, candidateChoice{Key: key, Href: reviewPath(r.Account.ID, "") + "?" + q.Encode(),
			Probability: text.Certainty(k.Probability), Current: i == chosen, Refused: k.Verdict == actnow.VerdictNo})
	}
	comparisons := comparisonsOf(candidate)
	p.Customer, p.Href = candidate.Customer.ID, "/customers/"+idText(candidate.Customer.ID)
	p.Fields = versus(text, candidate.Customer, r.Account, comparisons)
	p.Waterfall, p.Held = evidence(text, comparisons)
	p.Head.Text = pairSentence(text, candidate, comparisons)
	label := candidate.Customer.Label()
	switch {
	case candidate.Verdict == actnow.VerdictYes:
		p.Head.Title, p.Decided = text.T("review.title_yes", p.Label, label), text.T("review.decided_yes")
	case candidate.Verdict == actnow.VerdictNo:
		p.Head.Title, p.Decided = text.T("review.title_no", p.Label, label), text.T("review.decided_no")
	case r.Band == actnow.BandMatch:
		p.Head.Title = text.T("review.title_match", p.Label, label)
	default:
		p.Head.Title = text.T("review.title")
	}
	if p.Decided != "" {
		p.UndoPair = undoPath(r.Account.ID, p.Customer) + patternQuery(c.QueryParam("pattern"))
	}
}

// chosenCandidate returns the index of the candidate to show, or -1.
func chosenCandidate(c echo.Context, r actnow.Review) (int, error) {
	n, err := queryNumber(c, "candidate")
	if err != nil {
		return 0, err
	}
	if n > int64(len(r.Candidates)) {
		return 0, actnow.ErrNotFound
	}
	if n > 0 {
		return int(n) - 1, nil
	}
	for _, want := range []actnow.Verdict{actnow.VerdictYes, "", actnow.VerdictUndone, actnow.VerdictNo} {
		if i := slices.IndexFunc(r.Candidates, func(k actnow.ReviewCandidate) bool { return k.Verdict == want }); i >= 0 {
			return i, nil
		}
	}
	return -1, nil
}

func accountLabel(a actnow.AccountSide) string {
	if a.Name != "" {
		return a.Name
	}
	return a.ExternalID
}

// comparisonsOf reads what the matcher compared; what cannot be read is nothing.
func comparisonsOf(k actnow.ReviewCandidate) []matcher.Comparison {
	var list []matcher.Comparison
	if json.Unmarshal(k.Comparisons, &list) != nil {
		return nil
	}
	return list
}

// pairSentence says what speaks loudest, and how sure that makes.
func pairSentence(text *Text, k actnow.ReviewCandidate, comparisons []matcher.Comparison) string {
	var telling []matcher.Comparison
	for _, m := range comparisons {
		if m.OfPair() && math.Abs(m.Bits) >= 1 {
			telling = append(telling, m)
		}
	}
	slices.SortStableFunc(telling, func(a, b matcher.Comparison) int {
		switch {
		case math.Abs(a.Bits) > math.Abs(b.Bits):
			return -1
		case math.Abs(a.Bits) < math.Abs(b.Bits):
			return 1
		}
		return 0
	})
	var said []string
	for _, m := range telling[:min(3, len(telling))] {
		said = append(said, text.T(m.Code, m.Args...))
	}
	sure := text.T("review.sure", int(min(99, max(1, math.Floor(100*k.Probability)))))
	if len(said) == 0 {
		return sure
	}
	return capital(strings.Join(said, ", ")) + ". " + sure
}

// versus lays the fields of both sides out with what the matcher made of them.
func versus(text *Text, customer actnow.Customer, account actnow.AccountSide, comparisons []matcher.Comparison) []versusRow {
	domains := strings.Join(account.Domains, ", ")
	if domains == "" {
		domains = account.Website
	}
	var rows []versusRow
	for _, f := range []struct{ field, customer, account string }{
		{"name", customer.Name, account.Name},
		{"domain", customer.Domain, domains},
		{"city", customer.City, account.City},
		{"postal_code", customer.PostalCode, account.PostalCode},
		{"state", customer.State, account.State},
		{"country", customer.Country, account.Country},
		{"tpid", customer.TPID, account.TPID},
	} {
		if f.customer == "" && f.account == "" && f.field != "name" && f.field != "domain" {
			continue
		}
		row := versusRow{Name: text.T("review.field." + f.field), Class: "faint", Icon: "minus", Verdict: text.T("review.missing")}
		row.Customer, row.Account = []span{{Text: f.customer}}, []span{{Text: f.account}}
		if f.customer != "" && f.account != "" {
			row.Verdict = text.T("review.not_compared")
		}
		if i := slices.IndexFunc(comparisons, func(m matcher.Comparison) bool { return m.Field == f.field }); i >= 0 {
			row.judge(text, comparisons[i])
			f.customer, f.account = cmp.Or(f.customer, comparisons[i].Customer), cmp.Or(f.account, comparisons[i].Account)
			row.Customer, row.Account = []span{{Text: f.customer}}, []span{{Text: f.account}}
			if row.Class != "faint" && row.Class != "ok" && f.customer != f.account {
				row.Customer, row.Account = marked(f.customer, f.account)
			}
		}
		rows = append(rows, row)
	}
	return append(rows, versusRow{Name: text.T("review.field.contacts"), Account: []span{{Text: text.Number(int64(account.Contacts))}}, Class: "faint", Icon: "minus", Verdict: text.T("review.not_compared")})
}

// judge says what the matcher made of the field.
func (r *versusRow) judge(text *Text, m matcher.Comparison) {
	switch m.Level {
	case "equal":
		r.Class, r.Icon, r.Verdict = "ok", "check", text.T("review.equal")
	case "alike":
		r.Class, r.Icon, r.Verdict = "warn", "equal-approximately", text.T("review.alike")
	case "different":
		r.Class, r.Icon, r.Verdict = "danger", "x", text.T("review.differs")
	}
	if m.Code == "match.name.alike" && len(m.Args) == 1 {
		r.Verdict = text.T("review.alike_by", m.Args[0])
	}
}

// evidence draws how the bits add up; nil without any. held says why a person is
// asked although they would be enough.
func evidence(text *Text, comparisons []matcher.Comparison) (w *Waterfall, held string) {
	sum := 0.0
	w = &Waterfall{Label: text.T("review.evidence"), Heads: [3]string{text.T("review.head_evidence"), text.T("review.head_bits"), text.T("match.drawn")}}
	for _, m := range comparisons {
		fall := Fall{Sentence: capital(text.T(m.Code, m.Args...)), Text: text.SignedDecimal(m.Bits, 1), Value: m.Bits}
		sum += m.Bits
		switch {
		case m.Field == "hold" || m.Field == "decision":
			held = fall.Sentence
		case m.Field == "start":
			w.Base = fall
		case math.Abs(m.Bits) >= 0.05:
			switch m.Field {
			case "city", "postal_code", "state", "country":
				fall.Source = bothValues(m)
			}
			w.Steps = append(w.Steps, fall)
		}
	}
	if w.Base.Sentence == "" {
		return nil, held
	}
	w.Total = Fall{Sentence: text.T("review.total", text.Certainty(1/(1+math.Exp2(-sum)))), Text: text.SignedDecimal(sum, 1), Value: sum}
	return w, held
}

func bothValues(m matcher.Comparison) string {
	switch {
	case m.Customer == m.Account || m.Account == "":
		return m.Customer
	case m.Customer == "":
		return m.Account
	}
	return m.Customer + " / " + m.Account
}

// decideReview records yes or no and goes to the next account, or stays where
// another candidate of the account has to be looked at.
func (s *Server) decideReview(c echo.Context) error {
	account, err := pathID(c, "account")
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	note, err := noteOf(f.Get("note"))
	if err != nil {
		return err
	}
	verdict, err := yesOrNo("d", f.Get("d"))
	if err != nil {
		return err
	}
	customer, err := strconv.ParseInt(f.Get("customer"), 10, 64)
	if err != nil || customer <= 0 {
		return actnow.ErrNotFound
	}
	return s.decide(c, actnow.AccountID(account), actnow.CustomerID(customer), verdict, note)
}

// noteOf reads the note of a decision.
func noteOf(value string) (string, error) {
	note := strings.TrimSpace(value)
	if utf8.RuneCountInString(note) > noteLength || !utf8.ValidString(note) {
		return "", actnow.Invalid("error.note", "note", "a note has at most %d characters", noteLength)
	}
	return note, nil
}

// yesOrNo reads a verdict that settles something.
func yesOrNo(field, value string) (actnow.Verdict, error) {
	switch verdict := actnow.Verdict(value); verdict {
	case actnow.VerdictYes, actnow.VerdictNo:
		return verdict, nil
	}
	return "", actnow.Invalid("error.verdict", field, "%q is no decision: use yes or no", value)
}

func (s *Server) decide(c echo.Context, account actnow.AccountID, customer actnow.CustomerID, verdict actnow.Verdict, note string) error {
	pattern := c.QueryParam("pattern")
	place, err := s.store.ReviewPlace(ctx(c), s.scope(c), pattern, account)
	if err != nil {
		return err
	}
	before, err := s.store.Review(ctx(c), s.scope(c), account)
	if err != nil {
		return err
	}
	if err := s.store.Decide(ctx(c), s.scope(c), s.actor(c), account, customer, verdict, note); err != nil {
		return err
	}
	text, label, contacts := s.text(c), accountLabel(before.Account), int64(before.Account.Contacts)
	said := text.T("review.said_no", label)
	if verdict == actnow.VerdictYes {
		said = text.TN("review.said_yes", contacts, label)
	}
	to, err := s.afterReview(c, account, pattern, place.Next)
	if err != nil {
		return err
	}
	return s.done(c, to, said, undoPath(account, customer)+patternQuery(pattern))
}

// afterReview returns where a decision leads: to the account again if another
// candidate of it has to be looked at, else to the next one. Within a pattern the
// account stays only if that candidate is of the pattern too.
func (s *Server) afterReview(c echo.Context, account actnow.AccountID, pattern string, next actnow.AccountID) (string, error) {
	after, err := s.store.Review(ctx(c), s.scope(c), account)
	if err == nil && after.Band == actnow.BandReview {
		place, err := s.store.ReviewPlace(ctx(c), s.scope(c), pattern, account)
		if err != nil || place.Position > 0 {
			return reviewPath(account, pattern), err
		}
	}
	switch {
	case next != 0:
		return reviewPath(next, pattern), nil
	case pattern != "":
		return "/matches/patterns", nil
	}
	return "/matches/review", nil
}

// undoReview takes the newest word on a pair back and shows the pair again.
func (s *Server) undoReview(c echo.Context) error {
	account, err := pathID(c, "account")
	if err != nil {
		return err
	}
	customer, err := pathID(c, "customer")
	if err != nil {
		return err
	}
	if err := s.store.Decide(ctx(c), s.scope(c), s.actor(c), actnow.AccountID(account), actnow.CustomerID(customer), actnow.VerdictUndone, ""); err != nil {
		return err
	}
	return s.done(c, reviewPath(actnow.AccountID(account), c.QueryParam("pattern")), s.text(c).T("review.undone"), "")
}
