package campaigns

import (
	"fmt"
	"html"
	"strings"
)

// words are what the footer says, in one language.
type words struct {
	why         string // with the company
	unsubscribe string
	view        string
}

var footers = map[string]words{
	"en": {
		why:         "You get this mail because you are a contact person at a customer of %s.",
		unsubscribe: "Unsubscribe",
		view:        "View in browser",
	},
	"sv": {
		why:         "Du får det här mejlet för att du är kontaktperson hos en kund till %s.",
		unsubscribe: "Avsluta utskick",
		view:        "Visa i webbläsaren",
	},
}

// footerWords returns the words of a language, English where there are none.
func footerWords(lang string) words {
	if w, ok := footers[baseLanguage(lang)]; ok {
		return w
	}
	return footers["en"]
}

// htmlFooter returns the footer as the source of a template. What comes from the
// pack is no template.
func (c *compiler) htmlFooter() string {
	const link = `<a href="{{.%s}}" style="color:#555962;text-decoration:underline">%s</a>`
	foot := c.pack.Footer
	return fmt.Sprintf("<p style=\"margin:0 0 6px\">%s</p>\n<p style=\"margin:0 0 6px\">%s, %s</p>\n<p style=\"margin:0\">",
		literalHTML(fmt.Sprintf(c.words.why, foot.Company)), literalHTML(foot.Company), literalHTML(foot.PostalAddress)) +
		fmt.Sprintf(link, "UnsubscribeURL", c.words.unsubscribe) +
		"{{if .ViewURL}} &nbsp;·&nbsp; " + fmt.Sprintf(link, "ViewURL", c.words.view) + "{{end}}</p>\n"
}

// literalHTML escapes a text, braces too, so that it is never read as a template.
func literalHTML(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "{", "&#123;")
}

// textFooter is the footer of the plain-text part.
func (c *compiler) textFooter() []node {
	foot := c.pack.Footer
	return []node{
		{literal: "\n\n-- \n" + fmt.Sprintf(c.words.why, foot.Company) + "\n" + foot.Company + ", " + foot.PostalAddress + "\n\n" + c.words.unsubscribe + ": "},
		{field: "UnsubscribeURL", mode: modeBareLink},
		{isIf: true, field: "ViewURL", yes: []node{
			{literal: "\n" + c.words.view + ": "},
			{field: "ViewURL", mode: modeBareLink},
		}},
		{literal: "\n"},
	}
}
