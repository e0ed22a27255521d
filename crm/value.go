package crm

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/language"

	"actnow"
)

const (
	maxText = 4000 // bytes of a known text
	maxList = 100  // domains of an account
)

// draft is a change being read: what of it is doubtful, and what makes it
// unusable.
type draft struct {
	change   Change
	doubts   []*actnow.InputError
	problems []*actnow.InputError
	optOut   bool
}

// usable returns what may be applied: the whole change, or, where something in
// it cannot be used, at most its do-not-mail, which is never lost to a mistake
// elsewhere in the row.
func (d *draft) usable() (Change, bool) {
	if len(d.problems) == 0 {
		return d.change, true
	}
	if !d.optOut {
		return Change{}, false
	}
	c := d.change
	c.Op, c.Fields, c.Custom = Consent, map[string]any{doNotEmail: true}, nil
	return c, true
}

// read types the raw values of a change: texts of a file, or what JSON has. nil
// and the empty text clear. serial says that a bare number in a time column is a
// day of a spreadsheet.
func read(c Change, raw map[string]any, serial bool) draft {
	d := draft{change: c}
	d.change.Fields = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		col := columnOf(c.Kind, name)
		if col.value == moneyValue || col.value == currencyValue {
			continue // read together below
		}
		v, err := readValue(*col, raw[name], serial)
		if err != nil {
			err.Field = name
			if col.value == flagValue {
				d.doubts = append(d.doubts, err)
				v = true
			} else {
				d.problems = append(d.problems, err)
				continue
			}
		}
		if name == doNotEmail && v == true {
			d.optOut = true
		}
		d.change.Fields[name] = v
	}
	d.readMoney(raw)
	return d
}

// readMoney reads amount and currency as one thing: a currency alone says
// nothing, an amount alone has no known currency and two decimals.
func (d *draft) readMoney(raw map[string]any) {
	value, ok := raw["amount"]
	if !ok {
		return
	}
	text, isText := plain(value)
	if !isText {
		d.problems = append(d.problems, invalid("crm.amount", "amount", shorten(fmt.Sprint(value))))
		return
	}
	if text == "" {
		d.change.Fields["amount"], d.change.Fields["currency"] = nil, nil
		return
	}
	cur, _ := plain(raw["currency"])
	cur = strings.ToUpper(cur)
	if cur != "" && !isCurrency(cur) {
		d.problems = append(d.problems, invalid("crm.currency", "currency", shorten(cur)))
		return
	}
	n, err := parseAmount(text, cur)
	if err != nil {
		d.problems = append(d.problems, err)
		return
	}
	d.change.Fields["amount"] = n
	if cur == "" {
		d.change.Fields["currency"] = nil
	} else {
		d.change.Fields["currency"] = cur
	}
}

// plain returns the text of a text, a number or nothing, without blanks around.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func readValue(col column, v any, serial bool) (any, *actnow.InputError) {
	switch col.value {
	case listValue:
		return readDomains(v)
	case flagValue:
		return readFlag(v)
	}
	text, ok := plain(v)
	if !ok {
		return nil, invalid("crm.text", col.name)
	}
	if text == "" && col.value == statusValue {
		return "open", nil
	}
	if text == "" {
		return nil, nil
	}
	if len(text) > maxText {
		return nil, invalid("crm.long", col.name, maxText)
	}
	switch col.value {
	case addressValue:
		if _, err := actnow.NormalAddress(text); err != nil {
			return nil, invalid("error.address", col.name, shorten(text))
		}
		return text, nil
	case refValue:
		if len(text) > maxID || strings.ContainsFunc(text, unicode.IsControl) {
			return nil, invalid("crm.id", col.name)
		}
		return text, nil
	case timeValue:
		t, ok := parseTime(text)
		if !ok && serial {
			t, ok = parseSerial(text)
		}
		if !ok {
			return nil, invalid("crm.time", col.name, shorten(text))
		}
		return t.Unix(), nil
	case countValue:
		n, ok := parseCount(text)
		if !ok {
			return nil, invalid("crm.count", col.name, shorten(text))
		}
		return n, nil
	case languageValue:
		return readLanguage(text)
	case zoneValue:
		if _, err := time.LoadLocation(text); err != nil || text == "Local" {
			return nil, invalid("crm.zone", col.name, shorten(text))
		}
		return text, nil
	case statusValue:
		if s, ok := statuses[fold(text)]; ok {
			return s, nil
		}
		return nil, invalid("crm.status", col.name, shorten(text))
	case areaValue:
		for _, a := range actnow.Areas {
			if fold(text) == fold(string(a)) || fold(text) == fold(a.Name()) {
				return string(a), nil
			}
		}
		return nil, invalid("crm.area", col.name, shorten(text))
	}
	return oneLine(text, col.name)
}

// oneLine makes a text of one line of it: runs of white space become one blank.
func oneLine(text, field string) (any, *actnow.InputError) {
	text = strings.Join(strings.Fields(text), " ")
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, invalid("crm.control", field)
	}
	if text == "" {
		return nil, nil
	}
	return text, nil
}

// readDomains reads a list, or a text in which commas, semicolons, bars or
// blanks part the domains. Odd ones are kept; what uses them decides.
func readDomains(v any) (any, *actnow.InputError) {
	var parts []string
	switch v := v.(type) {
	case nil:
	case string:
		parts = strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' || r == '|' || unicode.IsSpace(r) })
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, invalid("crm.domains", "domains")
			}
			parts = append(parts, s)
		}
	default:
		return nil, invalid("crm.domains", "domains")
	}
	var list []string
	for _, p := range parts {
		p = strings.Trim(strings.ToLower(strings.TrimSpace(p)), ".")
		switch {
		case strings.ContainsFunc(p, unicode.IsControl):
			return nil, invalid("crm.control", "domains")
		case len(p) > 253:
			return nil, invalid("crm.long", "domains", 253)
		case p == "" || slices.Contains(list, p):
			continue
		}
		if list = append(list, p); len(list) > maxList {
			return nil, invalid("crm.domains_many", "domains", maxList)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

var flags = map[string]bool{
	"yes": true, "y": true, "true": true, "t": true, "1": true, "x": true, "on": true, "ja": true, "j": true, "sant": true,
	"donotallow": true, "optedout": true, "unsubscribed": true,
	"no": false, "n": false, "false": false, "f": false, "0": false, "off": false, "nej": false, "falskt": false,
	"allow": false, "optedin": false, "subscribed": false,
}

// readFlag reads do_not_email. The error is a doubt: the caller takes it as yes.
func readFlag(v any) (any, *actnow.InputError) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	text, _ := plain(v)
	if yes, ok := flags[fold(text)]; ok {
		return yes, nil
	}
	return nil, invalid("crm.flag", doNotEmail, shorten(fmt.Sprint(v)))
}

var statuses = map[string]string{
	"open": "open", "inprogress": "open", "new": "open", "active": "open", "öppen": "open",
	"won": "won", "closedwon": "won", "vunnen": "won",
	"lost": "lost", "closedlost": "lost", "canceled": "lost", "cancelled": "lost", "förlorad": "lost",
}

// languages are names of languages as people write them in lists.
var languages = map[string]string{
	"english": "en", "engelska": "en", "swedish": "sv", "svenska": "sv", "danish": "da", "dansk": "da", "danska": "da",
	"norwegian": "no", "norsk": "no", "norska": "no", "finnish": "fi", "suomi": "fi", "finska": "fi",
	"german": "de", "deutsch": "de", "tyska": "de", "french": "fr", "français": "fr", "franska": "fr",
	"spanish": "es", "español": "es", "spanska": "es", "dutch": "nl", "nederlands": "nl", "italian": "it", "italiano": "it",
	"polish": "pl", "polski": "pl", "portuguese": "pt", "português": "pt",
}

// readLanguage returns a BCP 47 tag in its canonical form ("sv", "pt-BR").
func readLanguage(text string) (any, *actnow.InputError) {
	if tag, ok := languages[strings.ToLower(text)]; ok {
		return tag, nil
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil || tag == language.Und {
		return nil, invalid("crm.language", "language", shorten(text))
	}
	return tag.String(), nil
}

// timeLayouts are read in UTC where they name no zone.
var timeLayouts = []string{time.RFC3339, "2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700"}

// parseTime reads RFC 3339 or an ISO date with or without a time, from 1900 to
// 2199. Dates in the order of some country are not guessed.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Year() >= 1900 && t.Year() < 2200
		}
	}
	return time.Time{}, false
}

// parseSerial reads a date as a spreadsheet stores it: days since 1900.
func parseSerial(s string) (time.Time, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 1 && f < 109_500) { // 2199
		return time.Time{}, false
	}
	t, err := excelize.ExcelDateToTime(f, false)
	return t.UTC().Round(time.Second), err == nil
}

// parseCount reads a whole number from 0; "25.0" is one, as spreadsheets write.
func parseCount(s string) (int64, bool) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	if whole, rest, ok := strings.Cut(s, "."); ok && rest != "" && strings.Trim(rest, "0") == "" {
		s = whole
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}
