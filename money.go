package actnow

// Money is an amount in minor units of one currency. Amounts of different
// currencies are never added.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217
}

// AddMoney adds m to the sum of its currency, and begins one if there is none.
func AddMoney(sums []Money, m Money) []Money {
	for i := range sums {
		if sums[i].Currency == m.Currency {
			sums[i].Minor += m.Minor
			return sums
		}
	}
	return append(sums, m)
}

// MoneyRange is an estimate. A nil end is not known; both nil is no estimate.
type MoneyRange struct {
	Low, High *int64 // minor units
	Currency  string
}

// Known reports whether the range says anything.
func (r MoneyRange) Known() bool { return r.Low != nil || r.High != nil }
