package actnow

// Area is a solution area: a product family with scores of its own.
type Area string

// The solution areas Act Now ships with. Names and membership are data in the
// store; these keys are what scripts and files use.
const (
	Azure    Area = "azure"
	M365     Area = "m365"
	Copilot  Area = "copilot"
	D365BC   Area = "d365bc"
	D365SP   Area = "d365sp"
	PowerApp Area = "powerapps"
	Security Area = "security"
	Surface  Area = "surface"
)

// Areas lists the built-in solution areas in the order pages show them.
var Areas = []Area{Azure, M365, Copilot, D365BC, D365SP, PowerApp, Security, Surface}

// Name returns the area's name as Microsoft's reports write it. It is the same
// in every language. An unknown area is its own name.
func (a Area) Name() string {
	switch a {
	case Azure:
		return "Azure"
	case M365:
		return "Microsoft 365"
	case Copilot:
		return "Copilot"
	case D365BC:
		return "Dynamics 365 Business Central"
	case D365SP:
		return "Dynamics 365 Sales Professional"
	case PowerApp:
		return "Power Apps"
	case Security:
		return "Security"
	case Surface:
		return "Surface"
	}
	return string(a)
}

// Valid reports whether a is one of Areas.
func (a Area) Valid() bool {
	for _, b := range Areas {
		if a == b {
			return true
		}
	}
	return false
}
