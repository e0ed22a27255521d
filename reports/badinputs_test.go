package reports_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
)

// expectation is a line of expect.jsonl: what must become of a bad file.
type expectation struct {
	File      string `json:"file"`
	Outcome   string `json:"outcome"`
	Report    string `json:"report"`
	RowsOK    *int   `json:"rows_ok"`
	Rejected  []int  `json:"rejected_lines"`
	MayReject []int  `json:"may_reject"`
	MustSay   string `json:"must_say"`
}

func readExpectations(t *testing.T, dir string) []expectation {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "expect.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the bad inputs are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []expectation
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e expectation
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		t.Fatal("expect.jsonl is empty")
	}
	return all
}

func TestBadInputs(t *testing.T) {
	for _, dir := range []string{"../../shared/badinputs/own/csv", "../../shared/badinputs/own/archive"} {
		for _, e := range readExpectations(t, dir) {
			t.Run(filepath.Base(dir)+"/"+e.File, func(t *testing.T) {
				content, err := os.ReadFile(filepath.Join(dir, e.File))
				if err != nil {
					t.Fatal(err)
				}
				res, rows, err := importText(t, e.File, content)
				if err != nil {
					e.checkRefused(t, err)
					return
				}
				e.checkImported(t, res, rows)
			})
		}
	}
}

func (e expectation) checkRefused(t *testing.T, err error) {
	var input *actnow.InputError
	if !errors.As(err, &input) {
		t.Fatalf("error = %v, want an InputError", err)
	}
	if _, ok := reports.Messages[input.Code]; !ok || input.Text == "" {
		t.Errorf("refused with code %q and text %q, want a sentence of the catalogue", input.Code, input.Text)
	}
	if e.Outcome == "imported" {
		t.Fatalf("refused: %v; want it imported", err)
	}
	if e.Outcome == "refused" {
		e.checkSays(t, input.Error())
	}
}

func (e expectation) checkImported(t *testing.T, res reports.Result, rows []reports.Row) {
	if e.Outcome == "refused" {
		t.Fatalf("imported %d rows, want the file refused", res.Rows)
	}
	if e.Report != "" && !slices.Contains(strings.Split(e.Report, "|"), string(res.Report)) {
		t.Errorf("report = %s, want %s", res.Report, e.Report)
	}
	if res.Rows != len(rows) {
		t.Errorf("rows = %d, but %d were staged", res.Rows, len(rows))
	}
	if e.RowsOK == nil {
		return
	}
	if most := *e.RowsOK + len(e.MayReject); res.Rows < *e.RowsOK || res.Rows > most {
		t.Errorf("rows = %d, want %d to %d; rejected %v", res.Rows, *e.RowsOK, most, res.Rejected)
	}
	lines := rejectedLines(res)
	for _, line := range e.Rejected {
		if !slices.Contains(lines, line) {
			t.Errorf("line %d was not rejected, only %v", line, lines)
		}
	}
	for _, r := range res.Rejected {
		if !slices.Contains(e.Rejected, r.Line) && !slices.Contains(e.MayReject, r.Line) {
			t.Errorf("line %d was rejected: %s %s", r.Line, r.Field, r.Reason)
		}
		e.checkSays(t, r.Reason)
	}
}

// checkSays wants one of the words that the case names in the sentence.
func (e expectation) checkSays(t *testing.T, sentence string) {
	t.Helper()
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "")) }
	for _, words := range strings.Split(e.MustSay, ";") {
		for _, word := range strings.Split(words, " or ") {
			if strings.Contains(fold(sentence), fold(word)) || strings.Contains(fold(sentence), fold(words)) {
				return
			}
		}
	}
	t.Errorf("said %q, want it to name one of %q", sentence, e.MustSay)
}

func TestBadInputsInDetail(t *testing.T) {
	const dir = "../../shared/badinputs/own/csv"
	load := func(t *testing.T, file string) (reports.Result, []reports.Row) {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(dir, file))
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("the bad inputs are not here")
		}
		if err != nil {
			t.Fatal(err)
		}
		res, rows, err := importText(t, file, content)
		if err != nil {
			t.Fatal(err)
		}
		return res, rows
	}
	t.Run("decimal comma", func(t *testing.T) {
		_, rows := load(t, "sep_semicolon_decimal_comma.csv")
		s := rows[0].Scores[0]
		if *s.Fit != 71.5 || s.FitBand != actnow.Medium || *s.Intent != 54.9 || s.IntentBand != actnow.Low {
			t.Errorf("fit %v %s, intent %v %s; want 71.5 Medium, 54.9 Low", *s.Fit, s.FitBand, *s.Intent, s.IntentBand)
		}
	})
	t.Run("unknown columns", func(t *testing.T) {
		res, rows := load(t, "header_unknown_columns.csv")
		if want := []string{"Azure_Arc Everywhere FY26", "Colour", "Owner (CRM)"}; !slices.Equal(res.UnknownColumns, want) {
			t.Errorf("unknown = %q, want %q", res.UnknownColumns, want)
		}
		if want := []string{"Azure_Arc Everywhere FY26"}; !slices.Equal(res.CohortCandidates, want) {
			t.Errorf("candidates = %q, want %q", res.CohortCandidates, want)
		}
		if got := rows[0].Cells[len(rows[0].Cells)-2]; got != "green" {
			t.Errorf("the cell of an unknown column = %q, want it kept", got)
		}
	})
	t.Run("more and less than 300", func(t *testing.T) {
		res, rows := load(t, "header_commas_gt_lt.csv")
		known := map[string]bool{}
		for _, c := range res.Columns {
			if c.Known {
				known[c.Field] = true
			}
		}
		if len(known) != 4 || len(res.UnknownColumns) != 0 {
			t.Errorf("known cohorts = %v, unknown = %v; want four and none", known, res.UnknownColumns)
		}
		if len(rows) == 0 || len(rows[0].Cohorts) != 2 {
			t.Errorf("row 1 is in %v, want two cohorts", rows[0].Cohorts)
		}
	})
	t.Run("contradicting matrix", func(t *testing.T) {
		res, _ := load(t, "cluster_contradicts_matrix.csv")
		if !slices.ContainsFunc(res.Notices, func(n reports.Notice) bool {
			return strings.HasPrefix(n.Code, "warning.report.matrix")
		}) {
			t.Errorf("warnings = %q, want one about the matrix", res.Warnings)
		}
	})
	t.Run("segments", func(t *testing.T) {
		_, rows := load(t, "segment_words.csv")
		var got []actnow.Segment
		for _, r := range rows {
			got = append(got, r.Customer.Segment)
		}
		want := []actnow.Segment{actnow.UpperMedium, actnow.MediumSegment, actnow.VerySmall, actnow.VerySmall,
			actnow.UpperMedium, actnow.UpperMedium, "", actnow.UnknownSegment, actnow.VerySmall}
		if !slices.Equal(got, want) {
			t.Errorf("segments = %q, want %q", got, want)
		}
	})
	t.Run("domains", func(t *testing.T) {
		_, rows := load(t, "domains_odd.csv")
		var got []string
		for _, r := range rows {
			if d, ok := reports.NormalDomain(r.Customer.Domain); ok {
				got = append(got, d)
			} else {
				got = append(got, "!"+d)
			}
		}
		want := []string{"contoso.example", "!contoso", "!info@contoso.example", "!n/a", "!-", "!10.0.0.1",
			"xn--bcher-kva.example", "xn--bcher-kva.example", "!a.example;b.example", "contoso.example", "!"}
		if !slices.Equal(got, want) {
			t.Errorf("domains = %q, want %q", got, want)
		}
	})
	t.Run("dates", func(t *testing.T) {
		_, rows := load(t, "renewal_dates.csv")
		if got := rows[3].Agreement.EndsAt; got != 1774915200 {
			t.Errorf("46112 = %d, want 2026-03-31", got)
		}
		if got := rows[5].Agreement.EndsAt; got != 1796083200 {
			t.Errorf("12/1/2026 = %d, want 1 December", got)
		}
	})
	t.Run("masked names", func(t *testing.T) {
		_, rows := load(t, "names_masked.csv")
		keys := map[string]bool{}
		for _, r := range rows {
			keys[r.Customer.Keys()[0].String()] = true
		}
		if len(keys) != 5 {
			t.Errorf("customers = %v, want five", keys)
		}
	})
}
