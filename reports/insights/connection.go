package insights

import (
	"regexp"
	"strings"
	"time"

	"actnow"
)

// Connection is how an installation reaches the API, without its secrets.
type Connection struct {
	Tenant      string    `json:"tenant"`
	ClientID    string    `json:"client_id"`
	HasSecret   bool      `json:"has_secret"`
	Days        int       `json:"days"`      // on which new content is looked for
	Connected   bool      `json:"connected"` // somebody has signed in
	ConnectedBy string    `json:"connected_by"`
	ConnectedAt time.Time `json:"connected_at,omitzero"`
}

// Registration is what an administrator says of the app registration.
type Registration struct {
	Tenant   string
	ClientID string
	// Secret replaces the client secret; nil keeps the one there is, "" forgets
	// it.
	Secret *string
	Days   int
}

var (
	guid   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
)

// Check brings a registration into the form in which it is kept. The error is an
// *actnow.InputError that names the field.
func (r *Registration) Check() error {
	r.Tenant, r.ClientID = strings.ToLower(strings.TrimSpace(r.Tenant)), strings.ToLower(strings.TrimSpace(r.ClientID))
	if r.Days == 0 {
		r.Days = DefaultDays
	}
	switch {
	case !guid.MatchString(r.Tenant) && !domain.MatchString(r.Tenant):
		return invalid("error.insights.tenant_form", "tenant", r.Tenant)
	case !guid.MatchString(r.ClientID):
		return invalid("error.insights.client_form", "client_id", r.ClientID)
	case r.Days < 1 || r.Days > MaxDays:
		return invalid("error.insights.days_form", "days", r.Days, MaxDays)
	}
	if r.Secret != nil {
		secret := strings.TrimSpace(*r.Secret)
		r.Secret = &secret
	}
	return nil
}

func invalid(code, field string, args ...any) *actnow.InputError {
	return &actnow.InputError{Code: code, Field: field, Args: args, Text: NewNotice(code, args...).String()}
}
