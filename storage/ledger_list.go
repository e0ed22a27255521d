package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
)

// Ledger returns a page of the rows that q chooses, newest first, with the counts
// by state of all rows that q chooses without its State, and with their events. Rows of customers
// outside the scope are not there; addresses, names and replies are withheld
// without Scope.Personal, and then Search looks at customer names alone.
func (db *DB) Ledger(ctx context.Context, scope actnow.Scope, q campaigns.LedgerQuery) (campaigns.LedgerPage, error) {
	var page campaigns.LedgerPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		var err error
		if page.Counts, err = ledgerCounts(ctx, tx, scope, q); err != nil {
			return err
		}
		page.Total = page.Counts.Total()
		if q.State != "" {
			page.Total = page.Counts[q.State]
		}
		where, args := ledgerWhere(scope, q)
		if q.State != "" {
			where += ` AND l.state = ?`
			args = append(args, q.State)
		} else if q.Open {
			page.Total = page.Counts[actnow.LedgerQueued] + page.Counts[actnow.LedgerIntent] + page.Counts[actnow.LedgerDeferred]
			where += ` AND l.state IN ('queued', 'intent', 'deferred')`
		}
		page.Rows, err = ledgerRows(ctx, tx, scope, where+` ORDER BY l.id DESC LIMIT ? OFFSET ?`,
			append(args, pageLimit(q.Limit), max(q.Offset, 0))...)
		if err != nil {
			return err
		}
		return addEvents(ctx, tx, page.Rows)
	})
	if err != nil {
		return campaigns.LedgerPage{}, fmt.Errorf("ledger: %w", err)
	}
	return page, nil
}

// LedgerRow returns one row with its events.
func (db *DB) LedgerRow(ctx context.Context, scope actnow.Scope, id actnow.LedgerID) (campaigns.LedgerRow, error) {
	var r campaigns.LedgerRow
	err := db.read(ctx, func(tx *sql.Tx) error {
		where, args := ledgerWhere(scope, campaigns.LedgerQuery{})
		rows, err := ledgerRows(ctx, tx, scope, where+` AND l.id = ?`, append(args, id)...)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return actnow.ErrNotFound
		}
		err = addEvents(ctx, tx, rows[:1])
		r = rows[0]
		return err
	})
	if err != nil {
		return campaigns.LedgerRow{}, fmt.Errorf("ledger row %d: %w", id, err)
	}
	return r, nil
}

// CampaignRuns lists the runs of a campaign, newest first.
func (db *DB) CampaignRuns(ctx context.Context, id actnow.CampaignID) ([]actnow.CampaignRun, error) {
	rows, err := db.readers.QueryContext(ctx, `SELECT id FROM campaign_runs WHERE campaign_id = ? AND launched_at > 0 ORDER BY id DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("runs of campaign %d: %w", id, err)
	}
	defer rows.Close()
	var out []actnow.CampaignRun
	for rows.Next() {
		var run actnow.CampaignRun
		if err := rows.Scan(&run); err != nil {
			return nil, fmt.Errorf("runs of campaign %d: %w", id, err)
		}
		out = append(out, run)
	}
	return out, rows.Err()
}

// ledgerWhere is the condition of q on ledger l and customers c, without its
// State.
func ledgerWhere(scope actnow.Scope, q campaigns.LedgerQuery) (string, []any) {
	in := inScope(scope, "l.customer_id")
	where, args := ofLaunched+" AND "+in.sql, in.args
	add := func(condition string, values ...any) {
		where += " AND " + condition
		args = append(args, values...)
	}
	if q.Campaign != 0 {
		add("l.campaign_id = ?", q.Campaign)
	}
	if q.Run != 0 {
		add("l.run_id = ?", q.Run)
	}
	if q.Customer != 0 {
		add("l.customer_id = ?", q.Customer)
	}
	if q.Contact != 0 {
		add("l.contact_id = ?", q.Contact)
	}
	if q.Step != "" {
		add("l.step = ?", q.Step)
	}
	if s := strings.TrimSpace(q.Search); s != "" {
		in := `fold(c.name) LIKE ? ESCAPE '\'`
		values := []any{likeInside(s)}
		if scope.Personal {
			in = `(` + in + ` OR l.address LIKE ? ESCAPE '\')`
			values = append(values, likeInside(s))
		}
		add(in, values...)
	}
	return where, args
}

func ledgerCounts(ctx context.Context, tx *sql.Tx, scope actnow.Scope, q campaigns.LedgerQuery) (campaigns.Counts, error) {
	where, args := ledgerWhere(scope, q)
	from := `ledger l`
	if strings.Contains(where, "c.name") {
		from += ` JOIN customers c ON c.id = l.customer_id`
	}
	rows, err := tx.QueryContext(ctx, `SELECT l.state, count(*) FROM `+from+` WHERE `+where+` GROUP BY l.state`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := campaigns.Counts{}
	for rows.Next() {
		var state actnow.LedgerState
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, err
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

func ledgerRows(ctx context.Context, tx *sql.Tx, scope actnow.Scope, where string, args ...any) ([]campaigns.LedgerRow, error) {
	rows, err := tx.QueryContext(ctx, `SELECT l.id, l.campaign_id, p.name, l.run_id, l.step, l.channel, l.mailbox, l.name, l.language,
			l.customer_id, COALESCE(NULLIF(c.name, ''), NULLIF(c.domain, ''), c.tpid), l.contact_id, l.state, l.attempts,
			l.next_at, l.message_id, l.last_code, l.last_reply, l.why, l.queued_at, l.intent_at, l.settled_at
		FROM ledger l JOIN campaigns p ON p.id = l.campaign_id JOIN customers c ON c.id = l.customer_id
		WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []campaigns.LedgerRow
	for rows.Next() {
		var r campaigns.LedgerRow
		var next, queued int64
		var tried, settled sql.NullInt64
		if err := rows.Scan(&r.ID, &r.Campaign, &r.CampaignName, &r.Run, &r.Step, &r.Channel, &r.Address, &r.Name, &r.Language,
			&r.Customer, &r.CustomerName, &r.Contact, &r.State, &r.Attempts,
			&next, &r.MessageID, &r.Code, &r.Reply, &r.Why, &queued, &tried, &settled); err != nil {
			return nil, err
		}
		r.QueuedAt, r.TriedAt, r.SettledAt = time.Unix(queued, 0).UTC(), timeOrZero(tried), timeOrZero(settled)
		if r.State == actnow.LedgerQueued || r.State == actnow.LedgerDeferred {
			r.NextAt = time.Unix(next, 0).UTC()
		}
		if !scope.Personal {
			r.Address, r.Name, r.Reply = "", "", ""
		}
		out = append(out, r)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// addEvents gives rows their events, oldest first.
func addEvents(ctx context.Context, tx *sql.Tx, list []campaigns.LedgerRow) error {
	at, ids := map[actnow.LedgerID]int{}, make([]actnow.LedgerID, len(list))
	for i, r := range list {
		at[r.ID], ids[i] = i, r.ID
	}
	bound, err := ledgerJSON(ids)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT ledger_id, kind, source_id, at, detail FROM ledger_events
		WHERE ledger_id IN (SELECT value FROM `+jsonEach+`) ORDER BY at, id`, bound)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row actnow.LedgerID
		var e campaigns.LedgerEvent
		var when int64
		if err := rows.Scan(&row, &e.Kind, &e.Source, &when, &e.Detail); err != nil {
			return err
		}
		e.At = time.Unix(when, 0).UTC()
		list[at[row]].Events = append(list[at[row]].Events, e)
	}
	return rows.Err()
}
