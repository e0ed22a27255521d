package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

// problem is an error as the API answers it (RFC 9457).
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code,omitempty"`
	Field     string `json:"field,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	Instead   string `json:"suggestion,omitempty"`
	State     string `json:"state,omitempty"` // what is not as it would have to be, in English
	RequestID string `json:"request_id,omitempty"`
}

// errorPage is what a person reads: what happened, what is safe, what to do.
type errorPage struct {
	Status    int
	Heading   string
	Sentence  string
	RequestID string
	Ours      bool   // our fault: the request id helps to find it
	Home      bool   // signed in, so that Home is somewhere to go
	Public    bool   // a stranger, who has nowhere to go
	Back      string // the page that led here, "" if none is known
}

// retryError asks the caller to come back later.
type retryError struct {
	after int // seconds
	code  string
}

func (e *retryError) Error() string { return e.code }

// handleError turns an error into a status and a page, or JSON for the API. It
// is the one place that does, and the one place that logs.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		s.logError(c, "answer broke off", err)
		return
	}
	text := s.text(c)
	status, code := statusOf(err)
	p := problem{Type: "about:blank", Status: status, Title: text.T("error.title." + code), Detail: text.T("error.text." + code), Code: "error." + code, RequestID: requestID(c)}
	var input *actnow.InputError
	var retry *retryError
	var state *actnow.StateError
	var syntax *cohorts.SyntaxError
	if errors.As(err, &syntax) {
		p.Column, p.Instead = syntax.Column, syntax.Suggestion
	}
	switch {
	case errors.As(err, &input):
		p.Detail, p.Code, p.Field, p.Line = text.Error(input), input.Code, input.Field, input.Line
		if syntax != nil {
			p.Line = syntax.Line
		}
	case errors.As(err, &retry):
		c.Response().Header().Set("Retry-After", text.plainNumber(retry.after))
		p.Detail, p.Code = text.TN(retry.code, int64(retry.after)), retry.code
	case errors.As(err, &state):
		p.State = state.Error()
	}
	if status >= 500 {
		s.logError(c, "request failed", err)
	} else {
		s.log.DebugContext(ctx(c), "request refused", "status", status, "route", c.Path(), "request", requestID(c), "error", err)
	}
	if status == http.StatusUnauthorized && isAPI(c.Request().URL.Path) {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="Act Now"`)
	}
	var sent error
	switch {
	case isAPI(c.Request().URL.Path):
		sent = s.sendProblem(c, p)
	default:
		sent = s.renderStatus(c, status, "error", errorPage{
			Status: status, Heading: p.Title, Sentence: fullSentence(p.Detail), RequestID: p.RequestID,
			Ours: status >= 500, Home: s.user(c).ID != 0, Public: isPublic(c), Back: cameFrom(c),
		})
	}
	if sent != nil {
		s.logError(c, "error page failed", sent)
		if !c.Response().Committed {
			http.Error(c.Response(), p.Title, status)
		}
	}
}

// cameFrom is the local path of the page that led to the request, "" if the browser
// names none of ours, or this very one.
func cameFrom(c echo.Context) string {
	r := c.Request()
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || u.Host != r.Host || r.Method == http.MethodGet && u.RequestURI() == r.URL.RequestURI() {
		return ""
	}
	return localPath(u.RequestURI())
}

// fullSentence is the sentence with a capital and a full stop: those of forms and files, which
// stand after the name of a field, have neither.
func fullSentence(sentence string) string {
	if last, _ := utf8.DecodeLastRuneInString(sentence); unicode.IsLetter(last) || unicode.IsDigit(last) {
		sentence += "."
	}
	return capital(sentence)
}

// statusOf returns the status for an error and the name of its sentences.
func statusOf(err error) (int, string) {
	var input *actnow.InputError
	var tooLarge *http.MaxBytesError
	var retry *retryError
	var httpErr *echo.HTTPError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "too_large"
	case errors.As(err, &retry):
		return http.StatusTooManyRequests, "too_many"
	case errors.As(err, &input):
		return http.StatusUnprocessableEntity, "invalid"
	case errors.Is(err, actnow.ErrInvalid):
		return http.StatusBadRequest, "invalid"
	case errors.Is(err, actnow.ErrNotFound):
		return http.StatusNotFound, "not_found"
	case errors.Is(err, actnow.ErrConflict):
		return http.StatusConflict, "conflict"
	case errors.Is(err, actnow.ErrForbidden):
		return http.StatusForbidden, "forbidden"
	case errors.Is(err, errSignIn):
		return http.StatusUnauthorized, "sign_in"
	case errors.Is(err, errCrossSite):
		return http.StatusForbidden, "cross_site"
	case errors.Is(err, context.Canceled):
		return 499, "invalid" // the reader left; nobody will see this
	case errors.As(err, &httpErr):
		switch httpErr.Code {
		case http.StatusNotFound:
			return http.StatusNotFound, "not_found"
		case http.StatusMethodNotAllowed:
			return http.StatusMethodNotAllowed, "method"
		case http.StatusRequestEntityTooLarge:
			return http.StatusRequestEntityTooLarge, "too_large"
		case http.StatusUnsupportedMediaType:
			return http.StatusUnsupportedMediaType, "media_type"
		}
		if httpErr.Code < 500 {
			return http.StatusBadRequest, "invalid"
		}
	}
	return http.StatusInternalServerError, "ours"
}

func (s *Server) sendProblem(c echo.Context, p problem) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(p.Status, "application/problem+json", data)
}

func (s *Server) logError(c echo.Context, message string, err error) {
	s.log.ErrorContext(ctx(c), message, "method", c.Request().Method, "route", c.Path(), "request", requestID(c), "error", err)
}

var (
	errSignIn    = errors.New("not signed in")
	errCrossSite = errors.New("a page of another site asked")
)

func isAPI(path string) bool { return strings.HasPrefix(path, "/api/v1/") }
