package reports

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"

	"actnow"
)

//go:embed catalogue.tsv
var catalogueTSV string

// FieldType says how the cells of a column are read.
type FieldType string

// The types of a field.
const (
	TextField        FieldType = "text"
	IDField          FieldType = "id"     // text that must never become a number
	DomainField      FieldType = "domain" // a host name, a URL, or something else that is kept
	SizeField        FieldType = "size"   // employees, or a range of them
	YesNoField       FieldType = "yesno"  // Yes, No, Y, N, True, False, 1, 0, blank
	SegmentField     FieldType = "segment"
	ClusterField     FieldType = "cluster"
	FitField         FieldType = "fit"
	IntentField      FieldType = "intent"
	ExplanationField FieldType = "explanation"
	RevenueField     FieldType = "revenue" // an amount or a range of amounts
	MoneyField       FieldType = "money"   // one amount
	DateField        FieldType = "date"
	ListField        FieldType = "list"
	CohortField      FieldType = "cohort" // Yes means that the customer is in it
)

// Field is an entry of the catalogue: a column that the reports are known to
// have.
type Field struct {
	Name    string // the key that filters use, "org_size"; a cohort's is its header
	Header  string // the newest spelling published
	Type    FieldType
	Group   string
	Area    actnow.Area // of scores, explanations and potential revenue, else ""
	Aliases []string    // other spellings that differ in more than blanks and punctuation

	marks map[Kind]int // how much the column speaks for each report
}

// In reports whether the field tells the report kind from others.
func (f Field) In(kind Kind) bool { return f.marks[kind] > 0 }

// FieldNamed returns the field with the given key.
func FieldNamed(name string) (Field, bool) {
	f, ok := byName[name]
	return f, ok
}

// Fact reports whether the column tells a lasting fact of the customer that is
// kept beside what every report says of it: what it has installed, flags, lists.
func (f Field) Fact() bool {
	switch f.Type {
	case YesNoField, ListField:
		return true
	case TextField:
		switch f.Group {
		case "partner", "identifier", "firmographic":
			return false
		}
		return f.Name != "nonprofit" && f.Name != "license_program" && f.Name != "revenue_division"
	}
	return false
}

var (
	catalogue, byHeader = readCatalogue(catalogueTSV)
	byName              = fieldsByName(catalogue)
)

func fieldsByName(fields []Field) map[string]Field {
	named := map[string]Field{}
	for _, f := range fields {
		named[f.Name] = f
	}
	return named
}

// Catalogue returns the known fields in the order in which reports carry them.
func Catalogue() []Field { return append([]Field(nil), catalogue...) }

// Lookup returns the known field that header spells, without regard to case,
// blanks and punctuation. Headers of explanations and of potential revenue are
// not published; they are known by their words.
func Lookup(header string) (Field, bool) {
	norm := NormalHeader(header)
	if f, ok := byHeader[norm]; ok {
		return f, true
	}
	return fieldByWords(norm)
}

// NormalHeader drops case, blanks and punctuation from a header, but keeps "<"
// and ">": two cohorts differ in nothing else.
func NormalHeader(header string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '<' || r == '>':
			return r
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, header)
}

// areaSpellings lists, for each area, what its name looks like in a header
// after NormalHeader; the first is the catalogue's own. Longer ones stand
// before those they contain.
var areaSpellings = []struct {
	area  actnow.Area
	words []string
}{
	{actnow.D365BC, []string{"d365bc", "dynamics365businesscentral", "d365businesscentral", "businesscentral"}},
	{actnow.D365SP, []string{"d365sp", "dynamics365salesprofessional", "dynamics365salespro", "d365salespro", "salespro"}},
	{actnow.PowerApp, []string{"powerapps", "d365powerapps", "powerapp"}},
	{actnow.Security, []string{"security"}},
	{actnow.Surface, []string{"surface"}},
	{actnow.Copilot, []string{"copilot"}},
	{actnow.Azure, []string{"azure"}},
	{actnow.M365, []string{"m365", "microsoft365"}},
}

func readCatalogue(table string) ([]Field, map[string]Field) {
	var fields []Field
	headers := map[string]Field{}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	for _, line := range lines[1:] {
		c := strings.Split(line, "\t")
		f := Field{Name: c[0], Header: c[1], Type: FieldType(c[2]), Group: c[3],
			Area: actnow.Area(c[4]), marks: map[Kind]int{}}
		for _, mark := range strings.Fields(c[5]) {
			kind, weight, _ := strings.Cut(mark, "=")
			f.marks[Kind(kind)], _ = strconv.Atoi(weight)
		}
		if len(c) > 6 && c[6] != "" {
			f.Aliases = strings.Split(c[6], ";")
		}
		fields = append(fields, f)
		for _, spelling := range append([]string{f.Header}, f.Aliases...) {
			headers[NormalHeader(spelling)] = f
		}
		if f.Type == ClusterField || f.Type == FitField || f.Type == IntentField {
			for _, spelling := range scoreSpellings(f) {
				if _, taken := headers[spelling]; !taken {
					headers[spelling] = f
				}
			}
		}
	}
	return fields, headers
}

// scoreSpellings returns the header of a score with every spelling of its area.
func scoreSpellings(f Field) []string {
	var all []string
	for _, s := range areaSpellings {
		if s.area != f.Area {
			continue
		}
		for _, word := range s.words {
			all = append(all, word+string(f.Type), word+string(f.Type)+"score")
		}
	}
	return all
}

// fieldByWords knows an explanation or a potential revenue by the words of its
// header. Without the name of an area in it the area is "", and the report's
// own area counts.
func fieldByWords(norm string) (Field, bool) {
	var typ FieldType
	switch {
	case strings.HasPrefix(norm, NormalHeader(addedPrefix)):
		return Field{}, false // our own word comes back as a kept column
	case strings.Contains(norm, "explanation"), inOrder(norm, "signal", "expl"):
		typ = ExplanationField
	case inOrder(norm, "potential", "reven"), inOrder(norm, "revenue", "potential"), inOrder(norm, "estimated", "reven"):
		typ = RevenueField
	default:
		return Field{}, false
	}
	for _, s := range areaSpellings {
		for _, word := range s.words {
			if strings.Contains(norm, word) {
				return areaField(s.area, typ), true
			}
		}
	}
	return areaField("", typ), true
}

func areaField(area actnow.Area, typ FieldType) Field {
	for _, f := range catalogue {
		if f.Area == area && f.Type == typ && area != "" {
			return f
		}
	}
	f := Field{Name: string(typ), Type: typ, Group: "propensity", Area: area}
	if area != "" {
		f.Name = string(area) + "_" + string(typ)
	}
	return f
}

func inOrder(s, first, second string) bool {
	_, after, ok := strings.Cut(s, first)
	return ok && strings.Contains(after, second)
}
