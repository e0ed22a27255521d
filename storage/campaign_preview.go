package storage

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"

	"actnow"
	"actnow/campaigns"
)

// PreviewCampaign freezes the audience as a launch would, in a rehearsal, and gives
// check what each recipient's mail is filled with. The campaign may stand anywhere. The error matches actnow.ErrNotFound.
func (db *DB) PreviewCampaign(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, check func(iter.Seq[campaigns.Recipient])) (campaigns.Launch, error) {
	l := campaigns.Launch{LeftOut: map[campaigns.LeftOut]int{}}
	err := db.rehearse(ctx, id, plan, func(tx *sql.Tx, f *freezing) error {
		if err := f.queue(tx); err != nil {
			return err
		}
		if err := f.count(tx, &l); err != nil {
			return err
		}
		if check == nil {
			return nil
		}
		var failed error
		check(recipients(ctx, tx, f.run, &failed))
		return failed
	})
	if err != nil {
		return l, fmt.Errorf("preview campaign %d: %w", id, err)
	}
	l.Run = 0
	return l, nil
}

// PreviewMessage returns the message that a launch would queue for a contact, 0
// for the first of the audience. Of a contact's mail only the contact's customers are
// frozen, so that it does not take as long as a launch: that the address stands with
// another customer too is not seen. The error matches actnow.ErrNotFound if the
// contact would get none.
func (db *DB) PreviewMessage(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, contact actnow.ContactID) (campaigns.Message, error) {
	var found []campaigns.Message
	if contact != 0 {
		of, err := db.customersOfContact(ctx, contact)
		if err != nil {
			return campaigns.Message{}, fmt.Errorf("preview a message of campaign %d: %w", id, err)
		}
		plan.Customers = slices.DeleteFunc(of, func(c actnow.CustomerID) bool { return !slices.Contains(plan.Customers, c) })
	}
	err := db.rehearse(ctx, id, plan, func(tx *sql.Tx, f *freezing) error {
		if err := f.queue(tx); err != nil {
			return err
		}
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
	found[0].Row = 0 // the row was of the rehearsal
	return found[0], nil
}

// customersOfContact returns the customers that the contact's account is matched to.
func (db *DB) customersOfContact(ctx context.Context, id actnow.ContactID) (list []actnow.CustomerID, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT DISTINCT m.customer_id FROM contacts k JOIN accounts a ON a.source = k.source AND a.external_id = k.account_ref
			JOIN matches m ON m.account_id = a.id AND m.band = 'match' WHERE k.id = ?`, []any{id}, func(rows *sql.Rows) error {
			var c actnow.CustomerID
			err := rows.Scan(&c)
			list = append(list, c)
			return err
		})
	})
	return list, err
}

// recipients are those whom the first step of a run goes to, read one by one. What ends
// the reading before its time is in failed.
func recipients(ctx context.Context, tx *sql.Tx, run actnow.CampaignRun, failed *error) iter.Seq[campaigns.Recipient] {
	return func(yield func(campaigns.Recipient) bool) {
		err := eachMessage(ctx, tx, func(m campaigns.Message) error {
			if !yield(campaigns.Recipient{Language: m.Language, Fields: m.Fields}) {
				return errEnough
			}
			return nil
		}, `SELECT `+messageColumns+`
			FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
			WHERE l.run_id = ? AND l.step = (SELECT min(f.step) FROM ledger f WHERE f.run_id = l.run_id) ORDER BY l.id`, run)
		if err != errEnough {
			*failed = err
		}
	}
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
