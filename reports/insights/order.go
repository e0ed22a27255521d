package insights

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Order is a report that Microsoft was asked to make of a dataset.
type Order struct {
	Dataset  string
	Report   string // its id
	Redacted bool   // the person's role hides data
}

type report struct {
	ID   string `json:"reportId"`
	Name string `json:"reportName"`
}

// notBefore is how far ahead of now the start of a schedule must lie; reports
// that are made at once name one too.
const notBefore = 5 * time.Hour

// Order asks for a report of the dataset with all its columns, made at once.
// period is a word that tells this order from others, such as the day: the same
// again finds the report that was asked for before, another one takes its place.
func (c *Client) Order(ctx context.Context, d Dataset, period string) (Order, error) {
	o := Order{Dataset: d.Name, Redacted: d.Redacted}
	queryID, err := c.ensureQuery(ctx, d)
	if err != nil {
		return o, err
	}
	name := d.queryName() + " " + period
	err = c.retry(ctx, func() error {
		var have []report
		redacted, err := c.list(ctx, "/ScheduledReport", url.Values{"queryId": {queryID}}, &have)
		if err != nil {
			return err
		}
		o.Redacted = o.Redacted || redacted
		for _, r := range have {
			switch {
			case r.Name == name:
				o.Report = r.ID
				return nil
			case strings.HasPrefix(r.Name, d.queryName()+" "): // of a period that was never taken
				if err := c.delete(ctx, "/ScheduledReport/", r.ID); err != nil {
					return err
				}
			}
		}
		redacted, err = c.call(ctx, http.MethodPost, "/ScheduledReport", nil, map[string]any{
			"ReportName": name, "Description": "All columns of " + d.Name, "QueryId": queryID, "ExecuteNow": true, "Format": "CSV",
			"StartTime": c.now().UTC().Add(notBefore).Format("2006-01-02T15:04:05Z"),
		}, &have)
		if err != nil {
			return err
		}
		o.Redacted = o.Redacted || redacted
		o.Report, err = first(have, func(r report) string { return r.ID })
		return err
	})
	return o, missing(err)
}

type execution struct {
	Status string `json:"executionStatus"`
	Link   string `json:"reportAccessSecureLink"`
}

const (
	firstPoll = time.Minute
	lastPoll  = 15 * time.Minute
	maxWait   = 4 * time.Hour
)

// Ready waits until the report can be downloaded: a minute between looks,
// growing, for hours. The error matches ErrNotReady if that was not enough.
func (c *Client) Ready(ctx context.Context, o *Order) error {
	_, err := c.link(ctx, o)
	return err
}

// link waits for the report and returns a link to its file, which is secret and
// soon expires.
func (c *Client) link(ctx context.Context, o *Order) (string, error) {
	most := c.MaxWait
	if most == 0 {
		most = maxWait
	}
	path := "/ScheduledReport/execution/" + url.PathEscape(o.Report)
	// Without the states, a report that is not finished is answered by 404.
	states := url.Values{"executionStatus": {"Pending;Running;Completed"}, "getLatestExecution": {"true"}}
	began := c.now()
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		var have []execution
		redacted, err := c.get(ctx, path, states, &have)
		if err != nil && !errors.Is(err, errMissing) {
			return "", err
		}
		o.Redacted = o.Redacted || redacted
		for _, e := range have {
			if strings.EqualFold(e.Status, "Completed") && e.Link != "" {
				return e.Link, nil
			}
		}
		if c.now().Sub(began) >= most {
			return "", refuse(ErrNotReady, "error.insights.not_ready", int(most/time.Hour))
		}
		if err := c.sleep(ctx, pause); err != nil {
			return "", err
		}
	}
}

// Forget deletes the report at Microsoft. One that is not there is fine.
func (c *Client) Forget(ctx context.Context, o Order) error {
	return c.retry(ctx, func() error { return c.delete(ctx, "/ScheduledReport/", o.Report) })
}
