package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"actnow"
)

// publicURL is the address by which the world reaches the public listener, with
// no slash at its end, or "".
func (a *app) publicURL() string {
	if a.demo {
		return "https://demo.actnow.example"
	}
	return strings.TrimRight(a.cfg.get("public-url"), "/")
}

// checkPublic asks the public address whether it answers. The error says what
// is wrong and what to do; note is a doubt that is no error.
func (a *app) checkPublic(ctx context.Context) (note string, err error) {
	if a.demo {
		return "", nil
	}
	base := a.publicURL()
	u, err := url.Parse(base)
	switch {
	case base == "":
		return "", actnow.Invalid("error.public_missing", "public-url", "no public address is set: unsubscribe links need one. Set ACTNOW_PUBLIC_URL to an https address that leads to --public-listen")
	case err != nil || u.Scheme != "https" || u.Host == "":
		return "", actnow.Invalid("error.public_https", "public-url", "%q is no https address: unsubscribe links need one", base)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/alive", nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", actnow.Invalid("error.public_silent", "public-url", "%s does not answer (%v): nobody could unsubscribe. Start the daemon and the proxy before it, then try again", base, errors.Unwrap(err))
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 {
		return "", actnow.Invalid("error.public_broken", "public-url", "%s answers with status %d: nobody could unsubscribe. Look at the proxy before it", base, res.StatusCode)
	}
	if !a.isOurs(res) {
		return fmt.Sprintf("%s answers, but not as this daemon: unsubscribe links may lead nowhere", base), nil
	}
	return "", nil
}

// isOurs reports whether the answer to the liveness path is this daemon's.
func (a *app) isOurs(res *http.Response) bool {
	b, err := io.ReadAll(io.LimitReader(res.Body, 256))
	return err == nil && strings.TrimSpace(string(b)) == a.instance()
}

// instance is the id by which the daemon knows itself over the public address.
func (a *app) instance() string {
	return fmt.Sprintf("actnow-%x", a.db.Key("instance")[:8])
}

// certificate reads the files of a certificate and its key.
func certificate(cert, key string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, actnow.Invalid("error.certificate", "tls-cert", "the certificate %s with the key %s cannot be used: %v", cert, key, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

func tlsListener(l net.Listener, conf *tls.Config) net.Listener { return tls.NewListener(l, conf) }
