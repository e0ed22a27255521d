package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
)

// body reads the JSON object of a request into v. Members that v has not are an
// error, so that a misspelt one is not lost.
func body(c echo.Context, v any) error {
	raw, err := io.ReadAll(c.Request().Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil:
		return invalidBody("", "it breaks off")
	case !utf8.Valid(raw):
		return invalidBody("", "it is not UTF-8")
	case string(bytes.TrimSpace(raw)) == "null":
		return invalidBody("", "it is null")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalidBody(whyNot(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalidBody("", "more than one value")
	}
	return nil
}

// invalidBody refuses the body of a request for what is wrong with a member, or with
// all of it.
func invalidBody(member, why string) error {
	return actnow.Invalid("error.body", member, "the body is no JSON object as described: %s", why)
}

// whyNot says in words why a body could not be decoded, and in which member.
func whyNot(err error) (member, why string) {
	var kind *json.UnmarshalTypeError
	var at *time.ParseError
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case errors.Is(err, io.EOF):
		return "", "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "", "it breaks off"
	case unknown:
		return strings.Trim(name, `"`), "there is no member " + name
	case errors.As(err, &at):
		return "", fmt.Sprintf("%q is no time: write it as 2026-11-25T10:00:00Z", strings.Trim(at.Value, `"`))
	case errors.As(err, &kind) && kind.Field == "":
		return "", "it is " + jsonKind(kind.Value)
	case errors.As(err, &kind):
		member = strings.ToLower(kind.Field)
		return member, fmt.Sprintf("%s is %s, not %s", member, jsonKind(kind.Value), wantedKind(kind.Type))
	}
	return "", err.Error()
}

// jsonKind is the kind of a JSON value in words, from that of the decoder: "number",
// "string", "number 1.5".
func jsonKind(value string) string {
	word, _, _ := strings.Cut(value, " ")
	return map[string]string{"string": "a text", "number": "a number", "bool": "true or false", "array": "a list", "object": "an object"}[word]
}

// wantedKind is the kind of JSON value that a member of the type is read from.
func wantedKind(t reflect.Type) string {
	switch k := t.Kind(); {
	case k == reflect.String:
		return "a text"
	case k == reflect.Bool:
		return "true or false"
	case k == reflect.Slice:
		return "a list"
	case k == reflect.Float64 || k == reflect.Float32:
		return "a number"
	case k >= reflect.Int && k <= reflect.Uint64:
		return "a whole number"
	}
	return "an object"
}
