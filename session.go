package actnow

import "time"

// SecretHash is the SHA-256 of a secret of 256 random bits, in hex: the only
// form in which the secrets of sessions, links and API tokens are stored.
type SecretHash string

// Session is a signed-in browser.
type Session struct {
	Hash      SecretHash
	User      UserID
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Address   string
	Agent     string // what the browser calls itself
}

// LinkKind is what a one-time link is for.
type LinkKind string

// The kinds of one-time links.
const (
	LinkSetup  LinkKind = "setup"  // makes the first administrator
	LinkInvite LinkKind = "invite" // lets a new person choose a password
	LinkReset  LinkKind = "reset"  // lets a known person choose a new one
	LinkDemo   LinkKind = "demo"   // signs in as the user it names
)

// Link is a one-time link: whoever holds its secret may use it once.
type Link struct {
	Hash      SecretHash
	Kind      LinkKind
	User      User // reset, demo: whom it is for, by ID; invite: whom it makes, ID 0
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Token is a key for the API. It has the rights of its role, but never more
// than its owner has when it is used.
type Token struct {
	ID        int64
	User      UserID
	Name      string
	Prefix    string // the first characters of the secret, to tell tokens apart
	Role      Role
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // zero: not yet
}

// Location is one of the partner's sites, a partner id of the reports.
type Location struct {
	ID       LocationID
	GlobalID string // the id in the reports, "" where a file names none
	Name     string
}

// Label is what to call the location: its name, else its id.
func (l Location) Label() string {
	if l.Name != "" {
		return l.Name
	}
	return l.GlobalID
}

// Activity is one row of the audit: who did what to which thing.
type Activity struct {
	ID     int64
	At     time.Time
	Actor  Actor
	Action string // "campaign.launch"
	Object string // "campaign:7"
	Detail string // JSON, without secrets
}

// ActivityFilter narrows the audit. The zero value is everything.
type ActivityFilter struct {
	User   UserID
	Noun   string    // of the object or the act: "campaign"
	Object string    // "campaign:7"
	From   time.Time // inclusive
	Until  time.Time // exclusive
	Below  int64     // only rows with a smaller key, for paging; 0 starts at the newest
}
