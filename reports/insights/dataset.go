package insights

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Dataset is what a report can be asked for.
type Dataset struct {
	Name     string   `json:"datasetName"`
	Columns  []string `json:"selectableColumns"`
	Ranges   []string `json:"availableDateRanges"`
	Redacted bool     `json:"-"` // the person's role hides data
}

// prefix is how the names of the CloudAscent datasets begin.
const prefix = "CLAS"

// lifetime is the range of time that leaves nothing out.
const lifetime = "LIFETIME"

// Datasets returns the CloudAscent datasets, by name; those without columns are
// left out. The error matches ErrNoDatasets if there is none, as for somebody
// who signed in with another account than that of the partner program.
func (c *Client) Datasets(ctx context.Context) ([]Dataset, error) {
	var all, ours []Dataset
	redacted, err := c.get(ctx, "/ScheduledDataset", nil, &all)
	if err != nil {
		return nil, missing(err)
	}
	for _, d := range all {
		if len(d.Columns) > 0 && len(d.Name) >= len(prefix) && strings.EqualFold(d.Name[:len(prefix)], prefix) {
			d.Redacted = redacted
			ours = append(ours, d)
		}
	}
	if len(ours) == 0 {
		return nil, refuse(ErrNoDatasets, "error.insights.no_datasets")
	}
	slices.SortFunc(ours, func(a, b Dataset) int { return strings.Compare(a.Name, b.Name) })
	return ours, nil
}

// query is the query for all columns of the dataset: new columns then arrive by
// themselves. Nothing is filtered, since literals differ between datasets.
func (d Dataset) query() string {
	q := "SELECT " + strings.Join(d.Columns, ",") + " FROM " + d.Name
	for _, r := range d.Ranges {
		if strings.EqualFold(r, lifetime) {
			return q + " TIMESPAN " + lifetime
		}
	}
	return q
}

// queryName is the name by which the query of a dataset is found again.
func (d Dataset) queryName() string { return "Act Now " + d.Name }

type query struct {
	ID    string `json:"queryId"`
	Name  string `json:"name"`
	Query string `json:"query"`
	Type  string `json:"type"`
}

// ensureQuery returns the id of the query of a dataset, made once. One whose
// columns are no more those of the dataset is made anew.
func (c *Client) ensureQuery(ctx context.Context, d Dataset) (id string, err error) {
	err = c.retry(ctx, func() error {
		var have []query
		if _, err := c.list(ctx, "/ScheduledQueries", url.Values{"queryName": {d.queryName()}}, &have); err != nil {
			return err
		}
		for _, q := range have {
			switch {
			case q.Name != d.queryName() || strings.EqualFold(q.Type, "system"):
				continue
			case sameQuery(q.Query, d.query()):
				id = q.ID
				return nil
			}
			if err := c.delete(ctx, "/ScheduledQueries/", q.ID); err != nil {
				return err
			}
		}
		var made []query
		_, err := c.call(ctx, http.MethodPost, "/ScheduledQueries", nil,
			map[string]string{"Name": d.queryName(), "Description": "All columns of " + d.Name, "Query": d.query()}, &made)
		if err == nil {
			id, err = first(made, func(q query) string { return q.ID })
		}
		return err
	})
	return id, missing(err)
}

// sameQuery compares queries as the API reads them: without regard to case and
// blanks.
func sameQuery(a, b string) bool {
	plain := func(s string) string {
		return strings.ToLower(strings.ReplaceAll(strings.Join(strings.Fields(s), " "), ", ", ","))
	}
	return plain(a) == plain(b)
}

// first is the id in the answer to something that was made.
func first[T any](made []T, id func(T) string) (string, error) {
	if len(made) == 0 || id(made[0]) == "" {
		return "", refuse(ErrRefused, "error.insights.refused", http.StatusOK, "the answer names no id")
	}
	return id(made[0]), nil
}

// missing turns 404 where there must be something into its sentence.
func missing(err error) error {
	if errors.Is(err, errMissing) {
		return refuse(ErrRefused, "error.insights.refused", http.StatusNotFound, http.StatusText(http.StatusNotFound))
	}
	return err
}
