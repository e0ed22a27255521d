package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
)

// LaunchCampaign freezes the campaign's audience, queues one ledger row for each
// step and address that may be mailed, records why everyone else is left out,
// and marks the campaign as sending. All of it happens or none of it.
//
// The error matches actnow.ErrNotFound if there is no such campaign, and
// actnow.ErrConflict (a *actnow.StateError) if it is not scheduled, or has been
// launched for the period before. A recurring campaign may be launched again
// while an earlier run is still sending. The error matches actnow.ErrInvalid if
// the pack has expired or has no step that goes to recipients.
func (db *DB) LaunchCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, plan campaigns.LaunchPlan) (campaigns.Launch, error) {
	var l campaigns.Launch
	err := db.write(ctx, func(tx *sql.Tx) error {
		l = campaigns.Launch{LeftOut: map[campaigns.LeftOut]int{}}
		f, err := db.beginRun(tx, id, plan)
		if err != nil {
			return err
		}
		l.Run = f.run
		if err := f.freeze(tx); err != nil {
			return fmt.Errorf("freeze the audience: %w", err)
		}
		if err := f.queue(tx); err != nil {
			return fmt.Errorf("queue: %w", err)
		}
		if _, err := tx.Exec(`UPDATE campaigns SET state = 'sending', launched_at = ?, finished_at = NULL, why = '' WHERE id = ?`,
			f.now.Unix(), id); err != nil {
			return err
		}
		if err := db.finish(tx, id); err != nil {
			return err
		}
		if err := f.count(tx, &l); err != nil {
			return err
		}
		return db.audit(tx, by, "campaign.launch", campaignKey(id), l)
	})
	if err != nil {
		return campaigns.Launch{}, fmt.Errorf("launch campaign %d: %w", id, err)
	}
	return l, nil
}

// freezing is one run of a campaign on its way into the ledger.
type freezing struct {
	campaign  actnow.CampaignID
	run       actnow.CampaignRun
	area      actnow.Area
	again     bool
	capMails  int
	capDays   int
	plan      campaigns.LaunchPlan
	now       time.Time
	customers string // JSON of the cohort's customer ids
	languages string // JSON of pairs: a contact's language, that of the pack
}

func (db *DB) beginRun(tx *sql.Tx, id actnow.CampaignID, plan campaigns.LaunchPlan) (*freezing, error) {
	f := &freezing{campaign: id, plan: plan, now: db.now()}
	var state actnow.CampaignState
	var pack actnow.PackID
	var cohort actnow.CohortID
	var line, expires string
	err := tx.QueryRow(`SELECT c.state, c.pack_id, c.cohort_id, c.line, c.area, c.again, c.cap_mails, c.cap_days, p.expires
		FROM campaigns c JOIN packs p ON p.id = c.pack_id WHERE c.id = ?`, id).
		Scan(&state, &pack, &cohort, &line, &f.area, &f.again, &f.capMails, &f.capDays, &expires)
	switch {
	case err != nil:
		return nil, noRows(err)
	case state != actnow.CampaignScheduled && !(state == actnow.CampaignSending && line != ""):
		return nil, &actnow.StateError{Noun: "campaign", Have: string(state), Want: string(actnow.CampaignScheduled)}
	case pack != plan.Pack || cohort != plan.Cohort:
		return nil, &actnow.StateError{Noun: "campaign", Have: "changed meanwhile", Want: "as it was"}
	case expires != "" && expires < f.now.Format(time.DateOnly):
		return nil, actnow.Invalid("error.pack_expired", "pack", "the pack's content was good until %s", expires)
	case len(f.mailSteps()) == 0:
		return nil, actnow.Invalid("error.pack_no_mail", "pack", "the pack has no step that goes out by e-mail")
	}
	var launched bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM campaign_runs WHERE campaign_id = ? AND period = ?)`,
		id, plan.Period).Scan(&launched); err != nil {
		return nil, err
	}
	if launched {
		return nil, &actnow.StateError{Noun: "run " + plan.Period, Have: "launched", Want: "new"}
	}
	if err := tx.QueryRow(`INSERT INTO campaign_runs (campaign_id, period, launched_at) VALUES (?, ?, ?) RETURNING id`,
		id, plan.Period, f.now.Unix()).Scan(&f.run); err != nil {
		return nil, err
	}
	if f.customers, err = ledgerJSON(plan.Customers); err != nil {
		return nil, err
	}
	return f, f.chooseLanguages(tx)
}

// mailSteps returns the steps that have recipients.
func (f *freezing) mailSteps() []campaigns.LaunchStep {
	var out []campaigns.LaunchStep
	for _, s := range f.plan.Steps {
		if s.Channel == "email" {
			out = append(out, s)
		}
	}
	return out
}

// accountsSQL are the accounts that the customers of a JSON array are matched
// to. It is the beginning of a WITH list.
const accountsSQL = `WITH cohort (customer_id) AS (SELECT DISTINCT CAST(value AS BIGINT) FROM ` + jsonEach + `),
	matched (customer_id, account_id, source, external_id) AS (
		SELECT m.customer_id, a.id, a.source, a.external_id
		FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL
		WHERE m.band = 'match' AND m.customer_id IN (SELECT customer_id FROM cohort)
	)`

// languagesSQL goes on with the languages of a JSON array of pairs.
var languagesSQL = `languages (raw, chosen) AS (SELECT ` + jsonAt("value", 0) + `, ` + jsonAt("value", 1) + ` FROM ` + jsonEach + `)`

// chooseLanguages asks the plan once for each language that the contacts have.
func (f *freezing) chooseLanguages(tx *sql.Tx) error {
	rows, err := tx.Query(accountsSQL+`
		SELECT DISTINCT k.language FROM matched a
		JOIN contacts k ON k.source = a.source AND k.account_ref = a.external_id AND k.deleted_at IS NULL`, f.customers)
	if err != nil {
		return err
	}
	defer rows.Close()
	pairs := [][2]string{}
	for rows.Next() {
		var raw, chosen string
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		if lang, ok := f.plan.Language(raw); ok {
			chosen = lang
		}
		pairs = append(pairs, [2]string{raw, chosen})
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	f.languages, err = ledgerJSON(pairs)
	return err
}

// freeze writes the audience. Every contact of a matched account is a line of
// it, and so is every account without a contact and every customer without an
// account; the first reason of campaigns.LeftOuts that holds is the one noted.
func (f *freezing) freeze(tx *sql.Tx) error {
	conditional := true
	met := []actnow.CustomerID{}
	for _, s := range f.mailSteps() {
		conditional = conditional && s.Only != nil
		met = append(met, s.Only...)
	}
	meets, err := ledgerJSON(met)
	if err != nil {
		return err
	}
	since := int64(0)
	if f.capDays > 0 {
		since = f.now.AddDate(0, 0, -f.capDays).Unix()
	}
	_, err = tx.Exec(freezeSQL,
		f.customers, f.languages, conditional, meets, f.area, f.run,
		!f.again, f.campaign, f.capDays > 0, f.campaign, since, f.capMails)
	return err
}

// freezeSQL writes the audience: see freeze.
var freezeSQL = accountsSQL + `, ` + languagesSQL + `,
		people AS (
			SELECT a.customer_id, a.account_id, k.id AS contact_id, COALESCE(k.address, '') AS address,
				CASE
				WHEN k.id IS NULL THEN 'no_contact'
				WHEN k.address = '' THEN 'no_address'
				WHEN EXISTS (SELECT 1 FROM contacts d WHERE d.address = k.address AND d.do_not_email = 1 AND d.deleted_at IS NULL)
					THEN 'do_not_email'
				WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = k.address AND s.lifted_at IS NULL) THEN 'suppressed'
				WHEN k.consent_basis = '' THEN 'no_basis'
				WHEN COALESCE(g.chosen, '') = '' THEN 'language'
				WHEN ? AND a.customer_id NOT IN (SELECT value FROM ` + jsonEach + `) THEN 'step_condition'
				WHEN ` + heldOutSQL("a.customer_id", "?") + ` THEN 'held_out'
				ELSE '' END AS reason
			FROM matched a
			LEFT JOIN contacts k ON k.source = a.source AND k.account_ref = a.external_id AND k.deleted_at IS NULL
			LEFT JOIN languages g ON g.raw = k.language
			UNION ALL
			SELECT customer_id, NULL, NULL, '', 'not_matched' FROM cohort WHERE customer_id NOT IN (SELECT customer_id FROM matched)
		),
		numbered AS (
			SELECT *, row_number() OVER (PARTITION BY reason, address ORDER BY customer_id, account_id, contact_id) AS copy
			FROM people
		)
		INSERT INTO audience (run_id, seq, customer_id, account_id, contact_id, address, left_out)
		SELECT ?, row_number() OVER (ORDER BY customer_id, account_id, contact_id), customer_id, account_id, contact_id, address,
			CASE
			WHEN reason <> '' THEN reason
			WHEN address IN (SELECT address FROM people WHERE reason = 'held_out') THEN 'held_out'
			WHEN copy > 1 THEN 'duplicate'
			WHEN ? AND EXISTS (SELECT 1 FROM ` + keptLedger + ` l WHERE l.address = n.address AND l.campaign_id = ?
				AND l.state NOT IN ('cancelled', 'suppressed')) THEN 'mailed_before'
			WHEN ? AND (SELECT count(*) FROM ` + keptLedger + ` l WHERE l.address = n.address AND l.campaign_id <> ?
				AND l.state IN ('sent', 'unknown', 'intent') AND l.intent_at >= ?) > ? THEN 'frequency_cap'
			ELSE '' END
		FROM numbered n`

// queue writes a ledger row for each step and each address of the audience. The
// merge fields are frozen as they are now; how they are written is left to the
// language, see mergeFields.
func (f *freezing) queue(tx *sql.Tx) error {
	for _, s := range f.mailSteps() {
		only, err := ledgerJSON(append([]actnow.CustomerID{}, s.Only...))
		if err != nil {
			return err
		}
		due := f.now.AddDate(0, 0, s.After).Unix()
		_, err = tx.Exec(queueSQL,
			f.languages, f.run, f.area, f.area, f.run, f.run, f.campaign, s.Key, s.Channel, due, due, f.now.Unix(), f.run, s.Only == nil, only)
		if err != nil {
			return fmt.Errorf("step %s: %w", s.Key, err)
		}
	}
	_, err := tx.Exec(`UPDATE ledger SET message_id = '<actnow.' || id || '@' || ? || '>' WHERE run_id = ?`,
		strings.ToLower(f.plan.Domain), f.run)
	return err
}

// queueSQL writes the ledger rows of one step.
var queueSQL = `WITH ` + languagesSQL + `, ` + recipientsSQL + `
			INSERT INTO ledger (campaign_id, run_id, step, channel, address, mailbox, name, contact_id, customer_id, account_id,
				language, fields, state, next_at, due_at, queued_at)
			SELECT ?, a.run_id, ?, ?, a.address,
				CASE WHEN fold(trim(r.email)) = fold(a.address) THEN trim(r.email) ELSE a.address END,
				r.name, a.contact_id, a.customer_id, a.account_id, g.chosen, r.fields, 'queued', ?, ?, ?
			FROM audience a JOIN recipients r ON r.seq = a.seq JOIN languages g ON g.raw = r.language
			WHERE a.run_id = ? AND a.left_out = '' AND (? OR a.customer_id IN (SELECT value FROM ` + jsonEach + `))
			ORDER BY a.seq`

func (f *freezing) count(tx *sql.Tx, l *campaigns.Launch) error {
	rows, err := tx.Query(`SELECT left_out, count(*) FROM audience WHERE run_id = ? GROUP BY left_out`, f.run)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var reason campaigns.LeftOut
		var n int
		if err := rows.Scan(&reason, &n); err != nil {
			return err
		}
		if reason == "" {
			l.Audience = n
		} else {
			l.LeftOut[reason] = n
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	return tx.QueryRow(`SELECT c.state, (SELECT count(*) FROM ledger WHERE run_id = ?) FROM campaigns c WHERE c.id = ?`,
		f.run, f.campaign).Scan(&l.State, &l.Queued)
}

// Audience returns a page of the frozen audience of a run, in its order, and how
// many lines there are. leftOut chooses one reason; nil is all, "" those mailed.
func (db *DB) Audience(ctx context.Context, scope actnow.Scope, run actnow.CampaignRun, leftOut *campaigns.LeftOut,
	offset, limit int) ([]campaigns.AudienceRow, int, error) {
	var out []campaigns.AudienceRow
	var total int
	err := db.read(ctx, func(tx *sql.Tx) error {
		var err error
		out, total, err = audienceRows(ctx, tx, scope, run, leftOut, offset, limit)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("audience of run %d: %w", run, err)
	}
	return out, total, nil
}

func audienceRows(ctx context.Context, tx *sql.Tx, scope actnow.Scope, run actnow.CampaignRun, leftOut *campaigns.LeftOut,
	offset, limit int) (out []campaigns.AudienceRow, total int, err error) {
	in := inScope(scope, "a.customer_id")
	where, args := in.sql, in.args
	where = `FROM audience a JOIN customers c ON c.id = a.customer_id
		LEFT JOIN accounts ac ON ac.id = a.account_id LEFT JOIN contacts k ON k.id = a.contact_id
		WHERE a.run_id = ? AND ` + where
	args = append([]any{run}, args...)
	if leftOut != nil {
		where += ` AND a.left_out = ?`
		args = append(args, *leftOut)
	}
	if err := tx.QueryRowContext(ctx, `SELECT count(*) `+where, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT a.customer_id, COALESCE(NULLIF(c.name, ''), NULLIF(c.domain, ''), c.tpid),
			COALESCE(a.account_id, 0), COALESCE(ac.name, ''), COALESCE(a.contact_id, 0),
			trim(COALESCE(k.given_name, '') || ' ' || COALESCE(k.family_name, '')), a.address, a.left_out `+where+`
		ORDER BY a.seq LIMIT ? OFFSET ?`, append(args, pageLimit(limit), max(offset, 0))...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var r campaigns.AudienceRow
		if err := rows.Scan(&r.Customer, &r.CustomerName, &r.Account, &r.AccountName, &r.Contact, &r.Name, &r.Address, &r.LeftOut); err != nil {
			return nil, 0, err
		}
		if !scope.Personal {
			r.Name, r.Address = "", ""
		}
		out = append(out, r)
	}
	return out, total, rows.Err()
}

// ledgerJSON is v as JSON to be bound in the place of jsonEach; nil slices are
// empty arrays.
func ledgerJSON[T any](v []T) (string, error) {
	if v == nil {
		v = []T{}
	}
	b, err := json.Marshal(v)
	return string(b), err
}
