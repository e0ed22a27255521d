package campaigns

import (
	"context"
	"fmt"
	"time"
)

// Letter is a message with everything filled in: what remains is to write it
// down and to carry it.
type Letter struct {
	MessageID      string // with angle brackets
	ReturnPath     string // envelope sender
	From           From
	ToName         string
	ToAddress      string
	Subject        string
	HTML           string // may be ""
	Text           string
	UnsubscribeURL string // https, for the one-click header of RFC 8058; "" leaves the headers out
	ListID         string // "campaign-7.actnow.example", or ""
	Date           time.Time
	Images         []Image
}

// Image is a picture that travels inside the mail. The HTML names it as
// "cid:" + ID.
type Image struct {
	ID   string
	Type string // "image/png"
	Data []byte
}

// Sender writes letters down and opens connections to the mail server.
type Sender interface {
	// Encode returns the mail as it goes over the wire. The error matches
	// actnow.ErrInvalid if no proper mail can be made of the letter.
	Encode(l Letter) ([]byte, error)
	// Dial connects, secures and signs in. The error is a *DialError if the
	// server answered.
	Dial(ctx context.Context) (Conn, error)
}

// Conn is a connection to the mail server, for one goroutine.
type Conn interface {
	// Send carries one encoded mail. When ctx ends the connection is cut and
	// the Reply says how far it had come.
	Send(ctx context.Context, from, to string, raw []byte) Reply
	// Usable reports whether another mail may be sent over the connection.
	Usable() bool
	// Close says goodbye.
	Close() error
}

// DialError says that the server could not be reached or refuses to talk.
type DialError struct{ Reply Reply }

func (e *DialError) Error() string {
	if e.Reply.Code == 0 {
		return "the mail server cannot be reached: " + oneLine(e.Reply)
	}
	return fmt.Sprintf("the mail server refuses the connection: %d %s", e.Reply.Code, oneLine(e.Reply))
}

// Unwrap returns what broke, if anything did.
func (e *DialError) Unwrap() error { return e.Reply.Err }
