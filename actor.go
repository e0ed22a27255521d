package actnow

// Actor is who does something that the audit trail keeps: a person at a page, a
// token, the command line, or the daemon itself.
type Actor struct {
	User      UserID // 0 if it is no person who signs in
	Name      string // shown in Activity: a person's name, "command line", "schedule"
	RequestID string
}

// System is the daemon acting by itself.
var System = Actor{Name: "Act Now"}
