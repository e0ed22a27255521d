package actnow

// Overview is what changed in an area since the month before, in the latest
// month that has scores in it.
type Overview struct {
	Area           Area
	Month          Month // "" before the first report
	Previous       Month // "" if there is no month before
	Customers      int   // in all
	NewActNow      int
	NewMatched     int // of NewActNow, with a matched account
	NewMailable    int // of NewActNow, with someone who may be mailed
	NewRevenue     []Money
	MovedUp        int
	MovedDown      int
	LeftActNow     int // of MovedDown
	Gone           int
	ActNow         int
	ActNowRevenue  []Money // lower bounds added, per currency
	ToReview       int     // accounts that wait for a decision
	UnscoredInArea int
}

// GridCell is one crossing of the matrix.
type GridCell struct {
	Cell        Cell
	Fit, Intent Band
	Cluster     Cluster
	Count       int
	Previous    int // in the month before
	Matched     int
	Mailable    int
	Revenue     []Money
}

// GridCluster is a cluster of the customers in the matrix.
type GridCluster struct {
	Cluster  Cluster
	Count    int
	Previous int // in the month before
	Revenue  []Money
}

// Grid is the fit × intent matrix of an area in a month.
type Grid struct {
	Area     Area
	Month    Month
	Previous Month
	Matrix   string // its name: "quadrants" or "rows"
	Edges    Edges  // where its bands begin
	Cells    []GridCell
	Clusters []GridCluster // hottest first; what files say counts, so cells of the letter may add up differently
	Unscored int           // customers without a cell in the area
	Disagree int           // customers whose file's cluster is not the one of their cell
}

// ClusterCount is how many customers a cluster held in a month.
type ClusterCount struct {
	Month   Month
	Cluster Cluster
	Count   int
}

// Freshness is how new the report of a kind is.
type Freshness struct {
	Report   string
	Month    Month // "" if it never came
	Revision int
	Rows     int
	Rejected int
	At       int64 // unix seconds of the import
	By       string
}

// Setup says which of the first steps are done, by facts in the store.
type Setup struct {
	Report, CRM, Sender, TestMail, Campaign bool
}

// Waiting is what the rail counts: where a person is waited for.
type Waiting struct {
	ToReview int  // accounts in the band review, in the scope
	Sending  bool // a campaign is being sent
	// Importing is the month of a report that is being published or taken back, "" for
	// none: figures mix it with what was before.
	Importing Month
}
