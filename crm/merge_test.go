package crm_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"actnow/crm"
)

// visible is what can be seen of a state from outside.
func visible(s *crm.State) map[string]any {
	v := map[string]any{"present": s.Present(), "merged": s.MergedInto, "mail": s.Fields["do_not_email"] == true}
	if s.Present() {
		v["fields"], v["custom"] = maps.Clone(s.Fields), maps.Clone(s.Custom)
		if len(s.Fields) == 0 {
			v["fields"] = map[string]any(nil)
		}
		if len(s.Custom) == 0 {
			v["custom"] = map[string]string(nil)
		}
	}
	return v
}

func genChange(version int64, dated bool) *rapid.Generator[crm.Change] {
	return rapid.Custom(func(t *rapid.T) crm.Change {
		c := crm.Change{Kind: crm.Account, ID: "A", Op: rapid.SampledFrom([]crm.Op{crm.Upsert, crm.Upsert, crm.Upsert, crm.Delete, crm.Merge, crm.Consent}).Draw(t, "op")}
		if dated {
			c.ModifiedAt = time.UnixMilli(1_700_000_000_000 + version)
		} else {
			c.Version, c.ModifiedAt = version, time.UnixMilli(rapid.Int64Range(1, 1e12).Draw(t, "at"))
		}
		c.Fields = map[string]any{}
		switch c.Op {
		case crm.Merge:
			c.Fields["merged_into"] = rapid.SampledFrom([]string{"B", "C"}).Draw(t, "into")
		case crm.Consent:
			c.Fields["do_not_email"] = rapid.Bool().Draw(t, "no")
		case crm.Upsert:
			for _, f := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"name", "city", "phone"}), rapid.ID[string]).Draw(t, "fields") {
				c.Fields[f] = rapid.SampledFrom([]any{"x", "y", nil}).Draw(t, "value")
			}
			if rapid.Bool().Draw(t, "says") {
				c.Fields["do_not_email"] = rapid.Bool().Draw(t, "no")
			}
			if rapid.Bool().Draw(t, "custom") {
				c.Custom = map[string]string{"k": rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "k")}
			}
		}
		return c
	})
}

// Whatever the order in which changes with versions of their own arrive, and
// however often, the record ends the same.
func TestApplyInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dated := rapid.Bool().Draw(t, "dated")
		n := rapid.IntRange(1, 7).Draw(t, "changes")
		var changes []crm.Change
		for i := range n {
			changes = append(changes, genChange(int64(i+1), dated).Draw(t, "change"))
		}
		var inOrder crm.State
		for _, c := range changes {
			inOrder.Apply(c)
		}
		again := rapid.SliceOfN(rapid.SampledFrom(changes), 0, 4).Draw(t, "again")
		var shuffled crm.State
		for _, c := range rapid.Permutation(append(again, changes...)).Draw(t, "order") {
			before := shuffled.Clone()
			o, save := shuffled.Apply(c)
			if !save && !cmp.Equal(before, &shuffled) {
				t.Fatalf("Apply(%+v) says nothing is to be saved, but changed the state", c)
			}
			if seen := visible(before); (o == crm.Unchanged || o == crm.Stale) && !cmp.Equal(seen, visible(&shuffled)) {
				t.Fatalf("Apply(%+v) = %s, but it can be seen:\n%s", c, o, cmp.Diff(seen, visible(&shuffled)))
			}
		}
		if diff := cmp.Diff(visible(&inOrder), visible(&shuffled)); diff != "" {
			t.Fatalf("in order, and shuffled (-order +shuffled):\n%s", diff)
		}
		for _, c := range changes {
			if o, _ := shuffled.Apply(c); o != crm.Unchanged && o != crm.Stale {
				t.Fatalf("a replay of %+v is %s", c, o)
			}
		}
	})
}

func TestApplyOutcomes(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(1_700_000_000+int64(s), 0) }
	up := func(v int64, s int, fields map[string]any) crm.Change {
		return crm.Change{Kind: crm.Contact, Op: crm.Upsert, ID: "C", Version: v, ModifiedAt: at(s), Fields: fields}
	}
	undated := func(fields map[string]any) crm.Change {
		return crm.Change{Kind: crm.Contact, Op: crm.Upsert, ID: "C", Fields: fields}
	}
	gone := func(v int64, s int) crm.Change {
		return crm.Change{Kind: crm.Contact, Op: crm.Delete, ID: "C", Version: v, ModifiedAt: at(s)}
	}
	type step struct {
		c    crm.Change
		want crm.Outcome
	}
	tests := []struct {
		name  string
		steps []step
		check func(s *crm.State) bool
	}{
		{"newer, same, older", []step{
			{up(2, 0, map[string]any{"title": "CEO"}), crm.New},
			{up(3, 0, map[string]any{"title": "CTO"}), crm.Changed},
			{up(3, 0, map[string]any{"title": "CTO"}), crm.Unchanged},
			{up(2, 9, map[string]any{"title": "CEO"}), crm.Stale},
		}, func(s *crm.State) bool { return s.Fields["title"] == "CTO" }},
		{"an older one fills what the newer left unsaid", []step{
			{up(2, 0, map[string]any{"title": "CEO"}), crm.New},
			{up(1, 0, map[string]any{"title": "x", "role": "buyer"}), crm.Changed},
		}, func(s *crm.State) bool { return s.Fields["title"] == "CEO" && s.Fields["role"] == "buyer" }},
		{"a file without dates counts when it comes, and hides no older event", []step{
			{up(5, 0, map[string]any{"title": "CEO"}), crm.New},
			{undated(map[string]any{"title": "Boss"}), crm.Changed},
			{undated(map[string]any{"title": "Boss"}), crm.Unchanged},
			{up(4, 0, map[string]any{"title": "x"}), crm.Stale},
			{up(6, 0, map[string]any{"title": "Chair"}), crm.Changed},
		}, func(s *crm.State) bool { return s.Fields["title"] == "Chair" }},
		{"an event can change and delete what came by an undated file", []step{
			{undated(map[string]any{"title": "Boss"}), crm.New},
			{up(1, 0, map[string]any{"title": "CEO"}), crm.Changed},
			{gone(2, 0), crm.Changed},
			{undated(map[string]any{"title": "Boss"}), crm.Stale},
		}, func(s *crm.State) bool { return !s.Present() }},
		{"do-not-mail outlives deletion and undated doubt", []step{
			{up(1, 0, map[string]any{"do_not_email": true}), crm.New},
			{undated(map[string]any{"do_not_email": false}), crm.Unchanged},
			{gone(2, 0), crm.Changed},
			{up(3, 0, map[string]any{"title": "CEO"}), crm.New},
		}, func(s *crm.State) bool { return s.Present() && s.Fields["do_not_email"] == true }},
		{"a newer word lifts do-not-mail, an equally new one does not", []step{
			{up(1, 0, map[string]any{"do_not_email": true}), crm.New},
			{up(1, 0, map[string]any{"do_not_email": false}), crm.Unchanged},
			{up(2, 0, map[string]any{"do_not_email": false}), crm.Changed},
		}, func(s *crm.State) bool { return s.Fields["do_not_email"] == false }},
		{"consent alone makes no contact", []step{
			{crm.Change{Kind: crm.Contact, Op: crm.Consent, ID: "C", Version: 1, Fields: map[string]any{"consent_basis": "consent"}}, crm.Changed},
		}, func(s *crm.State) bool { return !s.Present() && s.Fields["consent_basis"] == "consent" }},
		{"without versions the time decides", []step{
			{up(0, 10, map[string]any{"title": "New"}), crm.New},
			{up(0, 9, map[string]any{"title": "Old"}), crm.Stale},
			{gone(0, 9), crm.Stale},
			{gone(0, 10), crm.Changed},
		}, func(s *crm.State) bool { return !s.Present() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s crm.State
			for i, step := range tt.steps {
				if got, _ := s.Apply(step.c); got != step.want {
					t.Errorf("step %d: %s, want %s", i, got, step.want)
				}
			}
			if !tt.check(&s) {
				t.Errorf("state %+v", s)
			}
		})
	}
}
