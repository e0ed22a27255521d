// Package insights fetches the CloudAscent reports from Microsoft's Partner
// Insights API: it signs in once by a person, keeps the consent, asks for each
// dataset with all its columns, waits for the file and brings it to disk. The
// calendar is ours, since "monthly on the 25th" cannot be said to Microsoft.
//
// What it knows of the API comes from Microsoft's public pages and clients;
// insightstest imitates the same. Nothing here reads a report: Fetcher hands
// each file to whoever imports it.
package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Where the API and the sign-in of the public cloud are.
const (
	DefaultAPI   = "https://api.partnercenter.microsoft.com/insights/v1/mpn"
	DefaultLogin = "https://login.microsoftonline.com"
)

// maxAnswer is the largest answer of the API that is read, in bytes; a file is
// no answer.
const maxAnswer = 16 << 20

// Client speaks to the Partner Insights API for one partner. Fields that are
// marked optional may be zero. It is safe for use by several goroutines, but
// asks for one thing at a time: no rate limit is published.
type Client struct {
	API      string // optional: DefaultAPI
	Login    string // optional: DefaultLogin
	Tenant   string // id or domain of the partner's Entra tenant
	ClientID string // of the app registration
	Secret   string // optional: of the app registration; without one it is a public client
	Tokens   TokenStore

	HTTP     *http.Client                                     // optional: one that gives up on a silent server
	Now      func() time.Time                                 // optional: time.Now
	Sleep    func(ctx context.Context, d time.Duration) error // optional: waits for d or the end of ctx
	MaxBytes int64                                            // optional: how large a file may be, unpacked; 4 GiB
	MaxWait  time.Duration                                    // optional: how long a report may be in the making; 4 h
	Silence  time.Duration                                    // optional: how long a download may stand still; 2 min

	mu     sync.Mutex // guards what follows, and one renewal at a time
	access string
	until  time.Time // when access is renewed
}

// silent is how long a server may say nothing at all, whole how long an answer
// of the API may take.
const (
	silent = 2 * time.Minute
	whole  = 5 * time.Minute
)

var defaultHTTP = func() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = silent
	return &http.Client{Transport: t}
}()

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return defaultHTTP
}

func (c *Client) api() string {
	if c.API != "" {
		return c.API
	}
	return DefaultAPI
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// envelope is what every answer of the API comes in. Documents write both value
// and Value; either is read.
type envelope struct {
	Value        json.RawMessage
	Message      string
	StatusCode   int
	DataRedacted bool
}

// call makes one request and reads the list in its answer into value, which may
// be nil. redacted reports whether the answer says that the person's role hides
// data. A token that is refused is renewed once. The error matches errMissing
// for 404 and is a *busyError for what may pass by itself.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, value any) (redacted bool, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return false, err
		}
	}
	for renewed := false; ; renewed = true {
		token, err := c.token(ctx)
		if err != nil {
			return false, err
		}
		redacted, err := c.once(ctx, method, path, query, data, token, value)
		if errors.Is(err, ErrNoAccess) && !renewed {
			c.forget(token)
			continue
		}
		return redacted, err
	}
}

// once is call with a token, without another try.
func (c *Client) once(ctx context.Context, method, path string, query url.Values, data []byte, token string, value any) (redacted bool, err error) {
	to := c.api() + path
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	within, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	req, err := http.NewRequestWithContext(within, method, to, bytes.NewReader(data))
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if data != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http().Do(req)
	if err != nil {
		return false, unreached(ctx, err)
	}
	return read(ctx, resp, value)
}

func read(ctx context.Context, resp *http.Response, value any) (redacted bool, err error) {
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return false, unreached(ctx, err)
	}
	var e envelope
	broken := json.Unmarshal(data, &e)
	status := resp.StatusCode
	if status/100 == 2 && e.StatusCode >= 400 {
		status = e.StatusCode // refused within an answer that is none
	}
	switch {
	case status/100 != 2:
		return false, refused(status, resp.Header.Get("Retry-After"), e.Message)
	case broken != nil && len(bytes.TrimSpace(data)) > 0:
		return false, refuse(ErrUnavailable, "error.insights.strange", resp.Request.URL.Host)
	case value == nil || len(e.Value) == 0:
		return e.DataRedacted, nil
	case e.Value[0] == '{':
		e.Value = append(append([]byte{'['}, e.Value...), ']')
	}
	if err := json.Unmarshal(e.Value, value); err != nil {
		return false, fmt.Errorf("read answer of %s: %w", resp.Request.URL.Path, err)
	}
	return e.DataRedacted, nil
}

// errMissing means that the API knows no such thing, or none yet.
var errMissing = errors.New("the API answers 404")

// busyError is a failure that may pass by itself.
type busyError struct {
	why   string
	after time.Duration // the server's wish, or 0
}

func (e *busyError) Error() string { return e.why }

// refused is the error for a status that is no success.
func refused(status int, retryAfter, message string) error {
	switch {
	case status == http.StatusUnauthorized:
		return refuse(ErrNoAccess, "error.insights.no_access")
	case status == http.StatusForbidden:
		return refuse(ErrRole, "error.insights.role")
	case status == http.StatusNotFound:
		return errMissing
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return &busyError{why: "status " + strconv.Itoa(status), after: parseRetryAfter(retryAfter)}
	}
	if message == "" {
		message = http.StatusText(status)
	}
	return refuse(ErrRefused, "error.insights.refused", status, oneLine(message))
}

// parseRetryAfter reads seconds or a date; 0 is neither.
func parseRetryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, int(longestWish/time.Second)+1)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// unreached is the error of a request that got no whole answer. What stands in
// an address may be secret, so it is left out.
func unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return &busyError{why: "no such host: " + dns.Name}
	}
	return &busyError{why: oneLine(err.Error())}
}

const (
	tries       = 6
	firstPause  = 2 * time.Second // times three each time: four minutes in all
	longestWish = 15 * time.Minute
)

// retry does fn again, with growing pauses or those that the server wishes,
// while it fails for what may pass. fn must be safe to repeat. What does not
// pass matches ErrUnavailable.
func (c *Client) retry(ctx context.Context, fn func() error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := fn()
		var busy *busyError
		if !errors.As(err, &busy) {
			return err
		}
		if try == tries || busy.after > longestWish {
			return refuse(ErrUnavailable, "error.insights.unavailable", busy.why)
		}
		if err := c.sleep(ctx, max(pause, busy.after)); err != nil {
			return err
		}
		pause *= 3
	}
}

// get is call with GET, again while it fails for what may pass.
func (c *Client) get(ctx context.Context, path string, query url.Values, value any) (redacted bool, err error) {
	err = c.retry(ctx, func() error {
		redacted, err = c.call(ctx, http.MethodGet, path, query, nil, value)
		return err
	})
	return redacted, err
}

// list is get where an empty list may be answered by 404.
func (c *Client) list(ctx context.Context, path string, query url.Values, value any) (redacted bool, err error) {
	redacted, err = c.call(ctx, http.MethodGet, path, query, nil, value)
	if errors.Is(err, errMissing) {
		return false, nil
	}
	return redacted, err
}

// delete deletes a thing; one that is not there is fine.
func (c *Client) delete(ctx context.Context, path, id string) error {
	_, err := c.call(ctx, http.MethodDelete, path+url.PathEscape(id), nil, nil, nil)
	if errors.Is(err, errMissing) {
		return nil
	}
	return err
}
