package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"actnow"
	"actnow/campaigns"
)

// CampaignHistory lists the runs of a campaign, newest first, with the counts of
// their frozen audiences within the scope.
func (db *DB) CampaignHistory(ctx context.Context, scope actnow.Scope, id actnow.CampaignID) ([]campaigns.Run, error) {
	var list []campaigns.Run
	err := db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, period, launched_at, finished_at FROM campaign_runs WHERE campaign_id = ? AND launched_at > 0 ORDER BY id DESC`, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		at := map[actnow.CampaignRun]int{}
		for rows.Next() {
			r := campaigns.Run{LeftOut: map[campaigns.LeftOut]int{}}
			var launched int64
			var finished sql.NullInt64
			if err := rows.Scan(&r.ID, &r.Period, &launched, &finished); err != nil {
				return err
			}
			r.LaunchedAt, r.FinishedAt = time.Unix(launched, 0).UTC(), timeOrZero(finished)
			at[r.ID] = len(list)
			list = append(list, r)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		in := inScope(scope, "a.customer_id")
		where, args := in.sql, in.args
		counts, err := tx.QueryContext(ctx, `SELECT a.run_id, a.left_out, count(*) FROM audience a JOIN campaign_runs r ON r.id = a.run_id
			WHERE r.campaign_id = ? AND r.launched_at > 0 AND `+where+` GROUP BY a.run_id, a.left_out`, append([]any{id}, args...)...)
		if err != nil {
			return err
		}
		defer counts.Close()
		for counts.Next() {
			var run actnow.CampaignRun
			var reason campaigns.LeftOut
			var n int
			if err := counts.Scan(&run, &reason, &n); err != nil {
				return err
			}
			if r := &list[at[run]]; reason == "" {
				r.Audience = n
			} else {
				r.LeftOut[reason] = n
			}
		}
		return counts.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("runs of campaign %d: %w", id, err)
	}
	return list, nil
}

// NextMails returns when the next mail of each campaign is due. A campaign of
// which nothing waits is not there.
func (db *DB) NextMails(ctx context.Context) (map[actnow.CampaignID]time.Time, error) {
	rows, err := db.readers.QueryContext(ctx, `SELECT l.campaign_id, min(l.next_at) FROM ledger l
		WHERE l.state IN ('queued', 'deferred') AND `+ofLaunched+` GROUP BY l.campaign_id`)
	if err != nil {
		return nil, fmt.Errorf("next mails: %w", err)
	}
	defer rows.Close()
	next := map[actnow.CampaignID]time.Time{}
	for rows.Next() {
		var id actnow.CampaignID
		var at sql.NullInt64
		if err := rows.Scan(&id, &at); err != nil {
			return nil, fmt.Errorf("next mails: %w", err)
		}
		next[id] = timeOrZero(at)
	}
	return next, rows.Err()
}
