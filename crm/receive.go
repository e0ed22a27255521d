package crm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"actnow"
)

// MaxBody is the largest body of a delivery in bytes.
const MaxBody = 1 << 20

// Hook is what is needed to receive for one connection.
type Hook struct {
	Connection actnow.ConnectionID
	Verifier   string   // a key of Verifiers
	Keys       [][]byte // the present key and, for the time of a rotation, the one before
}

// Receipt says what became of a delivery.
type Receipt struct {
	EventID string
	Again   bool // the id was stored before: nothing was done
}

// Status is 202 for a stored event and 200 for one that was there already.
func (r Receipt) Status() int {
	if r.Again {
		return http.StatusOK
	}
	return http.StatusAccepted
}

// Refusal is why a delivery was not stored. Its Status is that of the answer;
// Cause, if not nil, is for the log alone.
type Refusal struct {
	Status     int
	Input      *actnow.InputError // what to tell the sender
	RetryAfter time.Duration      // for 429 and 503
	Cause      error
}

func (e *Refusal) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%d: %s: %v", e.Status, e.Input, e.Cause)
	}
	return fmt.Sprintf("%d: %s", e.Status, e.Input)
}

// Unwrap returns the input error and the cause.
func (e *Refusal) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Input}
	}
	return []error{e.Input, e.Cause}
}

func refuse(status int, cause error, code, field string, args ...any) *Refusal {
	return &Refusal{Status: status, Input: invalid(code, field, args...), Cause: cause}
}

// TooLarge is the refusal of a delivery of more than MaxBody bytes.
func TooLarge() *Refusal {
	return refuse(http.StatusRequestEntityTooLarge, nil, "hook.size", "", MaxBody)
}

// Receiver takes deliveries: it alone knows in which order they are checked.
// It is safe for many goroutines.
type Receiver struct {
	Store Store
	Now   func() time.Time
	// Limit is how many deliveries may wait for the disk at once, 0 for 512.
	// One more is answered 429.
	Limit int
	// Stored, if not nil, is called after an event was stored, to wake the
	// worker. It must not block.
	Stored func()

	once     sync.Once
	room     chan struct{}
	stopping atomic.Bool
}

// Stop makes every later delivery a 503. Those under way are answered.
func (r *Receiver) Stop() { r.stopping.Store(true) }

// Receive checks the delivery and stores it durably before it returns. The
// order of the checks: size (413), signature and time (401), kind of content
// (415), JSON (400), envelope (422), id seen before (200), stored (202). An
// error is always a *Refusal.
func (r *Receiver) Receive(ctx context.Context, hook Hook, header http.Header, body io.Reader) (Receipt, error) {
	if r.stopping.Load() {
		return Receipt{}, stopping(nil)
	}
	raw, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case len(raw) > MaxBody || errors.As(err, &tooLarge):
		return Receipt{}, TooLarge()
	case err != nil:
		return Receipt{}, refuse(http.StatusBadRequest, err, "hook.read", "")
	}
	verifier, ok := Verifiers[hook.Verifier]
	if !ok {
		return Receipt{}, refuse(http.StatusUnauthorized, fmt.Errorf("no verifier %q", hook.Verifier), "hook.signature", "")
	}
	id, err := verifier.Verify(Delivery{Header: header, Body: raw}, hook.Keys, r.Now())
	if err != nil {
		return Receipt{}, refuse(http.StatusUnauthorized, err, "hook.signature", "")
	}
	if err := checkContent(header); err != nil {
		return Receipt{}, err
	}
	if _, err := ParseEnvelope(raw); err != nil {
		return Receipt{}, refusedEnvelope(err)
	}
	return r.store(ctx, hook.Connection, id, raw)
}

func (r *Receiver) store(ctx context.Context, conn actnow.ConnectionID, id string, raw []byte) (Receipt, error) {
	r.once.Do(func() {
		if r.Limit <= 0 {
			r.Limit = 512
		}
		r.room = make(chan struct{}, r.Limit)
	})
	select {
	case r.room <- struct{}{}:
		defer func() { <-r.room }()
	default:
		e := refuse(http.StatusTooManyRequests, nil, "hook.busy", "")
		e.RetryAfter = time.Second
		return Receipt{}, e
	}
	again, err := r.Store.ReceiveEvent(ctx, conn, id, raw)
	if err != nil {
		// Whatever the reason, the event may not be on disk, so the sender must
		// try again.
		return Receipt{}, stopping(err)
	}
	if !again && r.Stored != nil {
		r.Stored()
	}
	return Receipt{EventID: id, Again: again}, nil
}

func stopping(cause error) *Refusal {
	e := refuse(http.StatusServiceUnavailable, cause, "hook.stopping", "")
	e.RetryAfter = 10 * time.Second
	return e
}

// checkContent wants plain JSON in UTF-8.
func checkContent(h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return refuse(http.StatusUnsupportedMediaType, nil, "hook.encoding", "Content-Encoding")
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, err, "hook.content", "Content-Type")
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "us-ascii") {
		return refuse(http.StatusUnsupportedMediaType, nil, "hook.charset", "Content-Type")
	}
	return nil
}

func refusedEnvelope(err error) error {
	if syntax, ok := errors.AsType[*SyntaxError](err); ok {
		return &Refusal{Status: http.StatusBadRequest, Input: syntax.Input, Cause: syntax.Cause}
	}
	if input, ok := errors.AsType[*actnow.InputError](err); ok {
		return &Refusal{Status: http.StatusUnprocessableEntity, Input: input}
	}
	return stopping(err)
}
