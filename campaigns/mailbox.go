package campaigns

import (
	"context"
	"time"
)

// CaughtMail is a mail in the demo's built-in mailbox: one for each recipient.
type CaughtMail struct {
	ID        int64
	From      string // of the envelope
	To        string // of the envelope
	MessageID string // with angle brackets, "" if the mail has none
	Subject   string
	At        time.Time
	Raw       []byte // the mail as it came; empty in lists
}

// Mailbox keeps the mails that the built-in mailbox catches. It is a Journal
// too: what it keeps was taken.
type Mailbox interface {
	// KeepMail stores the mail durably before the server answers 250.
	KeepMail(ctx context.Context, m CaughtMail) error
	// CaughtMails lists up to limit mails with keys below before (0 for the
	// newest), newest first, whose recipient or subject contains search.
	CaughtMails(ctx context.Context, search string, before int64, limit int) ([]CaughtMail, error)
	// CaughtMail returns one mail with its content. The error matches
	// actnow.ErrNotFound.
	CaughtMail(ctx context.Context, id int64) (CaughtMail, error)
	Journal
}
