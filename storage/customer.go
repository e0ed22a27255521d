package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"actnow"
)

// maxPage is the most rows a page asks for at once.
const maxPage = 500

// pageLimit is how many rows a page has: 50 unless it asks for some, at most
// maxPage.
func pageLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, maxPage)
}

const customerColumns = `c.id, c.key, c.tpid, c.duns, c.name, c.domain, c.org_size, c.industry, c.vertical,
	c.city, c.state, c.postal_code, c.country, c.segment, c.nonprofit, c.first_month, c.last_month, COALESCE(c.gone_month, '')`

func customerFields(c *actnow.Customer) []any {
	return []any{&c.ID, &c.Key, &c.TPID, &c.DUNS, &c.Name, &c.Domain, &c.OrgSize, &c.Industry, &c.Vertical,
		&c.City, &c.State, &c.PostalCode, &c.Country, &c.Segment, &c.Nonprofit, &c.FirstMonth, &c.LastMonth, &c.GoneMonth}
}

const standingColumns = `COALESCE(p.area, ''), COALESCE(p.month, ''), p.fit, p.intent, COALESCE(p.fit_band, ''), COALESCE(p.intent_band, ''),
	COALESCE(p.fit_from, ''), COALESCE(p.intent_from, ''), COALESCE(p.cell, ''), COALESCE(p.cluster, ''), COALESCE(p.cluster_from, ''),
	COALESCE(p.microsoft_cluster, ''), COALESCE(p.own_cluster, ''), COALESCE(p.previous_cluster, ''), COALESCE(p.previous_month, ''),
	p.revenue_low, p.revenue_high, COALESCE(p.currency, ''), COALESCE(p.revenue_from, ''), COALESCE(p.revenue_kind, '')`

func standingFields(s *actnow.Standing) []any {
	return []any{&s.Area, &s.Month, &s.Fit, &s.Intent, &s.FitBand, &s.IntentBand,
		&s.FitFrom, &s.IntentFrom, &s.Cell, &s.Cluster, &s.ClusterFrom,
		&s.MicrosoftCluster, &s.OwnCluster, &s.PreviousCluster, &s.PreviousMonth,
		&s.Revenue.Low, &s.Revenue.High, &s.Revenue.Currency, &s.RevenueFrom, &s.RevenueKind}
}

// areaList is all areas as the JSON array that jsonEach takes.
var areaList = func() string {
	b, _ := json.Marshal(actnow.Areas) // of texts: it has no errors
	return string(b)
}()

// byHeat orders clusters, hottest first, for SQL.
const byHeat = `CASE %s WHEN 'Act Now' THEN 1 WHEN 'Evaluate' THEN 2 WHEN 'Nurture' THEN 3 WHEN 'Educate' THEN 4 ELSE 5 END`

// Customers returns a page of the customers that the query chooses and the scope
// allows. Money is empty without Scope.Revenue. The error matches
// actnow.ErrInvalid if the query's filter cannot be read.
func (db *DB) Customers(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery) (actnow.CustomerPage, error) {
	var page actnow.CustomerPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		list, err := db.customerList(tx, scope, q)
		if err != nil {
			return err
		}
		page, err = list.page(q)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("list customers: %w", err)
	}
	return page, nil
}

// EachCustomer calls fn with every customer that the query chooses, in its
// order, for taking a list out as a file. The error matches actnow.ErrForbidden
// without Scope.Export.
func (db *DB) EachCustomer(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery, fn func(actnow.CustomerRow) error) error {
	if !scope.Export {
		return fmt.Errorf("export customers: %w", actnow.ErrForbidden)
	}
	return db.read(ctx, func(tx *sql.Tx) error {
		list, err := db.customerList(tx, scope, q)
		if err != nil {
			return err
		}
		ids, err := list.ids(-1, 0)
		if err != nil {
			return fmt.Errorf("export customers: %w", err)
		}
		for part := range slices.Chunk(ids, maxPage) {
			rows, err := list.rows(part)
			if err != nil {
				return fmt.Errorf("export customers: %w", err)
			}
			for _, r := range rows {
				if err := fn(r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
