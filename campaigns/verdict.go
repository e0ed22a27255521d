package campaigns

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"actnow"
)

// Stage is how far the dialogue over one mail had come when it ended.
type Stage string

// The stages of a dialogue. Before StageDot nothing can have been taken; at
// StageDot the final dot of DATA was on its way to the server.
const (
	StageConnect Stage = "connect" // dialling, greeting, TLS, AUTH
	StageMail    Stage = "mail"
	StageRcpt    Stage = "rcpt"
	StageData    Stage = "data" // the command, answered by 354
	StageBody    Stage = "body" // the content, without its dot
	StageDot     Stage = "dot"
)

// Reply is all that is known of one try: the last answer of the server, or the
// error in its place.
type Reply struct {
	Stage Stage
	// Taken is set when the server answered the final dot with 250. Whatever
	// happens to the connection afterwards does not unsay it.
	Taken bool
	Code  int    // SMTP code, 0 if no answer could be read
	Text  string // the answer's text, without the code
	Err   error  // what broke, where Code is 0
}

// Enhanced returns the enhanced status code of RFC 3463 that the answer begins
// with, "5.1.1", or "" if there is none or it contradicts the code.
func (r Reply) Enhanced() string {
	code := enhancedCode.FindString(r.Text)
	if code == "" || r.Code/100 != int(code[0]-'0') {
		return ""
	}
	return code
}

var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// noSuchAddress are the enhanced codes that speak of the address alone: no such
// mailbox, no such domain, bad syntax, moved away, takes no mail (RFC 3463, RFC
// 7505).
var noSuchAddress = map[string]bool{"5.1.1": true, "5.1.2": true, "5.1.3": true, "5.1.6": true, "5.1.10": true}

// Judge returns what a try came to. A code is evidence: 2xx to the final dot
// means taken, 4xx and 5xx mean not taken. Without a code, a dialogue that broke
// before the dot was not taken and one that broke after it is unknown, however
// temporary or permanent the error calls itself. RetryAt is left to the caller.
func Judge(r Reply) Verdict {
	v := Verdict{Code: r.Code, Reply: oneLine(r)}
	enhanced := r.Enhanced()
	switch {
	case r.Taken, r.Stage == StageDot && r.Code/100 == 2:
		v.State, v.Why = actnow.LedgerSent, "taken"
	case r.Stage == StageConnect:
		// No mail was spoken of; nothing is known about this one.
		v.State, v.Why = actnow.LedgerQueued, "server not reached"
	case r.Code/100 == 4:
		v.State, v.Why = actnow.LedgerDeferred, "refused for now"
	case r.Code/100 == 5 && r.Stage == StageMail:
		// The server has not heard of the recipient yet, so it is the sender
		// that it refuses. The next mail would fare no better.
		v.State, v.Why = actnow.LedgerQueued, "sender refused"
		v.Stop = true
	case r.Code/100 == 5 && strings.HasPrefix(enhanced, "5.7."):
		v.State, v.Why = actnow.LedgerBounced, "policy"
		v.Stop = true
	case r.Code/100 == 5:
		v.State, v.Why = actnow.LedgerBounced, "refused"
		if noSuchAddress[enhanced] {
			v.Why = "no such address"
			v.Suppress = true
		}
	case r.Stage == StageDot:
		v.State, v.Why = actnow.LedgerUnknown, "no answer after the final dot"
	case errors.Is(r.Err, context.Canceled):
		v.State, v.Why = actnow.LedgerQueued, "handed back"
	default:
		v.State, v.Why = actnow.LedgerDeferred, "connection lost before the final dot"
	}
	return v
}

// maxReply is how much of a reply is kept, in bytes.
const maxReply = 500

// oneLine returns the reply as one printable line of at most maxReply bytes.
func oneLine(r Reply) string {
	s := r.Text
	if r.Code == 0 && r.Err != nil {
		s = r.Err.Error()
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	for len(s) > maxReply {
		s = s[:maxReply]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}
