package storage

import (
	"fmt"
	"strings"

	"actnow"
	"actnow/reports"
)

// sheetColumn is a column and where its cells come from.
type sheetColumn struct {
	reports.SheetColumn
	place int    // among the cells of the report; -1 for another source
	sql   string // for those that are not of the report
	args  []any
	money bool // minor units
}

// reportColumns are those of the newest file of a report, as it had them.
func reportColumns(heads []reports.Column, scope actnow.Scope) []sheetColumn {
	var list []sheetColumn
	for i, h := range heads {
		if !scope.Revenue && strings.Contains(fold(h.Header), "revenue") {
			continue
		}
		c := sheetColumn{SheetColumn: reports.SheetColumn{Header: h.Header, Group: reports.GroupKept}, place: i}
		if f, ok := reports.FieldNamed(h.Field); ok {
			c.Group = f.SheetGroup()
			c.Number = f.Type == reports.FitField || f.Type == reports.IntentField || f.Type == reports.MoneyField || f.Type == reports.SizeField
		}
		list = append(list, c)
	}
	return list
}

// customerSheetColumns are what is known of customers beside any report, named as
// the fields of filters are.
func customerSheetColumns() []sheetColumn {
	var list []sheetColumn
	for _, name := range []string{"name", "domain", "tpid", "segment", "org_size", "industry", "city", "country", "first_month", "last_month", "gone_month"} {
		list = append(list, sheetColumn{SheetColumn: reports.SheetColumn{Header: name, Group: reports.GroupCustomer, Number: name == "org_size"}, place: -1, sql: "c." + name})
	}
	return list
}

// bestAccount is the account of customer c that the CRM fields are taken from.
const bestAccount = ` FROM matches m JOIN accounts a ON a.id = m.account_id
	WHERE m.customer_id = c.id AND m.band = 'match' AND a.deleted_at IS NULL AND a.merged_into = '' ORDER BY m.decided DESC, m.probability DESC, a.id LIMIT 1)`

// addedColumns are what Act Now adds: for each area of the source, then of the
// customer.
func (l *sheetList) addedColumns() []sheetColumn {
	standing := func(what string) string {
		return `(SELECT ` + what + ` FROM standings p WHERE p.customer_id = c.id AND p.area = ? AND p.latest = 1)`
	}
	estimated := func(what string) string {
		return `(SELECT e.` + what + ` FROM revenue_estimates e WHERE e.customer_id = p.customer_id AND e.area = p.area AND e.month = p.month)`
	}
	change := `CASE WHEN p.cluster = '' OR p.previous_month = '' THEN '' WHEN p.previous_cluster = '' THEN 'new' WHEN ` + fmt.Sprintf(byHeat, "p.cluster") + ` < ` + fmt.Sprintf(byHeat, "p.previous_cluster") +
		` THEN 'up' WHEN ` + fmt.Sprintf(byHeat, "p.cluster") + ` > ` + fmt.Sprintf(byHeat, "p.previous_cluster") + ` THEN 'down' ELSE 'same' END`
	from := map[string]string{
		"fit": standing("p.fit"), "intent": standing("p.intent"), "cell": standing("p.cell"), "cluster": standing("p.cluster"), "change": standing(change),
		"explanation": `(SELECT x.explanation FROM propensities x WHERE x.customer_id = c.id AND x.area = ? AND x.explanation <> '' ORDER BY x.month DESC, x.source LIMIT 1)`,
		"revenue_low": standing("p.revenue_low"), "revenue_high": standing("p.revenue_high"), "currency": standing("p.currency"),
		"revenue_kind": standing("p.revenue_kind"), "revenue_peers": standing(estimated("peers")),
		"revenue_basis": standing("CASE p.revenue_from WHEN 'own' THEN " + estimated("basis") + " ELSE p.revenue_from END"),
		"account":       `(SELECT a.name` + bestAccount, "owner": `(SELECT a.owner_name` + bestAccount,
		"mailable_contacts": `(SELECT count(*) FROM mailable_contacts mc WHERE mc.customer_id = c.id)`,
	}
	var list []sheetColumn
	add := func(a reports.Added, area actnow.Area, args ...any) {
		if a.Money && !l.scope.Revenue {
			return
		}
		group := reports.GroupCRM
		if a.Area {
			group = string(area)
		}
		list = append(list, sheetColumn{SheetColumn: reports.SheetColumn{Header: a.Header(area), Group: group, Added: true, Number: a.Number, About: l.say(a.AboutCode())},
			place: -1, sql: from[a.Key], args: args, money: a.Minor})
	}
	for _, area := range l.areas {
		for _, a := range reports.AddedColumns {
			if a.Area {
				add(a, area, string(area))
			}
		}
	}
	for _, a := range reports.AddedColumns {
		if !a.Area {
			add(a, "")
		}
	}
	return list
}
