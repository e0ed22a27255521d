package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"actnow"
	"actnow/campaigns"
)

// PreviewCampaign returns what a launch would freeze now, in a rehearsal, and what the
// check finds. The campaign may stand anywhere. The error matches actnow.ErrNotFound.
func (db *DB) PreviewCampaign(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, check campaigns.Check) (campaigns.Launch, []campaigns.Finding, error) {
	r, err := db.rehearsed(ctx, id, plan, check)
	if err != nil {
		return campaigns.Launch{}, nil, fmt.Errorf("preview campaign %d: %w", id, err)
	}
	l := r.launch
	l.LeftOut = maps.Clone(l.LeftOut)
	return l, slices.Clone(r.findings), nil
}

// PreviewMessage returns the message that a launch would queue for a contact, 0
// for the first of the audience. Only the contact's customers are
// frozen, so that it does not take as long as a launch: that the address stands with
// another customer too is not seen. The error matches actnow.ErrNotFound if the
// contact would get none.
func (db *DB) PreviewMessage(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, contact actnow.ContactID) (campaigns.Message, error) {
	m, err := db.previewMessage(ctx, id, plan, contact)
	if err != nil {
		return campaigns.Message{}, fmt.Errorf("preview a message of campaign %d: %w", id, err)
	}
	return m, nil
}

func (db *DB) previewMessage(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, contact actnow.ContactID) (m campaigns.Message, err error) {
	if contact == 0 {
		r, err := db.rehearsed(ctx, id, plan, campaigns.Check{})
		if err != nil {
			return m, err
		}
		contact = r.first
	}
	of, err := db.customersOfContact(ctx, contact)
	if err != nil {
		return m, err
	}
	plan.Customers = slices.DeleteFunc(of, func(c actnow.CustomerID) bool { return !slices.Contains(plan.Customers, c) })
	err = db.rehearse(ctx, id, plan, 1, func(tx *sql.Tx, f *freezing) error {
		found := actnow.ErrNotFound
		err := f.eachRecipient(ctx, tx, 0, -1, func(r recipient) (err error) {
			if r.contact != contact {
				return nil
			}
			for _, s := range mailSteps(plan) {
				if meeting(s)(r.customer) {
					m = campaigns.Message{Campaign: id, Pack: plan.Pack, Step: s.Key, Address: r.mailbox, Name: r.name, Language: r.language,
						Attempt: 1, Due: f.now.AddDate(0, 0, s.After).UTC()}
					m.Fields, err = mergeFields(r.fields, r.language)
					if found = nil; err == nil {
						err = errEnough
					}
					return err
				}
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return errors.Join(err, found)
	})
	return m, err
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
