package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
)

type customerPage struct {
	Head       Head
	Name       string
	Month      actnow.Month // the newest of the standings
	Edges      actnow.Edges // where the bands begin
	Revenue    bool
	Standings  []standingLine
	Best       *standingLine // what the sentence under the name speaks of
	Potential  []revenueLine // nothing for those who may not see money
	ListDate   string        // of the list prices among Potential, "" without any
	Why        []whyArea
	Facts      []factLine
	Cohorts    []cohortLink
	Accounts   []accountLine
	Contacts   []contactLine
	Withheld   int
	Agreements []actnow.Agreement
	Mails      []mailLine
	MailsFrom  string // where all deliveries to the customer are, "" if there are none
	Cells      []cellGroup
	Gone       actnow.Month
	Locations  string
}

type factLine struct{ Name, Value string }

type cohortLink struct{ Name, Href, Note string }

type accountLine struct {
	actnow.AccountLink
	Badge  Badge
	Review string
	Reason string
}

type contactLine struct {
	Name, Note string
	Badge      Badge
	Why        string
}

type mailLine struct {
	actnow.CustomerMail
	Href  string
	State string
}

type cellGroup struct {
	Report string
	Month  actnow.Month
	Cells  []actnow.ReportCell
}

func (s *Server) showCustomer(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	scope := s.scope(c)
	d, err := s.store.Customer(ctx(c), scope, actnow.CustomerID(id))
	if err != nil {
		return err
	}
	sources, err := s.store.Sources(ctx(c), scope, d.Customer.ID)
	if err != nil {
		return err
	}
	area, err := queryArea(c, "")
	if err != nil {
		return err
	}
	matrix, err := s.store.Matrix(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	p := customerPage{
		Name: customerLines(text, []actnow.CustomerRow{{Customer: d.Customer}}, false, false)[0].Name, Revenue: scope.Revenue,
		Edges: matrix.Edges, Withheld: d.Withheld, Agreements: d.Agreements, Gone: d.Customer.GoneMonth, Locations: strings.Join(d.Locations, ", "),
	}
	if p.Why, err = whyAreas(text, d, sources, matrix.Edges); err != nil {
		return err
	}
	for i := range p.Why {
		if s.user(c).AllLocations && p.Why[i].Model != "" {
			p.Why[i].ModelHref = modelPath(p.Why[i].Area)
		}
	}
	p.Standings = standingLines(text, d, p.Why, matrix.Edges)
	p.Best = bestStanding(p.Standings, area)
	for i := range p.Why {
		p.Why[i].Open = p.Best != nil && p.Best.Area == p.Why[i].Area || len(p.Why) == 1
	}
	for _, l := range p.Standings {
		p.Month = max(p.Month, l.Month)
	}
	if scope.Revenue {
		p.Potential = revenueLines(text, d, p.Month)
		if slices.ContainsFunc(p.Potential, func(l revenueLine) bool { return l.List }) {
			p.ListDate = listPriceDate()
		}
	}
	p.Facts = customerFacts(text, d.Customer)
	p.Cohorts = cohortLinks(text, d)
	p.Accounts = s.accountLines(c, d)
	p.Contacts = contactLines(text, d)
	p.Mails = mailLines(text, d)
	if len(p.Mails) > 0 {
		p.MailsFrom = "/deliveries?" + url.Values{"customer": {strconv.FormatInt(id, 10)}}.Encode()
	}
	p.Cells = cellGroups(text, d)
	p.Head = s.customerHead(c, p, d)
	return s.render(c, "customer", p)
}

func (s *Server) customerHead(c echo.Context, p customerPage, d actnow.CustomerDetail) Head {
	text := s.text(c)
	h := Head{Title: p.Name, Crumbs: []Crumb{{Text: text.T("nav.customers"), Href: "/customers"}}}
	if b := p.Best; b != nil {
		h.Crumbs = append(h.Crumbs, Crumb{Text: b.Area.Name(), Href: customersPath(b.Area)})
		if b.Cell != "" {
			h.Crumbs = append(h.Crumbs, Crumb{Text: string(b.Cell), Href: customersPath(b.Area, "cell", string(b.Cell))})
		}
	}
	mailable := slices.ContainsFunc(d.Contacts, func(r actnow.ContactRow) bool { return r.NotMailed == "" })
	if d.Customer.TPID != "" && mailable && s.may(c, actnow.RightCampaign) {
		rule := cohorts.Format(compare("tpid", cohorts.Eq, cohorts.Value{Text: d.Customer.TPID}))
		h.Actions = []Action{{Text: text.T("home.make"), Href: "/campaigns/new?where=" + url.QueryEscape(rule), Class: "main"}}
	}
	return h
}

func customerFacts(text *Text, k actnow.Customer) []factLine {
	var list []factLine
	add := func(key, value string) {
		if value != "" {
			list = append(list, factLine{text.T(key), value})
		}
	}
	add("customer.tpid", k.TPID)
	add("customer.duns", k.DUNS)
	add("customer.domain", cmp.Or(k.Domain, text.T("customer.no_domain")))
	segment := text.T("segment." + string(cmp.Or(k.Segment, actnow.UnknownSegment)))
	if k.OrgSize != nil {
		segment += ", " + text.TN("customer.employees", *k.OrgSize)
	}
	add("customers.segment", segment)
	industry := k.Industry
	if k.Vertical != "" && k.Vertical != k.Industry {
		industry = strings.TrimPrefix(industry+", "+k.Vertical, ", ")
	}
	add("customer.industry", industry)
	add("customer.place", joined(k.PostalCode+" "+k.City, k.State, k.Country))
	add("customer.nonprofit", k.Nonprofit)
	if k.FirstMonth != "" {
		add("customer.seen", text.T("customer.seen_months", k.FirstMonth, k.LastMonth))
	}
	return list
}

func joined(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

func cohortLinks(text *Text, d actnow.CustomerDetail) []cohortLink {
	var list []cohortLink
	for _, k := range d.Rules {
		l := cohortLink{Name: k.Name, Href: "/cohorts/" + strconv.FormatInt(int64(k.ID), 10)}
		if e, err := cohorts.Parse(k.Filter); err == nil {
			l.Note = cohorts.Sentence(e, text.Lang)
		}
		list = append(list, l)
	}
	for _, header := range d.Cohorts {
		rule := cohorts.Format(compare("cohort", cohorts.Eq, cohorts.Value{Text: header}))
		list = append(list, cohortLink{Name: header, Href: "/customers?where=" + url.QueryEscape(rule), Note: text.T("customer.cohort_column")})
	}
	return list
}

func (s *Server) accountLines(c echo.Context, d actnow.CustomerDetail) []accountLine {
	text := s.text(c)
	var list []accountLine
	for _, a := range d.Accounts {
		l := accountLine{AccountLink: a}
		if a.Stage != "" {
			l.Reason = text.T("customer.stage." + string(a.Stage))
		}
		switch {
		case a.Band == actnow.BandReview:
			l.Badge = Badge{Kind: "warn", Icon: "circle-help", Text: text.T("customer.review", text.Certainty(a.Probability))}
		case a.Decided:
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.decided")}
		default:
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.matched", text.Certainty(a.Probability))}
		}
		if s.may(c, actnow.RightReview) {
			l.Review = "/matches/review/" + strconv.FormatInt(int64(a.ID), 10)
		}
		list = append(list, l)
	}
	return list
}

func contactLines(text *Text, d actnow.CustomerDetail) []contactLine {
	var list []contactLine
	for _, r := range d.Contacts {
		l := contactLine{Name: cmp.Or(r.Name, r.Email, text.T("customer.contact_unnamed")), Note: joined(r.Title, r.Email)}
		if r.Name == "" {
			l.Note = joined(r.Title)
		}
		if r.NotMailed == "" {
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.may_be_mailed")}
			l.Why = text.T("customer.basis", r.Basis)
		} else {
			kind := ""
			if r.NotMailed == string(campaigns.OutDoNotEmail) || r.NotMailed == string(campaigns.OutSuppressed) {
				kind = "danger"
			}
			l.Badge = Badge{Kind: kind, Icon: "ban", Text: text.T("customer.not_mailed." + r.NotMailed)}
		}
		list = append(list, l)
	}
	return list
}

func mailLines(text *Text, d actnow.CustomerDetail) []mailLine {
	var list []mailLine
	for _, m := range d.Mails {
		list = append(list, mailLine{CustomerMail: m, Href: "/deliveries/" + strconv.FormatInt(int64(m.Delivery), 10), State: text.T("customer.mail." + string(m.State))})
	}
	return list
}

func cellGroups(text *Text, d actnow.CustomerDetail) []cellGroup {
	var groups []cellGroup
	for _, cell := range d.Cells {
		name := reportName(text, cell.Report)
		if len(groups) == 0 || groups[len(groups)-1].Report != name {
			groups = append(groups, cellGroup{Report: name, Month: cell.Month})
		}
		g := &groups[len(groups)-1]
		g.Cells = append(g.Cells, cell)
	}
	return groups
}
