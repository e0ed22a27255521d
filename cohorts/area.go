package cohorts

import (
	"slices"

	"actnow"
)

// AnyArea reports whether the filter asks for something that a customer has in each
// solution area, a cluster say, and names no area beside it: one who has it in any
// area is chosen.
func AnyArea(e Expr) bool {
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e.Terms, namesArea) && slices.ContainsFunc(e.Terms, AnyArea)
	case Or:
		return slices.ContainsFunc(e.Terms, AnyArea)
	case Not:
		return AnyArea(e.Term)
	case Compare:
		info, _ := Info(e.Field.Name)
		return info.PerArea
	}
	return false
}

func namesArea(e Expr) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e.Terms, namesArea)
	case Or:
		return slices.ContainsFunc(e.Terms, namesArea)
	case Not:
		return namesArea(e.Term)
	case Compare:
		return e.Field.Name == "area"
	}
	return false
}

// InArea returns the filter for one solution area alone.
func InArea(e Expr, area actnow.Area) Expr {
	terms := []Expr{Compare{Field: Field{Name: "area", Kind: Choice}, Op: Eq, Values: []Value{{Text: string(area)}}}}
	if and, ok := e.(And); ok {
		return And{Terms: append(terms, and.Terms...)}
	}
	return And{Terms: append(terms, e)}
}
