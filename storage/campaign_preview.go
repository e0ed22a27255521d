package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"actnow"
	"actnow/campaigns"
)

// errUndo ends a preview: what it wrote is taken back.
var errUndo = errors.New("preview")

// PreviewCampaign freezes the audience as a launch would, gives check what each
// recipient's mail is filled with, and takes everything back. The campaign may
// stand anywhere. The error matches actnow.ErrNotFound.
func (db *DB) PreviewCampaign(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, check func(iter.Seq[campaigns.Recipient])) (campaigns.Launch, error) {
	l := campaigns.Launch{LeftOut: map[campaigns.LeftOut]int{}}
	err := db.rehearse(ctx, id, plan, func(tx *sql.Tx, f *freezing) error {
		if err := f.count(tx, &l); err != nil {
			return err
		}
		recipients, err := previewRecipients(ctx, tx, f.run)
		if err == nil && check != nil {
			check(recipients)
		}
		return err
	})
	if err != nil {
		return l, fmt.Errorf("preview campaign %d: %w", id, err)
	}
	l.Run = 0
	return l, nil
}

// PreviewMessage returns the message that a launch would queue for a contact, 0
// for the first of the audience. The error matches actnow.ErrNotFound if the
// contact would get none.
func (db *DB) PreviewMessage(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, contact actnow.ContactID) (campaigns.Message, error) {
	var found []campaigns.Message
	err := db.rehearse(ctx, id, plan, func(tx *sql.Tx, f *freezing) error {
		return scanMessages(ctx, tx, &found, `SELECT `+messageColumns+`
			FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
			WHERE l.run_id = ? AND (? = 0 OR l.contact_id = ?) ORDER BY l.id LIMIT 1`, f.run, contact, contact)
	})
	if err == nil && len(found) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return campaigns.Message{}, fmt.Errorf("preview a message of campaign %d: %w", id, err)
	}
	found[0].Row = 0 // the row was taken back
	return found[0], nil
}

// rehearse freezes and queues a run, calls look, and takes the run back.
func (db *DB) rehearse(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, look func(*sql.Tx, *freezing) error) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		f := &freezing{campaign: id, plan: plan, now: db.now()}
		err := tx.QueryRow(`SELECT area, again, cap_mails, cap_days FROM campaigns WHERE id = ?`, id).Scan(&f.area, &f.again, &f.capMails, &f.capDays)
		if err != nil {
			return noRows(err)
		}
		err = tx.QueryRow(`INSERT INTO campaign_runs (campaign_id, period, launched_at) VALUES (?, 'preview', ?) RETURNING id`, id, f.now.Unix()).Scan(&f.run)
		if err != nil {
			return err
		}
		if f.customers, err = ledgerJSON(plan.Customers); err != nil {
			return err
		}
		for _, step := range []func(*sql.Tx) error{f.chooseLanguages, f.freeze, f.queue} {
			if err := step(tx); err != nil {
				return err
			}
		}
		if err := look(tx, f); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}

func previewRecipients(ctx context.Context, tx *sql.Tx, run actnow.CampaignRun) (iter.Seq[campaigns.Recipient], error) {
	var messages []campaigns.Message
	err := scanMessages(ctx, tx, &messages, `SELECT `+messageColumns+`
		FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
		WHERE l.run_id = ? AND l.step = (SELECT min(f.step) FROM ledger f WHERE f.run_id = l.run_id) ORDER BY l.id`, run)
	return func(yield func(campaigns.Recipient) bool) {
		for _, m := range messages {
			if !yield(campaigns.Recipient{Language: m.Language, Fields: m.Fields}) {
				return
			}
		}
	}, err
}

// LedgerMessage returns a ledger row as it is sent, for showing it again. The
// error matches actnow.ErrNotFound.
func (db *DB) LedgerMessage(ctx context.Context, row actnow.LedgerID) (campaigns.Message, error) {
	var found []campaigns.Message
	err := db.read(ctx, func(tx *sql.Tx) error {
		return scanMessages(ctx, tx, &found, `SELECT `+messageColumns+` FROM ledger l JOIN campaigns c ON c.id = l.campaign_id WHERE l.id = ?`, row)
	})
	if err == nil && len(found) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return campaigns.Message{}, fmt.Errorf("message of row %d: %w", row, err)
	}
	return found[0], nil
}

// NoteTest notes in the audit trail that a campaign's mail was tested.
func (db *DB) NoteTest(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		return db.audit(tx, by, "campaign.test", campaignKey(id), map[string]any{})
	})
}
