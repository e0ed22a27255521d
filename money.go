package actnow

// Money is an amount in minor units of one currency. Amounts of different
// currencies are never added.
type Money struct {
	Minor    int64
	Currency string // ISO 4217
}

// MoneyRange is an estimate. A nil end is not known; both nil is no estimate.
type MoneyRange struct {
	Low, High *int64 // minor units
	Currency  string
}

// Known reports whether the range says anything.
func (r MoneyRange) Known() bool { return r.Low != nil || r.High != nil }
