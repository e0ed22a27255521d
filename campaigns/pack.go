package campaigns

import "actnow"

// Text is one content per language ("en", "sv").
type Text map[string]string

// Step is one message of a pack.
type Step struct {
	Key     string
	After   int    // days after the launch
	Channel string // email, mastodon, bluesky, linkedin, file
	When    string // a filter of the cohort grammar that the customer must meet, or ""
	Subject Text
	HTML    Text // from html, mjml or markdown of the manifest
	Text    Text // the plain-text part; made from HTML where the pack has none
	Image   string
	Alt     Text
	Link    string
}

// Footer stands under every mail.
type Footer struct {
	Company       string
	PostalAddress string
}

// From is who a mail comes from.
type From struct {
	Name    string
	Address string
	ReplyTo string
}

// Pack is a ready-made campaign: the content of a folder or zip with pack.yaml.
type Pack struct {
	ID        actnow.PackID
	Name      string
	Play      string
	Cohorts   []string
	Languages []string // the first is the fallback
	Expires   string   // "2027-06-30" or ""
	Sender    From
	Footer    Footer
	Steps     []Step
	SHA256    string            // of the content
	Files     map[string][]byte // images and the sources, by path
}
