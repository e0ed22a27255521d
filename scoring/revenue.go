package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"actnow"
)

// RevenueStore tells what customers buy and keeps what they could.
type RevenueStore interface {
	// BuyersAfter returns up to limit customers who are there in month, with an id
	// above after, in the order of their ids.
	BuyersAfter(ctx context.Context, month actnow.Month, after actnow.CustomerID, limit int) ([]Buyer, error)
	// CountFacts returns how many customers BuyersAfter gives for a month in all.
	CountFacts(ctx context.Context, month actnow.Month) (int64, error)
	// ReportCurrency returns the currency that reports name most, "" if none does.
	ReportCurrency(ctx context.Context) (string, error)
	// SaveEstimates puts the estimates of a month in place of those that the
	// customers have in the areas; saving the same again changes nothing.
	SaveEstimates(ctx context.Context, month actnow.Month, areas []actnow.Area, ids []actnow.CustomerID, es []CustomerEstimate) error
}

// CustomerEstimate is an estimate with whom it is of.
type CustomerEstimate struct {
	Customer actnow.CustomerID
	actnow.RevenueEstimate
}

// Estimator is the job that estimates the potential revenue of each customer in each
// area from what customers like it pay, and where too few do, from list prices.
// What a report says of it stays beside it in the store and is read first.
type Estimator struct {
	Store  RevenueStore
	Prices PriceList
	Batch  int // customers handed to the store at a time; 0 means 500
	Now    func() time.Time
	Log    *slog.Logger
}

// RevenueSummary is what a run came to. Its JSON is a contract with scripts.
type RevenueSummary struct {
	Month    actnow.Month  `json:"month"`
	Currency string        `json:"currency"` // the partner's main one
	Prices   string        `json:"prices"`   // date of the price list
	Areas    []AreaRevenue `json:"areas"`
}

// AreaRevenue counts one area. Customers of whom there is no estimate are left out:
// those who pay an amount that the CRM does not tell, or in several currencies, and
// those who would be estimated from list prices and have no size.
type AreaRevenue struct {
	Area       actnow.Area                 `json:"area"`
	Whitespace int                         `json:"whitespace"`
	Upsell     int                         `json:"upsell"`
	ByBasis    map[actnow.RevenueBasis]int `json:"by_basis"`
	None       int                         `json:"none"`
	Demands    []DemandReport              `json:"demands"` // by currency
}

// Run estimates for month in the areas, in all if none are named, a batch at a
// time, and calls progress, if not nil, with the steps done so far and in all.
// Purchases count up to the end of the month, or of today while the month lasts.
// Batches saved before an error stay saved; running again is safe and, on the same
// facts, changes nothing.
//
// The error is an *actnow.InputError if an area or the month is none.
func (e *Estimator) Run(ctx context.Context, month actnow.Month, areas []actnow.Area, progress func(done, total int64)) (RevenueSummary, error) {
	if _, err := actnow.ParseMonth(string(month)); err != nil {
		return RevenueSummary{}, err
	}
	if len(areas) == 0 {
		areas = actnow.Areas
	}
	for _, area := range areas {
		if !area.Valid() {
			return RevenueSummary{}, actnow.Invalid("error.score.area", "area", "there is no points card for the area %q", string(area))
		}
	}
	start := e.Now()
	r := &revenueRun{Estimator: e, month: month, end: month.Add(1).First(), areas: areas, progress: progress}
	if today := dayOf(start).Add(day); today.Before(r.end) {
		r.end = today
	}
	for _, step := range []func(context.Context) error{r.count, r.survey, r.learn, r.estimate} {
		if err := step(ctx); err != nil {
			return r.sum, err
		}
	}
	e.Log.InfoContext(ctx, "potential revenue estimated", "month", string(month), "customers", r.total/2, "areas", len(areas), "took", e.Now().Sub(start))
	return r.sum, nil
}

// demandKey names a demand.
type demandKey struct {
	area     actnow.Area
	currency string
}

// revenueRun is one run of an Estimator.
type revenueRun struct {
	*Estimator
	month    actnow.Month
	end      time.Time // the first instant that leaves no trace
	areas    []actnow.Area
	progress func(done, total int64)

	done, total int64
	reach       map[actnow.Area]*reach
	peers       map[demandKey][]peer
	demands     map[demandKey]*demand // those with enough peers
	sum         RevenueSummary
}

func (r *revenueRun) count(ctx context.Context) error {
	n, err := r.Store.CountFacts(ctx, r.month)
	r.total = 2 * n // each customer is read twice
	return err
}

// each calls do for all customers, a batch at a time.
func (r *revenueRun) each(ctx context.Context, do func(batch []Buyer) error) error {
	limit := r.Batch
	if limit <= 0 {
		limit = 500
	}
	for after := actnow.CustomerID(0); ; {
		batch, err := r.Store.BuyersAfter(ctx, r.month, after, limit)
		if err != nil {
			return fmt.Errorf("read buyers after customer %d: %w", after, err)
		}
		if len(batch) == 0 {
			return nil
		}
		if err := do(batch); err != nil {
			return fmt.Errorf("potential revenue after customer %d: %w", after, err)
		}
		after = batch[len(batch)-1].Customer
		r.done += int64(len(batch))
		if r.progress != nil {
			r.progress(r.done, max(r.total, r.done))
		}
	}
}

// survey gathers who buys, and what peers pay.
func (r *revenueRun) survey(ctx context.Context) error {
	r.reach, r.peers = map[actnow.Area]*reach{}, map[demandKey][]peer{}
	for _, area := range r.areas {
		r.reach[area] = newReach()
	}
	currencies := map[string]int{}
	err := r.each(ctx, func(batch []Buyer) error {
		for i := range batch {
			b := &batch[i]
			if !b.Account {
				continue
			}
			year := b.year(r.end)
			if c := currencyOf(year); c != "" {
				currencies[c]++
			}
			for _, area := range r.areas {
				s := year[area]
				t := newKin(b, year, area, "")
				r.reach[area].add(&t, s != nil)
				if s == nil || !s.priced() {
					continue
				}
				k := demandKey{area, s.paid[0].Currency}
				r.peers[k] = append(r.peers[k], peer{b.Customer, newKin(b, year, area, k.currency), float64(s.paid[0].Minor)})
			}
		}
		return nil
	})
	r.sum = RevenueSummary{Month: r.month, Currency: mostOf(currencies), Prices: r.Prices.Date}
	if err == nil && r.sum.Currency == "" {
		r.sum.Currency, err = r.Store.ReportCurrency(ctx)
	}
	if r.sum.Currency == "" {
		r.sum.Currency = fallbackCurrency
	}
	return err
}

// learn learns the demand of each area and currency.
func (r *revenueRun) learn(ctx context.Context) error {
	r.demands = map[demandKey]*demand{}
	for _, area := range r.areas {
		a := AreaRevenue{Area: area, ByBasis: map[actnow.RevenueBasis]int{actnow.BasisPeers: 0, actnow.BasisList: 0}, Demands: []DemandReport{}}
		var currencies []string
		for k := range r.peers {
			if k.area == area {
				currencies = append(currencies, k.currency)
			}
		}
		slices.Sort(currencies)
		for _, currency := range currencies {
			k := demandKey{area, currency}
			d, rep, err := learnDemand(ctx, r.peers[k])
			if err != nil {
				return fmt.Errorf("learn the demand for %s: %w", area, err)
			}
			if d != nil {
				r.demands[k] = d
			}
			rep.Currency = currency
			a.Demands = append(a.Demands, rep)
		}
		r.sum.Areas = append(r.sum.Areas, a)
	}
	return nil
}

// estimate estimates for all customers and saves.
func (r *revenueRun) estimate(ctx context.Context) error {
	return r.each(ctx, func(batch []Buyer) error {
		ids := make([]actnow.CustomerID, len(batch))
		var es []CustomerEstimate
		for i := range batch {
			b := &batch[i]
			ids[i] = b.Customer
			year := b.year(r.end)
			for k, area := range r.areas {
				a := &r.sum.Areas[k]
				e, ok := r.of(b, year, area)
				if !ok {
					a.None++
					continue
				}
				if e.Kind == actnow.Upsell {
					a.Upsell++
				} else {
					a.Whitespace++
				}
				a.ByBasis[e.Basis]++
				es = append(es, CustomerEstimate{b.Customer, e})
			}
		}
		return r.Store.SaveEstimates(ctx, r.month, r.areas, ids, es)
	})
}

// of estimates what a customer could bring in an area. ok is false if nothing can
// be said.
func (r *revenueRun) of(b *Buyer, year map[actnow.Area]*spending, area actnow.Area) (e actnow.RevenueEstimate, ok bool) {
	e = actnow.RevenueEstimate{Area: area, Month: r.month, Kind: actnow.Whitespace, Currency: r.sum.Currency, Basis: actnow.BasisPeers}
	if slices.Contains(b.Has, area) {
		e.Kind = actnow.Upsell
	}
	if c := currencyOf(year); c != "" {
		e.Currency = c
	}
	bought := year[area]
	if bought != nil {
		e.Kind = actnow.Upsell
		switch {
		case bought.priced():
			e.Currency, e.Paid = bought.paid[0].Currency, bought.paid[0].Minor
		case bought.unsure || len(bought.paid) > 0:
			return e, false
		}
	}
	t := newKin(b, year, area, e.Currency)
	s, ok := r.like(b.Customer, &t, demandKey{area, e.Currency})
	if !ok && e.Paid == 0 && e.Currency != r.sum.Currency {
		t = newKin(b, year, area, r.sum.Currency)
		if s, ok = r.like(b.Customer, &t, demandKey{area, r.sum.Currency}); ok {
			e.Currency = r.sum.Currency
		}
	}
	if !ok {
		return r.list(e, t.size)
	}
	e.Peers, e.Alike = s.peers, s.alike
	e.P10, e.P50, e.P90 = beyond(s.p10, e.Paid), beyond(s.p50, e.Paid), beyond(s.p90, e.Paid)
	if bought == nil {
		if chance, known := r.reach[area].chance(&t, s.alike); known {
			expected := beyond(chance*s.mean, 0)
			e.Chance, e.Expected = &chance, &expected
		}
	}
	return e, true
}

func (r *revenueRun) like(id actnow.CustomerID, t *kin, k demandKey) (spread, bool) {
	d := r.demands[k]
	if d == nil {
		return spread{}, false
	}
	return d.like(id, t)
}

// list estimates from list prices, in another currency if nothing is paid yet and
// the list lacks the customer's.
func (r *revenueRun) list(e actnow.RevenueEstimate, size int64) (actnow.RevenueEstimate, bool) {
	e.Basis = actnow.BasisList
	e.Peers = len(r.peers[demandKey{e.Area, e.Currency}])
	if e.Paid > 0 {
		e.Peers-- // itself
	}
	if size == 0 {
		return e, false
	}
	s, ok := r.Prices.of(e.Area, e.Currency, size)
	if !ok && e.Paid == 0 {
		e.Currency = fallbackCurrency
		e.Peers = len(r.peers[demandKey{e.Area, e.Currency}])
		s, ok = r.Prices.of(e.Area, e.Currency, size)
	}
	e.P10, e.P50, e.P90 = beyond(s.p10, e.Paid), beyond(s.p50, e.Paid), beyond(s.p90, e.Paid)
	return e, ok
}

// beyond is what an amount is above what is paid, not below 0, rounded to two figures.
func beyond(amount float64, paid int64) int64 {
	v := min(max(amount-float64(paid), 0), maxMinor)
	if v < 1 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	if unit < 1 {
		return int64(math.Round(v))
	}
	return int64(math.Round(v/unit) * unit)
}
