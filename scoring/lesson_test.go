package scoring

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"actnow"
)

func learnOf(t *testing.T, l *lesson, area actnow.Area) Trial {
	t.Helper()
	trial, err := l.learn(t.Context(), area, 0)
	if err != nil {
		t.Fatal(err)
	}
	return trial
}

// loudest returns the signals of a model by how much they move scores.
func loudest(m *Model, customers [][]Observation) []string {
	sum := map[string]float64{}
	for _, s := range m.Scores(customers) {
		for _, p := range s.Parts {
			sum[p.Feature] += math.Abs(p.LogOdds)
		}
	}
	for _, name := range []string{"base", "calibration", "rest"} {
		delete(sum, name)
	}
	var names []string
	for name := range sum {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sum[b], sum[a]), strings.Compare(a, b)) })
	return names
}

var oneArea = map[actnow.Area]float64{actnow.Azure: 1}

// TestLearnFindsTheDrivers learns from partners of which the truth is known.
func TestLearnFindsTheDrivers(t *testing.T) {
	m := market{customers: 500, strength: 1.2, areas: oneArea}
	for target, want := range map[Target][]string{Fit: {"industry", "size"}, Intent: {"purchase.same"}} {
		l := m.lesson(target)
		trial := learnOf(t, l, actnow.Azure)
		if trial.model == nil {
			t.Fatalf("%s: no model: %+v", target, trial)
		}
		t.Logf("%s: %s from %d and %d: AUC %.3f, ECE %.3f, loss %.3f of %.3f", target, trial.model.Kind, trial.Outcomes, trial.Others,
			trial.Validation.AUC, trial.Validation.ECE, trial.Validation.LogLoss, trial.Validation.BaseLoss)
		loud := loudest(trial.model, m.present(target, actnow.Azure))
		found := slices.Sorted(slices.Values(loud[:len(want)]))
		if !slices.Equal(found, want) {
			t.Errorf("%s: moved most by %v, want %v", target, loud, want)
		}
		for _, b := range trial.model.Bands {
			t.Logf("%s: %s %d of %d", target, b.Band, b.Hits, b.Rows)
		}
	}
}

// TestLearnDeclines learns from chance, and from too little.
func TestLearnDeclines(t *testing.T) {
	for seed := range uint64(3) {
		m := market{customers: 150, areas: oneArea, seed: seed}
		for _, target := range Targets {
			trial := learnOf(t, m.lesson(target), actnow.Azure)
			if trial.model != nil || trial.Reason != ReasonNoSignal || trial.Missing != 0 {
				t.Errorf("%s of seed %d: %+v", target, seed, trial)
			}
		}
	}
	few := learnOf(t, market{customers: 8, strength: 1, areas: oneArea}.lesson(Fit), actnow.Azure)
	if few.Reason != ReasonFew || few.Missing != fewestOutcomes-min(few.Outcomes, few.Others) || few.Missing <= 0 {
		t.Errorf("of few: %+v", few)
	}
	if none := learnOf(t, newLesson(Intent, marketEnd, DefaultEdges), actnow.Surface); none.Reason != ReasonFew || none.Missing != fewestOutcomes {
		t.Errorf("of nothing: %+v", none)
	}
}

// TestLearnBorrows checks that an area with few outcomes leans on others that are
// alike, and foretells better for it.
func TestLearnBorrows(t *testing.T) {
	for seed := range uint64(3) {
		m := market{customers: 700, strength: 1.2, seed: seed + 2, areas: map[actnow.Area]float64{actnow.Azure: 0.6, actnow.M365: 0.6, actnow.Surface: 0.045}}
		l := m.lesson(Fit)
		trial := learnOf(t, l, actnow.Surface)
		if trial.model == nil || trial.model.Learned.Share == 0 || trial.model.Learned.Lent == 0 {
			t.Fatalf("nothing is borrowed: %+v", trial)
		}
		alone := l.material(actnow.Surface, lent{}).course(0, 0)
		if err := alone.learn(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		own := alone.predictor.validation
		t.Logf("from %d and %d, borrowing %g: loss %.3f, AUC %.3f; alone %.3f, %.3f", trial.Outcomes, trial.Others, trial.model.Learned.Share,
			trial.Validation.LogLoss, trial.Validation.AUC, own.LogLoss, own.AUC)
		if trial.Validation.LogLoss >= own.LogLoss {
			t.Errorf("borrowing foretells no better")
		}
		checkReasons(t, trial.model, m.present(Fit, actnow.Surface))
	}
}

// checkReasons adds the parts of scores up.
func checkReasons(t *testing.T, m *Model, customers [][]Observation) {
	t.Helper()
	examples := make([]example, len(customers))
	sheet := newSheet(m.Area)
	for i, known := range customers {
		examples[i].line = sheet.add(known)
	}
	chances := m.chances(frameOf(m.Features, linesOf(examples)))
	for i, s := range m.Scores(customers) {
		if len(customers[i]) == 0 {
			if s.Points != nil {
				t.Errorf("customer %d: a score of nothing", i)
			}
			continue
		}
		sum := 0.0
		for _, p := range s.Parts {
			sum += p.LogOdds
			if Messages[p.Code] == [2]string{} || strings.ContainsAny(p.Text, "{}") {
				t.Fatalf("customer %d: part %+v has no sentence", i, p)
			}
		}
		if math.Abs(sum-logit(chances[i])) > 1e-9 || *s.Points != Points(chances[i], m.Base) {
			t.Fatalf("customer %d: parts add up to %g, logit is %g", i, sum, logit(chances[i]))
		}
	}
}

func TestModelRoundTrip(t *testing.T) {
	m := market{customers: 400, strength: 1.2, areas: oneArea}
	l := m.lesson(Fit)
	customers := append(m.present(Fit, actnow.Azure), nil) // of the last nothing is known
	examples := l.examples[actnow.Azure]
	c := l.material(actnow.Azure, lent{}).course(0, 0)
	if err := c.learn(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, k := range []kind{{}, {pairs: true}, {order: 1, weightCard: 0.4, weightBoost: 0.6}, {pairs: true, order: 2, weightCard: 0.5, weightBoost: 0.4}, {order: 3, weightCard: 0.3, weightBoost: 0.9}} {
		r := recipe{frame: c.frame, rows: places(len(examples)), weight: ones(len(examples)), label: func(row int) float64 { return c.frame.labels[row] }}
		c.predictor.kind, c.predictor.published = k, true
		var err error
		if c.predictor.learned, err = k.learn(t.Context(), r.sample(r.rows), nil); err != nil {
			t.Fatal(err)
		}
		m, err := c.model(Trial{Area: actnow.Azure, Target: Fit, Day: "2026-11-26", Outcomes: 9, Others: 9}, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseModel(m.JSON())
		if err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		if got.ID() != m.ID() || string(got.JSON()) != string(m.JSON()) {
			t.Errorf("%s: other bytes", k)
		}
		if diff := gocmp.Diff(m.Scores(customers), got.Scores(customers)); diff != "" {
			t.Errorf("%s: other scores: %s", k, diff)
		}
		checkReasons(t, got, customers)
	}
}

// TestLearnSameID learns twice, from customers in another order, and with another
// seed.
func TestLearnSameID(t *testing.T) {
	m := market{customers: 300, strength: 1.2, areas: oneArea}
	first := learnOf(t, m.lesson(Fit), actnow.Azure)
	turned := newLesson(Fit, marketEnd, DefaultEdges)
	histories := m.make()
	slices.Reverse(histories)
	for i := range histories {
		turned.hear(&histories[i], nil, true, true)
	}
	turned.settle()
	if again := learnOf(t, turned, actnow.Azure); again.Model != first.Model || first.Model == "" {
		t.Errorf("the same data give %q and %q", first.Model, again.Model)
	}
	other, err := m.lesson(Fit).learn(t.Context(), actnow.Azure, 7)
	if err != nil || other.Model == first.Model || other.model.Seed != 7 {
		t.Errorf("another seed gives the same version, or none: %+v, %v", other, err)
	}
}

// TestFutureLeavesNoTrace plants facts of the day itself and later in histories.
func TestFutureLeavesNoTrace(t *testing.T) {
	for i, h := range (market{customers: 60, strength: 1, areas: map[actnow.Area]float64{actnow.Azure: 1, actnow.M365: 1}}).make() {
		end := marketEnd.AddDate(0, -1-i%12, -i%28)
		planted := h
		later := func(days int) time.Time { return end.AddDate(0, 0, days) }
		planted.Rows = append(slices.Clone(h.Rows), ReportRow{Report: "azure", KnownAt: later(i % 3), Cells: []Cell{{"org_size", "99999"}, {"industry", "Future"}, {"has_ea", "yes"}, {"fit.azure", "100"}},
			Agreements: []Event{{Kind: "agreement_end", Area: actnow.Azure, At: later(9), KnownAt: later(0)}}})
		planted.Opportunities = append(slices.Clone(h.Opportunities), Opportunity{Area: actnow.Azure, Opened: later(0), Closed: later(30), Won: true})
		planted.Events = append(slices.Clone(h.Events),
			Event{Kind: "transaction", Area: actnow.M365, At: later(0), Amount: 1_000_000, Currency: "SEK"},
			Event{Kind: "transaction", Area: actnow.M365, At: later(-5), KnownAt: later(1), Amount: 1_000_000, Currency: "SEK"},
			Event{Kind: "subscription", Area: actnow.M365, At: later(1), Seats: 500},
			Event{Kind: "agreement_end", Area: actnow.Azure, At: later(20), KnownAt: later(1)},
			Event{Kind: EventClick, At: later(0)})
		for j := range planted.Opportunities { // what is open then is closed later
			if o := &planted.Opportunities[j]; o.Opened.Before(end) && (o.Closed.IsZero() || !o.Closed.Before(end)) {
				o.Closed, o.Won = later(3), true
			}
		}
		for _, area := range []actnow.Area{actnow.Azure, actnow.M365, actnow.Security} {
			for _, target := range Targets {
				if diff := gocmp.Diff(h.Observe(target, area, end), planted.Observe(target, area, end)); diff != "" {
					t.Fatalf("customer %d, %s of %s: %s", h.Customer, target, area, diff)
				}
				before := h
				before.Events = append(slices.Clone(h.Events), Event{Kind: "transaction", Area: area, At: later(-1), Amount: 5, Currency: "SEK"})
				if target == Intent && gocmp.Equal(h.Observe(target, area, end), before.Observe(target, area, end)) {
					t.Fatalf("customer %d: what happened the day before leaves no trace either", h.Customer)
				}
			}
		}
	}
}

// TestForwardSplit checks that nothing is foretold from what was not settled yet.
func TestForwardSplit(t *testing.T) {
	l := market{customers: 200, strength: 1, areas: map[actnow.Area]float64{actnow.Azure: 1, actnow.M365: 1}}.lesson(Intent)
	all := append(slices.Clone(l.examples[actnow.Azure]), l.lenders(actnow.Azure).examples...)
	own := len(l.examples[actnow.Azure])
	split := forwardSplit(all, own)
	if len(split) != judgedBlocks {
		t.Fatalf("%d blocks", len(split))
	}
	judged := 0
	for _, f := range split {
		start := all[f.test[0]].End
		lent := false
		for _, i := range f.train {
			if all[i].Settled > start {
				t.Fatalf("an outcome of %d foretells %d", all[i].Settled, start)
			}
			lent = lent || i >= own
		}
		if !lent || slices.Max(f.test) >= own {
			t.Error("lent rows do not teach, or are judged")
		}
		judged += len(f.test)
	}
	if want := own - int(foreShare*float64(own)); judged != want {
		t.Errorf("%d rows judged, want %d", judged, want)
	}
}

func TestParseModelRefuses(t *testing.T) {
	m := learnOf(t, market{customers: 300, strength: 1.2, areas: oneArea}.lesson(Fit), actnow.Azure).model
	body := string(m.JSON())
	for name, c := range map[string]struct{ old, new, code string }{
		"nothing":             {body, "", "error.model.json"},
		"no object":           {body, "[]", "error.model.json"},
		"cut off":             {body, body[:len(body)/2], "error.model.json"},
		"something after it":  {body, body + "{}", "error.model.json"},
		"unknown member":      {`"seed":0`, `"seed":0,"extra":1`, "error.model.json"},
		"other spelling":      {`"seed":0`, `"seed": 0`, "error.model.json"},
		"another format":      {`"format":2`, `"format":3`, "error.model.format"},
		"straight too early":  {`"format":2`, `"format":1`, "error.model.damaged"},
		"straight of nothing": {`"straights":[{"effect":`, `"straights":[{"effect":9`, "error.model.damaged"},
		"straight backwards":  {`"scale":`, `"scale":-`, "error.model.damaged"},
		"no area":             {`"area":"azure"`, `"area":""`, "error.model.damaged"},
		"no score":            {`"score":"fit"`, `"score":"luck"`, "error.model.damaged"},
		"no day":              {`"day":"2026-11-26"`, `"day":"yesterday"`, "error.model.damaged"},
		"an effect too many":  {`"effects":[{"feature":`, `"effects":[{"feature":99`, "error.model.damaged"},
		"a number as a text":  {`"scorecard_weight":1`, `"scorecard_weight":"1"`, "error.model.json"},
		"spread of a feature": {`"spread":[`, `"spread":[5,`, "error.model.damaged"},
		"an effect of no bin": {`"effects":[-`, `"effects":[1,-`, "error.model.damaged"},
	} {
		if !strings.Contains(body, c.old) {
			t.Fatalf("%s: %q is not in the model", name, c.old)
		}
		_, err := ParseModel([]byte(strings.Replace(body, c.old, c.new, 1)))
		var input *actnow.InputError
		if !errors.As(err, &input) || input.Code != c.code || Messages[c.code] == [2]string{} {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// TestEverySignalHasItsSentence asks for a sentence of all that can be observed, and
// of all that can be missing.
func TestEverySignalHasItsSentence(t *testing.T) {
	end := marketEnd
	h := History{Account: true, Rows: []ReportRow{{Report: "azure", KnownAt: end.AddDate(0, 0, -9), Cells: []Cell{
		{"org_size", "10"}, {"industry", "a"}, {"vertical", "b"}, {"country", "c"}, {"has_m365", "yes"}, {"has_aws", "no"}, {"fit.azure", "High"}},
		Agreements: []Event{{Kind: "agreement_end", Area: actnow.Azure, At: end.AddDate(0, 1, 0)}, {Kind: "agreement_end", At: end.AddDate(0, 1, 0)}}}}}
	for _, area := range []actnow.Area{actnow.Azure, actnow.M365} {
		for _, kind := range []string{"transaction", "subscription", EventClick} {
			h.Events = append(h.Events, Event{Kind: kind, Area: area, At: end.AddDate(0, -1, 0), Amount: 100, Currency: "SEK"})
		}
		for _, won := range []bool{true, false} {
			h.Opportunities = append(h.Opportunities, Opportunity{Area: area, Opened: end.AddDate(0, -2, 0), Closed: end.AddDate(0, -1, 0), Won: won})
		}
	}
	for _, target := range Targets {
		known := h.Observe(target, actnow.Azure, end)
		observed := map[string]*Observation{}
		for i := range known {
			observed[known[i].Feature] = &known[i]
		}
		for _, o := range known {
			signal := SignalOf(o.Feature)
			for name, r := range map[string]reason{"observed": reasonOf(signal, observed), "missing": reasonOf(signal, nil)} {
				if Messages["model."+r.code] == [2]string{} {
					t.Errorf("%s: no sentence model.%s, %s", o.Feature, r.code, name)
				}
				if name == "observed" && strings.HasSuffix(r.code, "missing") {
					t.Errorf("%s is said to be missing", o.Feature)
				}
			}
		}
	}
}

func TestLearnCancelled(t *testing.T) {
	l := market{customers: 200, strength: 1, areas: oneArea}.lesson(Fit)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if trial, err := l.learn(ctx, actnow.Azure, 0); !errors.Is(err, context.Canceled) || trial.model != nil {
		t.Errorf("%+v, %v", trial, err)
	}
}
