package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/crm"
	"actnow/sample"
)

// PublicURL is the address by which the world reaches Act Now, or "".
func (d *daemon) PublicURL() string { return d.publicURL() }

// PublicLoopback is the public listener as this machine reaches it.
func (d *daemon) PublicLoopback() string { return "http://" + reachable(d.public.Addr().String()) }

// HookURL is the address of a connection's hook.
func (d *daemon) HookURL(name string) string { return d.hookURL(name) }

// WakeInbox tells the worker of the inbox that events wait.
func (d *daemon) WakeInbox() { d.worker.Bell.Ring() }

// ReceiveHook takes a delivery of the hook of that name. The error is a
// *crm.Refusal.
func (d *daemon) ReceiveHook(ctx context.Context, name string, header http.Header, body io.Reader) (crm.Receipt, error) {
	hook, err := d.db.Hook(ctx, name)
	if isNotFound(err) {
		// A key that nobody has: the same answer after the same work as to a wrong
		// signature.
		hook, err = crm.Hook{Verifier: "standard", Keys: [][]byte{d.db.Key("no hook")}}, nil
	}
	if err != nil {
		return crm.Receipt{}, err
	}
	return d.receiver.Receive(ctx, hook, header, body)
}

// Unsubscribe takes the person of a mail's link off every list. ok is false if
// the token is none, or the row is no longer about the address it was made for.
func (a *app) Unsubscribe(ctx context.Context, token, source string) (ok bool, err error) {
	row, ok, err := a.claimed(ctx, campaigns.PurposeUnsubscribe, token)
	if err != nil || !ok {
		return false, err
	}
	return true, a.db.Unsubscribe(ctx, row.ID, source, a.now())
}

// MailCopy renders the mail of a link again, for the browser. The error matches
// actnow.ErrNotFound if the token is none.
func (a *app) MailCopy(ctx context.Context, token string) (campaigns.Rendered, error) {
	row, ok, err := a.claimed(ctx, campaigns.PurposeView, token)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	if !ok {
		return campaigns.Rendered{}, actnow.ErrNotFound
	}
	m, err := a.db.LedgerMessage(ctx, row.ID)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	pack, err := a.db.PackOf(ctx, m.Pack)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	return a.render(pack, m, campaigns.PicturesInline)
}

// claimed returns the ledger row that a token of the purpose is about.
func (a *app) claimed(ctx context.Context, p campaigns.Purpose, token string) (campaigns.LedgerRow, bool, error) {
	claim, ok := a.tokens.Verify(p, token)
	if !ok {
		return campaigns.LedgerRow{}, false, nil
	}
	row, err := a.db.LedgerRow(ctx, actnow.Everything, claim.Row)
	if isNotFound(err) {
		return row, false, nil
	}
	return row, err == nil && claim.For(row.Address), err
}

// ExamplePack returns a pack of the sample partner.
func (a *app) ExamplePack() (*campaigns.Pack, error) {
	packs, err := sample.Packs()
	if err != nil {
		return nil, err
	}
	return campaigns.ReadPack(packs[0])
}

// SavePack keeps an uploaded pack.
func (a *app) SavePack(ctx context.Context, by actnow.Actor, name string, zip []byte) (actnow.PackID, error) {
	p, err := campaigns.ReadPackZip(bytes.NewReader(zip), int64(len(zip)))
	if err != nil {
		return 0, err
	}
	id, _, err := a.db.SavePack(ctx, by, p)
	return id, err
}

// PreviewMail renders a step of a campaign as one of its audience would get it
// now; contact 0 is the first of them.
func (a *app) PreviewMail(ctx context.Context, id actnow.CampaignID, step, language string, contact actnow.ContactID) (campaigns.Rendered, error) {
	m, pack, err := a.previewMessage(ctx, id, step, language, contact)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	return a.render(pack, m, campaigns.PicturesInline)
}

func (a *app) previewMessage(ctx context.Context, id actnow.CampaignID, step, language string, contact actnow.ContactID) (campaigns.Message, *campaigns.Pack, error) {
	plan, pack, err := a.plan(ctx, id, "")
	if err != nil {
		return campaigns.Message{}, nil, err
	}
	m, err := a.db.PreviewMessage(ctx, id, plan, contact)
	if isNotFound(err) {
		m, err = campaigns.Message{Campaign: id, Fields: campaigns.Fields{}}, nil // nobody would be mailed: fallbacks show
	}
	if err != nil {
		return m, nil, err
	}
	m.Step = step
	if step == "" {
		m.Step = firstMail(pack)
	}
	if language != "" {
		m.Language = language
	}
	if m.Language == "" {
		m.Language = pack.Languages[0]
	}
	return m, pack, nil
}

// firstMail is the key of the pack's first step that goes out by e-mail, or "".
func firstMail(p *campaigns.Pack) string {
	for _, s := range p.Steps {
		if s.Channel == "email" {
			return s.Key
		}
	}
	return ""
}

// SendTest sends a step to one address, filled in for the first of the audience.
// It is no send of the campaign: it is in no ledger, and its links do nothing.
func (a *app) SendTest(ctx context.Context, by actnow.Actor, id actnow.CampaignID, step, language, address string) error {
	to, err := actnow.NormalAddress(address)
	if err != nil {
		return err
	}
	m, pack, err := a.previewMessage(ctx, id, step, language, 0)
	if err != nil {
		return err
	}
	m.Address, m.Name = to, ""
	m.MessageID = fmt.Sprintf("<test-%d-%d@%s>", id, a.now().UnixNano(), a.mailDomain(pack))
	l, err := a.letter(ctx, pack, m)
	if err != nil {
		return err
	}
	l.Subject, l.ReturnPath = "[Test] "+l.Subject, pack.Sender.Address
	if err := a.send(ctx, l); err != nil {
		return err
	}
	return a.db.NoteTest(ctx, by, id)
}

// send carries one letter over a connection of its own.
func (a *app) send(ctx context.Context, l campaigns.Letter) (err error) {
	url := a.cfg.get("smtp-url")
	if url == "" {
		return actnow.Invalid("error.no_smtp", "smtp-url", "no mail server is set: set ACTNOW_SMTP_URL and start again")
	}
	sender, err := mail.NewSender(url)
	if err != nil {
		return err
	}
	raw, err := sender.Encode(l)
	if err != nil {
		return err
	}
	conn, err := sender.Dial(ctx)
	if err != nil {
		return actnow.Invalid("error.smtp", "smtp-url", "the mail server does not take the mail: %v", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if reply := conn.Send(ctx, l.ReturnPath, l.ToAddress, raw); !reply.Taken {
		return actnow.Invalid("error.smtp", "smtp-url", "the mail server does not take the mail: %s", strings.TrimSpace(fmt.Sprint(reply.Code, " ", reply.Text)))
	}
	return nil
}

// MailLink sends a one-time link to a person.
func (d *daemon) MailLink(ctx context.Context, to, language, link string) error {
	subject, text := "Your link to Act Now", "Open this link, once:\n\n%s\n"
	if language == "sv" {
		subject, text = "Din länk till Act Now", "Öppna länken, den gäller en gång:\n\n%s\n"
	}
	var sender campaigns.From
	if err := d.db.Setting(ctx, "sender", &sender); isNotFound(err) {
		return actnow.Invalid("error.no_sender", "sender", "no sender is set: copy the link and hand it over yourself")
	} else if err != nil {
		return err
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	return d.send(ctx, campaigns.Letter{
		MessageID: fmt.Sprintf("<link-%d@%s>", d.now().UnixNano(), domain), ReturnPath: sender.Address, From: sender,
		ToAddress: to, Subject: subject, Text: fmt.Sprintf(text, link), Date: d.now(),
	})
}
