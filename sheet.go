package actnow

// SheetQuery chooses a list to be written as a file.
type SheetQuery struct {
	// Source is the key of one of the six reports, whose newest month is meant,
	// CustomersSource, or CohortSource and a cohort's id.
	Source   string   `json:"source"`
	Columns  []string `json:"columns"`         // headers in order; none for all of the source
	Added    bool     `json:"added,omitempty"` // without Columns: what Act Now adds, too
	Where    string   `json:"where"`           // a filter, "" for all
	Sort     string   `json:"sort"`            // SheetByRevenue, SheetByEnd, or "" for the order of the file or of names
	Language string   `json:"-"`               // of what explains the list, "en" or "sv"
}

// Sources and orders of a SheetQuery.
const (
	CustomersSource = "customers"
	CohortSource    = "cohort:"
	SheetByRevenue  = "revenue" // falling: the potential revenue, of renewals what expires
	SheetByEnd      = "end"     // the agreement that ends first stands first
)
