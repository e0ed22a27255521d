package insights

import (
	"context"
	"errors"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// SignIn is a sign-in by browser that has begun: the person opens URL, and
// Microsoft sends the browser back to the redirect address. It is secret and
// good for one sign-in.
type SignIn struct {
	URL      string
	State    string
	Redirect string
	verifier string
}

// SignIn begins a sign-in by browser, with PKCE. redirect is the address at
// which the browser comes back; the app registration must name it.
func (c *Client) SignIn(redirect string) SignIn {
	s := SignIn{State: oauth2.GenerateVerifier(), Redirect: redirect, verifier: oauth2.GenerateVerifier()}
	s.URL = c.config(redirect).AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.verifier), oauth2.SetAuthURLParam("prompt", "select_account"))
	return s
}

// Finish ends a sign-in by browser with what came back in the query of the
// redirect address, and keeps the consent.
func (c *Client) Finish(ctx context.Context, s SignIn, back url.Values) error {
	switch {
	case s.State == "" || back.Get("state") != s.State:
		return refuse(ErrSignIn, "error.insights.state")
	case back.Get("error") != "":
		return refusedSignIn(back.Get("error"), back.Get("error_description"))
	}
	t, err := c.config(s.Redirect).Exchange(c.wire(ctx), back.Get("code"), oauth2.VerifierOption(s.verifier))
	return c.connected(ctx, t, err)
}

// Device is a sign-in for which the person types Code at URL, on any device.
type Device struct {
	URL    string
	Code   string
	Until  time.Time
	answer *oauth2.DeviceAuthResponse
}

// Device begins a sign-in by device code, for where no browser can come back.
func (c *Client) Device(ctx context.Context) (Device, error) {
	a, err := c.config("").DeviceAuth(c.wire(ctx))
	if err != nil {
		return Device{}, passing(signInError(ctx, err))
	}
	return Device{URL: a.VerificationURI, Code: a.UserCode, Until: a.Expiry, answer: a}, nil
}

// Await waits until the person has typed the code, or let its time pass, and
// keeps the consent.
func (c *Client) Await(ctx context.Context, d Device) error {
	t, err := c.config("").DeviceAccessToken(c.wire(ctx), d.answer)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return refuse(ErrSignIn, "error.insights.device_late")
	}
	return c.connected(ctx, t, err)
}

// connected keeps what a sign-in brought.
func (c *Client) connected(ctx context.Context, t *oauth2.Token, err error) error {
	if err != nil {
		return passing(signInError(ctx, err))
	}
	if t.RefreshToken == "" {
		return refuse(ErrApp, "error.insights.offline")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keep(ctx, t, "")
}

// passing is err, with a sentence for what may pass by itself: a person waits,
// so it is not tried again.
func passing(err error) error {
	var busy *busyError
	if errors.As(err, &busy) {
		return refuse(ErrUnavailable, "error.insights.unavailable", busy.why)
	}
	return err
}
