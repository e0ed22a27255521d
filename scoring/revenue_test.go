package scoring

import (
	"context"
	"encoding/json"
	"errors"

	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"actnow"
)

// revenueDay is the day on which made-up partners are looked at.
var revenueDay = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// buyerList is a RevenueStore in memory.
type buyerList struct {
	buyers   []Buyer
	currency string
	saved    map[actnow.CustomerID][]actnow.RevenueEstimate
	batches  int
}

func (l *buyerList) BuyersAfter(_ context.Context, _ actnow.Month, after actnow.CustomerID, limit int) ([]Buyer, error) {
	rest := l.buyers[min(int(after), len(l.buyers)):]
	return rest[:min(limit, len(rest))], nil
}

func (l *buyerList) CountFacts(context.Context, actnow.Month) (int64, error) {
	return int64(len(l.buyers)), nil
}

func (l *buyerList) ReportCurrency(context.Context) (string, error) { return l.currency, nil }

func (l *buyerList) SaveEstimates(ctx context.Context, _ actnow.Month, _ []actnow.Area, ids []actnow.CustomerID, es []CustomerEstimate) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.saved == nil {
		l.saved = map[actnow.CustomerID][]actnow.RevenueEstimate{}
	}
	for _, id := range ids {
		delete(l.saved, id)
	}
	for _, e := range es {
		l.saved[e.Customer] = append(l.saved[e.Customer], e.RevenueEstimate)
	}
	l.batches++
	return nil
}

func (l *buyerList) run(t *testing.T, areas ...actnow.Area) RevenueSummary {
	t.Helper()
	e := Estimator{Store: l, Prices: DefaultPriceList(), Batch: 100, Now: func() time.Time { return revenueDay }, Log: slog.New(slog.DiscardHandler)}
	sum, err := e.Run(t.Context(), "2026-11", areas, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// of returns the estimate of a customer in an area, nil if there is none.
func (l *buyerList) of(id actnow.CustomerID, area actnow.Area) *actnow.RevenueEstimate {
	for i := range l.saved[id] {
		if l.saved[id][i].Area == area {
			return &l.saved[id][i]
		}
	}
	return nil
}

func minor(units float64) *int64 {
	v := int64(math.Round(units * 100))
	return &v
}

// demandWorld is a made-up partner of which the truth is known: what a customer pays
// in Azure if it buys, and with what chance it does.
type demandWorld struct {
	customers int
	slope     float64 // of the logarithm of the amount by that of the size
	trade     float64 // what manufacturers pay more, as a logarithm
	noise     float64
	seed      uint64
}

// make returns the customers, and what each would pay in whole units.
func (w demandWorld) make() (*buyerList, []float64) {
	l := &buyerList{}
	truth := make([]float64, w.customers)
	for i := range w.customers {
		r := rand.New(rand.NewPCG(w.seed, uint64(i)))
		size := int64(math.Exp(r.NormFloat64()*1.2+4)) + 1
		industry := marketTrades[r.IntN(len(marketTrades))]
		value, odds := 6+w.slope*math.Log(float64(size))+w.noise*r.NormFloat64(), -1.4
		if industry == "Manufacturing" {
			value, odds = value+w.trade, odds+1
		}
		truth[i] = math.Exp(value)
		b := Buyer{Customer: actnow.CustomerID(i + 1), Account: true, OrgSize: &size, Industry: industry}
		if r.Float64() < sigmoid(odds) {
			b.Purchases = append(b.Purchases, Purchase{Area: actnow.Azure, Product: "Azure", At: revenueDay.AddDate(0, -3, 0), Amount: minor(truth[i]), Currency: "SEK"})
		}
		l.buyers = append(l.buyers, b)
	}
	return l, truth
}

// judged adds up how estimates of customers who do not buy yet compare with the truth.
type judged struct{ n, covered, below, chance, bought, expected, would float64 }

func (j *judged) add(t *testing.T, l *buyerList, truth []float64) {
	t.Helper()
	for i, b := range l.buyers {
		e := l.of(b.Customer, actnow.Azure)
		if e == nil || e.Basis != actnow.BasisPeers || e.Peers < fewestPeers || e.P10 > e.P50 || e.P50 > e.P90 {
			t.Fatalf("customer %d: %+v", b.Customer, e)
		}
		if len(b.Purchases) > 0 {
			if e.Kind != actnow.Upsell || e.Paid != *b.Purchases[0].Amount || e.Chance != nil {
				t.Fatalf("customer %d: %+v", b.Customer, e)
			}
			j.bought++
			continue
		}
		if e.Kind != actnow.Whitespace || e.Paid != 0 {
			t.Fatalf("customer %d: %+v", b.Customer, e)
		}
		y := truth[i] * 100
		j.n++
		if float64(e.P10) <= y && y <= float64(e.P90) {
			j.covered++
		}
		if y < float64(e.P50) {
			j.below++
		}
		j.chance += *e.Chance
		j.expected, j.would = j.expected+float64(*e.Expected), j.would+*e.Chance*y
	}
}

// TestEstimateTruth checks the range of what customers who do not buy yet would pay,
// and the chance that they buy, against the truth of made-up partners.
func TestEstimateTruth(t *testing.T) {
	for name, c := range map[string]struct {
		world demandWorld
		times int    // float64(c.times)
		model string // "" for either
	}{
		"size and trade tell": {demandWorld{customers: 2400, slope: 0.9, trade: 0.8, noise: 0.6}, 6, "ridge"},
		"some forty buy":      {demandWorld{customers: 160, slope: 0.9, trade: 0.8, noise: 0.6}, 40, "ridge"},
		"all is chance":       {demandWorld{customers: 2400, noise: 1.2}, 6, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var j judged
			heldOut := 0.0
			for seed := range uint64(c.times) {
				c.world.seed = seed
				l, truth := c.world.make()
				before := j
				sum := l.run(t, actnow.Azure)
				j.add(t, l, truth)
				a := sum.Areas[0]
				if len(a.Demands) != 1 || c.model != "" && a.Demands[0].Model != c.model || a.Demands[0].Currency != "SEK" || sum.Currency != "SEK" || a.Demands[0].Judged != a.Demands[0].Peers {
					t.Fatalf("%+v", sum)
				}
				heldOut += *a.Demands[0].Coverage / float64(c.times)
				if a.Whitespace != int(j.n-before.n) || a.Upsell != int(j.bought-before.bought) || a.ByBasis[actnow.BasisPeers] != len(l.buyers) || a.None != 0 {
					t.Errorf("%+v", a)
				}
			}
			covered, below, chance, total := j.covered/j.n, j.below/j.n, j.chance/j.n, j.expected/j.would
			share := j.bought / (j.bought + j.n)
			t.Logf("coverage %.3f (held out %.3f), below the median %.3f, chance %.3f where %.3f buy, expected per truth %.3f", covered, heldOut, below, chance, share, total)
			if covered < 0.75 || covered > 0.85 || heldOut < 0.75 || heldOut > 0.85 {
				t.Errorf("P10 to P90 cover %.3f, %.3f of held-out peers", covered, heldOut)
			}
			if math.Abs(below-0.5) > 0.04 {
				t.Errorf("%.3f lie below the median", below)
			}
			if math.Abs(chance-share) > 0.04 {
				t.Errorf("a chance of %.3f, %.3f buy", chance, share)
			}
			if total < 0.9 || total > 1.1 {
				t.Errorf("expected %.3f of the truth", total)
			}
		})
	}
}

// TestEstimateUpsell checks that upsell is what is missing to what others pay.
func TestEstimateUpsell(t *testing.T) {
	l, _ := demandWorld{customers: 800, slope: 0.9, noise: 0.3}.make()
	l.run(t, actnow.Azure)
	some, none := 0, 0
	for _, b := range l.buyers {
		e := l.of(b.Customer, actnow.Azure)
		if e.Kind != actnow.Upsell {
			continue
		}
		like := slices.IndexFunc(l.buyers, func(o Buyer) bool {
			return len(o.Purchases) == 0 && *o.OrgSize == *b.OrgSize && o.Industry == b.Industry
		})
		if like < 0 {
			continue
		}
		w := l.of(l.buyers[like].Customer, actnow.Azure) // all of what customers like it pay
		want := max(w.P50-e.Paid, 0)
		if diff := math.Abs(float64(e.P50 - want)); diff > 0.25*float64(w.P50) {
			t.Errorf("customer %d pays %d of %d: %d could be added, %d is said", b.Customer, e.Paid, w.P50, want, e.P50)
		}
		if e.P50 > 0 {
			some++
		}
		if e.P50 == 0 {
			none++
		}
	}
	if some < 10 || none < 10 {
		t.Errorf("%d could add something, %d nothing", some, none)
	}
}

// manyOf returns n customers of a size who pay amounts around it in an area.
func manyOf(n int, area actnow.Area, currency string, units float64) *buyerList {
	l := &buyerList{}
	for i := range n {
		size := int64(40)
		l.buyers = append(l.buyers, Buyer{Customer: actnow.CustomerID(i + 1), Account: true, OrgSize: &size, Industry: "Retail", Purchases: []Purchase{
			{Area: area, Product: "P", Subscription: true, At: revenueDay.AddDate(-1, 0, 0), Amount: minor(units * (1 + float64(i)/10)), Currency: currency}}})
	}
	return l
}

func (l *buyerList) add(b Buyer) actnow.CustomerID {
	b.Customer = actnow.CustomerID(len(l.buyers) + 1)
	l.buyers = append(l.buyers, b)
	return b.Customer
}

func TestEstimateFromList(t *testing.T) {
	size, none := int64(50), int64(0)
	for _, c := range []struct {
		peers int
		basis actnow.RevenueBasis
	}{{4, actnow.BasisList}, {9, actnow.BasisList}, {10, actnow.BasisPeers}} {
		l := manyOf(c.peers, actnow.M365, "SEK", 10_000)
		id := l.add(Buyer{Account: true, OrgSize: &size, Industry: "Retail"})
		small := l.add(Buyer{Account: true, OrgSize: &none})
		sum := l.run(t, actnow.M365)
		e := l.of(id, actnow.M365)
		if e == nil || e.Basis != c.basis || e.Peers != c.peers || e.Kind != actnow.Whitespace || e.Currency != "SEK" {
			t.Fatalf("of %d peers: %+v", c.peers, e)
		}
		if c.basis == actnow.BasisPeers {
			if e.Alike != actnow.AlikeSegment || *e.Chance <= 0.5 || l.of(small, actnow.M365).Alike != actnow.AlikeArea {
				t.Errorf("of %d peers: %+v", c.peers, e)
			}
			// One that pays has only nine others.
			if own := l.of(1, actnow.M365); own.Basis != actnow.BasisList || own.Peers != 9 || own.Kind != actnow.Upsell {
				t.Errorf("one of ten peers: %+v", own)
			}
			continue
		}
		price := DefaultPriceList().Areas[actnow.M365]
		want := actnow.RevenueEstimate{Area: actnow.M365, Month: "2026-11", Kind: actnow.Whitespace, Currency: "SEK", Peers: c.peers, Basis: actnow.BasisList,
			P10: int64(50 * price.Share[0] * price.Price["SEK"] * 100), P50: int64(50 * price.Share[1] * price.Price["SEK"] * 100), P90: 11_000_000}
		if diff := gocmp.Diff(want, *e); diff != "" {
			t.Errorf("of %d peers (-want +got):\n%s", c.peers, diff)
		}
		if l.of(small, actnow.M365) != nil || sum.Areas[0].None != 1 || sum.Areas[0].Demands[0].Model != "list" {
			t.Errorf("without a size and without peers: %+v, %+v", l.of(small, actnow.M365), sum)
		}
	}
}

// TestEstimateCurrencies checks that money of several currencies never meets.
func TestEstimateCurrencies(t *testing.T) {
	l := manyOf(20, actnow.M365, "SEK", 10_000)
	for _, b := range manyOf(15, actnow.M365, "EUR", 1_000_000).buyers {
		l.add(b)
	}
	size := int64(40)
	at := revenueDay.AddDate(0, -2, 0)
	buys := func(area actnow.Area, currency string) Purchase {
		return Purchase{Area: area, Product: "P", At: at, Amount: minor(500), Currency: currency}
	}
	customer := func(p ...Purchase) actnow.CustomerID {
		return l.add(Buyer{Account: true, OrgSize: &size, Industry: "Retail", Purchases: p})
	}
	plain, euro, krone := customer(), customer(buys(actnow.Azure, "EUR")), customer(buys(actnow.Azure, "NOK"))
	both := customer(buys(actnow.M365, "EUR"), buys(actnow.M365, "SEK"))
	untold := customer(Purchase{Area: actnow.M365, Product: "P", At: at, Currency: "SEK"})
	nameless := customer(Purchase{Area: actnow.M365, Product: "P", At: at, Amount: minor(5)})
	pays := customer(buys(actnow.M365, "NOK"))
	rare := customer(buys(actnow.M365, "PLN"))
	sum := l.run(t, actnow.M365)
	for id, want := range map[actnow.CustomerID]struct {
		currency  string
		low, high float64 // of the median
		peers     int
		basis     actnow.RevenueBasis
	}{
		plain: {"SEK", 10_000, 30_000, 20, actnow.BasisPeers}, euro: {"EUR", 1_000_000, 2_500_000, 15, actnow.BasisPeers},
		krone: {"SEK", 10_000, 30_000, 20, actnow.BasisPeers}, pays: {"NOK", 50_000, 90_000, 0, actnow.BasisList},
	} {
		e := l.of(id, actnow.M365)
		if e == nil || e.Currency != want.currency || float64(e.P50) < want.low*100 || float64(e.P50) > want.high*100 || e.Peers != want.peers || e.Basis != want.basis {
			t.Errorf("customer %d: %+v, want %+v", id, e, want)
		}
	}
	for _, id := range []actnow.CustomerID{both, untold, nameless, rare} {
		if e := l.of(id, actnow.M365); e != nil {
			t.Errorf("customer %d has an estimate: %+v", id, e)
		}
	}
	if sum.Areas[0].None != 4 || len(sum.Areas[0].Demands) != 4 {
		t.Errorf("%+v", sum)
	}
	// Nothing is bought at all: the currency is that of the reports, or the list's.
	for currency, want := range map[string]string{"EUR": "EUR", "": "USD", "JPY": "USD"} {
		empty := &buyerList{currency: currency}
		id := empty.add(Buyer{OrgSize: &size})
		empty.run(t, actnow.Azure)
		if e := empty.of(id, actnow.Azure); e == nil || e.Currency != want || e.Peers != 0 || e.Chance != nil {
			t.Errorf("reports in %q: %+v", currency, e)
		}
	}
}

// TestEstimatePastOnly plants purchases of the day after and later, and some that are
// over, which change nothing.
func TestEstimatePastOnly(t *testing.T) {
	world := demandWorld{customers: 300, slope: 0.9, noise: 0.4}
	l, _ := world.make()
	sum := l.run(t, actnow.Azure)
	planted, _ := world.make()
	for i := range planted.buyers {
		b := &planted.buyers[i]
		tomorrow := dayOf(revenueDay).Add(day)
		b.Purchases = append(b.Purchases,
			Purchase{Area: actnow.Azure, Product: "Azure", At: tomorrow, Amount: minor(1e9), Currency: "SEK"},
			Purchase{Area: actnow.Azure, Product: "Azure", At: tomorrow.AddDate(1, 0, 0), Amount: minor(1e9), Currency: "EUR"},
			Purchase{Area: actnow.Azure, Product: "Plan", Subscription: true, At: tomorrow, Amount: minor(1e9), Currency: "SEK"},
			Purchase{Area: actnow.Azure, Product: "Plan", Subscription: true, At: revenueDay.AddDate(-2, 0, 0), Until: revenueDay.AddDate(-1, 0, 0), Amount: minor(1e9), Currency: "SEK"},
			Purchase{Area: actnow.Azure, Product: "Azure", At: revenueDay.AddDate(-1, 0, -2), Amount: minor(1e9), Currency: "SEK"})
	}
	again := planted.run(t, actnow.Azure)
	if diff := gocmp.Diff(sum, again); diff != "" {
		t.Errorf("the summary differs: %s", diff)
	}
	if diff := gocmp.Diff(l.saved, planted.saved); diff != "" {
		t.Errorf("estimates differ: %s", diff)
	}
	planted.buyers[5].Purchases[len(planted.buyers[5].Purchases)-5].At = revenueDay // of today it counts
	if planted.run(t, actnow.Azure); gocmp.Equal(l.saved, planted.saved) {
		t.Error("a purchase of today changes nothing either")
	}
}

// TestEstimateSameBytes runs twice.
func TestEstimateSameBytes(t *testing.T) {
	var first string
	for range 3 {
		l, _ := demandWorld{customers: 500, slope: 0.9, trade: 0.5, noise: 0.4}.make()
		sum := l.run(t)
		text, err := json.Marshal([]any{sum, l.saved})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Fatal("other bytes")
		}
	}
	if !strings.Contains(first, `"model":"ridge"`) || !strings.Contains(first, `"coverage":0.`) {
		t.Errorf("%.2000s", first)
	}
}

func TestYear(t *testing.T) {
	end := dayOf(revenueDay).Add(day)
	running := Purchase{Area: actnow.M365, Product: "E3", Subscription: true, Amount: minor(1000), Currency: "SEK"}
	payment := Purchase{Area: actnow.M365, Product: " e3", At: end.AddDate(0, -6, 0), Amount: minor(400), Currency: "SEK"}
	other := Purchase{Area: actnow.M365, Product: "Projects", At: end.AddDate(0, -6, 0), Amount: minor(50), Currency: "SEK"}
	refund := other
	refund.Amount = minor(-80)
	sek := func(units float64) []actnow.Money { return []actnow.Money{{Minor: *minor(units), Currency: "SEK"}} }
	for name, c := range map[string]struct {
		purchases []Purchase
		want      *spending
	}{
		"nothing":              {nil, nil},
		"no area":              {[]Purchase{{Product: "Coffee", At: payment.At, Amount: minor(5), Currency: "SEK"}}, nil},
		"a subscription":       {[]Purchase{running}, &spending{owned: true, paid: sek(1000)}},
		"with its payments":    {[]Purchase{payment, running, payment}, &spending{owned: true, paid: sek(1000)}},
		"payments above it":    {[]Purchase{payment, running, payment, payment}, &spending{owned: true, paid: sek(1200)}},
		"and something else":   {[]Purchase{running, other}, &spending{owned: true, paid: sek(1050)}},
		"given back":           {[]Purchase{other, refund}, &spending{owned: true}},
		"the amount is beyond": {[]Purchase{running, {Area: actnow.M365, Product: "X", At: payment.At, Amount: func() *int64 { v := int64(math.MaxInt64); return &v }(), Currency: "SEK"}}, &spending{owned: true, paid: []actnow.Money{{Minor: maxMinor, Currency: "SEK"}}}},
	} {
		b := Buyer{Purchases: c.purchases}
		if diff := gocmp.Diff(c.want, b.year(end)[actnow.M365], gocmp.AllowUnexported(spending{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		amount float64
		paid   int64
		want   int64
	}{{0, 0, 0}, {50, 100, 0}, {4, 0, 4}, {12345, 0, 12000}, {12345, 12000, 350}, {99600, 0, 100000}, {math.Inf(1), 0, maxMinor}} {
		if got := beyond(c.amount, c.paid); got != c.want {
			t.Errorf("beyond(%g, %d) = %d, want %d", c.amount, c.paid, got, c.want)
		}
	}
}

func TestEstimatorRefuses(t *testing.T) {
	l := manyOf(3, actnow.M365, "SEK", 10)
	e := Estimator{Store: l, Prices: DefaultPriceList(), Batch: 1, Now: func() time.Time { return revenueDay }, Log: slog.New(slog.DiscardHandler)}
	for _, c := range []struct {
		month actnow.Month
		areas []actnow.Area
	}{{"November", nil}, {"2026-11", []actnow.Area{"windows"}}} {
		if _, err := e.Run(t.Context(), c.month, c.areas, nil); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := e.Run(ctx, "2026-11", nil, func(done, total int64) {
		if done == 4 { // of six: the first batch of three is saved
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || l.batches != 1 {
		t.Errorf("cancelled: %v after %d batches", err, l.batches)
	}
}

func TestParsePriceListRefuses(t *testing.T) {
	text := string(listPrices)
	for name, c := range map[string]struct{ old, new, code string }{
		"nothing":        {text, "", "error.prices.yaml"},
		"two":            {"areas:", "---\nareas:", "error.prices.yaml"},
		"unknown member": {"date:", "day: 1\ndate:", "error.prices.yaml"},
		"no date":        {`"2026-11-01"`, `"soon"`, "error.prices.date"},
		"no area":        {"  surface:", "  surfaces:", "error.prices.missing"},
		"no dollar":      {"USD: 360, ", "", "error.prices.missing"},
		"falling":        {"[0.4, 0.8, 1]", "[0.4, 0.2, 1]", "error.prices.share"},
		"no currency":    {"SEK: 3700", "kr: 3700", "error.prices.price"},
		"no price":       {"SEK: 3700", "SEK: .nan", "error.prices.price"},
		"too many areas": {"areas:", "areas:\n  windows: {share: [1, 1, 1], price: {USD: 1}}", "error.prices.areas"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s: %q is not in the list", name, c.old)
		}
		_, err := ParsePriceList([]byte(strings.Replace(text, c.old, c.new, 1)))
		var input *actnow.InputError
		if !errors.As(err, &input) || input.Code != c.code || Messages[c.code] == [2]string{} {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}
