package storage

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"actnow"
	"actnow/crm"
)

// crmTable says where a kind of record is kept. Its columns are fields of
// crm.Change by the same name, apart from account_id, which is account_said.
type crmTable struct {
	name  string
	texts []string
	ints  []string // NULL if not said
	child bool     // belongs to an account
}

var crmTables = map[crm.Kind]crmTable{
	crm.Account: {name: "accounts", texts: []string{"name", "website", "domains", "tpid", "tenant_id", "org_number", "city", "state",
		"postal_code", "country", "phone", "owner_name", "owner_email"}},
	crm.Contact: {name: "contacts", child: true, ints: []string{"consent_at", "do_not_email"}, texts: []string{"email", "given_name",
		"family_name", "title", "role", "language", "time_zone", "consent_purpose", "consent_basis", "consent_source"}},
	crm.Opportunity: {name: "opportunities", child: true, texts: []string{"area", "product", "stage", "status", "currency"},
		ints: []string{"opened_at", "closed_at", "amount"}},
	crm.Subscription: {name: "subscriptions", child: true, texts: []string{"area", "product", "currency"},
		ints: []string{"seats", "start_at", "end_at", "amount"}},
	crm.Transaction: {name: "transactions", child: true, texts: []string{"area", "product", "currency"}, ints: []string{"at", "amount"}},
}

// extra are the columns of a table that are no fields.
func (t crmTable) extra() []string {
	switch {
	case t.name == "accounts":
		return []string{"merged_into"}
	case t.name == "contacts":
		return []string{"account_ref", "account_said", "basis_from", "address"}
	}
	return []string{"account_ref", "account_said"}
}

func (t crmTable) loadSQL() string {
	cols := slices.Concat([]string{"id", "version", "modified_at", "deleted_at", "custom", "history"}, t.extra(), t.texts, t.ints)
	return `SELECT ` + strings.Join(cols, ", ") + ` FROM ` + t.name + ` WHERE source = ? AND external_id = ?`
}

func (t crmTable) saveSQL() string {
	cols := slices.Concat([]string{"version", "modified_at", "deleted_at", "custom", "history", "connection_id", "updated_at"}, t.extra(), t.texts, t.ints)
	sets := make([]string, len(cols))
	for i, c := range cols {
		sets[i] = c + " = excluded." + c
	}
	return `INSERT INTO ` + t.name + ` (source, external_id, ` + strings.Join(cols, ", ") + `)
		VALUES (?, ?` + strings.Repeat(", ?", len(cols)) + `)
		ON CONFLICT (source, external_id) DO UPDATE SET ` + strings.Join(sets, ", ")
}

// crmRecord is a record as it is kept.
type crmRecord struct {
	id           int64 // 0 if it is not stored yet
	deletedAt    sql.NullInt64
	state        crm.State
	defaultBasis string // of a connection as it was then, where the contact has none of its own
	basisFrom    actnow.ConnectionID
}

// crmHistory is the column history.
type crmHistory struct {
	Stamps   []crmStamps `json:"s,omitempty"`
	Seen     *[2]int64   `json:"u,omitempty"` // version and unix milliseconds of the newest upsert
	Floor    *[2]int64   `json:"d,omitempty"` // of the newest deletion or merge
	Merged   *[2]int64   `json:"m,omitempty"` // of the merge that merged_into tells of
	AreaSaid bool        `json:"a,omitempty"` // the area is the CRM's word, not that of the product
}

// crmStamps are the fields that one change set last.
type crmStamps struct {
	Stamp  [2]int64 `json:"t"`
	Fields []string `json:"f"`
}

func (a *applier) load(k crm.Kind, id string) (*crmRecord, error) {
	stmt, err := a.prepare(a.loads, k, crmTable.loadSQL)
	if err != nil {
		return nil, err
	}
	t := crmTables[k]
	rec := &crmRecord{}
	var version, modified int64
	var custom, history string
	extra, texts, ints := make([]string, len(t.extra())), make([]string, len(t.texts)), make([]sql.NullInt64, len(t.ints))
	into := []any{&rec.id, &version, &modified, &rec.deletedAt, &custom, &history}
	for _, list := range [][]string{extra, texts} {
		for i := range list {
			into = append(into, &list[i])
		}
	}
	for i := range ints {
		into = append(into, &ints[i])
	}
	switch err := stmt.QueryRow(a.source, id).Scan(into...); {
	case errors.Is(err, sql.ErrNoRows):
		return rec, nil
	case err != nil:
		return nil, err
	}
	h, err := rec.restore(history, custom, crm.Stamp{Version: version, At: modified * 1000})
	if err != nil {
		return nil, err
	}
	s := &rec.state
	s.Fields = map[string]any{}
	for i, name := range t.texts {
		if err := setText(s.Fields, name, texts[i]); err != nil {
			return nil, err
		}
	}
	for i, name := range t.ints {
		switch {
		case name == "do_not_email":
			s.Fields[name] = ints[i].Int64 != 0
		case ints[i].Valid:
			s.Fields[name] = ints[i].Int64
		}
	}
	if !h.AreaSaid {
		delete(s.Fields, "area")
	}
	if k == crm.Account {
		s.MergedInto = extra[0]
		if h.Merged != nil {
			s.MergedAt = crm.Stamp{Version: h.Merged[0], At: h.Merged[1]}
		}
	} else if said := cmp.Or(extra[1], extra[0]); said != "" {
		s.Fields["account_id"] = said
	}
	if k == crm.Contact && extra[2] != "0" {
		n, err := strconv.ParseInt(extra[2], 10, 64)
		if err != nil {
			return nil, err
		}
		rec.basisFrom = actnow.ConnectionID(n)
		rec.defaultBasis, _ = s.Fields["consent_basis"].(string)
		delete(s.Fields, "consent_basis")
	}
	return rec, nil
}

func setText(fields map[string]any, name, text string) error {
	switch {
	case name == "domains":
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("domains: %w", err)
		}
		if len(list) > 0 {
			fields[name] = list
		}
	case text != "":
		fields[name] = text
	}
	return nil
}

// restore reads the history. A row without one was upserted when it says.
func (rec *crmRecord) restore(history, custom string, seen crm.Stamp) (h crmHistory, err error) {
	s := &rec.state
	if err := json.Unmarshal([]byte(history), &h); err != nil {
		return h, fmt.Errorf("history: %w", err)
	}
	if err := json.Unmarshal([]byte(custom), &s.Custom); err != nil {
		return h, fmt.Errorf("custom: %w", err)
	}
	for _, g := range h.Stamps {
		for _, name := range g.Fields {
			if s.Stamps == nil {
				s.Stamps = map[string]crm.Stamp{}
			}
			s.Stamps[name] = crm.Stamp{Version: g.Stamp[0], At: g.Stamp[1]}
		}
	}
	if h.Seen != nil {
		s.Upserted, s.Seen = true, crm.Stamp{Version: h.Seen[0], At: h.Seen[1]}
	} else if !rec.deletedAt.Valid {
		s.Upserted, s.Seen = true, seen
	}
	if h.Floor != nil {
		s.Removed, s.Floor = true, crm.Stamp{Version: h.Floor[0], At: h.Floor[1]}
	}
	return h, nil
}

func (a *applier) save(k crm.Kind, id string, rec *crmRecord) error {
	stmt, err := a.prepare(a.saves, k, crmTable.saveSQL)
	if err != nil {
		return err
	}
	t, s := crmTables[k], &rec.state
	h := historyOf(s)
	_, h.AreaSaid = s.Fields["area"]
	history, err := json.Marshal(h)
	if err != nil {
		return err
	}
	custom, err := json.Marshal(s.Custom)
	if err != nil {
		return err
	}
	if s.Custom == nil {
		custom = []byte("{}")
	}
	deleted := rec.deletedAt
	if s.Present() {
		deleted = sql.NullInt64{}
	} else if !deleted.Valid {
		deleted = sql.NullInt64{Int64: a.now, Valid: true}
	}
	args := []any{a.source, id, s.Seen.Version, s.Seen.At / 1000, deleted, string(custom), string(history), a.conn, a.now}
	basis, basisFrom := a.basisOf(rec)
	switch {
	case k == crm.Account:
		args = append(args, s.MergedInto)
	default:
		said, _ := s.Fields["account_id"].(string)
		ref, err := a.follow(said)
		if err != nil {
			return err
		}
		args = append(args, ref, said)
		if k == crm.Contact {
			email, _ := s.Fields["email"].(string)
			address, err := actnow.NormalAddress(email)
			if err != nil {
				address = ""
			}
			args = append(args, basisFrom, address)
		}
	}
	for _, name := range t.texts {
		text, _ := s.Fields[name].(string)
		switch name {
		case "domains":
			list, _ := s.Fields[name].([]string)
			b, err := json.Marshal(append([]string{}, list...))
			if err != nil {
				return err
			}
			text = string(b)
		case "consent_basis":
			text = basis
		case "status":
			text = cmp.Or(text, "open")
		case "area":
			if text == "" {
				product, _ := s.Fields["product"].(string)
				if text, err = a.areaOf(product); err != nil {
					return err
				}
			}
		}
		args = append(args, text)
	}
	for _, name := range t.ints {
		if name == "do_not_email" {
			args = append(args, s.Fields[name] == true)
		} else {
			args = append(args, s.Fields[name]) // int64 or nil
		}
	}
	_, err = stmt.Exec(args...)
	return err
}

// basisOf returns the lawful basis to record with a contact and whose default it
// is: its own; else the default of a connection as it was when it was recorded;
// else that of this connection. A basis that the CRM took back is not replaced by
// a default.
func (a *applier) basisOf(rec *crmRecord) (basis string, from actnow.ConnectionID) {
	if own, ok := rec.state.Fields["consent_basis"].(string); ok {
		return own, 0
	}
	if _, spoken := rec.state.Stamps["consent_basis"]; spoken {
		return "", 0
	}
	if rec.defaultBasis != "" {
		return rec.defaultBasis, rec.basisFrom
	}
	if a.basis != "" {
		return a.basis, a.conn
	}
	return "", 0
}

func historyOf(s *crm.State) crmHistory {
	var h crmHistory
	if s.Upserted {
		h.Seen = &[2]int64{s.Seen.Version, s.Seen.At}
	}
	if s.Removed {
		h.Floor = &[2]int64{s.Floor.Version, s.Floor.At}
	}
	if s.MergedInto != "" {
		h.Merged = &[2]int64{s.MergedAt.Version, s.MergedAt.At}
	}
	groups := map[crm.Stamp][]string{}
	for name, st := range s.Stamps {
		groups[st] = append(groups[st], name)
	}
	for st, names := range groups {
		slices.Sort(names)
		h.Stamps = append(h.Stamps, crmStamps{Stamp: [2]int64{st.Version, st.At}, Fields: names})
	}
	slices.SortFunc(h.Stamps, func(x, y crmStamps) int {
		return cmp.Or(cmp.Compare(x.Stamp[0], y.Stamp[0]), cmp.Compare(x.Stamp[1], y.Stamp[1]))
	})
	return h
}
