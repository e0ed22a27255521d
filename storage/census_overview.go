package storage

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"

	"actnow"
)

// The first page, the matrix and the funnel out of a census, as SQL answers them.

// latest calls fn with each standing of the area in its newest month, of the customers
// that are in the scope.
func (c *census) latest(scope actnow.Scope, area actnow.Area, month actnow.Month, fn func(row int, id actnow.CustomerID)) {
	t := c.standings
	rows := t.texts("area").match(func(s string) bool { return s == string(area) })
	rows.and(t.texts("month").match(func(s string) bool { return s == string(month) }))
	within := c.within(scope)
	rows.each(func(row int) {
		if id := t.owner[row]; within.has(int(id)) {
			fn(row, actnow.CustomerID(id))
		}
	})
}

// within returns the customers that are in the scope.
func (c *census) within(scope actnow.Scope) bitset {
	return censusFilter{&filterBuilder{scope: scope}, c}.within(slices.Clone(c.there))
}

// estimate is what a standing may bring at least, if something is said of it.
func (t *table) estimate(row int) sql.NullInt64 {
	for _, column := range []*numbers{t.numbers("revenue_low"), t.numbers("revenue_high")} {
		if v, ok := column.at(row); ok {
			return sql.NullInt64{Int64: int64(v), Valid: true}
		}
	}
	return sql.NullInt64{}
}

// addTo adds up what is known.
func addTo(sum *sql.NullInt64, n sql.NullInt64) {
	if n.Valid {
		sum.Int64, sum.Valid = sum.Int64+n.Int64, true
	}
}

// reachable returns the customers that are matched, and of these those that a mail may
// reach.
func (c *census) reachable(tx *sql.Tx) (matched, mailable bitset, err error) {
	if matched, err = c.set(tx, matchedRows); err != nil {
		return nil, nil, err
	}
	mailable, err = c.set(tx, mailableRows)
	return matched, mailable, err
}

// moves is countMoves' groups.
func (c *census) moves(tx *sql.Tx, scope actnow.Scope, area actnow.Area, month actnow.Month) ([]moveGroup, error) {
	matched, mailable, err := c.reachable(tx)
	if err != nil {
		return nil, err
	}
	t := c.standings
	groups := map[string]*moveGroup{}
	c.latest(scope, area, month, func(row int, id actnow.CustomerID) {
		currency := t.texts(currencyOf).at(row)
		g := groups[currency]
		if g == nil {
			g = &moveGroup{currency: currency}
			groups[currency] = g
		}
		s := actnow.Standing{Cluster: actnow.Cluster(t.texts("cluster").at(row)), PreviousMonth: actnow.Month(t.texts("previous_month").at(row)),
			PreviousCluster: actnow.Cluster(t.texts("previous_cluster").at(row))}
		money := t.estimate(row)
		switch s.Move() {
		case actnow.MovedNew:
			g.isNew++
			addTo(&g.newMoney, money)
			if matched.has(int(id)) {
				g.matched++
			}
			if mailable.has(int(id)) {
				g.mailable++
			}
		case actnow.MovedUp:
			g.up++
		case actnow.MovedDown:
			g.down++
			if s.PreviousCluster == actnow.ActNow {
				g.left++
			}
		}
		if s.Cluster == actnow.ActNow {
			g.actNow++
			addTo(&g.money, money)
		}
		if t.texts("cell").at(row) != "" {
			g.scored++
		}
	})
	var list []moveGroup
	for _, currency := range slices.Sorted(maps.Keys(groups)) {
		list = append(list, *groups[currency])
	}
	return list, nil
}

// grid is fillGrid's groups of the newest month.
func (c *census) grid(tx *sql.Tx, scope actnow.Scope, area actnow.Area, month actnow.Month) ([]gridGroup, error) {
	matched, mailable, err := c.reachable(tx)
	if err != nil {
		return nil, err
	}
	type key struct {
		cell     actnow.Cell
		cluster  actnow.Cluster
		currency string
	}
	t := c.standings
	groups := map[key]*gridGroup{}
	c.latest(scope, area, month, func(row int, id actnow.CustomerID) {
		k := key{actnow.Cell(t.texts("cell").at(row)), actnow.Cluster(t.texts("cluster").at(row)), t.texts(currencyOf).at(row)}
		if k.cell == "" {
			return
		}
		g := groups[k]
		if g == nil {
			g = &gridGroup{cell: k.cell, cluster: k.cluster, currency: k.currency}
			groups[k] = g
		}
		g.customers++
		addTo(&g.money, t.estimate(row))
		if matched.has(int(id)) {
			g.matched++
		}
		if mailable.has(int(id)) {
			g.mailable++
		}
		if microsoft := actnow.Cluster(t.texts("microsoft_cluster").at(row)); microsoft != "" && microsoft != k.cell.Cluster() {
			g.disagree++
		}
	})
	var list []gridGroup
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b gridGroup) int {
		return cmp.Or(-byMoney(a.money, b.money), cmp.Compare(a.cell, b.cell), cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.currency, b.currency))
	})
	return list, nil
}

// byMoney compares sums; one of nothing is the least.
func byMoney(a, b sql.NullInt64) int {
	switch {
	case a.Valid && b.Valid:
		return cmp.Compare(a.Int64, b.Int64)
	case a.Valid:
		return 1
	case b.Valid:
		return -1
	}
	return 0
}

// ends returns the place in FunnelEnds of each customer.
func (c *census) ends(tx *sql.Tx) ([]uint8, error) {
	places := make([]uint8, c.customers.rows)
	for i := range places {
		places[i] = 1
	}
	for _, of := range []struct {
		rows  string
		place uint8
	}{{waitingRows, 0}, {matchedRows, 2}, {contactRows, 3}, {mailableRows, 4}} { // who is among several stands nearest to a mail
		who, err := c.set(tx, of.rows)
		if err != nil {
			return nil, err
		}
		who.each(func(id int) { places[id] = of.place })
	}
	return places, nil
}

// funnel is funnelEnds.
func (c *census) funnel(tx *sql.Tx, scope actnow.Scope, shares map[actnow.FunnelEnd]actnow.FunnelShare) error {
	places, err := c.ends(tx)
	if err != nil {
		return err
	}
	within := c.within(scope)
	within.each(func(id int) {
		end := actnow.FunnelEnds[places[id]]
		share := shares[end]
		share.Customers++
		shares[end] = share
	})
	if !scope.Revenue {
		return nil
	}
	type key struct {
		place    uint8
		currency string
	}
	t := c.standings
	sums := map[key]int64{}
	for row, id := range t.owner {
		if money := t.estimate(row); money.Valid && within.has(int(id)) {
			sums[key{places[id], t.texts(currencyOf).at(row)}] += money.Int64
		}
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b key) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a.place, b.place), cmp.Compare(a.currency, b.currency))
	})
	for _, k := range keys {
		share := shares[actnow.FunnelEnds[k.place]]
		share.Revenue = append(share.Revenue, actnow.Money{Minor: sums[k], Currency: k.currency})
		shares[actnow.FunnelEnds[k.place]] = share
	}
	return nil
}

// stages counts the customers of the scope by the stage that carries their best account.
func (c *census) stages(tx *sql.Tx, scope actnow.Scope, counts map[actnow.MatchStage]int) error {
	left := c.within(scope)
	for _, of := range []struct {
		rows  string
		stage actnow.MatchStage
	}{{matchedRows + ` AND m.stage = 'domain'`, actnow.StageDomain}, {matchedRows + ` AND m.stage = 'name'`, actnow.StageName}, {matchedRows, actnow.StageTPID}} {
		who, err := c.set(tx, of.rows)
		if err != nil {
			return err
		}
		if n := left.countBoth(who); n > 0 {
			counts[of.stage] = n
		}
		left.without(who)
	}
	return nil
}
