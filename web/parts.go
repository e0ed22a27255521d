package web

// The data of the parts in templates/parts. Their texts are ready to show: the
// handler wrote them with s.text(c).

// Crumb leads back; the last one has no Href.
type Crumb struct {
	Text, Href string
}

// Head is the top of a page: the heading is the answer, the sentence says more.
type Head struct {
	Crumbs  []Crumb
	Title   string
	Lead    bool // the large size, for Home
	Text    string
	Actions []Action
}

// Action is a link or button at the top of a page or of a note. The main one of
// a page stands last.
type Action struct {
	Text  string
	Href  string // GET; or
	Post  string // the path that a form posts to
	Icon  string // "" for none
	Class string // "main", "danger", "quiet", "small"; "" for plain
	Key   string // the key that does it, shown as a hint; "" for none
}

// Figure is one number in a row of three to five.
type Figure struct {
	Name  string
	Value string
	Href  string // the rows behind the number; "" when it is 0
	Note  string
}

// Badge is a state with a sign and a word.
type Badge struct {
	Kind string // "ok", "warn", "danger", "now", "line"; "" for plain
	Icon string // "" for none
	Text string
}

// Note says what happened, what is safe and what to do. It stays until solved.
type Note struct {
	Kind   string // "ok", "warn", "danger"; "" for plain
	Text   string
	Action *Action
}

// Empty says what goes here, what to do and what is safe.
type Empty struct {
	Icon    string
	Title   string
	Text    string
	Actions []Action
}

// Foot closes a table: the range shown, the way on, and the whole list as files.
type Foot struct {
	Range    string // "1–50 of 4,812"
	Previous string // path, or "" on the first page
	Next     string // path, or "" on the last page
	CSV      string // path, or "" without the right to export
	XLSX     string
}

// Field is one input of a form with its label, hint and error.
type Field struct {
	Name, Label, Value string
	Type               string // "text", "email", "password", …; "" is text
	Hint, Error        string // "" for none
	Autocomplete       string
	Required           bool
}

// Option is one choice of a select or a group of boxes.
type Option struct {
	Value, Text string
	Selected    bool
}

// Select is a choice of one among a few.
type Select struct {
	Name, Label string
	Hint, Error string
	Options     []Option
}

// Described returns the ids that describe the field, for aria-describedby.
func (f Field) Described() string { return described(f.Name, f.Hint, f.Error) }

// Described returns the ids that describe the select, for aria-describedby.
func (s Select) Described() string { return described(s.Name, s.Hint, s.Error) }

func described(name, hint, problem string) string {
	switch {
	case hint != "" && problem != "":
		return name + "-error " + name + "-hint"
	case problem != "":
		return name + "-error"
	case hint != "":
		return name + "-hint"
	}
	return ""
}
