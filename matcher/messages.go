package matcher

import (
	"fmt"
	"strings"
)

// Messages holds the sentences of this package by code, in English and in
// Swedish; {0}, {1} stand for the arguments in order.
var Messages = map[string][2]string{
	"match.start":                {"chance before anything is compared", "sannolikhet innan något har jämförts"},
	"match.domain.equal":         {"same domain {0}, used by one customer", "samma domän {0}, som en enda kund använder"},
	"match.domain.mail":          {"e-mail at the same domain {0}, used by one customer", "e-post på samma domän {0}, som en enda kund använder"},
	"match.domain.shared":        {"same domain {0}, which {1} customers share", "samma domän {0}, som {1} kunder delar"},
	"match.domain.alike":         {"similar domains {0} and {1}", "liknande domäner {0} och {1}"},
	"match.domain.different":     {"different domains {0} and {1}", "olika domäner {0} och {1}"},
	"match.domain.useless":       {"{0} does not say whose it is", "{0} säger inte vems den är"},
	"match.domain.missing":       {"no domain to compare", "ingen domän att jämföra"},
	"match.label.name":           {"the domain is the other's name", "domänen är den andras namn"},
	"match.label.initials":       {"the domain is the initials of the other's name", "domänen är initialerna i den andras namn"},
	"match.label.word":           {"the domain is a word of the other's name", "domänen är ett ord i den andras namn"},
	"match.label.other":          {"the domain is nothing of the other's name", "domänen liknar inte den andras namn"},
	"match.name.equal":           {"same name", "samma namn"},
	"match.name.core":            {"same name but for its spelling or legal form", "samma namn bortsett från stavning eller bolagsform"},
	"match.name.foreign":         {"names in scripts that cannot be compared", "namn i skriftsystem som inte kan jämföras"},
	"match.name.alike":           {"name {0} % alike", "namnet är till {0} % lika"},
	"match.name.initials":        {"one name is the initials of the other", "det ena namnet är initialerna i det andra"},
	"match.name.different":       {"names have little in common", "namnen har lite gemensamt"},
	"match.name.missing":         {"no name to compare", "inget namn att jämföra"},
	"match.words.account":        {"only the account's name says “{0}”", "bara kontots namn innehåller ”{0}”"},
	"match.words.customer":       {"only the customer's name says “{0}”", "bara kundens namn innehåller ”{0}”"},
	"match.words.none":           {"no word left over", "inget ord över"},
	"match.legal_form.equal":     {"same legal form", "samma bolagsform"},
	"match.legal_form.alike":     {"corresponding legal form", "motsvarande bolagsform"},
	"match.legal_form.different": {"legal form differs", "bolagsformen skiljer sig"},
	"match.city.equal":           {"same city", "samma ort"},
	"match.city.alike":           {"similar city", "liknande ort"},
	"match.city.different":       {"city differs", "orten skiljer sig"},
	"match.postal_code.equal":    {"same postal code", "samma postnummer"},
	"match.postal_code.alike":    {"neighbouring postal code", "närliggande postnummer"},
	"match.postal_code.different": {
		"postal code differs", "postnumret skiljer sig"},
	"match.state.equal":             {"same state", "samma delstat eller län"},
	"match.state.different":         {"state differs", "delstaten eller länet skiljer sig"},
	"match.country.equal":           {"same country", "samma land"},
	"match.country.different":       {"country differs", "landet skiljer sig"},
	"match.country.guess.equal":     {"same country by its domain", "samma land enligt domänen"},
	"match.country.guess.different": {"country differs by its domain", "landet skiljer sig enligt domänen"},
	"match.tpid.equal":              {"same TPID {0}", "samma TPID {0}"},
	"match.tpid.different":          {"TPID differs", "TPID skiljer sig"},
	"match.together":                {"what the fields say together and none alone", "vad fälten säger tillsammans men inget ensamt"},
	"match.rivals":                  {"other customers fit too", "även andra kunder passar"},
	"match.rivals.none":             {"no other customer comes near", "ingen annan kund är i närheten"},
	"match.hold.tpid":               {"held for a person because the TPIDs differ", "väntar på en person eftersom TPID skiljer sig"},
	"match.hold.domain":             {"held for a person because only a shared domain agrees", "väntar på en person eftersom bara en delad domän stämmer"},
	"match.hold.renamed":            {"held for a person because the names differ", "väntar på en person eftersom namnen skiljer sig"},
	"match.taken":                   {"account {0} fits this customer better", "konto {0} passar kunden bättre"},
	"match.decided":                 {"confirmed by a person", "bekräftat av en person"},
	"match.calibration":             {"adjusted by what people answered", "justerat efter vad personer har svarat"},

	"match.pattern.domain.equal":     {"same domain", "samma domän"},
	"match.pattern.domain.mail":      {"e-mail at the same domain", "e-post på samma domän"},
	"match.pattern.domain.shared":    {"same domain, used by several customers", "samma domän, som flera kunder använder"},
	"match.pattern.domain.alike":     {"similar domains", "liknande domäner"},
	"match.pattern.domain.different": {"different domains", "olika domäner"},
	"match.pattern.domain.useless":   {"a domain that does not say whose it is", "en domän som inte säger vems den är"},
	"match.pattern.name.alike":       {"name alike", "namnet liknar"},
	"match.pattern.name.different":   {"name differs", "namnet skiljer sig"},
	"match.pattern.words.different":  {"one name has a word of its own", "det ena namnet har ett eget ord"},
	"match.pattern.city.missing":     {"town missing", "ort saknas"},
	"match.pattern.tpid.equal":       {"same TPID", "samma TPID"},
	"match.pattern.label.equal":      {"the domain is the other's name", "domänen är den andras namn"},
	"match.pattern.label.alike":      {"the domain is like the other's name", "domänen liknar den andras namn"},
	"match.pattern.label.different":  {"the domain is nothing of the other's name", "domänen liknar inte den andras namn"},

	"error.match.empty":     {"the file is empty; it needs a header row with the columns id and name", "filen är tom; den behöver en rubrikrad med kolumnerna id och name"},
	"error.match.csv":       {"this row cannot be read: {0}", "raden kan inte läsas: {0}"},
	"error.match.utf8":      {"this row is not UTF-8 text", "raden är inte text i UTF-8"},
	"error.match.column":    {"there is no column {0} in the header row", "kolumnen {0} saknas i rubrikraden"},
	"error.match.twice":     {"the column {0} stands twice in the header row", "kolumnen {0} finns två gånger i rubrikraden"},
	"error.match.key":       {"the id is empty", "id saknas"},
	"error.match.refit":     {"{0} answers given one by one count, and a refit needs {1}", "{0} svar som getts ett och ett räknas, och en ny anpassning behöver {1}"},
	"error.match.duplicate": {"the id {0} stands in line {1} already", "id {0} finns redan på rad {1}"},

	"error.match.truth.empty":    {"the file is empty; it needs a header row with the columns customer_id and crm_id", "filen är tom; den behöver en rubrikrad med kolumnerna customer_id och crm_id"},
	"error.match.truth.customer": {"there is no customer with the id “{0}”", "det finns ingen kund med id ”{0}”"},
	"error.match.truth.account":  {"there is no account with the id “{0}”", "det finns inget konto med id ”{0}”"},
	"error.match.truth.twice":    {"the account {0} has its customer in line {1} already", "kontot {0} har redan sin kund på rad {1}"},
}

// english returns the English sentence of a code.
func english(code string, args ...any) string {
	s := Messages[code][0]
	if len(args) == 0 {
		return s
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '{')
		if at < 0 || at+2 >= len(s) {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:at])
		if i := int(s[at+1] - '0'); i < len(args) {
			if text, ok := args[i].(string); ok {
				b.WriteString(text)
			} else {
				fmt.Fprint(&b, args[i])
			}
		}
		s = s[at+3:]
	}
}
