package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
)

// CreateCampaign stores a plan as a draft. The error matches actnow.ErrInvalid
// for a plan that cannot be, and actnow.ErrNotFound if its pack or cohort is not
// there.
func (db *DB) CreateCampaign(ctx context.Context, by actnow.Actor, p campaigns.Plan) (actnow.CampaignID, error) {
	if err := checkPlan(&p, db.now()); err != nil {
		return 0, err
	}
	var id actnow.CampaignID
	err := db.write(ctx, func(tx *sql.Tx) error {
		if err := planExists(tx, p); err != nil {
			return err
		}
		err := tx.QueryRow(`INSERT INTO campaigns (name, pack_id, cohort_id, area, state, policy, at, line, zone,
				again, cap_mails, cap_days, created_by, created_at)
			VALUES (?, ?, ?, ?, 'draft', ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			p.Name, p.Pack, p.Cohort, p.Area, p.Policy, unixOrNull(p.At), p.Line, p.Zone,
			p.Again, p.CapMails, p.CapDays, null(by.User), db.now().Unix()).Scan(&id)
		if err != nil {
			return err
		}
		return db.audit(tx, by, "campaign.create", campaignKey(id), p)
	})
	if err != nil {
		return 0, fmt.Errorf("create campaign: %w", err)
	}
	return id, nil
}

// UpdateCampaign changes the plan of a campaign that has not begun. One that waits
// for approval or is scheduled becomes a draft again, off the schedule: what was
// approved is no longer what it is. The error matches actnow.ErrConflict once mails
// of it have been queued, or while its schedule is just launching it.
func (db *DB) UpdateCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, p campaigns.Plan) error {
	if err := checkPlan(&p, db.now()); err != nil {
		return err
	}
	return db.moveCampaign(ctx, by, id, "update", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignDraft, actnow.CampaignAwaiting, actnow.CampaignScheduled); err != nil {
			return "", err
		}
		if c.launched.Valid {
			return "", &actnow.StateError{Noun: "campaign", Have: "launched", Want: "before its first launch"}
		}
		if err := planExists(tx, p); err != nil {
			return "", err
		}
		if err := unschedule(tx, id); err != nil {
			return "", err
		}
		c.notes["name"], c.notes["plan"] = p.Name, p
		_, err := tx.Exec(`UPDATE campaigns SET name = ?, pack_id = ?, cohort_id = ?, area = ?, policy = ?, at = ?, line = ?,
			zone = ?, again = ?, cap_mails = ?, cap_days = ?, approved_by = NULL, approved_at = NULL WHERE id = ?`,
			p.Name, p.Pack, p.Cohort, p.Area, p.Policy, unixOrNull(p.At), p.Line, p.Zone, p.Again, p.CapMails, p.CapDays, id)
		return actnow.CampaignDraft, err
	})
}

// unschedule takes a campaign that has not begun off the schedules, with the
// periods that came and went without it: its next date counts anew.
func unschedule(tx *sql.Tx, id actnow.CampaignID) error {
	var launching bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id
		WHERE s.key = ? AND r.state = 'running')`, campaignKey(id)).Scan(&launching)
	if err != nil {
		return err
	}
	if launching {
		return &actnow.StateError{Noun: "campaign", Have: "being launched by its schedule", Want: "waiting"}
	}
	_, err = tx.Exec(`DELETE FROM schedule_runs WHERE schedule_id IN (SELECT id FROM schedules WHERE key = ?)`, campaignKey(id))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM schedules WHERE key = ?`, campaignKey(id))
	return err
}

// checkPlan refuses a plan that cannot be. A moment up to a day ago is one that came
// while the plan was made; what is later than a send may be is a mistake, or a plan of
// last year's, and would go at once.
func checkPlan(p *campaigns.Plan, now time.Time) error {
	p.Name = strings.TrimSpace(p.Name)
	if p.Policy == "" {
		p.Policy = actnow.PolicyHold
	}
	switch {
	case p.Name == "":
		return actnow.Invalid("error.campaign_name", "name", "the campaign needs a name")
	case utf8.RuneCountInString(p.Name) > 200:
		return actnow.Invalid("error.campaign_name_long", "name", "the name is longer than 200 characters")
	case !p.Policy.Valid():
		return actnow.Invalid("error.campaign_policy", "policy", "%q is no policy: hold, resend or reconcile", string(p.Policy))
	case p.Area != "" && !p.Area.Valid():
		return actnow.Invalid("error.area", "area", "%q is no solution area", string(p.Area))
	case p.Line != "" && !p.At.IsZero():
		return actnow.Invalid("error.campaign_when", "at", "give a date or a cron line, not both")
	case !p.At.IsZero() && now.Sub(p.At) > schedule.MaxLateAsk:
		return actnow.Invalid("error.campaign_past", "at", "this moment has passed: choose a later one, or send now")
	case p.CapMails < 0 || p.CapDays < 0 || p.CapDays > 366:
		return actnow.Invalid("error.campaign_cap", "cap", "the cap is a number of mails in 1 to 366 days")
	}
	return nil
}

func planExists(tx *sql.Tx, p campaigns.Plan) error {
	var pack, cohort bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM packs WHERE id = ?),
		EXISTS (SELECT 1 FROM cohorts WHERE id = ? AND deleted_at IS NULL)`, p.Pack, p.Cohort).Scan(&pack, &cohort)
	switch {
	case err != nil:
		return err
	case !pack:
		return fmt.Errorf("pack %d: %w", p.Pack, actnow.ErrNotFound)
	case !cohort:
		return fmt.Errorf("cohort %d: %w", p.Cohort, actnow.ErrNotFound)
	}
	return nil
}

// campaignRow is what the moves between states look at.
type campaignRow struct {
	id        actnow.CampaignID
	state     actnow.CampaignState
	createdBy actnow.UserID
	at        sql.NullInt64
	line      string
	zone      string
	launched  sql.NullInt64
	notes     map[string]any // what the audit trail says of the move
}

func (c campaignRow) in(states ...actnow.CampaignState) error {
	if slices.Contains(states, c.state) {
		return nil
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return &actnow.StateError{Noun: "campaign", Have: string(c.state), Want: strings.Join(words, " or ")}
}

// moveCampaign runs move on the campaign, saves the state it returns and notes
// the act in the audit trail, all or nothing.
func (db *DB) moveCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, act string,
	move func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error)) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		c, err := readCampaignRow(tx, id)
		if err != nil {
			return err
		}
		to, err := move(tx, c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE campaigns SET state = ? WHERE id = ?`, to, id); err != nil {
			return err
		}
		c.notes["from"], c.notes["to"] = c.state, to
		return db.audit(tx, by, "campaign."+act, campaignKey(id), c.notes)
	})
	if err != nil {
		return fmt.Errorf("%s campaign %d: %w", act, id, err)
	}
	return nil
}

func readCampaignRow(tx *sql.Tx, id actnow.CampaignID) (campaignRow, error) {
	c := campaignRow{id: id, notes: map[string]any{}}
	var by sql.NullInt64
	err := tx.QueryRow(`SELECT state, created_by, at, line, zone, launched_at FROM campaigns WHERE id = ?`, id).
		Scan(&c.state, &by, &c.at, &c.line, &c.zone, &c.launched)
	c.createdBy = actnow.UserID(by.Int64)
	return c, noRows(err)
}

// SubmitCampaign lays a draft before an approver.
func (db *DB) SubmitCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "submit", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		return actnow.CampaignAwaiting, c.in(actnow.CampaignDraft)
	})
}

// RejectCampaign gives a campaign that waits for approval back as a draft.
func (db *DB) RejectCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, why string) error {
	return db.moveCampaign(ctx, by, id, "reject", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignAwaiting); err != nil {
			return "", err
		}
		_, err := tx.Exec(`UPDATE campaigns SET why = ? WHERE id = ?`, why, id)
		return actnow.CampaignDraft, err
	})
}

// ApproveCampaign schedules a campaign that waits for approval. The error
// matches actnow.ErrForbidden for the person who made it: four eyes.
func (db *DB) ApproveCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "approve", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignAwaiting); err != nil {
			return "", err
		}
		if by.User != 0 && by.User == c.createdBy {
			return "", fmt.Errorf("approve one's own campaign: %w", actnow.ErrForbidden)
		}
		return actnow.CampaignScheduled, db.schedule(tx, by, c)
	})
}

// ScheduleCampaign schedules a draft without a second person, where the
// installation does not ask for one.
func (db *DB) ScheduleCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "schedule", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignDraft); err != nil {
			return "", err
		}
		return actnow.CampaignScheduled, db.schedule(tx, by, c)
	})
}

// maxLate is how late a campaign may go without a person's word.
const maxLate = 24 * time.Hour

// schedule notes who released the campaign and, if it has a date or a cron line,
// enters it into the schedules as "campaign:7".
func (db *DB) schedule(tx *sql.Tx, by actnow.Actor, c campaignRow) error {
	now := db.now().Unix()
	_, err := tx.Exec(`UPDATE campaigns SET approved_by = ?, approved_at = ?, why = '' WHERE id = ?`, null(by.User), now, c.id)
	if err != nil || (!c.at.Valid && c.line == "") {
		return err
	}
	zone := c.zone
	if zone == "" {
		zone = "UTC"
	}
	since := now
	if c.at.Valid {
		since = min(now, c.at.Int64) - 1 // a date that has just passed is due, not missed
	}
	_, err = tx.Exec(`INSERT INTO schedules (key, line, at, zone, catch_up, max_late, since, enabled, updated_by, updated_at)
		VALUES (?, ?, ?, ?, 'ask', ?, ?, 1, ?, ?)
		ON CONFLICT (key) DO UPDATE SET line = excluded.line, at = excluded.at, zone = excluded.zone, since = excluded.since,
			enabled = 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at`,
		campaignKey(c.id), c.line, c.at, zone, int64(maxLate/time.Second), since, by.Name, now)
	return err
}

// PauseCampaign holds back everything that has not been offered to the server;
// it takes effect at the next mail.
func (db *DB) PauseCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "pause", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		return actnow.CampaignPaused, c.in(actnow.CampaignSending)
	})
}

// ResumeCampaign lets a paused campaign go on, and one that a policy refusal
// stopped, once a person has dealt with the cause.
func (db *DB) ResumeCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "resume", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignPaused, actnow.CampaignStopped); err != nil {
			return "", err
		}
		_, err := tx.Exec(`UPDATE campaigns SET why = '' WHERE id = ?`, id)
		if err != nil {
			return "", err
		}
		return db.rested(tx, id, actnow.CampaignSending)
	})
}

// CancelCampaign ends a campaign for good: what waits is cancelled, what is on
// its way gets its verdict, what is unknown stays so until it is settled.
func (db *DB) CancelCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.moveCampaign(ctx, by, id, "cancel", func(tx *sql.Tx, c campaignRow) (actnow.CampaignState, error) {
		if err := c.in(actnow.CampaignDraft, actnow.CampaignAwaiting, actnow.CampaignScheduled,
			actnow.CampaignSending, actnow.CampaignPaused, actnow.CampaignStopped); err != nil {
			return "", err
		}
		now := db.now().Unix()
		_, err := tx.Exec(`UPDATE ledger SET state = 'cancelled', why = 'campaign cancelled', settled_at = ?
			WHERE campaign_id = ? AND state IN ('queued', 'deferred')`, now, id)
		if err != nil {
			return "", err
		}
		_, err = tx.Exec(`UPDATE campaigns SET finished_at = ? WHERE id = ?`, now, id)
		if err != nil {
			return "", err
		}
		var schedule actnow.ScheduleID
		err = tx.QueryRow(`UPDATE schedules SET enabled = 0, updated_by = ?, updated_at = ? WHERE key = ? RETURNING id`, by.Name, now, campaignKey(id)).Scan(&schedule)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return actnow.CampaignCancelled, nil
		case err != nil:
			return "", err
		}
		return actnow.CampaignCancelled, skipDue(tx, schedule)
	})
}

// rested returns the state of a campaign that has nothing left to send:
// finished, or scheduled if it will go again; else busy.
func (db *DB) rested(tx *sql.Tx, id actnow.CampaignID, busy actnow.CampaignState) (actnow.CampaignState, error) {
	var open bool
	var line string
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM ledger l WHERE l.campaign_id = ?
		AND l.state IN ('queued', 'intent', 'deferred', 'unknown') AND `+ofLaunched+`), line FROM campaigns WHERE id = ?`, id, id).Scan(&open, &line)
	if err != nil || open {
		return busy, err
	}
	now := db.now().Unix()
	if _, err := tx.Exec(`UPDATE campaign_runs SET finished_at = ? WHERE campaign_id = ? AND finished_at IS NULL AND launched_at > 0`, now, id); err != nil {
		return "", err
	}
	if line != "" {
		return actnow.CampaignScheduled, nil
	}
	_, err = tx.Exec(`UPDATE campaigns SET finished_at = ? WHERE id = ?`, now, id)
	return actnow.CampaignFinished, err
}

// finish moves a sending campaign on if nothing is left to send.
func (db *DB) finish(tx *sql.Tx, id actnow.CampaignID) error {
	var state actnow.CampaignState
	if err := tx.QueryRow(`SELECT state FROM campaigns WHERE id = ?`, id).Scan(&state); err != nil {
		return err
	}
	if state != actnow.CampaignSending {
		return nil
	}
	to, err := db.rested(tx, id, state)
	if err != nil || to == state {
		return err
	}
	_, err = tx.Exec(`UPDATE campaigns SET state = ? WHERE id = ?`, to, id)
	return err
}

// Campaign returns a campaign with its counts within the scope.
func (db *DB) Campaign(ctx context.Context, scope actnow.Scope, id actnow.CampaignID) (campaigns.Campaign, error) {
	list, err := db.campaigns(ctx, scope, id)
	if err == nil && len(list) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return campaigns.Campaign{}, fmt.Errorf("campaign %d: %w", id, err)
	}
	return list[0], nil
}

// Campaigns lists all campaigns, newest first, with their counts within the
// scope.
func (db *DB) Campaigns(ctx context.Context, scope actnow.Scope) ([]campaigns.Campaign, error) {
	list, err := db.campaigns(ctx, scope, 0)
	if err != nil {
		return nil, fmt.Errorf("campaigns: %w", err)
	}
	return list, nil
}

// campaigns reads one campaign, or all if only is 0.
func (db *DB) campaigns(ctx context.Context, scope actnow.Scope, only actnow.CampaignID) ([]campaigns.Campaign, error) {
	var list []campaigns.Campaign
	err := db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT c.id, c.name, c.pack_id, p.name, c.cohort_id, h.name, c.area, c.state, c.policy,
				c.at, c.line, c.zone, c.again, c.cap_mails, c.cap_days, c.created_by, c.created_at, c.approved_by,
				c.approved_at, c.launched_at, c.finished_at, c.why
			FROM campaigns c JOIN packs p ON p.id = c.pack_id JOIN cohorts h ON h.id = c.cohort_id
			WHERE ? = 0 OR c.id = ? ORDER BY c.id DESC`, only, only)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c campaigns.Campaign
			var at, createdBy, approvedBy, approved, launched, finished sql.NullInt64
			var created int64
			if err := rows.Scan(&c.ID, &c.Name, &c.Pack, &c.PackName, &c.Cohort, &c.CohortName, &c.Area, &c.State, &c.Policy,
				&at, &c.Line, &c.Zone, &c.Again, &c.CapMails, &c.CapDays, &createdBy, &created, &approvedBy,
				&approved, &launched, &finished, &c.Why); err != nil {
				return err
			}
			c.CreatedBy, c.ApprovedBy = actnow.UserID(createdBy.Int64), actnow.UserID(approvedBy.Int64)
			c.At, c.CreatedAt, c.ApprovedAt = timeOrZero(at), time.Unix(created, 0).UTC(), timeOrZero(approved)
			c.LaunchedAt, c.FinishedAt = timeOrZero(launched), timeOrZero(finished)
			list = append(list, c)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for i := range list {
			if list[i].Counts, err = ledgerCounts(ctx, tx, scope, campaigns.LedgerQuery{Campaign: list[i].ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func campaignKey(id actnow.CampaignID) string { return fmt.Sprintf("campaign:%d", id) }
