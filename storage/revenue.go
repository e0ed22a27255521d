package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"actnow"
	"actnow/scoring"
)

// BuyersAfter returns up to limit customers who are there in month, with an id above
// after, in the order of their ids, with what their matched accounts ever bought.
func (db *DB) BuyersAfter(ctx context.Context, month actnow.Month, after actnow.CustomerID, limit int) ([]scoring.Buyer, error) {
	b := buyerReader{at: map[actnow.CustomerID]int{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		b.tx = tx
		if err := b.customers(month, after, limit); err != nil {
			return err
		}
		for _, step := range []func() error{b.accounts, b.flags, b.subscriptions, b.transactions} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("buyers of %s: %w", month, err)
	}
	return b.list, nil
}

// buyerReader reads some customers as buyers.
type buyerReader struct {
	tx   *sql.Tx
	ids  string // as jsonEach takes them
	list []scoring.Buyer
	at   map[actnow.CustomerID]int // place in list
}

func (b *buyerReader) of(id actnow.CustomerID) *scoring.Buyer { return &b.list[b.at[id]] }

func (b *buyerReader) customers(month actnow.Month, after actnow.CustomerID, limit int) error {
	var ids []actnow.CustomerID
	err := each(b.tx, `SELECT id, org_size, segment, industry FROM customers WHERE id > ? AND `+thereIn+` ORDER BY id LIMIT ?`,
		[]any{after, month, month, limit}, func(rows *sql.Rows) error {
			var c scoring.Buyer
			err := rows.Scan(&c.Customer, &c.OrgSize, &c.Segment, &c.Industry)
			b.at[c.Customer] = len(b.list)
			b.list, ids = append(b.list, c), append(ids, c.Customer)
			return err
		})
	b.ids = idList(ids)
	return err
}

func (b *buyerReader) accounts() error {
	return each(b.tx, `SELECT DISTINCT m.customer_id FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
		WHERE m.band = 'match' AND m.customer_id IN (SELECT value FROM `+jsonEach+`)`, []any{b.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		err := rows.Scan(&id)
		b.of(id).Account = true
		return err
	})
}

// flagAreas are the areas that a yes of a column says the customer has.
var flagAreas = map[string]actnow.Area{"has_azure": actnow.Azure, "has_m365": actnow.M365, "has_copilot": actnow.Copilot}

func (b *buyerReader) flags() error {
	return each(b.tx, `SELECT customer_id, field FROM customer_facts WHERE value = 'yes' AND field IN ('has_azure','has_m365','has_copilot')
		AND customer_id IN (SELECT value FROM `+jsonEach+`) ORDER BY customer_id, field`, []any{b.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var field string
		err := rows.Scan(&id, &field)
		b.of(id).Has = append(b.of(id).Has, flagAreas[field])
		return err
	})
}

func (b *buyerReader) subscriptions() error {
	return each(b.tx, `SELECT m.customer_id, r.area, r.product, r.start_at, r.end_at, r.amount, r.currency`+
		matchedAccounts("subscriptions")+`ORDER BY m.customer_id, r.id`, []any{b.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var start, end sql.NullInt64
		p := scoring.Purchase{Subscription: true}
		err := rows.Scan(&id, &p.Area, &p.Product, &start, &end, &p.Amount, &p.Currency)
		if start.Valid {
			p.At = time.Unix(start.Int64, 0).UTC()
		}
		if end.Valid {
			p.Until = time.Unix(end.Int64, 0).UTC()
		}
		b.of(id).Purchases = append(b.of(id).Purchases, p)
		return err
	})
}

// transactions reads those that say when they were.
func (b *buyerReader) transactions() error {
	return each(b.tx, `SELECT m.customer_id, r.area, r.product, r.at, r.amount, r.currency`+
		matchedAccounts("transactions")+`AND r.at IS NOT NULL ORDER BY m.customer_id, r.id`, []any{b.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var at int64
		var p scoring.Purchase
		err := rows.Scan(&id, &p.Area, &p.Product, &at, &p.Amount, &p.Currency)
		p.At = time.Unix(at, 0).UTC()
		b.of(id).Purchases = append(b.of(id).Purchases, p)
		return err
	})
}

// ReportCurrency returns the currency that current reports name most with potential
// revenue, "" if none does.
func (db *DB) ReportCurrency(ctx context.Context) (string, error) {
	var currency string
	err := db.readers.QueryRowContext(ctx, `SELECT currency FROM revenues WHERE currency <> '' AND month = (SELECT max(month) FROM revenues)
		GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1`).Scan(&currency)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("currency of the reports: %w", err)
	}
	return currency, nil
}

// estimateColumns are those of a row, in the order of estimateRow.
const estimateColumns = `customer_id, area, month, kind, p10, p50, p90, currency, peers, alike, basis, paid, chance, expected`

// estimateRow is a row of revenue_estimates as it is compared.
type estimateRow struct {
	customer      actnow.CustomerID
	area          actnow.Area
	month         actnow.Month
	kind          actnow.RevenueKind
	p10, p50, p90 int64
	currency      string
	peers         int
	alike         actnow.Likeness
	basis         actnow.RevenueBasis
	paid          int64
	chance        sql.NullFloat64
	expected      sql.NullInt64
}

func (r *estimateRow) fields() []any {
	return []any{&r.customer, &r.area, &r.month, &r.kind, &r.p10, &r.p50, &r.p90, &r.currency, &r.peers, &r.alike, &r.basis, &r.paid, &r.chance, &r.expected}
}

func newEstimateRow(id actnow.CustomerID, month actnow.Month, e actnow.RevenueEstimate) estimateRow {
	r := estimateRow{customer: id, area: e.Area, month: month, kind: e.Kind, p10: e.P10, p50: e.P50, p90: e.P90, currency: e.Currency,
		peers: e.Peers, alike: e.Alike, basis: e.Basis, paid: e.Paid}
	if e.Chance != nil {
		r.chance = sql.NullFloat64{Float64: *e.Chance, Valid: true}
	}
	if e.Expected != nil {
		r.expected = sql.NullInt64{Int64: *e.Expected, Valid: true}
	}
	return r
}

func (r *estimateRow) estimate() actnow.RevenueEstimate {
	e := actnow.RevenueEstimate{Area: r.area, Month: r.month, Kind: r.kind, P10: r.p10, P50: r.p50, P90: r.p90, Currency: r.currency,
		Peers: r.peers, Alike: r.alike, Basis: r.basis, Paid: r.paid}
	if r.chance.Valid {
		e.Chance = &r.chance.Float64
	}
	if r.expected.Valid {
		e.Expected = &r.expected.Int64
	}
	return e
}

// SaveEstimates puts the estimates of a month in place of those that the customers
// have in the areas, and brings the standings of those of whom something changed to
// them, some customers in each transaction.
func (db *DB) SaveEstimates(ctx context.Context, month actnow.Month, areas []actnow.Area, ids []actnow.CustomerID, es []scoring.CustomerEstimate) error {
	inAreas, err := json.Marshal(areas)
	if err != nil {
		return err
	}
	byCustomer := map[actnow.CustomerID][]scoring.CustomerEstimate{}
	for _, e := range es {
		byCustomer[e.Customer] = append(byCustomer[e.Customer], e)
	}
	err = db.inPieces(ctx, len(ids), func(tx *sql.Tx, from, to int) error {
		ids := ids[from:to]
		type key struct {
			customer actnow.CustomerID
			area     actnow.Area
		}
		kept := map[key]estimateRow{}
		err := each(tx, `SELECT `+estimateColumns+` FROM revenue_estimates
			WHERE month = ? AND area IN (SELECT value FROM `+jsonEach+`) AND customer_id IN (SELECT value FROM `+jsonEach+`)`,
			[]any{month, string(inAreas), idList(ids)}, func(rows *sql.Rows) error {
				var r estimateRow
				err := rows.Scan(r.fields()...)
				kept[key{r.customer, r.area}] = r
				return err
			})
		if err != nil {
			return err
		}
		changed := map[actnow.CustomerID]bool{}
		into := bulk{table: `revenue_estimates (` + estimateColumns + `, estimated_at)`, columns: 15, repeat: `
			ON CONFLICT (customer_id, area, month) DO UPDATE SET kind = excluded.kind, p10 = excluded.p10, p50 = excluded.p50, p90 = excluded.p90,
				currency = excluded.currency, peers = excluded.peers, alike = excluded.alike, basis = excluded.basis, paid = excluded.paid,
				chance = excluded.chance, expected = excluded.expected, estimated_at = excluded.estimated_at`}
		for _, id := range ids {
			for _, e := range byCustomer[id] {
				r, k := newEstimateRow(e.Customer, month, e.RevenueEstimate), key{e.Customer, e.Area}
				have, ok := kept[k]
				delete(kept, k)
				if ok && have == r {
					continue
				}
				changed[r.customer] = true
				into.add(r.customer, r.area, r.month, r.kind, r.p10, r.p50, r.p90, r.currency, r.peers, r.alike, r.basis, r.paid, r.chance, r.expected, db.now().Unix())
			}
		}
		for k := range kept {
			changed[k.customer] = true
			if _, err := tx.Exec(`DELETE FROM revenue_estimates WHERE customer_id = ? AND area = ? AND month = ?`, k.customer, k.area, month); err != nil {
				return err
			}
		}
		if len(changed) == 0 {
			return nil
		}
		if err := into.insert(context.Background(), tx); err != nil {
			return err
		}
		return refreshRevenues(tx, month, areas, sorted(changed))
	})
	if err != nil {
		return fmt.Errorf("save %d estimates of %s: %w", len(es), month, err)
	}
	return nil
}

// readEstimates reads the newest estimate of each area, nothing without
// Scope.Revenue.
func readEstimates(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	if !scope.Revenue {
		return nil
	}
	return each(tx, `SELECT `+estimateColumns+` FROM revenue_estimates e WHERE customer_id = ?
		AND month = (SELECT max(q.month) FROM revenue_estimates q WHERE q.customer_id = e.customer_id AND q.area = e.area) ORDER BY area`,
		[]any{d.Customer.ID}, func(rows *sql.Rows) error {
			var r estimateRow
			err := rows.Scan(r.fields()...)
			d.Estimates = append(d.Estimates, r.estimate())
			return err
		})
}
