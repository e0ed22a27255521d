package crm

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"actnow"
)

// Limits of an envelope.
const (
	maxItems  = 1000
	maxID     = 200 // bytes of a CRM's id
	maxCustom = 500 // other members of one item
)

// Envelope is what the body of a delivery says.
type Envelope struct {
	Type    string
	At      time.Time // the sender's timestamp
	Changes []Change
	// Problems lists items that cannot be used, by their place in the batch from
	// 0, and doubts about items that can. Of an item that cannot be used nothing
	// is applied but a do_not_email.
	Problems []Rejected
}

type eventType struct {
	kind Kind
	op   Op
}

var eventTypes = map[string]eventType{
	"account.upserted":     {Account, Upsert},
	"account.deleted":      {Account, Delete},
	"account.merged":       {Account, Merge},
	"contact.upserted":     {Contact, Upsert},
	"contact.deleted":      {Contact, Delete},
	"opportunity.upserted": {Opportunity, Upsert},
	"opportunity.deleted":  {Opportunity, Delete},
	"consent.changed":      {Contact, Consent},
}

// EventTypes lists the types of event that are understood, in order.
func EventTypes() []string { return slices.Sorted(maps.Keys(eventTypes)) }

// ParseEnvelope reads the canonical payload: type, timestamp, and data or
// items. What decides whether and where a change counts (the envelope, ids,
// version, modified_at, merged_into) must be right in every item: else the error
// is an *actnow.InputError whose Field says where ("items[1].id"). A body that
// is no JSON gives a *SyntaxError. Other members that cannot be used put their
// item among the problems.
//
// A change has the version its item says, and as time its modified_at, else the
// envelope's timestamp. Times in the future are left as they are: see Clamp.
func ParseEnvelope(body []byte) (Envelope, error) {
	v, err := parseJSON(body)
	if err != nil {
		return Envelope{}, err
	}
	top, ok := v.(map[string]any)
	if !ok {
		return Envelope{}, invalid("hook.object", "")
	}
	name, ok := top["type"].(string)
	if !ok {
		return Envelope{}, invalid("hook.type_missing", "type")
	}
	what, ok := eventTypes[name]
	if !ok {
		return Envelope{}, invalid("hook.type", "type", shorten(name), strings.Join(EventTypes(), ", "))
	}
	text, _ := top["timestamp"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 {
		return Envelope{}, invalid("hook.timestamp", "timestamp")
	}
	e := Envelope{Type: name, At: at}
	items, batch, err := itemsOf(top)
	if err != nil {
		return Envelope{}, err
	}
	for i, item := range items {
		place := "data"
		if batch {
			place = fmt.Sprintf("items[%d]", i)
		}
		if err := e.add(what, i, place, item); err != nil {
			return Envelope{}, err
		}
	}
	return e, nil
}

// itemsOf returns data alone or the items of a batch.
func itemsOf(top map[string]any) (items []any, batch bool, err error) {
	data, hasData := top["data"]
	list, hasItems := top["items"]
	switch {
	case hasData && hasItems:
		return nil, false, invalid("hook.data_and_items", "items")
	case hasData:
		return []any{data}, false, nil
	case !hasItems:
		return nil, false, invalid("hook.data_missing", "data")
	}
	items, ok := list.([]any)
	switch {
	case !ok || len(items) == 0:
		return nil, false, invalid("hook.items", "items")
	case len(items) > maxItems:
		return nil, false, invalid("hook.items_many", "items", maxItems)
	}
	return items, true, nil
}

// add reads one item. The error is one for which the whole envelope is refused.
func (e *Envelope) add(what eventType, i int, place string, item any) error {
	members, ok := item.(map[string]any)
	if !ok {
		return invalid("hook.item", place)
	}
	c := Change{Kind: what.kind, Op: what.op, ModifiedAt: e.At, Line: i}
	var err error
	if c.ID, err = jsonID(members["id"], place+".id"); err != nil {
		return err
	}
	if v, ok := members["version"]; ok && v != nil {
		if c.Version, err = jsonVersion(v, place+".version"); err != nil {
			return err
		}
	}
	if v, ok := members["modified_at"]; ok && v != nil {
		s, _ := v.(string)
		t, ok := parseTime(s)
		if !ok {
			return invalid("crm.time", place+".modified_at", shorten(fmt.Sprint(v)))
		}
		c.ModifiedAt = t
	}
	switch what.op {
	case Delete:
	case Merge:
		into, err := jsonID(members["merged_into"], place+".merged_into")
		if err != nil {
			return err
		}
		if into == c.ID {
			return invalid("hook.merged_into_itself", place+".merged_into")
		}
		c.Fields = map[string]any{"merged_into": into}
	default:
		return e.read(c, place, members)
	}
	e.Changes = append(e.Changes, c)
	return nil
}

// read fills the fields of an upsert or a change of consent.
func (e *Envelope) read(c Change, place string, members map[string]any) error {
	raw := map[string]any{}
	for name, v := range members {
		switch {
		case name == "id" || name == "version" || name == "modified_at":
		case columnOf(c.Kind, name) != nil:
			if c.Op != Consent || strings.HasPrefix(name, "consent_") || name == doNotEmail {
				raw[name] = v
			}
		case c.Op == Consent:
		default:
			c.addCustom(name, v)
		}
	}
	if len(c.Custom) > maxCustom {
		return invalid("hook.members", place, maxCustom)
	}
	d := read(c, raw, false)
	for _, p := range append(d.problems, d.doubts...) {
		p.Field = place + "." + p.Field
		e.Problems = append(e.Problems, rejected(c.Line, p))
	}
	if usable, ok := d.usable(); ok {
		e.Changes = append(e.Changes, usable)
	}
	return nil
}

// addCustom keeps a member we do not know as text: a text as it is, null as the
// empty text, which clears it, anything else as JSON. The members of an object
// named custom count as members of the item.
func (c *Change) addCustom(name string, v any) {
	if c.Custom == nil {
		c.Custom = map[string]string{}
	}
	switch v := v.(type) {
	case nil:
		c.Custom[name] = ""
	case string:
		c.Custom[name] = strings.ReplaceAll(v, "\x00", "")
	case map[string]any:
		if name == "custom" {
			for inner, w := range v {
				if inner != "custom" {
					c.addCustom(inner, w)
				}
			}
			return
		}
		c.Custom[name] = compact(v)
	default:
		c.Custom[name] = compact(v)
	}
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // cannot be: v was read from JSON
	}
	return string(b)
}

// jsonID reads an id: a text, or a whole number, which is taken as written.
func jsonID(v any, field string) (string, error) {
	var id string
	switch v := v.(type) {
	case string:
		id = v
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err != nil {
			return "", invalid("crm.id", field)
		}
		id = v.String()
	case nil:
		return "", invalid("crm.id_missing", field)
	}
	return checkID(id, field)
}

func checkID(id, field string) (string, error) {
	if id == "" || strings.TrimSpace(id) == "" {
		return "", invalid("crm.id_missing", field)
	}
	if len(id) > maxID || strings.ContainsFunc(id, unicode.IsControl) {
		return "", invalid("crm.id", field)
	}
	return id, nil
}

func jsonVersion(v any, field string) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, invalid("crm.version", field)
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil || i < 0 {
		return 0, invalid("crm.version", field)
	}
	return i, nil
}

// Clamp sets the times of changes that lie in the future, by more than the five
// minutes by which clocks may differ, to the moment the envelope was received: a
// date in the future would outrank later changes until then.
func (e *Envelope) Clamp(received time.Time) {
	for i := range e.Changes {
		e.Changes[i].ModifiedAt = clamp(e.Changes[i].ModifiedAt, received)
	}
}

// Problem returns the problems in one text, a line each, "" if there are none.
func (e *Envelope) Problem() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Field + ": " + p.Reason
	}
	return strings.Join(lines, "\n")
}

func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

func invalid(code, field string, args ...any) *actnow.InputError {
	text := code
	if m, ok := Messages[code]; ok {
		text = m[0]
	}
	for i, a := range args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return &actnow.InputError{Code: code, Args: args, Text: text, Field: field}
}
