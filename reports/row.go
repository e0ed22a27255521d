package reports

import (
	"strings"
	"unicode/utf8"

	"actnow"
)

// row types the cells of a record, or says why the line is rejected.
func (l *layout) row(rec record) (Row, *Rejected) {
	if bad := l.fit(&rec); bad != nil {
		return Row{}, bad
	}
	r := Row{Line: rec.line, Cells: rec.cells}
	c := cellReader{l: l, rec: rec}
	r.Location = Location{GlobalID: c.id("global_id"), Name: c.text("partner_name")}
	r.Customer = c.customer()
	r.Agreement = c.agreement()
	for _, area := range l.areas {
		c.area(area, &r)
	}
	if c.bad == nil && len(r.Customer.Keys()) == 0 {
		c.bad = reject(rec.line, "", "reject.identity")
	}
	if c.bad != nil {
		return Row{}, c.bad
	}
	for _, i := range l.cohorts {
		if yes, _ := ParseYesNo(rec.cells[i]); yes {
			r.Cohorts = append(r.Cohorts, i)
		}
	}
	return r, nil
}

// fit checks that the record is text in as many cells as the header has. Blank
// cells beyond it are dropped.
func (l *layout) fit(rec *record) *Rejected {
	if rec.fault != "" {
		return reject(rec.line, "", rec.fault, maxRecord>>10)
	}
	want := len(l.columns)
	for len(rec.cells) == rec.count && rec.count > want && strings.TrimSpace(rec.cells[rec.count-1]) == "" {
		rec.count--
		rec.cells = rec.cells[:rec.count]
	}
	if rec.count != want {
		return reject(rec.line, "", "reject.cells", rec.count, want)
	}
	for i, cell := range rec.cells {
		if len(cell) > maxCell {
			return reject(rec.line, l.columns[i].Header, "reject.cell_long", clip(l.columns[i].Header), maxCell>>10)
		}
		if !utf8.ValidString(cell) || strings.IndexByte(cell, 0) >= 0 {
			return reject(rec.line, l.columns[i].Header, "reject.encoding", clip(l.columns[i].Header))
		}
	}
	return nil
}

// repeatsHeader reports whether the record is a header line: the same one, or
// that of another report.
func (l *layout) repeatsHeader(rec record) (again, other bool) {
	n := len(rec.cells)
	if n < 2 || l.mapping.known([]string{rec.cells[0], rec.cells[n/2], rec.cells[n-1]}) == 0 {
		return false, false // as almost every line
	}
	known := l.mapping.known(rec.cells)
	if known < 2 || known*2 < len(rec.cells) {
		return false, false
	}
	if len(rec.cells) != len(l.columns) {
		return false, true
	}
	for i, cell := range rec.cells {
		if NormalHeader(cell) != NormalHeader(l.columns[i].Header) {
			return false, true
		}
	}
	return true, false
}

// cellReader reads the cells of a record and remembers the first that is
// unusable.
type cellReader struct {
	l   *layout
	rec record
	bad *Rejected
}

func (c *cellReader) text(field string) string {
	if i, ok := c.l.at[field]; ok {
		return c.cell(i)
	}
	return ""
}

// cell returns the text of a cell, without the apostrophe that Harmless put
// before it in a file of our own.
func (c *cellReader) cell(column int) string {
	text := strings.TrimSpace(c.rec.cells[column])
	if inner, cut := strings.CutPrefix(text, "'"); cut && Harmless(inner) == text {
		return inner
	}
	return text
}

// reject remembers that the cell in a column is unusable.
func (c *cellReader) reject(column int, code string, args ...any) {
	if c.bad != nil {
		return
	}
	header := c.l.columns[column].Header
	if args == nil {
		args = []any{clip(strings.TrimSpace(c.rec.cells[column]))}
	}
	c.bad = reject(c.rec.line, header, code, append([]any{clip(header)}, args...)...)
}

func (c *cellReader) id(field string) string {
	id, ok := ParseID(c.text(field))
	if !ok {
		c.reject(c.l.at[field], "reject.id")
	}
	return id
}

func (c *cellReader) customer() Customer {
	duns, _ := ParseID(c.text("duns_number"))
	size, ok := ParseSize(c.text("org_size"))
	if !ok {
		c.reject(c.l.at["org_size"], "reject.size")
	}
	domain, _ := NormalDomain(c.text("domain"))
	segment := c.text("segment")
	return Customer{
		TPID:           c.id("customer_id"),
		DUNS:           duns,
		Name:           c.text("account_name"),
		Domain:         domain,
		OrgSize:        size,
		Industry:       c.text("industry"),
		Vertical:       c.text("vertical"),
		GeoArea:        c.text("geo_area"),
		Subsidiary:     c.text("subsidiary"),
		SalesTerritory: c.text("sales_territory"),
		City:           c.text("city"),
		State:          c.text("state"),
		PostalCode:     c.text("postal_code"),
		Country:        c.text("country"),
		Segment:        ParseSegment(segment),
		SegmentText:    segment,
		Nonprofit:      c.text("nonprofit"),
	}
}

func (c *cellReader) agreement() Agreement {
	a := Agreement{
		ID:       c.id("agreement_id"),
		Program:  c.text("license_program"),
		Division: c.text("revenue_division"),
	}
	if end, ok := ParseDate(c.text("agreement_end")); !ok {
		c.reject(c.l.at["agreement_end"], "reject.date")
	} else if !end.IsZero() {
		a.EndsAt = end.Unix()
	}
	if amount, ok := ParseMoney(c.text("expiring_revenue"), c.l.style); !ok {
		c.reject(c.l.at["expiring_revenue"], "reject.money")
	} else if amount != nil {
		a.Expiring, a.Currency = &amount.Minor, amount.Currency
	}
	return a
}

// area adds what the record says of one area to the row.
func (c *cellReader) area(cols areaColumns, r *Row) {
	s := AreaScore{Area: cols.area}
	fit, intent := c.level(cols.fit), c.level(cols.intent)
	s.Fit, s.FitBand, s.Cell = fit.Score, fit.Band, fit.Cell
	s.Intent, s.IntentBand = intent.Score, intent.Band
	if s.Cell != "" && intent.Cell != "" && s.Cell != intent.Cell {
		c.reject(cols.intent, "reject.cell_contradiction", string(intent.Cell), string(s.Cell))
	}
	if s.Cell == "" {
		s.Cell = intent.Cell
	}
	if cols.cluster >= 0 {
		if text := c.cell(cols.cluster); text != "" {
			var ok bool
			if s.Cluster, ok = actnow.ParseCluster(text); !ok {
				c.reject(cols.cluster, "reject.cluster")
			}
		}
	}
	if cols.explanation >= 0 {
		s.Explanation = c.cell(cols.explanation)
	}
	if s != (AreaScore{Area: cols.area}) {
		r.Scores = append(r.Scores, s)
	}
	if cols.revenue >= 0 {
		if rev := ParseRevenue(c.cell(cols.revenue), c.l.style); rev.Text != "" {
			rev.Area = cols.area
			r.Revenue = append(r.Revenue, rev)
		}
	}
}

func (c *cellReader) level(column int) Level {
	if column < 0 {
		return Level{}
	}
	level, ok := ParseLevel(c.cell(column))
	if !ok {
		c.reject(column, "reject.score")
	}
	return level
}

// clip shortens a cell that is shown in a sentence.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
