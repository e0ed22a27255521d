package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"actnow"
	"actnow/campaigns"
)

// rehearsed is what a launch would freeze, as it was worked out in one moment. It holds as
// long as nothing has changed that it was read from.
type rehearsed struct {
	campaign frozenPlan
	plan     [sha256.Size]byte
	changes  map[string]int64 // how often what it was read from had changed
	until    time.Time        // when time alone changes it
	launch   campaigns.Launch
	lines    []rehearsedLine // in the order of the audience
	first    actnow.ContactID
	checks   string // the key of the check that found the findings
	findings []campaigns.Finding
}

// rehearsedLine is a line of the audience.
type rehearsedLine struct {
	customer actnow.CustomerID
	account  actnow.AccountID // 0 for none
	contact  actnow.ContactID // 0 for none
	leftOut  uint8            // place in rehearsedReasons
}

// rehearsedReasons are the reasons by which lines stand in memory.
var rehearsedReasons = append([]campaigns.LeftOut{""}, campaigns.LeftOuts...)

// rehearsals keeps the latest outcomes, one of a campaign.
type rehearsals struct {
	mu   sync.Mutex // held while one is worked out: who wants the same finds it
	kept []*rehearsed
}

// keptLines is how many lines of audiences are kept at most, in some 32 bytes each.
const keptLines = 1 << 20

// keep puts r before the others, in the place of the one of its campaign, and lets go of
// those that are too much.
func (k *rehearsals) keep(r *rehearsed) {
	k.kept = slices.DeleteFunc(k.kept, func(o *rehearsed) bool { return o.campaign.campaign == r.campaign.campaign })
	k.kept = slices.Insert(k.kept, 0, r)
	lines := 0
	for i, o := range k.kept {
		if lines += len(o.lines); lines > keptLines {
			k.kept = slices.Delete(k.kept, i, len(k.kept))
			return
		}
	}
}

// rehearsed returns what a launch by the plan would freeze now, and what the check says of
// those who would be mailed: as it is kept, or worked out in one pass. The zero check
// asks nothing.
func (db *DB) rehearsed(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, check campaigns.Check) (*rehearsed, error) {
	key, err := planKey(plan)
	if err != nil {
		return nil, err
	}
	k := &db.rehearsals
	k.mu.Lock()
	defer k.mu.Unlock()
	var r *rehearsed
	err = db.read(ctx, func(tx *sql.Tx) error {
		now, err := readFrozenPlan(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, o := range k.kept {
			if o.campaign == now && o.plan == key && (check.Of == nil || o.checks == check.Key) && o.holds(tx, db.now()) {
				r = o
			}
		}
		return nil
	})
	if err != nil || r != nil {
		return r, err
	}
	err = db.rehearse(ctx, id, plan, 1, func(tx *sql.Tx, f *freezing) error {
		r = &rehearsed{plan: key, campaign: f.frozenPlan}
		return r.read(ctx, tx, f, check)
	})
	if err != nil {
		return nil, err
	}
	k.keep(r)
	return r, nil
}

// planKey is what of a plan decides about an audience.
func planKey(plan campaigns.LaunchPlan) (key [sha256.Size]byte, err error) {
	b, err := json.Marshal(struct {
		Pack      actnow.PackID
		Customers []actnow.CustomerID
		Steps     []campaigns.LaunchStep
	}{plan.Pack, plan.Customers, plan.Steps})
	return sha256.Sum256(b), err
}

// holds reports whether what r was read from is the same in the transaction.
func (r *rehearsed) holds(tx *sql.Tx, now time.Time) bool {
	if !r.until.IsZero() && now.After(r.until) {
		return false
	}
	for what, was := range r.changes {
		if n, err := countChanges(tx, what); err != nil || n != was {
			return false
		}
	}
	return true
}

// read reads what was rehearsed.
func (r *rehearsed) read(ctx context.Context, tx *sql.Tx, f *freezing, check campaigns.Check) (err error) {
	r.changes = map[string]int64{"reports": 0, "crm": 0, "launches": 0}
	if f.capDays > 0 || !f.again {
		r.changes["ledger"] = 0
	}
	for what := range r.changes {
		if r.changes[what], err = countChanges(tx, what); err != nil {
			return err
		}
	}
	if err := r.readUntil(ctx, tx, f); err != nil {
		return err
	}
	if r.launch, err = f.count(ctx, tx); err != nil {
		return err
	}
	r.launch.Run = 0
	if err := tx.QueryRowContext(ctx, `SELECT state FROM campaigns WHERE id = ?`, f.campaign).Scan(&r.launch.State); err != nil {
		return err
	}
	if err := r.readLines(ctx, tx, f); err != nil {
		return err
	}
	first := r.queued(f.plan)
	if check.Of == nil {
		return nil
	}
	r.checks = check.Key
	var failed error
	r.findings = check.Of(f.recipients(ctx, tx, first, &failed))
	return failed
}

// readUntil finds out when the first agreement that a mail may speak of ends, and when the
// first mail counts no more.
func (r *rehearsed) readUntil(ctx context.Context, tx *sql.Tx, f *freezing) error {
	var ends, tried sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT min(ends_at) FROM agreements WHERE ends_at >= ?`, f.now.Unix()).Scan(&ends)
	if err == nil && f.capDays > 0 {
		err = tx.QueryRowContext(ctx, `SELECT min(intent_at) FROM ledger WHERE intent_at >= ?`, f.capSince()).Scan(&tried)
	}
	r.until = timeOrZero(ends)
	if lapses := timeOrZero(tried); tried.Valid {
		lapses = lapses.In(f.now.Location()).AddDate(0, 0, f.capDays).Add(-time.Hour) // summer time may begin or end meanwhile
		if r.until.IsZero() || lapses.Before(r.until) {
			r.until = lapses
		}
	}
	return err
}

func (r *rehearsed) readLines(ctx context.Context, tx *sql.Tx, f *freezing) error {
	n := r.launch.Audience
	for _, out := range r.launch.LeftOut {
		n += out
	}
	r.lines = make([]rehearsedLine, 0, n)
	return each(tx, `SELECT customer_id, COALESCE(account_id, 0), COALESCE(contact_id, 0), left_out FROM audience WHERE run_id = ? ORDER BY seq`, []any{f.run}, func(rows *sql.Rows) error {
		var l rehearsedLine
		var reason campaigns.LeftOut
		err := rows.Scan(&l.customer, &l.account, &l.contact, &reason)
		l.leftOut = uint8(slices.Index(rehearsedReasons, reason))
		r.lines = append(r.lines, l)
		return err
	})
}

// queued counts the mails, notes who gets the first one, and returns the step that the
// checks look at: of those that go to somebody the first by name.
func (r *rehearsed) queued(plan campaigns.LaunchPlan) (looked campaigns.LaunchStep) {
	for _, s := range mailSteps(plan) {
		only, before := meeting(s), r.launch.Queued
		for _, l := range r.lines {
			if l.leftOut != 0 || !only(l.customer) {
				continue
			}
			r.launch.Queued++
			if r.first == 0 {
				r.first = l.contact
			}
		}
		if r.launch.Queued > before && (looked.Key == "" || s.Key < looked.Key) {
			looked = s
		}
	}
	return looked
}

// recipients are those whom a step goes to, read one by one. What ends the reading before
// its time is in failed.
func (f *freezing) recipients(ctx context.Context, tx *sql.Tx, s campaigns.LaunchStep, failed *error) iter.Seq[campaigns.Recipient] {
	only := meeting(s)
	return func(yield func(campaigns.Recipient) bool) {
		err := f.eachRecipient(ctx, tx, 0, -1, func(r recipient) error {
			if !only(r.customer) {
				return nil
			}
			fields, err := mergeFields(r.fields, r.language)
			if err == nil && !yield(campaigns.Recipient{Language: r.language, Fields: fields}) {
				err = errEnough
			}
			return err
		})
		if err != errEnough {
			*failed = err
		}
	}
}

// page returns a page of the lines that are in the scope, and how many there are. leftOut
// chooses one reason; nil is all, "" those mailed.
func (r *rehearsed) page(tx *sql.Tx, scope actnow.Scope, leftOut *campaigns.LeftOut, offset, limit int) (page []rehearsedLine, total int, err error) {
	within := func(actnow.CustomerID) bool { return true }
	if !scope.AllLocations {
		in := inScope(scope, "c.id")
		seen := map[actnow.CustomerID]bool{}
		err := each(tx, `SELECT c.id FROM customers c WHERE `+in.sql, in.args, func(rows *sql.Rows) error {
			var id actnow.CustomerID
			err := rows.Scan(&id)
			seen[id] = true
			return err
		})
		if err != nil {
			return nil, 0, err
		}
		within = func(id actnow.CustomerID) bool { return seen[id] }
	}
	for _, l := range r.lines {
		if leftOut != nil && rehearsedReasons[l.leftOut] != *leftOut || !within(l.customer) {
			continue
		}
		if total >= offset && len(page) < limit {
			page = append(page, l)
		}
		total++
	}
	return page, total, nil
}

// PreviewAudience returns a page of the audience that a launch would freeze, as Audience
// does of one that is frozen. Names are those of now.
func (db *DB) PreviewAudience(ctx context.Context, scope actnow.Scope, id actnow.CampaignID, plan campaigns.LaunchPlan,
	leftOut *campaigns.LeftOut, offset, limit int) (list []campaigns.AudienceRow, total int, err error) {
	r, err := db.rehearsed(ctx, id, plan, campaigns.Check{})
	if err == nil {
		err = db.read(ctx, func(tx *sql.Tx) error {
			var page []rehearsedLine
			if page, total, err = r.page(tx, scope, leftOut, max(offset, 0), pageLimit(limit)); err != nil {
				return err
			}
			who := make([][5]any, len(page))
			for seq, l := range page {
				who[seq] = [5]any{seq, l.customer, l.account, l.contact, rehearsedReasons[l.leftOut]}
			}
			lines, err := ledgerJSON(who)
			if err != nil {
				return err
			}
			list, err = audienceRows(ctx, tx, scope, clause{`SELECT l.*, COALESCE(k.address, '') AS address FROM (
				SELECT ` + jsonAt("value", 0) + ` AS seq, ` + jsonAt("value", 1) + ` AS customer_id, ` + jsonAt("value", 2) + ` AS account_id, ` +
				jsonAt("value", 3) + ` AS contact_id, ` + jsonAt("value", 4) + ` AS left_out FROM ` + jsonEach + `) l
				LEFT JOIN contacts k ON k.id = l.contact_id`, []any{lines}})
			return err
		})
	}
	if err != nil {
		return nil, 0, fmt.Errorf("preview the audience of campaign %d: %w", id, err)
	}
	return list, total, nil
}
