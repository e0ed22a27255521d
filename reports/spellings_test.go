package reports_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Every report is read in the spellings of three years: the columns of the lists
// of 2021 as TSV, of 2023 as CSV, and of 2026 as a European Excel writes it. Each
// has one column too many that is a cohort and one that is nothing.
func TestSpellingsOfThreeYears(t *testing.T) {
	for _, kind := range reports.Kinds {
		for _, year := range []string{"2021", "2023", "2026"} {
			t.Run(string(kind)+"-"+year, func(t *testing.T) {
				base := filepath.Join("testdata", "spellings", string(kind)+"-"+year)
				content, err := os.ReadFile(base + ".csv")
				if err != nil {
					t.Fatal(err)
				}
				res, rows, err := importText(t, "download.csv", content)
				if err != nil {
					t.Fatal(err)
				}
				if res.Report != kind || len(res.Rejected) != 0 || res.Rows != 2 || len(res.CohortCandidates) != 1 {
					t.Errorf("%s with %d rows, rejected %+v, candidates %q; want %s with 2 rows and one candidate", res.Report, res.Rows, res.Rejected, res.CohortCandidates, kind)
				}
				got := told(res, rows)
				if *update {
					if err := os.WriteFile(base+".golden", []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(base + ".golden")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s.golden (-want +got):\n%s", base, diff)
				}
			})
		}
	}
}

// told writes what was read of a file, to be read like code.
func told(res reports.Result, rows []reports.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "report %s, %s, separator %q\n", res.Report, res.Encoding, res.Separator)
	for _, c := range res.Columns {
		means := c.Field
		switch {
		case c.Known:
			means = "a cohort"
		case c.Candidate:
			means = "may be a cohort"
		case means == "":
			means = "kept"
		}
		fmt.Fprintf(&b, "column %s: %s\n", c.Header, means)
	}
	for _, n := range res.Notices {
		fmt.Fprintf(&b, "notice %s\n", n)
	}
	for _, r := range rows {
		c := r.Customer
		fmt.Fprintf(&b, "\nline %d: %s at %s\n", r.Line, r.Location.GlobalID, r.Location.Name)
		fmt.Fprintf(&b, "  customer %q duns %q name %q domain %q size %s segment %q (%q) nonprofit %q\n", c.TPID, c.DUNS, c.Name, c.Domain, number(c.OrgSize), c.Segment, c.SegmentText, c.Nonprofit)
		fmt.Fprintf(&b, "  place %q %q %q %q, %q %q, sold by %q %q %q\n", c.PostalCode, c.City, c.State, c.Country, c.Industry, c.Vertical, c.GeoArea, c.Subsidiary, c.SalesTerritory)
		for _, s := range r.Scores {
			fmt.Fprintf(&b, "  %s: fit %s %q, intent %s %q, cell %q, cluster %q, %q\n", s.Area, score(s.Fit), s.FitBand, score(s.Intent), s.IntentBand, s.Cell, s.Cluster, s.Explanation)
		}
		for _, v := range r.Revenue {
			fmt.Fprintf(&b, "  %s: revenue %s to %s %q, %q\n", v.Area, number(v.Low), number(v.High), v.Currency, v.Text)
		}
		for _, place := range r.Cohorts {
			fmt.Fprintf(&b, "  yes: %s\n", res.Columns[place].Header)
		}
		if a := r.Agreement; a != (reports.Agreement{}) {
			end := "-"
			if a.EndsAt != 0 {
				end = time.Unix(a.EndsAt, 0).UTC().Format(time.DateOnly)
			}
			fmt.Fprintf(&b, "  agreement %q, %q, %q, ends %s, expiring %s %q\n", a.ID, a.Program, a.Division, end, number(a.Expiring), a.Currency)
		}
	}
	return b.String()
}

func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func score(s *float64) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprint(*s)
}
