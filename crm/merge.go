package crm

import (
	"cmp"
	"maps"
	"reflect"
	"time"
)

// Stamp orders changes of one record. The zero value is that of a change without
// version and date, such as a line of a file without modified_at.
type Stamp struct {
	Version int64 // 0 if the CRM counts none
	At      int64 // unix milliseconds
}

// Stamp returns the place of the change in the order of its record's changes.
func (c Change) Stamp() Stamp {
	s := Stamp{Version: c.Version}
	if !c.ModifiedAt.IsZero() {
		s.At = c.ModifiedAt.UnixMilli()
	}
	return s
}

// Compare returns -1, 0 or 1. Two versions are compared as numbers; where one
// of the two has no version, the times decide. A CRM that counts the versions of
// some changes of a record and only dates others makes its own order.
func (s Stamp) Compare(o Stamp) int {
	if s.Version > 0 && o.Version > 0 {
		return cmp.Compare(s.Version, o.Version)
	}
	return cmp.Compare(s.At, o.At)
}

// State is all that is known of one record, with enough of its past to give the
// same result whatever the order in which changes arrive: each field remembers
// the change that set it, and a deletion the moment up to which it holds. The
// zero value is a record nobody has spoken of.
type State struct {
	Fields map[string]any
	Custom map[string]string
	// Stamps says which change last spoke of a field; that of a custom column
	// is under "custom:" and its name.
	Stamps map[string]Stamp
	Seen   Stamp // the newest upsert
	Floor  Stamp // the newest deletion or merge: what is not newer is gone
	// MergedInto is the id of the account that this one lives on in, by the merge
	// of MergedAt; a later deletion leaves it, a later upsert ends it.
	MergedInto string
	MergedAt   Stamp
	Upserted   bool // there was an upsert
	Removed    bool // there was a deletion or a merge
}

const (
	customStamp = "custom:"
	doNotEmail  = "do_not_email"
)

// Present reports whether the record exists: it was upserted, and not deleted or
// merged since.
func (s *State) Present() bool {
	return s.Upserted && (!s.Removed || s.Seen.Compare(s.Floor) > 0)
}

// Apply brings the state up to date with the change. Of each field the newest
// word stands; the later arrival stands where two are equally new, except that a
// do_not_email of true then outlives a false one, and a deletion an upsert. A
// change without version and date counts when it comes, but brings back nothing
// that was deleted and lifts no do_not_email that is dated. A deletion clears
// everything it is newer than but do_not_email. save is false when nothing has to
// be written.
func (s *State) Apply(c Change) (o Outcome, save bool) {
	if c.Op == Delete || c.Op == Merge {
		return s.remove(c)
	}
	was, st := s.Present(), c.Stamp()
	gone := s.Removed && st.Compare(s.Floor) <= 0
	changed, older := false, gone
	note := func(isChanged, isSave, isOlder bool) {
		changed, save, older = changed || isChanged, save || isSave, older || isOlder
	}
	for name, v := range c.Fields {
		if !gone || name == doNotEmail {
			note(s.set(name, v, st))
		}
	}
	for name, v := range c.Custom {
		if !gone {
			note(s.setCustom(name, v, st))
		}
	}
	if c.Op == Upsert {
		older = older || st != (Stamp{}) && s.Upserted && st.Compare(s.Seen) < 0
		if !s.Upserted || st.Compare(s.Seen) > 0 {
			s.Upserted, s.Seen, save = true, st, true
		}
		if s.MergedInto != "" && s.Seen.Compare(s.MergedAt) > 0 {
			s.MergedInto, s.MergedAt, changed = "", Stamp{}, true
		}
	}
	switch {
	case s.Present() && !was:
		return New, true
	case changed:
		return Changed, true
	case older:
		return Stale, save
	}
	return Unchanged, save
}

func (s *State) set(name string, v any, st Stamp) (changed, save, older bool) {
	order := s.order(name, st)
	if order < 0 {
		return false, false, true
	}
	undated := st == Stamp{}
	if name == doNotEmail && s.Fields[name] == true && v != true && (order == 0 || undated && s.Stamps[name] != Stamp{}) {
		return false, false, false
	}
	changed = !reflect.DeepEqual(s.Fields[name], v)
	if !changed && (undated || order == 0) {
		return false, false, false
	}
	s.stamp(name, st)
	if s.Fields == nil {
		s.Fields = map[string]any{}
	}
	if v == nil {
		delete(s.Fields, name)
	} else {
		s.Fields[name] = v
	}
	return changed, true, false
}

func (s *State) setCustom(name, v string, st Stamp) (changed, save, older bool) {
	order := s.order(customStamp+name, st)
	if order < 0 {
		return false, false, true
	}
	changed = s.Custom[name] != v
	if !changed && (order == 0 || st == Stamp{}) {
		return false, false, false
	}
	s.stamp(customStamp+name, st)
	if s.Custom == nil {
		s.Custom = map[string]string{}
	}
	if v == "" {
		delete(s.Custom, name)
	} else {
		s.Custom[name] = v
	}
	return changed, true, false
}

// order compares a change with the last one that spoke of the field. A change
// without version and date is the newest when it comes, but leaves the field's
// stamp, so that what was outdated before stays so.
func (s *State) order(name string, st Stamp) int {
	if st == (Stamp{}) {
		return 1
	}
	return st.Compare(s.Stamps[name])
}

func (s *State) stamp(name string, st Stamp) {
	if st == (Stamp{}) {
		return
	}
	if s.Stamps == nil {
		s.Stamps = map[string]Stamp{}
	}
	s.Stamps[name] = st
}

func (s *State) remove(c Change) (Outcome, bool) {
	was, st := s.Present(), c.Stamp()
	into, _ := c.Fields["merged_into"].(string)
	newest := c.Op == Merge && st.Compare(s.Seen) >= 0 && (s.MergedInto == "" || st.Compare(s.MergedAt) >= 0)
	merged, save := newest && into != s.MergedInto, newest && st != s.MergedAt
	if newest {
		s.MergedInto, s.MergedAt = into, st
	}
	if s.Removed && st.Compare(s.Floor) <= 0 {
		switch {
		case merged:
			return Changed, true
		case st == s.Floor:
			return Unchanged, save
		}
		return Stale, save
	}
	s.Removed, s.Floor = true, st
	switch cleared := s.clear(st); {
	case merged, was != s.Present(), cleared && s.Present():
		return Changed, true
	case s.Present():
		// An older deletion than the newest upsert: the record stays.
		return Stale, true
	}
	return Unchanged, true
}

// clear forgets what is not newer than a deletion, but for a do-not-mail.
func (s *State) clear(st Stamp) bool {
	fields, custom := len(s.Fields), len(s.Custom)
	maps.DeleteFunc(s.Fields, func(name string, _ any) bool {
		return name != doNotEmail && s.Stamps[name].Compare(st) <= 0
	})
	maps.DeleteFunc(s.Custom, func(name, _ string) bool {
		return s.Stamps[customStamp+name].Compare(st) <= 0
	})
	maps.DeleteFunc(s.Stamps, func(name string, have Stamp) bool {
		return name != doNotEmail && have.Compare(st) <= 0
	})
	return len(s.Fields) < fields || len(s.Custom) < custom
}

// Clone returns a state that can be changed without changing s.
func (s *State) Clone() *State {
	c := *s
	c.Fields, c.Custom, c.Stamps = maps.Clone(s.Fields), maps.Clone(s.Custom), maps.Clone(s.Stamps)
	return &c
}

// clamp keeps a time of the CRM's from lying further after the moment we heard
// of it than clocks differ: a date in the future would outrank later changes
// until then.
func clamp(t, heard time.Time) time.Time {
	if t.After(heard.Add(tolerance)) {
		return heard
	}
	return t
}
