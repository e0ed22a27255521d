package insights_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/reports/insights"
	"actnow/reports/insights/insightstest"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// house is a Fetcher over a real store, before the imitation.
type house struct {
	*bench
	*insights.Fetcher
	db       *storage.DB
	imported []string // files, in their order
	refuse   error    // what the importer says instead
	already  insights.Import
}

func newHouse(t *testing.T, faults func(*insightstest.Faults)) *house {
	t.Helper()
	b := newBench(t, faults)
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{bench: b, db: storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), b.clock.now)}
	h.Fetcher = &insights.Fetcher{Client: b.Client, Store: h.db, Dir: b.dir, Zone: stockholm, Now: b.clock.now, Log: slog.New(slog.NewJSONHandler(t.Output(), nil)),
		Import: func(_ context.Context, path string) (insights.Import, error) {
			if h.refuse != nil {
				return insights.Import{}, h.refuse
			}
			h.imported = append(h.imported, filepath.Base(path))
			if h.already.Already {
				return h.already, nil
			}
			return insights.Import{Report: "azure", Month: actnow.ReportMonth(b.clock.now()), Rows: 11}, nil
		}}
	return h
}

// on sets the clock to ten past six in Stockholm on a day.
func (h *house) on(month time.Month, day int) {
	h.clock.mu.Lock()
	defer h.clock.mu.Unlock()
	h.clock.at = time.Date(2026, month, day, 6, 10, 0, 0, h.Zone)
}

// run runs the Fetcher as its schedule does, and returns the states by dataset.
func (h *house) run(t *testing.T, opt insights.Options) map[string]insights.Fetch {
	t.Helper()
	if opt.Period == "" {
		opt.Period = h.clock.now().In(h.Zone).Format("2006-01-02")
	}
	list, err := h.Run(t.Context(), opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]insights.Fetch{}
	for _, f := range list {
		got[f.Dataset] = f
	}
	return got
}

func TestCalendar(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-11-25T00:00:00+01:00": "2026-11 0", "2026-11-24T23:59:59+01:00": "2026-10 30", "2026-11-24T23:30:00Z": "2026-11 0",
		"2026-12-04T06:10:00+01:00": "2026-11 9", "2027-01-01T06:10:00+01:00": "2026-12 7", "2027-03-10T06:10:00+01:00": "2027-02 13",
		"2026-10-25T06:10:00+01:00": "2026-10 0", "2027-03-28T23:00:00+02:00": "2027-03 3", // when clocks change
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if month, day := insights.Calendar(now.In(stockholm)); fmt.Sprint(month, " ", day) != want {
			t.Errorf("on %s it is day %d of %s, want %s", at, day, month, want)
		}
	}
}

// TestOneMonth walks the days of two months with a clock: nothing before the
// 25th, then daily until the content has changed, then nothing.
func TestOneMonth(t *testing.T) {
	h := newHouse(t, nil)
	only := insights.Options{}
	day := func(month time.Month, d int, requests bool, want insights.State, note string) {
		t.Helper()
		h.on(month, d)
		h.server.Requests()
		got := h.run(t, only)
		if f := got[insightstest.Azure]; f.State != want || f.Note.Code != note {
			t.Errorf("%d %s: %s with %q, want %s with %q", d, month, f.State, f.Note.Code, want, note)
		}
		if asked := len(h.server.Requests()) > 0; asked != requests {
			t.Errorf("%d %s: Microsoft was asked: %v", d, month, asked)
		}
	}
	azure := func(rows int) { h.server.SetFile(insightstest.Azure, insightstest.Table(insightstest.Azure, rows)) }

	day(11, 24, false, "", "")
	azure(5)
	day(11, 25, true, insights.Imported, "fetch.note.first") // nobody knows whose month it is
	day(11, 26, true, insights.Unchanged, "fetch.note.unchanged")
	azure(6)
	day(11, 27, true, insights.Imported, "fetch.note.imported")
	day(11, 28, true, "", "") // settled: the datasets are looked at, no report is ordered
	day(12, 5, false, "", "")
	day(12, 24, false, "", "")
	day(12, 25, true, insights.Unchanged, "fetch.note.unchanged")
	h.server.Set(func(f *insightstest.Faults) { f.Empty = true })
	h.server.SetFile(insightstest.Azure, nil)
	day(12, 26, true, insights.Empty, "fetch.note.empty")
	h.server.Set(func(f *insightstest.Faults) { f.Empty = false })
	azure(6)
	day(12, 27, true, insights.Unchanged, "fetch.note.unchanged")
	day(1, 3+365, true, insights.GivenUp, "fetch.note.given_up") // day 9 of 10, in January 2027
	day(1, 4+365, false, "", "")
	azure(7)
	day(1, 25+365, true, insights.Imported, "fetch.note.imported")
	if all := h.server.Reports(); all != 0 {
		t.Errorf("%d reports are left at Microsoft", all)
	}
	if files, err := filepath.Glob(filepath.Join(h.dir, insightstest.Azure+"-*.csv")); err != nil || len(files) != 3 {
		t.Errorf("kept files %v, want the three that were imported; %v", files, err)
	}
}

// TestForce: a person may fetch on any day, once more too, and one dataset only.
func TestForce(t *testing.T) {
	h := newHouse(t, nil)
	h.on(11, 10)
	one := insights.Options{Force: true, Period: "2026-11-10T06:10:00", Datasets: []string{insightstest.M365}}
	got := h.run(t, one)
	if f := got[insightstest.M365]; len(got) != 1 || f.State != insights.Imported || f.Month != "2026-10" || f.Note.Code != "fetch.note.imported" {
		t.Errorf("fetched %+v, want M365 of October alone", got)
	}
	if len(h.imported) != 1 || h.imported[0] != "CLASM365Propensity-2026-11-10T061000.csv" {
		t.Errorf("imported %v", h.imported)
	}
	one.Period = "2026-11-10T06:11:00"
	if f := h.run(t, one)[insightstest.M365]; f.State != insights.Unchanged || f.Note.Code != "fetch.note.same" {
		t.Errorf("once more: %+v", f)
	}
	_, err := h.Run(t.Context(), insights.Options{Force: true, Period: "x", Datasets: []string{"CLASNothing"}}, nil)
	sentence(t, err, insights.ErrRefused, "error.insights.dataset")
}

// TestOrderOfRecords: the same records in another order are no new content.
func TestOrderOfRecords(t *testing.T) {
	h := newHouse(t, nil)
	lines := strings.SplitAfter(string(insightstest.Table(insightstest.Azure, 5)), "\r\n")
	h.on(11, 25)
	h.server.SetFile(insightstest.Azure, []byte(strings.Join(lines, "")))
	h.run(t, insights.Options{})
	lines[1], lines[4] = lines[4], lines[1]
	h.on(11, 26)
	h.server.SetFile(insightstest.Azure, []byte(strings.Join(lines, "")))
	if f := h.run(t, insights.Options{})[insightstest.Azure]; f.State != insights.Unchanged {
		t.Errorf("another order is %s", f.State)
	}
}

// TestImportedByHand: the file that somebody imported for an earlier month is no
// news.
func TestImportedByHand(t *testing.T) {
	h := newHouse(t, nil)
	h.on(11, 25)
	h.already = insights.Import{Report: "azure", Month: "2026-10", Rows: 12, Already: true}
	if f := h.run(t, insights.Options{})[insightstest.Azure]; f.State != insights.Unchanged {
		t.Errorf("%+v, want unchanged", f)
	}
}

// TestInterrupted: a run that was stopped goes on where it was, with the reports
// that were ordered.
func TestInterrupted(t *testing.T) {
	h := newHouse(t, nil)
	h.on(11, 25)
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	whole := h.Import
	h.Import = func(ctx context.Context, path string) (insights.Import, error) {
		if seen++; seen == 3 {
			stop()
			return insights.Import{}, ctx.Err()
		}
		return whole(ctx, path)
	}
	if _, err := h.Run(ctx, insights.Options{Period: "2026-11-25"}, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a stopped run: %v", err)
	}
	if kept, err := h.db.LatestFetches(t.Context()); err != nil || len(kept) != 6 || kept[5].State != insights.Failed || kept[5].Note.Code != "error.insights.stopped" {
		t.Errorf("after the stop the store says %+v, %v", kept, err)
	}
	if n := h.server.Reports(); n != 4 {
		t.Errorf("%d reports wait, want the four that were not taken", n)
	}
	if err := os.WriteFile(filepath.Join(h.dir, ".part-1"), []byte("half"), 0o600); err != nil { // as a crash leaves it
		t.Fatal(err)
	}
	h.Import = whole
	h.server.Requests()
	got := h.run(t, insights.Options{})
	if len(got) != 6 || len(h.imported) != 6 {
		t.Errorf("after the stop: %d datasets, imported %v, want six, each once", len(got), h.imported)
	}
	if n := h.count("POST "); n != 0 {
		t.Errorf("%d things were made anew", n)
	}
	left, err := filepath.Glob(filepath.Join(h.dir, ".*"))
	if err != nil || len(left) > 0 || h.server.Reports() != 0 {
		t.Errorf("left: %v, %d reports", left, h.server.Reports())
	}
}

// TestOneFails: a dataset whose file cannot be read does not hold up the others;
// its row says why, and the file is kept.
func TestOneFails(t *testing.T) {
	h := newHouse(t, nil)
	h.on(11, 25)
	whole := h.Import
	h.Import = func(ctx context.Context, path string) (insights.Import, error) {
		if strings.HasPrefix(filepath.Base(path), insightstest.D365) {
			return insights.Import{}, &actnow.InputError{Code: "error.report.which", Text: "It cannot be told which report this is."}
		}
		return whole(ctx, path)
	}
	list, err := h.Run(t.Context(), insights.Options{Period: "2026-11-25"}, nil)
	if err == nil || !strings.Contains(err.Error(), "fetch "+insightstest.D365) {
		t.Errorf("error %v names no dataset", err)
	}
	states := map[insights.State]int{}
	for _, f := range list {
		states[f.State]++
		if f.State == insights.Failed && (f.Note.Code != "error.insights.import" || !strings.Contains(f.Sentence, "which report") || f.File == "") {
			t.Errorf("failed: %+v", f)
		}
	}
	if states[insights.Failed] != 1 || states[insights.Imported] != 5 {
		t.Errorf("states %v", states)
	}
}

// TestConnectionFails: what concerns the account is said once, and nothing is
// asked further.
func TestConnectionFails(t *testing.T) {
	h := newHouse(t, func(f *insightstest.Faults) { f.NoRole = true })
	h.on(11, 25)
	list, err := h.Run(t.Context(), insights.Options{Period: "2026-11-25"}, nil)
	sentence(t, err, insights.ErrRole, "error.insights.role")
	if len(list) != 1 || list[0].Dataset != "" || list[0].State != insights.Failed {
		t.Errorf("recorded %+v", list)
	}
	h.server.Set(func(f *insightstest.Faults) { f.NoRole = false })
	if got := h.run(t, insights.Options{}); len(got) != 6 {
		t.Errorf("later on the same day: %v", got)
	}

	h.on(11, 26)
	for _, name := range insightstest.All {
		h.server.SetFile(name, insightstest.Table(name, 3))
	}
	h.server.Set(func(f *insightstest.Faults) { f.Drops = 99 })
	list, err = h.Run(t.Context(), insights.Options{Period: "2026-11-26"}, nil)
	if !errors.Is(err, insights.ErrUnavailable) || len(list) != 6 {
		t.Fatalf("with a line that always drops: %v, %d rows", err, len(list))
	}
	if n := len(h.clock.slept); n > 20 {
		t.Errorf("tried %d times again although the line is down", n)
	}
}

// TestMaskedRevenue: the warning is kept with the fetch.
func TestMaskedRevenue(t *testing.T) {
	h := newHouse(t, func(f *insightstest.Faults) { f.Redacted = true })
	h.on(11, 25)
	for name, f := range h.run(t, insights.Options{}) {
		if !f.Redacted || f.State != insights.Imported {
			t.Errorf("%s: %+v", name, f)
		}
	}
	kept, err := h.db.LatestFetches(t.Context())
	if err != nil || len(kept) != 6 || !kept[0].Redacted {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// TestWholeRoad goes from the sign-in to snapshots in the store: every file of
// the imitation is a report that the importer knows.
func TestWholeRoad(t *testing.T) {
	h := newHouse(t, func(f *insightstest.Faults) { f.Gzip, f.Polls = true, 2 })
	snapshots := h.wholeRoad(t)
	if len(snapshots) != 6 {
		t.Errorf("%d snapshots in the store, want six", len(snapshots))
	}
}

// TestWholeRoadWithAllColumns goes the same road with every column that is known of
// the reports.
func TestWholeRoadWithAllColumns(t *testing.T) {
	const known = "../../../shared/cloudascent/columns"
	if _, err := os.Stat(known); errors.Is(err, os.ErrNotExist) {
		t.Skip("no list of columns beside the repository")
	}
	h := newHouse(t, func(f *insightstest.Faults) { f.Gzip = true })
	cells := map[string][]string{
		"yesno": {"Yes", "No", ""}, "integer": {"3", "40", ""}, "list": {"Azure; Windows 365", ""}, "score": {"88", "12", "55"},
		"string": {"Words, and more", ""}, "enum": {"Act Now", "Nurture", ""}, "number": {"1234.50", ""}, "date": {"2027-03-31", "2027-09-30"},
	}
	whoIsWho := []string{"GlobalID", "PartnerName", "CustomerID", "DUNSNumber", "AccountName", "Domain", "OrgSize", "Country", "SMECTypeSummary", "IsNonprofit", "AgreementID"}
	headers := map[string][]string{}
	for name, report := range reportOf {
		f, err := os.Open(filepath.Join(known, report+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var columns []insightstest.Column
		for _, line := range lines[1:] {
			c := insightstest.Column{Header: line[0], Cells: cells[line[1]]}
			switch {
			case slices.Contains(whoIsWho, line[0]):
				c.Cells = nil
			case line[1] == "string" && line[2] == "revenue": // a range
				c.Cells = []string{"1,000 - 10,000", "0 - 1,000", ""}
			}
			columns = append(columns, c)
			headers[report] = append(headers[report], c.Header)
		}
		h.server.SetColumns(name, columns)
	}
	for _, s := range h.wholeRoad(t) {
		kept, err := h.db.Snapshot(t.Context(), actnow.Everything, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range kept.Columns {
			got = append(got, c.Header)
		}
		if !slices.Equal(got, headers[string(s.Report)]) {
			t.Errorf("%s holds %d columns, want %d\n%q", s.Report, len(got), len(headers[string(s.Report)]), got)
		}
	}
}

// reportOf is the kind of report that each dataset is.
var reportOf = map[string]string{
	insightstest.Azure: "azure", insightstest.M365: "m365", insightstest.D365: "d365",
	insightstest.Renewals: "renewals", insightstest.Surface: "surface", insightstest.Security: "security",
}

// wholeRoad signs in, fetches all datasets on the 25th and returns the snapshots.
func (h *house) wholeRoad(t *testing.T) []reports.Snapshot {
	t.Helper()
	if err := h.db.SaveFetchConnection(t.Context(), actnow.System, insights.Registration{Tenant: insightstest.Tenant, ClientID: insightstest.ClientID}); err != nil {
		t.Fatal(err)
	}
	h.bench.Client.Tokens = h.db
	s := h.SignIn(redirect)
	if err := h.Finish(t.Context(), s, browse(t, s.URL)); err != nil {
		t.Fatal(err)
	}
	im := &reports.Importer{Store: h.db, Now: h.clock.now, Zone: h.Zone, Log: h.Log, Dir: t.TempDir()}
	h.Import = func(ctx context.Context, path string) (insights.Import, error) {
		file, err := os.Open(path)
		if err != nil {
			return insights.Import{}, err
		}
		defer file.Close()
		res, err := im.Import(ctx, filepath.Base(path), io.Reader(file), reports.Options{}, nil)
		if len(res.Rejected) > 0 {
			t.Errorf("%s: line %d is rejected: %s", path, res.Rejected[0].Line, res.Rejected[0].Reason)
		}
		return insights.Import{Report: string(res.Report), Month: res.Month, Rows: int64(res.Rows), Already: res.AlreadyImported}, err
	}
	h.on(11, 25)
	got := h.run(t, insights.Options{})
	for name, report := range reportOf {
		if f := got[name]; f.State != insights.Imported || f.Report != report || f.Rows != 12 || f.Month != "2026-11" {
			t.Errorf("%s: %+v, want it imported as %s", name, f, report)
		}
	}
	snapshots, err := h.db.Snapshots(t.Context(), actnow.Everything, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return snapshots
}
