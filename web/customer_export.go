package web

import (
	"errors"
	"iter"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// exportCustomers sends the list that the query chooses.
func (s *Server) exportCustomers(c echo.Context) error {
	q, err := s.customerQuery(c)
	if err != nil {
		return err
	}
	format, err := reports.FormatOf(c.Request().URL.Path)
	if err != nil {
		return err
	}
	scope := s.scope(c)
	return s.sendSheet(c, "customers."+string(format), format, reports.Sheet{Columns: reports.PlainColumns(customerHeaders(scope)...), Rows: s.customerRows(c, scope, q)})
}

// customerHeaders are named as the fields of filters are.
func customerHeaders(scope actnow.Scope) []string {
	list := []string{"name", "domain", "tpid", "segment", "org_size", "industry", "city", "country",
		"area", "month", "cell", "cluster", "microsoft_cluster", "fit", "intent", "previous_cluster", "matched", "mailable_contacts", "first_month", "last_month", "gone_month"}
	if scope.Revenue {
		list = append(list, "revenue_low", "revenue_high", "currency", "revenue_kind")
	}
	return list
}

// customerRows yields the cells of each customer of the query.
func (s *Server) customerRows(c echo.Context, scope actnow.Scope, q actnow.CustomerQuery) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		enough := errors.New("enough")
		err := s.store.EachCustomer(ctx(c), scope, q, func(r actnow.CustomerRow) error {
			if !yield(customerCells(scope, r), nil) {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			yield(nil, err)
		}
	}
}

func customerCells(scope actnow.Scope, r actnow.CustomerRow) []string {
	k, p := r.Customer, r.Standing
	matched := "no"
	switch {
	case r.Account != 0:
		matched = "yes"
	case r.Review:
		matched = "review"
	}
	size := ""
	if k.OrgSize != nil {
		size = strconv.FormatInt(*k.OrgSize, 10)
	}
	cells := []string{k.Name, k.Domain, k.TPID, string(k.Segment), size, k.Industry, k.City, k.Country,
		string(p.Area), string(p.Month), string(p.Cell), string(p.Cluster), string(p.MicrosoftCluster), plainScore(p.Fit), plainScore(p.Intent),
		string(p.PreviousCluster), matched, strconv.Itoa(r.Mailable), string(k.FirstMonth), string(k.LastMonth), string(k.GoneMonth)}
	if scope.Revenue {
		cells = append(cells, plainMoney(p.Revenue.Low), plainMoney(p.Revenue.High), p.Revenue.Currency, string(p.RevenueKind))
	}
	return cells
}

func plainScore(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}

// plainMoney writes minor units as major ones, with a point.
func plainMoney(minor *int64) string {
	if minor == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*minor)/100, 'f', 2, 64)
}
