package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"actnow"
	"actnow/campaigns"
)

// freezing is one run of a campaign on its way into the ledger. What it works out goes to
// temporary tables: see rehearse.
type freezing struct {
	frozenPlan
	run       actnow.CampaignRun
	plan      campaigns.LaunchPlan
	now       time.Time
	languages map[string]string // of the pack, by that of a contact
}

// frozenPlan is what a campaign says of whom it reaches.
type frozenPlan struct {
	campaign actnow.CampaignID
	area     actnow.Area
	again    bool
	capMails int
	capDays  int
}

func readFrozenPlan(ctx context.Context, tx *sql.Tx, id actnow.CampaignID) (frozenPlan, error) {
	p := frozenPlan{campaign: id}
	err := tx.QueryRowContext(ctx, `SELECT area, again, cap_mails, cap_days FROM campaigns WHERE id = ?`, id).Scan(&p.area, &p.again, &p.capMails, &p.capDays)
	return p, noRows(err)
}

// capSince is since when the mails of other campaigns count.
func (f *freezing) capSince() int64 { return f.now.AddDate(0, 0, -f.capDays).Unix() }

// mailSteps returns the steps that have recipients.
func mailSteps(plan campaigns.LaunchPlan) []campaigns.LaunchStep {
	var out []campaigns.LaunchStep
	for _, s := range plan.Steps {
		if s.Channel == "email" {
			out = append(out, s)
		}
	}
	return out
}

// gather writes who may come into question to a table of its own: every contact of a
// matched account, every account without a contact, every customer without an account.
func (f *freezing) gather(ctx context.Context, tx *sql.Tx) error {
	customers, err := ledgerJSON(f.plan.Customers)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, peopleTable); err != nil {
		return err
	}
	for _, insert := range []string{gatherMatched, gatherOthers} {
		if _, err := tx.ExecContext(ctx, insert, customers); err != nil {
			return err
		}
	}
	return nil
}

const (
	peopleTable = `CREATE TEMP TABLE people (customer_id INTEGER NOT NULL, account_id INTEGER, contact_id INTEGER,
		address TEXT NOT NULL, language TEXT NOT NULL, basis TEXT NOT NULL) STRICT`
	cohortSQL = `WITH cohort (customer_id) AS (SELECT DISTINCT c.id FROM ` + jsonEach + ` j JOIN customers c ON c.id = j.value)
		INSERT INTO people `
	gatherMatched = cohortSQL + `SELECT m.customer_id, a.id, k.id, COALESCE(k.address, ''), COALESCE(k.language, ''), COALESCE(k.consent_basis, '')
		FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL
		LEFT JOIN contacts k ON k.source = a.source AND k.account_ref = a.external_id AND k.deleted_at IS NULL
		WHERE m.band = 'match' AND m.customer_id IN (SELECT customer_id FROM cohort)`
	gatherOthers = cohortSQL + `SELECT customer_id, NULL, NULL, '', '', '' FROM cohort WHERE customer_id NOT IN (SELECT customer_id FROM people)`
)

// chooseLanguages asks the plan once for each language that the contacts have.
func (f *freezing) chooseLanguages(ctx context.Context, tx *sql.Tx) error {
	f.languages = map[string]string{}
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT language FROM people WHERE contact_id IS NOT NULL`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var raw string
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		if lang, ok := f.plan.Language(raw); ok && lang != "" {
			f.languages[raw] = lang
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// freeze writes the audience, a line for each of those who may come into question; the
// first reason of campaigns.LeftOuts that holds is the one noted.
func (f *freezing) freeze(ctx context.Context, tx *sql.Tx) error {
	conditional := true
	met := []actnow.CustomerID{}
	for _, s := range mailSteps(f.plan) {
		conditional = conditional && s.Only != nil
		met = append(met, s.Only...)
	}
	meets, err := ledgerJSON(met)
	if err != nil {
		return err
	}
	spoken, err := ledgerJSON(slices.Sorted(maps.Keys(f.languages)))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, freezeSQL,
		spoken, conditional, meets, f.area, f.run,
		!f.again, f.campaign, f.capDays > 0, f.campaign, f.capSince(), f.capMails)
	return err
}

// freezeSQL writes the audience: see freeze.
var freezeSQL = `WITH reasoned AS (
			SELECT k.customer_id, k.account_id, k.contact_id, k.address,
				CASE
				WHEN k.account_id IS NULL THEN 'not_matched'
				WHEN k.contact_id IS NULL THEN 'no_contact'
				WHEN k.address = '' THEN 'no_address'
				WHEN EXISTS (SELECT 1 FROM contacts d WHERE d.address = k.address AND d.do_not_email = 1 AND d.deleted_at IS NULL)
					THEN 'do_not_email'
				WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = k.address AND s.lifted_at IS NULL) THEN 'suppressed'
				WHEN k.basis = '' THEN 'no_basis'
				WHEN k.language NOT IN (SELECT value FROM ` + jsonEach + `) THEN 'language'
				WHEN ? AND k.customer_id NOT IN (SELECT value FROM ` + jsonEach + `) THEN 'step_condition'
				WHEN ` + heldOutSQL("k.customer_id", "?") + ` THEN 'held_out'
				ELSE '' END AS reason
			FROM people k
		),
		numbered AS (
			SELECT *, row_number() OVER (PARTITION BY reason, address ORDER BY customer_id, account_id, contact_id) AS copy
			FROM reasoned
		)
		INSERT INTO audience (run_id, seq, customer_id, account_id, contact_id, address, left_out)
		SELECT ?, row_number() OVER (ORDER BY customer_id, account_id, contact_id), customer_id, account_id, contact_id, address,
			CASE
			WHEN reason <> '' THEN reason
			WHEN address IN (SELECT address FROM reasoned WHERE reason = 'held_out') THEN 'held_out'
			WHEN copy > 1 THEN 'duplicate'
			WHEN ? AND EXISTS (SELECT 1 FROM ledger l WHERE l.address = n.address AND l.campaign_id = ?
				AND l.state NOT IN ('cancelled', 'suppressed') AND ` + ofLaunched + `) THEN 'mailed_before'
			WHEN ? AND (SELECT count(*) FROM ledger l WHERE l.address = n.address AND l.campaign_id <> ?
				AND l.state IN ('sent', 'unknown', 'intent') AND l.intent_at >= ?) > ? THEN 'frequency_cap'
			ELSE '' END
		FROM numbered n`

// count counts the audience.
func (f *freezing) count(ctx context.Context, tx *sql.Tx) (l campaigns.Launch, err error) {
	l = campaigns.Launch{Run: f.run, LeftOut: map[campaigns.LeftOut]int{}}
	err = each(tx, `SELECT left_out, count(*) FROM audience WHERE run_id = ? GROUP BY left_out`, []any{f.run}, func(rows *sql.Rows) error {
		var reason campaigns.LeftOut
		var n int
		err := rows.Scan(&reason, &n)
		if reason == "" {
			l.Audience = n
		} else {
			l.LeftOut[reason] = n
		}
		return err
	})
	return l, err
}

// Audience returns a page of the frozen audience of a run, in its order, and how
// many lines there are. leftOut chooses one reason; nil is all, "" those mailed.
func (db *DB) Audience(ctx context.Context, scope actnow.Scope, run actnow.CampaignRun, leftOut *campaigns.LeftOut,
	offset, limit int) ([]campaigns.AudienceRow, int, error) {
	var out []campaigns.AudienceRow
	var total int
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "a.customer_id")
		lines := clause{`FROM audience a WHERE a.run_id = ? AND ` + in.sql, append([]any{run}, in.args...)}
		if leftOut != nil {
			lines.sql += ` AND a.left_out = ?`
			lines.args = append(lines.args, *leftOut)
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) `+lines.sql, lines.args...).Scan(&total); err != nil {
			return err
		}
		var err error
		out, err = audienceRows(ctx, tx, scope, clause{`SELECT a.seq, a.customer_id, a.account_id, a.contact_id, a.address, a.left_out ` + lines.sql +
			` ORDER BY a.seq LIMIT ? OFFSET ?`, append(lines.args, pageLimit(limit), max(offset, 0))})
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("audience of run %d: %w", run, err)
	}
	return out, total, nil
}

// audienceRows returns the lines of an audience, a query of seq, customer_id, account_id,
// contact_id, address and left_out, with the names of whom they are about.
func audienceRows(ctx context.Context, tx *sql.Tx, scope actnow.Scope, lines clause) (out []campaigns.AudienceRow, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.customer_id, COALESCE(NULLIF(c.name, ''), NULLIF(c.domain, ''), c.tpid),
			COALESCE(a.account_id, 0), COALESCE(ac.name, ''), COALESCE(a.contact_id, 0),
			trim(COALESCE(k.given_name, '') || ' ' || COALESCE(k.family_name, '')), a.address, a.left_out
		FROM (`+lines.sql+`) a JOIN customers c ON c.id = a.customer_id
		LEFT JOIN accounts ac ON ac.id = a.account_id LEFT JOIN contacts k ON k.id = a.contact_id ORDER BY a.seq`, lines.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r campaigns.AudienceRow
		if err := rows.Scan(&r.Customer, &r.CustomerName, &r.Account, &r.AccountName, &r.Contact, &r.Name, &r.Address, &r.LeftOut); err != nil {
			return nil, err
		}
		if !scope.Personal {
			r.Name, r.Address = "", ""
		}
		out = append(out, r)
	}
	return out, rows.Err()
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
