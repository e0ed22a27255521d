package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
)

func (s *Server) patternAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/matches/patterns", right: actnow.RightReview, handle: s.apiPatterns},
		{method: http.MethodGet, path: "/api/v1/matches/patterns/:pattern", right: actnow.RightReview, handle: s.apiPattern},
		{method: http.MethodPost, path: "/api/v1/matches/patterns/:pattern/answer", right: actnow.RightReview, maxBody: 64 << 10, handle: s.apiAnswerPattern},
		{method: http.MethodPost, path: "/api/v1/matches/bulk/:batch/undo", right: actnow.RightReview, handle: s.apiUndoBulk},
	}
}

// patternJSON is a pattern as the API answers it.
type patternJSON struct {
	Pattern  string      `json:"pattern"`
	Sentence string      `json:"sentence"`
	Accounts int         `json:"accounts"`
	Low      float64     `json:"low"`
	High     float64     `json:"high"`
	Yes      int         `json:"yes"`
	No       int         `json:"no"`
	Seen     string      `json:"seen,omitempty"`
	Examples []matchJSON `json:"examples"`
}

func newPatternJSON(text *Text, k actnow.MatchPattern) patternJSON {
	out := patternJSON{Pattern: k.Key, Sentence: patternSentence(text, k.Key), Accounts: k.Accounts, Low: k.Low, High: k.High, Yes: k.Yes, No: k.No, Examples: []matchJSON{}}
	for _, r := range k.Examples {
		out.Examples = append(out.Examples, newMatchJSON(r))
	}
	return out
}

// bulkJSON is a bulk answer, or its undoing, as the API answers it.
type bulkJSON struct {
	Batch    actnow.BatchID `json:"batch"`
	Verdict  actnow.Verdict `json:"verdict"`
	Accounts int            `json:"accounts"`
}

func (s *Server) apiPatterns(c echo.Context) error {
	list, ungrouped, err := s.store.MatchPatterns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	out := struct {
		Items     []patternJSON `json:"items"`
		Ungrouped int           `json:"ungrouped"`
	}{[]patternJSON{}, ungrouped}
	for _, k := range list {
		out.Items = append(out.Items, newPatternJSON(s.text(c), k))
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiPattern(c echo.Context) error {
	k, err := s.store.BulkPreview(ctx(c), s.scope(c), c.Param("pattern"), bulkSample)
	if err != nil {
		return err
	}
	if k.Accounts == 0 {
		return actnow.ErrNotFound
	}
	out := newPatternJSON(s.text(c), k.MatchPattern)
	out.Seen = k.Seen
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiAnswerPattern(c echo.Context) error {
	var in struct {
		Verdict string
		Seen    string
		Note    string
	}
	if err := body(c, &in); err != nil {
		return err
	}
	verdict, err := yesOrNo("verdict", in.Verdict)
	if err != nil {
		return err
	}
	note, err := noteOf(in.Note)
	if err != nil {
		return err
	}
	if note == "" {
		note = bulkNote(s.text(c), c.Param("pattern"))
	}
	b, err := s.store.AnswerPattern(ctx(c), s.scope(c), s.actor(c), c.Param("pattern"), in.Seen, verdict, note)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, bulkJSON{b.Batch, b.Verdict, b.Accounts})
}

func (s *Server) apiUndoBulk(c echo.Context) error {
	batch, err := pathID(c, "batch")
	if err != nil {
		return err
	}
	b, err := s.store.UndoBulk(ctx(c), s.scope(c), s.actor(c), actnow.BatchID(batch))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, bulkJSON{b.Batch, b.Verdict, b.Accounts})
}
