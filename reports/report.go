// Package reports reads the CloudAscent propensity reports: it recognises the
// six kinds in any file Excel may leave, maps their headers, types their cells
// and discovers cohort columns. It knows no database: Importer hands what it
// read to a Store.
package reports

import "actnow"

// Kind is one of the six reports.
type Kind string

// The six reports.
const (
	Renewals Kind = "renewals"
	Azure    Kind = "azure"
	D365     Kind = "d365"
	M365     Kind = "m365"
	Security Kind = "security"
	Surface  Kind = "surface"
)

// Kinds lists the reports in the order pages show them.
var Kinds = []Kind{Azure, M365, Security, D365, Renewals, Surface}

// Name returns the report's name as Microsoft writes it, the same in every
// language.
func (k Kind) Name() string {
	switch k {
	case Renewals:
		return "Agreement Renewals"
	case Azure:
		return "Azure"
	case D365:
		return "Dynamics 365"
	case M365:
		return "Microsoft 365"
	case Security:
		return "Security"
	case Surface:
		return "Surface"
	}
	return string(k)
}

// Row is one usable line of a report. Blank cells are zero values and mean "not
// said", never 0.
type Row struct {
	Line      int // physical line on which the record starts; the first is 1
	Location  Location
	Customer  Customer
	Scores    []AreaScore // one for each area the row says anything of
	Revenue   []AreaRevenue
	Cohorts   []int // indexes of Header columns that say Yes
	Agreement Agreement
	Cells     []string // the raw cells, in the order of Header
}

// Location is the reporting partner id (GlobalID, formerly MPN id).
type Location struct {
	GlobalID string
	Name     string
}

// Customer is what a row says of who the customer is. Ids are text.
type Customer struct {
	TPID           string
	DUNS           string
	Name           string
	Domain         string // registrable or host name in lower case, or the text as given if it is none
	OrgSize        *int64 // employees; a range counts with its lower bound
	Industry       string
	Vertical       string
	GeoArea        string // the report's "Area", a sales geography, not a solution area
	Subsidiary     string
	SalesTerritory string
	City           string
	State          string
	PostalCode     string
	Country        string
	Segment        actnow.Segment // as the file says, else ""
	SegmentText    string         // the words of the file
	Nonprofit      string
}

// AreaScore is what a row says of one solution area.
type AreaScore struct {
	Area        actnow.Area
	Fit, Intent *float64 // 0 to 100; nil if the file gives a band word or nothing
	FitBand     actnow.Band
	IntentBand  actnow.Band
	Cell        actnow.Cell
	Cluster     actnow.Cluster // as the file says, else ""
	Explanation string
}

// AreaRevenue is the potential revenue a row names for an area. Money is in
// minor units.
type AreaRevenue struct {
	Area      actnow.Area
	Low, High *int64
	Currency  string // ISO 4217, "" if the file names none
	Text      string // the words of the file
}

// Agreement is the agreement of a line of the renewals report.
type Agreement struct {
	ID       string
	Program  string
	Division string
	EndsAt   int64  // unix seconds of the day's start in UTC; 0 if not said
	Expiring *int64 // minor units
	Currency string
}

// Column is one header of a file.
type Column struct {
	Header    string `json:"header"`    // as written
	Field     string `json:"field"`     // the catalogue's name, "" for an unknown column, which is kept
	Candidate bool   `json:"candidate"` // unknown or a cohort of the catalogue, holding only Yes, No and blank
	Known     bool   `json:"known"`     // a cohort column of the catalogue
}

// Unknown reports whether the catalogue does not know the column at all. Such a
// column is kept as it is.
func (c Column) Unknown() bool {
	if c.Field != "" || c.Header == "" {
		return false
	}
	_, twice := Lookup(c.Header) // a known one that came before
	return !twice
}

// Rejected is a line that could not be used, with the reason in a sentence.
type Rejected struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Code   string `json:"-"` // the sentence's key in the catalogues
	Args   []any  `json:"-"`
}

// Head says what a file is, before its rows.
type Head struct {
	File      string // its name
	SHA256    string // of its content, in hex
	Kind      Kind
	Month     actnow.Month
	Encoding  string // "utf-8", "utf-16le", "windows-1252", …
	Separator string // ",", ";", "\t"
	Columns   []Column
	Complete  bool // the person says that the file lists everyone: who is missing is gone
	By        string
}

// Result is what an import did. Its JSON is a contract with scripts.
type Result struct {
	File             string       `json:"file"`
	Report           Kind         `json:"report"`
	Month            actnow.Month `json:"month"`
	Revision         int          `json:"revision"`
	Rows             int          `json:"rows"`
	New              int          `json:"new"`
	Changed          int          `json:"changed"`
	Unchanged        int          `json:"unchanged"`
	Gone             int          `json:"gone"`
	Rejected         []Rejected   `json:"rejected"`
	UnknownColumns   []string     `json:"unknown_columns"`
	CohortCandidates []string     `json:"cohort_candidates"`
	Warnings         []string     `json:"warnings,omitempty"`
	AlreadyImported  bool         `json:"already_imported,omitempty"`
	DryRun           bool         `json:"dry_run,omitempty"`

	// Snapshot is the import, by which it can be taken back; 0 for a dry run.
	Snapshot actnow.SnapshotID `json:"snapshot,omitempty"`
	// Superseded says, of an earlier import, that another revision of its month
	// has come since and is the current one.
	Superseded bool `json:"-"`
	// Notices are the warnings by code, in the same order.
	Notices []Notice `json:"-"`
	// Columns are those of the file, with what is known of them once all rows
	// were read.
	Columns []Column `json:"-"`
	// Fill says of each of Columns how full it is.
	Fill []Fill `json:"-"`
	// Encoding and Separator are how the file was read.
	Encoding  string `json:"-"`
	Separator string `json:"-"`
	// Crossings counts which clusters the file names for which bands.
	Crossings Evidence `json:"-"`
}

// Again returns the result of importing the same content once more: every row
// is unchanged.
func (r Result) Again() Result {
	r.AlreadyImported = true
	r.New, r.Changed, r.Unchanged, r.Gone = 0, 0, r.Rows, 0
	return r
}

// Warn adds a warning.
func (r *Result) Warn(n Notice) {
	r.Notices = append(r.Notices, n)
	r.Warnings = append(r.Warnings, n.String())
}
