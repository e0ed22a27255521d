package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"actnow"
)

// Journal looks Message-IDs up in a mailbox that gets a copy of every mail the
// server takes, such as one that Postfix's always_bcc fills. The mailbox is
// opened for reading only.
type Journal struct {
	Server  Server
	Timeout time.Duration // of one Find; 0 for a minute
}

// NewJournal returns the journal of an IMAP URL, see ParseIMAP.
func NewJournal(imapURL string) (*Journal, error) {
	srv, err := ParseIMAP(imapURL)
	if err != nil {
		return nil, err
	}
	return &Journal{Server: srv}, nil
}

// Find reports which of the Message-IDs are in the mailbox. It connects anew
// each time: it is called rarely, and a mailbox opened before may not show what
// came since.
func (j *Journal) Find(ctx context.Context, messageIDs []string) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(j.Timeout, time.Minute))
	defer cancel()
	found, err := j.find(ctx, messageIDs)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %v", ctx.Err(), err)
		}
		return nil, fmt.Errorf("journal mailbox on %s: %w", j.Server, err)
	}
	return found, nil
}

func (j *Journal) find(ctx context.Context, messageIDs []string) (map[string]bool, error) {
	c, err := j.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// The client knows no context: closing it ends whatever it waits for.
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if err := c.Login(j.Server.User, j.Server.Password).Wait(); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if _, err := c.Select(j.Server.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil, fmt.Errorf("open %s: %w", j.Server.Mailbox, err)
	}
	found := make(map[string]bool, len(messageIDs))
	for _, id := range messageIDs {
		if strings.ContainsAny(id, "\r\n\x00") || id == "" {
			continue
		}
		data, err := c.UIDSearch(&imap.SearchCriteria{
			Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}},
		}, nil).Wait()
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		if len(data.AllUIDs()) > 0 {
			found[id] = true
		}
	}
	return found, c.Logout().Wait()
}

func (j *Journal) dial(ctx context.Context) (*imapclient.Client, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", j.Server.String())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	config := j.Server.tlsConfig()
	switch {
	case j.Server.TLS == TLSImplicit:
		config.NextProtos = []string{"imap"}
		return imapclient.New(tls.Client(raw, config), nil), nil
	case j.Server.TLS == TLSMandatory, j.Server.TLS == TLSStarttls && !loopback(j.Server.Host):
		return imapclient.NewStartTLS(raw, &imapclient.Options{TLSConfig: config})
	case !loopback(j.Server.Host) && j.Server.Password != "":
		raw.Close()
		return nil, actnow.Invalid("error.plain_password", "imap-url",
			"the password would go to %s unencrypted: use tls=mandatory or tls=implicit", j.Server)
	}
	return imapclient.New(raw, nil), nil
}
