package actnow

// Role is a set of rights.
type Role string

// The roles.
const (
	RoleReportViewer    Role = "report_viewer"
	RoleExecutiveViewer Role = "executive_viewer"
	RoleSteward         Role = "steward"
	RoleMarketer        Role = "marketer"
	RoleApprover        Role = "approver"
	RoleAdministrator   Role = "administrator"
)

// Roles lists the roles from the narrowest to the widest.
var Roles = []Role{RoleReportViewer, RoleExecutiveViewer, RoleSteward, RoleMarketer, RoleApprover, RoleAdministrator}

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool {
	for _, q := range Roles {
		if r == q {
			return true
		}
	}
	return false
}

// Right is something a person may do.
type Right string

// The rights that roles are made of.
const (
	RightRevenue  Right = "revenue"  // see money
	RightPersonal Right = "personal" // see contacts and their addresses
	RightExport   Right = "export"   // take lists out of the house
	RightImport   Right = "import"   // import reports and CRM files
	RightReview   Right = "review"   // decide about matches
	RightCohorts  Right = "cohorts"  // make cohorts, confirm cohort columns
	RightCampaign Right = "campaign" // write and launch campaigns
	RightApprove  Right = "approve"  // release a campaign
	RightAdmin    Right = "admin"    // people, connections, settings
)

var rights = map[Role][]Right{
	RoleReportViewer:    {},
	RoleExecutiveViewer: {RightRevenue, RightPersonal, RightExport},
	RoleSteward:         {RightPersonal, RightExport, RightImport, RightReview},
	RoleMarketer:        {RightRevenue, RightPersonal, RightExport, RightImport, RightReview, RightCohorts, RightCampaign},
	RoleApprover:        {RightRevenue, RightPersonal, RightExport, RightApprove},
	RoleAdministrator:   {RightRevenue, RightPersonal, RightExport, RightImport, RightReview, RightCohorts, RightCampaign, RightApprove, RightAdmin},
}

// May reports whether the role includes the right.
func (r Role) May(want Right) bool {
	for _, have := range rights[r] {
		if have == want {
			return true
		}
	}
	return false
}

// Scope is what a person may see. Every store method that reads for a person
// takes it. The zero value sees nothing.
type Scope struct {
	AllLocations bool         // every location of the partner
	Locations    []LocationID // else these
	Revenue      bool         // money columns; else they come back empty
	Personal     bool         // contacts, names, addresses; else withheld
	Export       bool         // whole lists as files
}

// Everything is the scope of the daemon itself: jobs, imports, the command line.
var Everything = Scope{AllLocations: true, Revenue: true, Personal: true, Export: true}

// User is a person who signs in.
type User struct {
	ID           UserID
	Email        string
	Name         string
	Role         Role
	AllLocations bool
	Locations    []LocationID
	Language     string // "en" or "sv"
	Disabled     bool
}

// Scope returns what the user may see.
func (u User) Scope() Scope {
	return Scope{
		AllLocations: u.AllLocations,
		Locations:    u.Locations,
		Revenue:      u.Role.May(RightRevenue),
		Personal:     u.Role.May(RightPersonal),
		Export:       u.Role.May(RightExport),
	}
}
