package insights

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"actnow"
)

// TokenStore keeps what a consent leaves: the refresh token. It is a secret and
// is to be sealed at rest.
type TokenStore interface {
	// RefreshToken returns the token; the error matches actnow.ErrNotFound if
	// nobody has signed in.
	RefreshToken(ctx context.Context) (string, error)
	SaveRefreshToken(ctx context.Context, token string) error
}

// scopes ask for the API as the person who signs in, and for a refresh token.
func (c *Client) scopes() []string {
	resource := c.api()
	if u, err := url.Parse(resource); err == nil {
		resource = u.Scheme + "://" + u.Host
	}
	return []string{resource + "/user_impersonation", "offline_access"}
}

// early is how long before its end an access token is renewed.
const early = 5 * time.Minute

// config is the app registration as the sign-in knows it. redirect is "" where
// no browser comes back.
func (c *Client) config(redirect string) *oauth2.Config {
	login := c.Login
	if login == "" {
		login = DefaultLogin
	}
	base := strings.TrimRight(login, "/") + "/" + url.PathEscape(c.Tenant) + "/oauth2/v2.0"
	return &oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.Secret, RedirectURL: redirect, Scopes: c.scopes(),
		Endpoint: oauth2.Endpoint{AuthURL: base + "/authorize", TokenURL: base + "/token", DeviceAuthURL: base + "/devicecode", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// wire gives the sign-in our HTTP client.
func (c *Client) wire(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.http())
}

// token returns an access token that holds, renewing it if need be.
func (c *Client) token(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.access != "" && c.now().Before(c.until) {
		return c.access, nil
	}
	refresh, err := c.Tokens.RefreshToken(ctx)
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		return "", refuse(ErrNotConnected, "error.insights.not_connected")
	case err != nil:
		return "", err
	}
	source := c.config("").TokenSource(c.wire(ctx), &oauth2.Token{RefreshToken: refresh})
	t, err := source.Token()
	if err != nil {
		return "", signInError(ctx, err)
	}
	if err := c.keep(ctx, t, refresh); err != nil {
		return "", err
	}
	return c.access, nil
}

// keep takes a token into use; the refresh token in it is on the disk first,
// since the one before may be good for nothing now.
func (c *Client) keep(ctx context.Context, t *oauth2.Token, before string) error {
	if t.RefreshToken != "" && t.RefreshToken != before {
		if err := c.Tokens.SaveRefreshToken(context.WithoutCancel(ctx), t.RefreshToken); err != nil {
			return err
		}
	}
	life := time.Duration(t.ExpiresIn) * time.Second
	if life <= 0 {
		life = time.Hour // what Microsoft gives where it says nothing
	}
	c.access, c.until = t.AccessToken, c.now().Add(life-min(early, life/2))
	return nil
}

// forget drops an access token that was refused.
func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.access == token {
		c.access = ""
	}
}

// signInErrors maps the codes that Entra writes into the description of an error
// to what a person can do about it. The first one found counts.
var signInErrors = []struct {
	aadsts string
	kind   error
	code   string
}{
	{"AADSTS50076", ErrMFA, "error.insights.mfa"},
	{"AADSTS50079", ErrMFA, "error.insights.mfa"},
	{"AADSTS50074", ErrMFA, "error.insights.mfa"},
	{"AADSTS53003", ErrMFA, "error.insights.policy"}, // conditional access
	{"AADSTS90002", ErrTenant, "error.insights.tenant"},
	{"AADSTS900023", ErrTenant, "error.insights.tenant"},
	{"AADSTS50059", ErrTenant, "error.insights.tenant"},
	{"AADSTS700016", ErrApp, "error.insights.client_id"},
	{"AADSTS900144", ErrApp, "error.insights.client_id"},
	{"AADSTS7000218", ErrApp, "error.insights.public_client"},
	{"AADSTS7000215", ErrApp, "error.insights.secret"},
	{"AADSTS7000222", ErrApp, "error.insights.secret"},
	{"AADSTS50011", ErrApp, "error.insights.redirect"},
	{"AADSTS65001", ErrApp, "error.insights.permission"},
	{"AADSTS650057", ErrApp, "error.insights.permission"},
	{"AADSTS500011", ErrApp, "error.insights.permission"},
	{"AADSTS65004", ErrSignIn, "error.insights.declined"},
}

// signInError is the error of a sign-in that did not come about, with the
// sentence for it.
func signInError(ctx context.Context, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return unreached(ctx, err)
	}
	if status := answer.Response.StatusCode; status == http.StatusTooManyRequests || status >= 500 {
		return refused(status, answer.Response.Header.Get("Retry-After"), "")
	}
	return refusedSignIn(answer.ErrorCode, answer.ErrorDescription)
}

// refusedSignIn is the error for what a sign-in answers: its code and
// description.
func refusedSignIn(code, description string) error {
	for _, known := range signInErrors {
		if strings.Contains(description, known.aadsts+":") {
			return refuse(known.kind, known.code)
		}
	}
	switch code {
	case "interaction_required":
		return refuse(ErrMFA, "error.insights.mfa")
	case "invalid_grant":
		return refuse(ErrSignIn, "error.insights.revoked")
	case "access_denied", "authorization_declined", "consent_required":
		return refuse(ErrSignIn, "error.insights.declined")
	case "expired_token":
		return refuse(ErrSignIn, "error.insights.device_late")
	case "invalid_client", "unauthorized_client":
		return refuse(ErrApp, "error.insights.client_id")
	}
	if description == "" {
		description = code
	}
	return refuse(ErrSignIn, "error.insights.sign_in", oneLine(description))
}
