package cohorts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// Format writes a filter in the one way that Parse reads back as the same tree.
func Format(e Expr) string {
	var b strings.Builder
	format(&b, e)
	return b.String()
}

func format(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case And:
		for i, t := range e.Terms {
			if i > 0 {
				b.WriteString(" and ")
			}
			_, or := t.(Or)
			formatIn(b, t, or)
		}
	case Or:
		for i, t := range e.Terms {
			if i > 0 {
				b.WriteString(" or ")
			}
			format(b, t)
		}
	case Not:
		b.WriteString("not ")
		_, or := e.Term.(Or)
		_, and := e.Term.(And)
		formatIn(b, e.Term, or || and)
	case Compare:
		formatCompare(b, e)
	}
}

func formatIn(b *strings.Builder, e Expr, brackets bool) {
	if brackets {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	format(b, e)
}

func formatCompare(b *strings.Builder, c Compare) {
	b.WriteString(fieldName(c.Field) + " " + string(c.Op))
	if c.Op == IsEmpty {
		return
	}
	b.WriteByte(' ')
	if c.Op != In && c.Op != NotIn {
		b.WriteString(formatValue(c.Field, c.Values[0]))
		return
	}
	for i, v := range c.Values {
		b.WriteString([]string{"(", ", "}[min(i, 1)] + formatValue(c.Field, v))
	}
	b.WriteByte(')')
}

func formatValue(f Field, v Value) string {
	switch f.Kind {
	case Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case YesNo:
		if v.Yes {
			return "yes"
		}
		return "no"
	case Day:
		switch {
		case !v.Relative:
			return quote(v.Day.Format("2006-01-02"))
		case v.Days > 0:
			return fmt.Sprintf("today + %dd", v.Days)
		case v.Days < 0:
			return fmt.Sprintf("today - %dd", -v.Days)
		}
		return "today"
	case Choice:
		if f.Name == "area" || f.Name == "cell" {
			return v.Text
		}
	}
	return quote(v.Text)
}

// speech holds the words of Sentence in a language.
type speech struct {
	and, or, not, yes, no, today, in, ago, listOr string
	ops                                           map[Op]string
	dayOps                                        map[Op]string
	column                                        string
	clusters                                      map[actnow.Cluster]string
	kinds                                         map[actnow.RevenueKind]string
}

var english = speech{
	and: "and", or: "or", not: "not", yes: "yes", no: "no", today: "today", in: "in %d days", ago: "%d days ago", listOr: "or",
	ops: map[Op]string{Eq: "is", Ne: "is not", Lt: "is less than", Le: "is at most", Gt: "is more than", Ge: "is at least",
		In: "is", NotIn: "is not", Contains: "contains", StartsWith: "starts with", IsEmpty: "is empty"},
	dayOps: map[Op]string{Lt: "is before", Le: "is no later than", Gt: "is after", Ge: "is no earlier than"},
	column: "column %s",
}

var swedish = speech{
	and: "och", or: "eller", not: "inte", yes: "ja", no: "nej", today: "i dag", in: "om %d dagar", ago: "för %d dagar sedan", listOr: "eller",
	ops: map[Op]string{Eq: "är", Ne: "är inte", Lt: "är mindre än", Le: "är högst", Gt: "är mer än", Ge: "är minst",
		In: "är", NotIn: "är inte", Contains: "innehåller", StartsWith: "börjar med", IsEmpty: "är tomt"},
	dayOps: map[Op]string{Lt: "är före", Le: "är senast", Gt: "är efter", Ge: "är tidigast"},
	column: "kolumnen %s",
	clusters: map[actnow.Cluster]string{
		actnow.ActNow: "Agera nu", actnow.Evaluate: "Utvärdera", actnow.Nurture: "Vårda", actnow.Educate: "Utbilda"},
	kinds: map[actnow.RevenueKind]string{actnow.Whitespace: "nyförsäljning", actnow.Upsell: "merförsäljning"},
}

// Sentence says a filter in plain words, in Swedish for "sv", else in English:
// "Solution area is Microsoft 365, Cluster is Act Now or Evaluate and Employees
// is at least 25".
func Sentence(e Expr, language string) string {
	s := english
	if language == "sv" {
		s = swedish
	}
	return s.say(e, language)
}

func (s speech) say(e Expr, language string) string {
	switch e := e.(type) {
	case And:
		return s.join(e.Terms, s.and, language)
	case Or:
		return s.join(e.Terms, s.or, language)
	case Not:
		return s.not + " (" + s.say(e.Term, language) + ")"
	case Compare:
		return s.compare(e, language)
	}
	return ""
}

// join says terms as a list with the word before the last. Terms that are lists
// themselves stand in brackets.
func (s speech) join(terms []Expr, word, language string) string {
	said := make([]string, len(terms))
	for i, t := range terms {
		said[i] = s.say(t, language)
		switch t.(type) {
		case And, Or:
			said[i] = "(" + said[i] + ")"
		}
	}
	return list(said, word)
}

// list joins items as "a, b and c".
func list(items []string, word string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " " + word + " " + items[last]
}

func (s speech) compare(c Compare, language string) string {
	label := fmt.Sprintf(s.column, c.Field.Raw)
	if info, ok := Info(c.Field.Name); ok {
		label = info.Label(language)
	}
	op := s.ops[c.Op]
	if c.Field.Kind == Day || c.Field.Kind == Month {
		if word, ok := s.dayOps[c.Op]; ok {
			op = word
		}
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = s.value(c.Field, v)
	}
	return strings.TrimSpace(label + " " + op + " " + list(values, s.listOr))
}

func (s speech) value(f Field, v Value) string {
	switch {
	case f.Kind == YesNo && v.Yes:
		return s.yes
	case f.Kind == YesNo:
		return s.no
	case f.Kind == Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case f.Kind == Day && !v.Relative:
		return v.Day.Format(time.DateOnly)
	case f.Kind == Day && v.Days > 0:
		return fmt.Sprintf(s.in, v.Days)
	case f.Kind == Day && v.Days < 0:
		return fmt.Sprintf(s.ago, -v.Days)
	case f.Kind == Day:
		return s.today
	case f.Name == "area":
		return actnow.Area(v.Text).Name()
	}
	if word, ok := s.clusters[actnow.Cluster(v.Text)]; ok && f.Kind == Choice {
		return word
	}
	if word, ok := s.kinds[actnow.RevenueKind(v.Text)]; ok && f.Kind == Choice {
		return word
	}
	if f.Kind == Text {
		return "“" + v.Text + "”"
	}
	return v.Text
}
