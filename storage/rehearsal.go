package storage

import (
	"context"
	"database/sql"

	"actnow"
	"actnow/campaigns"
)

// rehearse freezes the audience of a launch, calls look, and forgets it all. What a
// launch works out goes to temporary tables, of which audience stands before that of the
// file, on a connection that can only read it: all of it is of one moment, and nobody who
// writes waits. run is that of the launch, or 1 for one that does not take place.
func (db *DB) rehearse(ctx context.Context, id actnow.CampaignID, plan campaigns.LaunchPlan, run actnow.CampaignRun, look func(*sql.Tx, *freezing) error) error {
	tx, err := db.stages.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	f := &freezing{plan: plan, run: run, now: db.now()}
	if f.frozenPlan, err = readFrozenPlan(ctx, tx, id); err != nil {
		return err
	}
	if err := shadow(ctx, tx, "audience"); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sql.Tx) error{f.gather, f.chooseLanguages, f.freeze} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return look(tx, f)
}
