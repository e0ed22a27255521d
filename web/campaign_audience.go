package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// whyMailed stands in an address for those who are mailed.
const whyMailed = "mailed"

const audiencePageSize = 50

type audiencePage struct {
	Head   Head
	Whys   Select
	Run    actnow.CampaignRun
	Rows   []audienceLine
	Empty  Empty
	Foot   Foot
	Hidden bool // names and addresses are withheld
}

type audienceLine struct {
	Customer, CustomerHref string
	Account                string
	Name, Address          string
	Why                    Badge
}

// audienceQuery is what the address asks for: a reason, or those mailed, of a
// run or, without one, of a launch now.
func (s *Server) audienceQuery(c echo.Context) (run actnow.CampaignRun, leftOut *campaigns.LeftOut, offset int64, err error) {
	n, err := queryNumber(c, "run")
	if err != nil {
		return 0, nil, 0, err
	}
	if offset, err = queryNumber(c, "offset"); err != nil {
		return 0, nil, 0, err
	}
	switch why := c.QueryParam("why"); {
	case why == "":
	case why == whyMailed:
		leftOut = new(campaigns.LeftOut)
	case slices.Contains(campaigns.LeftOuts, campaigns.LeftOut(why)):
		reason := campaigns.LeftOut(why)
		leftOut = &reason
	default:
		return 0, nil, 0, actnow.Invalid("error.leftout", "why", "%q is no reason to leave someone out", why)
	}
	return actnow.CampaignRun(n), leftOut, offset, nil
}

// standing is the run whose audience is meant: the one that is named, else the latest
// of a campaign that has nothing before it, else 0 for a launch now.
func (s *Server) standing(c echo.Context, k campaigns.Campaign, named actnow.CampaignRun) (actnow.CampaignRun, error) {
	if named != 0 || beforeLaunch(k.State) {
		return named, nil
	}
	runs, err := s.store.CampaignHistory(ctx(c), s.scope(c), k.ID)
	if err != nil || len(runs) == 0 {
		return 0, err
	}
	return runs[0].ID, nil
}

// audience reads a page of the audience, frozen or as it would be now.
func (s *Server) audience(c echo.Context, id actnow.CampaignID, run actnow.CampaignRun, leftOut *campaigns.LeftOut, offset, limit int) ([]campaigns.AudienceRow, int, error) {
	if run == 0 {
		return s.actions.PreviewAudience(ctx(c), s.scope(c), id, leftOut, offset, limit)
	}
	runs, err := s.store.CampaignHistory(ctx(c), s.scope(c), id)
	if err != nil {
		return nil, 0, err
	}
	if !slices.ContainsFunc(runs, func(r campaigns.Run) bool { return r.ID == run }) {
		return nil, 0, actnow.ErrNotFound
	}
	return s.store.Audience(ctx(c), s.scope(c), run, leftOut, offset, limit)
}

func (s *Server) showAudience(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	run, leftOut, offset, err := s.audienceQuery(c)
	if err != nil {
		return err
	}
	if run, err = s.standing(c, k, run); err != nil {
		return err
	}
	rows, total, err := s.audience(c, k.ID, run, leftOut, int(offset), audiencePageSize)
	if err != nil {
		return err
	}
	text, q := s.text(c), c.QueryParams()
	p := audiencePage{
		Run: run, Hidden: !s.scope(c).Personal,
		Head: Head{Crumbs: []Crumb{{Text: text.T("nav.campaigns"), Href: "/campaigns"}, {Text: k.Name, Href: campaignPath(k.ID)}},
			Title: text.TN("campaigns.audience_all", int64(total)), Text: text.T("campaigns.audience_now")},
		Whys:  Select{Name: "why", Label: text.T("campaigns.who"), Options: []Option{{Text: text.T("campaigns.everybody")}}},
		Empty: Empty{Icon: "users", Title: text.T("campaigns.audience_empty"), Text: text.T("campaigns.audience_empty_text")},
	}
	if run != 0 {
		p.Head.Text = text.T("campaigns.audience_frozen")
	}
	switch {
	case leftOut != nil && *leftOut == "":
		p.Head.Title = text.TN("campaigns.audience_mailed", int64(total))
	case leftOut != nil:
		p.Head.Title = text.TN("campaigns.audience_left", int64(total), text.T("leftout."+string(*leftOut)))
	}
	p.Whys.Options = append(p.Whys.Options, Option{Value: whyMailed, Text: text.T("campaigns.mailed"), Selected: q.Get("why") == whyMailed})
	for _, reason := range campaigns.LeftOuts {
		p.Whys.Options = append(p.Whys.Options, Option{Value: string(reason), Text: text.T("leftout." + string(reason)), Selected: q.Get("why") == string(reason)})
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, audienceRow(text, r))
	}
	p.Foot = pagesOf(text, c.Request().URL.Path, q, int(offset), len(rows), total, audiencePageSize)
	if s.may(c, actnow.RightExport) {
		p.Foot.CSV = campaignPath(k.ID) + "/audience.csv?" + without(q, "offset").Encode()
	}
	return s.render(c, "audience", p)
}

func audienceRow(text *Text, r campaigns.AudienceRow) audienceLine {
	l := audienceLine{Customer: r.CustomerName, CustomerHref: "/customers/" + strconv.FormatInt(int64(r.Customer), 10), Account: r.AccountName, Name: r.Name, Address: r.Address}
	if r.LeftOut == "" {
		l.Why = Badge{Kind: "ok", Icon: "check", Text: text.T("campaigns.mailed")}
	} else {
		l.Why = Badge{Icon: "ban", Text: text.T("leftout." + string(r.LeftOut))}
	}
	return l
}

// pagesOf is the foot of a list that is paged by offset.
func pagesOf(text *Text, path string, q url.Values, offset, shown, total, size int) Foot {
	f := Foot{Range: text.T("campaigns.range", min(offset+1, total), offset+shown, total)}
	at := func(offset int) string {
		next := without(q, "offset")
		if offset > 0 {
			next.Set("offset", strconv.Itoa(offset))
		}
		if len(next) == 0 {
			return path
		}
		return path + "?" + next.Encode()
	}
	if offset > 0 {
		f.Previous = at(max(0, offset-size))
	}
	if offset+shown < total {
		f.Next = at(offset + size)
	}
	return f
}

// exportAudience sends the audience as CSV.
func (s *Server) exportAudience(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	run, leftOut, _, err := s.audienceQuery(c)
	if err != nil {
		return err
	}
	if run, err = s.standing(c, k, run); err != nil {
		return err
	}
	text := s.text(c)
	return sendCSV(c, "audience.csv", []string{"customer_id", "customer", "account", "name", "address", "left_out", "reason"}, func(w *csv.Writer) error {
		for offset := 0; ; offset += exportPage {
			rows, total, err := s.audience(c, k.ID, run, leftOut, offset, exportPage)
			if err != nil {
				return err
			}
			for _, r := range rows {
				reason := ""
				if r.LeftOut != "" {
					reason = text.T("leftout." + string(r.LeftOut))
				}
				record := []string{strconv.FormatInt(int64(r.Customer), 10), csvCell(r.CustomerName), csvCell(r.AccountName), csvCell(r.Name), csvCell(r.Address), string(r.LeftOut), csvCell(reason)}
				if err := w.Write(record); err != nil {
					return err
				}
			}
			if offset+len(rows) >= total || len(rows) == 0 {
				return nil
			}
		}
	})
}

// exportPage is how many rows are read at a time for a file.
const exportPage = 500

// sendCSV answers with a file of comma-separated values; each page of rows goes
// out as it is read.
func sendCSV(c echo.Context, name string, header []string, rows func(*csv.Writer) error) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	c.Response().WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Response())
	if err := w.Write(header); err != nil {
		return err
	}
	if err := rows(w); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}
