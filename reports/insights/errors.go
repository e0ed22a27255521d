package insights

import (
	"errors"
	"fmt"
	"strings"

	"actnow"
)

// Errors that callers are expected to tell apart with errors.Is. Each comes
// with a sentence for the person who can mend it, an *actnow.InputError.
var (
	ErrNotConnected = errors.New("nobody has signed in")
	ErrMFA          = errors.New("the sign-in wants a second factor")
	ErrSignIn       = errors.New("the consent has expired or was revoked")
	ErrApp          = errors.New("the app registration is not as it must be")
	ErrTenant       = errors.New("there is no such tenant")
	ErrRole         = errors.New("the role is missing")
	ErrNoAccess     = errors.New("the API takes no one of this account")
	ErrNoDatasets   = errors.New("there is no CloudAscent dataset")
	ErrRefused      = errors.New("the API does not take the request")
	ErrNotReady     = errors.New("the report is not ready after hours")
	ErrTooLarge     = errors.New("the file is too large")
	ErrBroken       = errors.New("the file does not come whole")
	ErrUnavailable  = errors.New("the API does not answer")
)

// Refusal is one of the errors of this package with its sentence.
type Refusal struct {
	Kind error // ErrMFA, …
	*actnow.InputError
}

// Unwrap makes errors.Is find the kind and errors.As the sentence.
func (r *Refusal) Unwrap() []error { return []error{r.Kind, r.InputError} }

// Is leaves ErrInvalid to the sentence within.
func (r *Refusal) Is(error) bool { return false }

func refuse(kind error, code string, args ...any) error {
	return &Refusal{Kind: kind, InputError: &actnow.InputError{Code: code, Args: args, Text: NewNotice(code, args...).String()}}
}

// ofConnection reports whether an error is about the account or the line, not
// about one dataset, so that trying the next one is of no use.
func ofConnection(err error) bool {
	for _, kind := range []error{ErrNotConnected, ErrMFA, ErrSignIn, ErrApp, ErrTenant, ErrRole, ErrNoAccess, ErrNoDatasets, ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// Notice is a sentence for a person: a code of Messages with its arguments.
type Notice struct {
	Code string `json:"code"`
	Args []any  `json:"args,omitempty"`
}

// NewNotice returns the notice of code with args.
func NewNotice(code string, args ...any) Notice { return Notice{Code: code, Args: args} }

// String returns the sentence in English, or "" for the zero value.
func (n Notice) String() string {
	var pairs []string
	for i, arg := range n.Args {
		pairs = append(pairs, fmt.Sprintf("{%d}", i), fmt.Sprint(arg))
	}
	return strings.NewReplacer(pairs...).Replace(Messages[n.Code][0])
}

// noticeOf returns the sentence of an error; one without a sentence stands in
// the general one.
func noticeOf(err error) Notice {
	var input *actnow.InputError
	if errors.As(err, &input) {
		if _, ok := Messages[input.Code]; ok {
			return Notice{Code: input.Code, Args: input.Args}
		}
		return NewNotice("error.insights.import", input.Text)
	}
	return NewNotice("error.insights.other", oneLine(err.Error()))
}

// oneLine is text of somebody else's making, fit to stand in a sentence.
func oneLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.TrimRight(s, ".")
}
