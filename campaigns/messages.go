package campaigns

import (
	"fmt"
	"strings"
)

// Messages has the sentences of this package by code, in English and Swedish.
// {0}, {1} … stand for the arguments in order.
var Messages = map[string][2]string{
	"merge.open":       {"the braces {{ are not closed", "klammerparenteserna {{ stängs inte"},
	"merge.empty":      {"nothing stands between the braces", "det står ingenting mellan klammerparenteserna"},
	"merge.unexpected": {"“{0}” has no place here; allowed are {{.Field}}, {{or .Field \"text\"}} and {{if .Field}}…{{else}}…{{end}}", "”{0}” kan inte stå här; tillåtna är {{.Fält}}, {{or .Fält \"text\"}} och {{if .Fält}}…{{else}}…{{end}}"},
	"merge.word":       {"“{0}” is not part of the merge syntax; allowed are {{.Field}}, {{or .Field \"text\"}} and {{if .Field}}…{{else}}…{{end}}", "”{0}” ingår inte i fältspråket; tillåtna är {{.Fält}}, {{or .Fält \"text\"}} och {{if .Fält}}…{{else}}…{{end}}"},
	"merge.want_field": {"a field is missing here, written as .FirstName", "här saknas ett fält, skrivet som .FirstName"},
	"merge.want_text":  {"a text in double quotes is missing here", "här saknas en text inom raka citattecken"},
	"merge.path":       {"a field has no parts of its own", "ett fält har inga egna delar"},
	"merge.field":      {"there is no field called {0}", "det finns inget fält som heter {0}"},
	"merge.field_like": {"there is no field called {0}; did you mean {1}?", "det finns inget fält som heter {0}; menade du {1}?"},
	"merge.no_if":      {"this {0} has no if before it", "{0} har inget if före sig"},
	"merge.two_else":   {"this if has an else already", "detta if har redan ett else"},
	"merge.no_end":     {"this if is not closed with {{end}}", "detta if stängs inte med {{end}}"},
	"merge.deep":       {"more than {0} ifs inside each other", "fler än {0} if inuti varandra"},
	"merge.many":       {"more than {0} merge fields in one text", "fler än {0} fält i en text"},

	"pack.text_long": {"this text is longer than {0} KiB", "texten är längre än {0} KiB"},
	"pack.not_utf8":  {"this is no UTF-8 text", "detta är ingen text i UTF-8"},

	"html.place_tag":     {"a merge field cannot be the name of a tag or an attribute", "ett fält kan inte vara namn på en tagg eller ett attribut"},
	"html.place_comment": {"a merge field cannot stand in a comment", "ett fält kan inte stå i en kommentar"},
	"html.place_style":   {"a merge field cannot stand in a style", "ett fält kan inte stå i en stilmall"},
	"html.place_link":    {"a merge field cannot stand in the address or the scheme of a link; begin the link with https://…/ or let the field be the whole link", "ett fält kan inte stå i länkens adress eller protokoll; börja länken med https://…/ eller låt fältet vara hela länken"},
	"html.place_if":      {"an if must begin and end in the same place: between tags, or inside one attribute", "ett if måste börja och sluta på samma ställe: mellan taggar, eller inuti ett attribut"},
	"html.lost":          {"the merge field gets lost here; put it inside a text", "fältet går förlorat här; sätt det inuti en text"},
	"html.element":       {"<{0}> has no place in a mail", "<{0}> kan inte stå i ett brev"},
	"html.attribute":     {"the attribute {0} has no place in a mail", "attributet {0} kan inte stå i ett brev"},
	"html.link":          {"a link may not begin with {0}:", "en länk får inte börja med {0}:"},
	"html.image":         {"there is no image {0} in the pack", "det finns ingen bild {0} i paketet"},
	"html.image_like":    {"there is no image {0} in the pack; did you mean {1}?", "det finns ingen bild {0} i paketet; menade du {1}?"},
	"html.style":         {"a style may not contain {0}", "en stilmall får inte innehålla {0}"},
}

// message returns the English sentence of a code.
func message(code string, args []any) string {
	fill := make([]string, 0, 2*len(args))
	for i, a := range args {
		fill = append(fill, fmt.Sprintf("{%d}", i), fmt.Sprint(a))
	}
	return strings.NewReplacer(fill...).Replace(Messages[code][0])
}
