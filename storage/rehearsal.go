package storage

import (
	"context"
	"database/sql"

	"actnow"
	"actnow/campaigns"
)

// rehearse freezes the audience of a launch that does not take place, calls look, and
// forgets it all. What a launch would write goes to temporary tables that stand before
// those of the file, on a connection that can only read it: all of it is of one moment,
// and nobody who writes waits. look may queue the mails as well.
func (db *DB) rehearse(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, look func(*sql.Tx, *freezing) error) error {
	tx, err := db.stages.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	f := &freezing{campaign: id, plan: plan, now: db.now()}
	err = tx.QueryRowContext(ctx, `SELECT area, again, cap_mails, cap_days FROM campaigns WHERE id = ?`, id).Scan(&f.area, &f.again, &f.capMails, &f.capDays)
	if err != nil {
		return noRows(err)
	}
	for _, table := range []string{"campaign_runs", "audience", "ledger"} {
		if err := shadow(ctx, tx, table); err != nil {
			return err
		}
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO campaign_runs (campaign_id, period, launched_at) VALUES (?, 'preview', ?) RETURNING id`, id, f.now.Unix()).Scan(&f.run)
	if err != nil {
		return err
	}
	if f.customers, err = ledgerJSON(plan.Customers); err != nil {
		return err
	}
	if err := f.chooseLanguages(tx); err != nil {
		return err
	}
	if err := f.freeze(tx); err != nil {
		return err
	}
	return look(tx, f)
}
