package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"actnow"
	"actnow/campaigns"
)

// LaunchCampaign freezes the campaign's audience as it is in one moment, queues one
// ledger row for each step and address that may be mailed, records why everyone else is
// left out, and marks the campaign as sending. All of it happens or none of it; nothing
// of it is sent before all of it is there. It is written in pieces, so that whoever writes
// meanwhile waits for one piece. ctx does not end it.
//
// The error matches actnow.ErrNotFound if there is no such campaign, and
// actnow.ErrConflict (a *actnow.StateError) if it is not scheduled, has been launched for
// the period before, or is changed meanwhile. A recurring campaign may be launched again
// while an earlier run is still sending. The error matches actnow.ErrInvalid if
// the pack has expired or has no step that goes to recipients.
func (db *DB) LaunchCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, plan campaigns.LaunchPlan) (l campaigns.Launch, err error) {
	ctx = context.WithoutCancel(ctx)
	db.launches.Lock() // a run sees whom the one before has mailed
	defer db.launches.Unlock()
	for range launchTries {
		if l, err = db.launch(ctx, by, id, plan); !vanished(err) {
			break
		}
	}
	if err != nil {
		return campaigns.Launch{}, fmt.Errorf("launch campaign %d: %w", id, err)
	}
	return l, nil
}

// launchTries is how often a launch is tried when somebody of its audience is deleted
// while it is written, as the undo of an import does.
const launchTries = 3

// vanished reports whether rows refer to something that is there no more.
func vanished(err error) bool {
	var refused *sqlite.Error
	return errors.As(err, &refused) && refused.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// launching is a launch while it is written. Its run counts as none, since it has no
// moment of its launch, until all of it is there.
type launching struct {
	db *DB
	*freezing
	tx     *sql.Tx // what is frozen
	pace   pace
	launch campaigns.Launch
}

// unlaunched chooses the runs that are being written, or were when the program ended.
const unlaunched = `(SELECT id FROM campaign_runs WHERE launched_at = 0)`

// ofLaunched is the condition that a ledger row l is of a launch. Mostly all are, and none
// is looked at.
const ofLaunched = `(NOT EXISTS ` + unlaunched + ` OR l.run_id NOT IN ` + unlaunched + `)`

func (db *DB) launch(ctx context.Context, by actnow.Actor, id actnow.CampaignID, plan campaigns.LaunchPlan) (l campaigns.Launch, err error) {
	var run actnow.CampaignRun
	var begun frozenPlan
	err = db.write(ctx, func(tx *sql.Tx) error {
		if begun, err = db.mayLaunch(ctx, tx, id, plan); err != nil {
			return err
		}
		var launched bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM campaign_runs WHERE campaign_id = ? AND period = ?)`, id, plan.Period).Scan(&launched); err != nil {
			return err
		}
		if launched {
			return &actnow.StateError{Noun: "run " + plan.Period, Have: "launched", Want: "new"}
		}
		return tx.QueryRow(`INSERT INTO campaign_runs (campaign_id, period, launched_at) VALUES (?, ?, 0) RETURNING id`, id, plan.Period).Scan(&run)
	})
	if err != nil {
		return l, err
	}
	err = db.rehearse(ctx, id, plan, run, func(tx *sql.Tx, f *freezing) error {
		if f.frozenPlan != begun {
			return errChangedMeanwhile
		}
		w := &launching{db: db, freezing: f, tx: tx}
		if w.launch, err = f.count(ctx, tx); err != nil {
			return err
		}
		if err := w.writeAudience(ctx); err != nil {
			return fmt.Errorf("freeze the audience: %w", err)
		}
		for _, s := range mailSteps(plan) {
			if err := w.queue(ctx, s); err != nil {
				return fmt.Errorf("queue step %s: %w", s.Key, err)
			}
		}
		err := w.publish(ctx, by)
		l = w.launch
		return err
	})
	if err != nil {
		err = errors.Join(err, db.forgetUnlaunched(ctx))
	}
	return l, err
}

// errChangedMeanwhile is the answer to a launch whose campaign is not as it was.
var errChangedMeanwhile = &actnow.StateError{Noun: "campaign", Have: "changed meanwhile", Want: "as it was"}

// mayLaunch returns what the campaign says of its audience, if it may be launched by the
// plan.
func (db *DB) mayLaunch(ctx context.Context, tx *sql.Tx, id actnow.CampaignID, plan campaigns.LaunchPlan) (frozenPlan, error) {
	var state actnow.CampaignState
	var pack actnow.PackID
	var cohort actnow.CohortID
	var line, expires string
	err := tx.QueryRow(`SELECT c.state, c.pack_id, c.cohort_id, c.line, p.expires
		FROM campaigns c JOIN packs p ON p.id = c.pack_id WHERE c.id = ?`, id).Scan(&state, &pack, &cohort, &line, &expires)
	switch {
	case err != nil:
		return frozenPlan{}, noRows(err)
	case state != actnow.CampaignScheduled && !(state == actnow.CampaignSending && line != ""):
		return frozenPlan{}, &actnow.StateError{Noun: "campaign", Have: string(state), Want: string(actnow.CampaignScheduled)}
	case pack != plan.Pack || cohort != plan.Cohort:
		return frozenPlan{}, errChangedMeanwhile
	case expires != "" && expires < db.now().Format(time.DateOnly):
		return frozenPlan{}, actnow.Invalid("error.pack_expired", "pack", "the pack's content was good until %s", expires)
	case len(mailSteps(plan)) == 0:
		return frozenPlan{}, actnow.Invalid("error.pack_no_mail", "pack", "the pack has no step that goes out by e-mail")
	}
	return readFrozenPlan(ctx, tx, id)
}

// write runs fn in a transaction, if the campaign may still be launched, and learns from
// it how much of that kind fits in one.
func (w *launching) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	select {
	case <-w.db.done: // what there is of the run is taken back when the store is opened again
		return errClosed
	default:
	}
	var took time.Duration
	err := w.db.write(ctx, func(tx *sql.Tx) error {
		start := time.Now()
		defer func() { took = time.Since(start) }()
		if now, err := w.db.mayLaunch(ctx, tx, w.campaign, w.plan); err != nil {
			return err
		} else if now != w.frozenPlan {
			return errChangedMeanwhile
		}
		return fn(tx)
	})
	w.pace.learn(took)
	return err
}

// writeAudience writes the frozen audience to the file.
func (w *launching) writeAudience(ctx context.Context) error {
	w.pace = firstPace
	for after := int64(0); ; {
		lines := bulk{table: `audience (run_id, seq, customer_id, account_id, contact_id, address, left_out)`, columns: 7}
		err := each(w.tx, `SELECT seq, customer_id, account_id, contact_id, address, left_out FROM audience
			WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?`, []any{w.run, after, int(w.pace)}, func(rows *sql.Rows) error {
			var customer, account, contact, address, leftOut any
			err := rows.Scan(&after, &customer, &account, &contact, &address, &leftOut)
			lines.add(w.run, after, customer, account, contact, address, leftOut)
			return err
		})
		if err != nil || len(lines.values) == 0 {
			return err
		}
		if err := w.write(ctx, func(tx *sql.Tx) error { return lines.insert(ctx, tx) }); err != nil {
			return err
		}
	}
}

// queue writes a ledger row of the step for each recipient. The merge fields are frozen as
// they are; how they are written is left to the language, see mergeFields.
func (w *launching) queue(ctx context.Context, s campaigns.LaunchStep) error {
	only := meeting(s)
	due := w.now.AddDate(0, 0, s.After).Unix()
	domain := strings.ToLower(w.plan.Domain)
	w.pace = firstPace
	for after := int64(0); ; {
		var piece []recipient
		last := after
		err := w.eachRecipient(ctx, w.tx, after, int(w.pace), func(r recipient) error {
			if last = r.seq; only(r.customer) {
				piece = append(piece, r)
			}
			return nil
		})
		if err != nil || last == after {
			return err
		}
		after = last
		err = w.write(ctx, func(tx *sql.Tx) error {
			var id int64
			if err := tx.QueryRow(`SELECT COALESCE(max(id), 0) FROM ledger`).Scan(&id); err != nil {
				return err
			}
			rows := bulk{columns: 18, table: `ledger (id, campaign_id, run_id, step, channel, address, mailbox, name, contact_id, customer_id, account_id,
				language, fields, state, next_at, due_at, queued_at, message_id)`}
			for _, r := range piece {
				id++
				rows.add(id, w.campaign, w.run, s.Key, s.Channel, r.address, r.mailbox, r.name, r.contact, r.customer, r.account,
					r.language, r.fields, actnow.LedgerQueued, due, due, w.now.Unix(), fmt.Sprintf("<actnow.%d@%s>", id, domain))
			}
			return rows.insert(ctx, tx)
		})
		if err != nil {
			return err
		}
		w.launch.Queued += len(piece)
	}
}

// meeting reports who meets the condition of a step.
func meeting(s campaigns.LaunchStep) func(actnow.CustomerID) bool {
	if s.Only == nil {
		return func(actnow.CustomerID) bool { return true }
	}
	only := make(map[actnow.CustomerID]bool, len(s.Only))
	for _, id := range s.Only {
		only[id] = true
	}
	return func(id actnow.CustomerID) bool { return only[id] }
}

// publish makes a launch of what is written.
func (w *launching) publish(ctx context.Context, by actnow.Actor) error {
	return w.write(ctx, func(tx *sql.Tx) error {
		if err := touchedOne(tx.Exec(`UPDATE campaign_runs SET launched_at = ? WHERE id = ?`, w.now.Unix(), w.run)); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE campaigns SET state = 'sending', launched_at = ?, finished_at = NULL, why = '' WHERE id = ?`, w.now.Unix(), w.campaign)
		if err != nil {
			return err
		}
		if err := w.db.finish(tx, w.campaign); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT state FROM campaigns WHERE id = ?`, w.campaign).Scan(&w.launch.State); err != nil {
			return err
		}
		return w.db.audit(tx, by, "campaign.launch", campaignKey(w.campaign), w.launch)
	})
}

// forgetUnlaunched removes, some at a time, what there is of runs that did not come to
// their launch.
func (db *DB) forgetUnlaunched(ctx context.Context) error {
	for _, rows := range []string{
		`ledger WHERE rowid IN (SELECT rowid FROM ledger WHERE run_id IN ` + unlaunched + ` LIMIT 200)`,
		`audience WHERE rowid IN (SELECT rowid FROM audience WHERE run_id IN ` + unlaunched + ` LIMIT 500)`,
		`campaign_runs WHERE launched_at = 0`,
	} {
		if err := db.deleteInPieces(ctx, rows); err != nil {
			return fmt.Errorf("take back a launch: %w", err)
		}
	}
	return nil
}
