package campaigns

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"actnow"
)

// Letters turns messages of the ledger into letters: it renders the pack, makes
// the links of the row, and names the sender. All fields but Renderer are
// required. Letters.Letter is what an Outbox calls to render.
type Letters struct {
	Renderer  Renderer
	Tokens    *Tokens
	PublicURL string // https://host, without a path
	Now       func() time.Time
}

// Links returns the addresses to unsubscribe and to view the mail of a row in a
// browser: PublicURL + /u/ or /v/ + a token.
func (l *Letters) Links(row actnow.LedgerID, address string) (unsubscribe, view string) {
	base := strings.TrimRight(l.PublicURL, "/")
	return base + "/u/" + l.Tokens.Sign(PurposeUnsubscribe, row, address),
		base + "/v/" + l.Tokens.Sign(PurposeView, row, address)
}

// Letter fills a message in. It is the same on every try but for its date. The
// language is that of ChooseLanguage. An error means that no mail can be made of
// the message.
func (l *Letters) Letter(_ context.Context, p *Pack, m Message) (Letter, error) {
	lang, ok := ChooseLanguage(p, m.Language)
	if !ok {
		return Letter{}, invalid("render.no_language", "language", m.Language)
	}
	fields := maps.Clone(m.Fields)
	if fields == nil {
		fields = Fields{}
	}
	fields["UnsubscribeURL"], fields["ViewURL"] = l.Links(m.Row, m.Address)
	if strings.TrimSpace(fields["Sender"]) == "" {
		fields["Sender"] = p.Sender.Name
	}
	mail, err := l.Renderer.Render(p, m.Step, lang, fields)
	if err != nil {
		return Letter{}, err
	}
	domain := p.Sender.Address[strings.LastIndexByte(p.Sender.Address, '@')+1:]
	letter := Letter{
		MessageID:      m.MessageID,
		ReturnPath:     m.ReturnPath,
		From:           p.Sender,
		ToName:         OneLine(m.Name),
		ToAddress:      m.Address,
		Subject:        mail.Subject,
		HTML:           mail.HTML,
		Text:           mail.Text,
		UnsubscribeURL: fields["UnsubscribeURL"],
		ListID:         fmt.Sprintf("campaign-%d.%s", m.Campaign, domain),
		Date:           l.Now(),
		Images:         mail.Images,
	}
	if letter.MessageID == "" {
		letter.MessageID = MessageID(m.Row, domain)
	}
	if letter.ReturnPath == "" {
		letter.ReturnPath = ReturnPath(m.Row, domain)
	}
	return letter, nil
}
