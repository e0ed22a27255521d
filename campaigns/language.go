package campaigns

import "strings"

// ChooseLanguage returns the language of the pack in which a contact is written
// to: the contact's own ("sv-FI"), else its base ("sv"), else another region of
// that base, else the first of the pack. The contact's language may be a tag, a
// name in English or in the language itself, or a Windows language number, as
// CRM exports have them. ok is false only if the pack has no language at all.
func ChooseLanguage(pack *Pack, contactLanguage string) (lang string, ok bool) {
	if len(pack.Languages) == 0 {
		return "", false
	}
	want := languageTag(contactLanguage)
	for _, have := range pack.Languages {
		if strings.EqualFold(have, want) {
			return have, true
		}
	}
	base := baseLanguage(want)
	for _, have := range pack.Languages {
		if strings.EqualFold(have, base) {
			return have, true
		}
	}
	for _, have := range pack.Languages {
		if base != "" && strings.EqualFold(baseLanguage(have), base) {
			return have, true
		}
	}
	return pack.Languages[0], true
}

// languageTag returns a language as a CRM has it as a tag: "sv_SE" and "1053"
// are "sv-se", "Swedish" and "svenska" are "sv".
func languageTag(s string) string {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if tag, ok := languageNames[s]; ok {
		return tag
	}
	// "Swedish (Sweden)", "Engelska - Storbritannien"
	if name, _, found := strings.Cut(s, " "); found {
		if tag, ok := languageNames[name]; ok {
			return tag
		}
	}
	return s
}

func baseLanguage(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if base = strings.ToLower(base); base == "nb" || base == "nn" {
		return "no"
	}
	return base
}

var languageNames = map[string]string{
	"english": "en", "engelska": "en", "1033": "en-us", "2057": "en-gb",
	"swedish": "sv", "svenska": "sv", "1053": "sv-se", "2077": "sv-fi",
	"danish": "da", "danska": "da", "dansk": "da", "1030": "da-dk",
	"norwegian": "no", "norska": "no", "norsk": "no", "1044": "no", "2068": "no",
	"finnish": "fi", "finska": "fi", "suomi": "fi", "1035": "fi-fi",
	"german": "de", "tyska": "de", "deutsch": "de", "1031": "de-de",
	"french": "fr", "franska": "fr", "français": "fr", "1036": "fr-fr",
	"dutch": "nl", "nederländska": "nl", "nederlands": "nl", "1043": "nl-nl",
	"spanish": "es", "spanska": "es", "español": "es", "3082": "es-es",
	"polish": "pl", "polska": "pl", "polski": "pl", "1045": "pl-pl",
}

// validLanguage reports whether s looks like a language tag: "en", "pt-BR".
func validLanguage(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 2 || len(part) > 8 || i == 0 && len(part) > 3 {
			return false
		}
		for _, c := range part {
			if (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
