package crm

import (
	"cmp"
	"maps"
	"reflect"
	"strings"
	"time"
)

// Stamp orders changes of one record. The zero value is older than any other.
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
	// MergedInto is the id of the account that this one lives on in, "" unless
	// Floor is a merge.
	MergedInto string
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
// deletion clears everything it is newer than but do_not_email. save is false
// when nothing has to be written.
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
		older = older || s.Upserted && st.Compare(s.Seen) < 0
		if !s.Upserted || st.Compare(s.Seen) > 0 {
			s.Upserted, s.Seen, save = true, st, true
		}
		if s.Present() {
			s.MergedInto = ""
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
	have, spoken := s.Stamps[name]
	order := st.Compare(have)
	if spoken && (order < 0 || order == 0 && name == doNotEmail && v != true) {
		return false, false, order < 0
	}
	changed = !reflect.DeepEqual(s.Fields[name], v)
	if spoken && order == 0 && !changed {
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
	have, spoken := s.Stamps[customStamp+name]
	order := st.Compare(have)
	if spoken && order < 0 {
		return false, false, true
	}
	changed = s.Custom[name] != v
	if spoken && order == 0 && !changed {
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

func (s *State) stamp(name string, st Stamp) {
	if s.Stamps == nil {
		s.Stamps = map[string]Stamp{}
	}
	s.Stamps[name] = st
}

func (s *State) remove(c Change) (Outcome, bool) {
	was, st := s.Present(), c.Stamp()
	into, _ := c.Fields["merged_into"].(string)
	if s.Removed {
		switch order := st.Compare(s.Floor); {
		case order < 0:
			return Stale, false
		case order == 0 && into == s.MergedInto:
			return Unchanged, false
		}
	}
	s.Removed, s.Floor = true, st
	cleared := false
	for name, have := range s.Stamps {
		if name == doNotEmail || have.Compare(st) > 0 {
			continue
		}
		delete(s.Stamps, name)
		if custom, ok := strings.CutPrefix(name, customStamp); ok {
			delete(s.Custom, custom)
		} else {
			delete(s.Fields, name)
		}
		cleared = true
	}
	if s.Present() {
		// An older deletion than the newest upsert: the record stays.
		if cleared {
			return Changed, true
		}
		return Stale, true
	}
	s.MergedInto = into
	if was || into != "" {
		return Changed, true
	}
	return Unchanged, true
}

// Clone returns a state that can be changed without changing s.
func (s *State) Clone() *State {
	c := *s
	c.Fields, c.Custom, c.Stamps = maps.Clone(s.Fields), maps.Clone(s.Custom), maps.Clone(s.Stamps)
	return &c
}

// clamp keeps a time of the CRM's from lying after the moment we heard of it: a
// date in the future would outrank later changes until then.
func clamp(t, heard time.Time) time.Time {
	if t.After(heard) {
		return heard
	}
	return t
}
