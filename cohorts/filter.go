// Package cohorts holds the filter grammar that cohorts, the API and the
// command line share, and the rules of segments. A filter is parsed to a tree
// of which the store makes bound SQL.
package cohorts

import "time"

// Expr is a node of a parsed filter: And, Or, Not or Compare.
type Expr interface{ isExpr() }

// And holds if all Terms hold.
type And struct{ Terms []Expr }

// Or holds if any of Terms holds.
type Or struct{ Terms []Expr }

// Not holds if Term does not.
type Not struct{ Term Expr }

// Compare holds if the field stands in the relation Op to the values.
type Compare struct {
	Field  Field
	Op     Op
	Values []Value // one, or several for In and NotIn, none for IsEmpty
}

func (And) isExpr()     {}
func (Or) isExpr()      {}
func (Not) isExpr()     {}
func (Compare) isExpr() {}

// Op is a relation.
type Op string

// The relations.
const (
	Eq         Op = "="
	Ne         Op = "!="
	Lt         Op = "<"
	Le         Op = "<="
	Gt         Op = ">"
	Ge         Op = ">="
	In         Op = "in"
	NotIn      Op = "not in"
	Contains   Op = "contains"
	StartsWith Op = "starts with"
	IsEmpty    Op = "is empty"
)

// FieldKind is how a field's values compare.
type FieldKind int

// The kinds of field.
const (
	Text   FieldKind = iota // without regard to case
	Number                  // float64
	Day                     // a date, or today ± days
	YesNo                   // yes or no
	Choice                  // one of a list, in Value.Text as the list spells it
	Month                   // "2026-11", in Value.Text
)

// Field is a field of the catalogue, or raw."Header" of a kept column.
type Field struct {
	Name string // catalogue name; "raw" for a kept column
	Raw  string // the header, if Name is "raw"
	Kind FieldKind
}

// Value is a literal of a filter.
type Value struct {
	Text   string
	Number float64
	Day    time.Time // midnight UTC
	// Relative is set for "today + 90d"; Days is then the offset.
	Relative bool
	Days     int
	Yes      bool
}

// At returns the day that v means when today is the given time: midnight UTC of
// v.Day, or of today's date and the offset.
func (v Value) At(today time.Time) time.Time {
	if !v.Relative {
		return v.Day
	}
	year, month, day := today.Date()
	return time.Date(year, month, day+v.Days, 0, 0, 0, 0, time.UTC)
}
