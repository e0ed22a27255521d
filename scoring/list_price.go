package scoring

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"time"

	"gopkg.in/yaml.v3"

	"actnow"
)

// PriceList says what the customers of an area pay where too few of them tell: an
// estimate from list prices.
type PriceList struct {
	Date  string                      `yaml:"date"`
	Areas map[actnow.Area]*ListPrices `yaml:"areas"`
}

// ListPrices are those of one area.
type ListPrices struct {
	// Share is how many seats there are for each employee: in one of ten customers at
	// most, in half of them, in one of ten at least.
	Share [3]float64 `yaml:"share"`
	// Price is that of a seat in a year, in whole units of each currency.
	Price map[string]float64 `yaml:"price"`
}

//go:embed prices/list.yaml
var listPrices []byte

// DefaultPriceList returns the list that Act Now ships with.
func DefaultPriceList() PriceList {
	list, err := ParsePriceList(listPrices)
	if err != nil {
		panic(fmt.Sprintf("embedded price list: %v", err))
	}
	return list
}

var currencyKey = regexp.MustCompile(`^[A-Z]{3}$`)

// ParsePriceList reads a price list, which is YAML. The error is an
// *actnow.InputError that names the area and what is wrong with it.
func ParsePriceList(data []byte) (PriceList, error) {
	var list PriceList
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil {
		return list, actnow.Invalid("error.prices.yaml", "prices", "this is no price list: %v", err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return list, actnow.Invalid("error.prices.yaml", "prices", "this is no price list: %v", "something follows it")
	}
	if _, err := time.Parse(time.DateOnly, list.Date); err != nil {
		return list, actnow.Invalid("error.prices.date", "date", "the date must be written as 2026-11-01, not %q", list.Date)
	}
	for _, area := range actnow.Areas {
		p := list.Areas[area]
		if p == nil || p.Price[fallbackCurrency] == 0 {
			return list, actnow.Invalid("error.prices.missing", string(area), "the area %s has no price in %s", area, fallbackCurrency)
		}
		if low, mid, top := p.Share[0], p.Share[1], p.Share[2]; !(0 < low && low <= mid && mid <= top && top <= 100) {
			return list, actnow.Invalid("error.prices.share", string(area), "the shares of %s must rise between 0 and 100, not %v, %v, %v", area, low, mid, top)
		}
		for currency, price := range p.Price {
			if !currencyKey.MatchString(currency) || !(price > 0 && price <= 1e6) {
				return list, actnow.Invalid("error.prices.price", string(area), "a price of %s is an amount above 0 in a currency such as SEK, not %s %v", area, currency, price)
			}
		}
	}
	if len(list.Areas) != len(actnow.Areas) {
		return list, actnow.Invalid("error.prices.areas", "areas", "a price list has the %d solution areas and no other", len(actnow.Areas))
	}
	return list, nil
}

// fallbackCurrency is that of estimates of a partner of whose currency nothing is
// known.
const fallbackCurrency = "USD"

// of returns what a customer with so many employees pays in an area, in minor units.
// ok is false if there is no price in the currency.
func (l PriceList) of(area actnow.Area, currency string, size int64) (s spread, ok bool) {
	p := l.Areas[area]
	if p == nil || p.Price[currency] == 0 {
		return s, false
	}
	at := func(share float64) float64 {
		return math.Max(1, math.Round(share*float64(size))) * p.Price[currency] * 100
	}
	return spread{p10: at(p.Share[0]), p50: at(p.Share[1]), p90: at(p.Share[2])}, true
}

// revenueMessages are the sentences of price lists.
var revenueMessages = map[string][2]string{
	"error.prices.yaml":    {"This is no price list: {0}.", "Detta är ingen prislista: {0}."},
	"error.prices.date":    {"The date must be written as 2026-11-01, not {0}.", "Datumet måste skrivas som 2026-11-01, inte {0}."},
	"error.prices.missing": {"The area {0} has no price in {1}.", "Området {0} saknar pris i {1}."},
	"error.prices.share":   {"The shares of {0} must rise between 0 and 100, not {1}, {2}, {3}.", "Andelarna för {0} måste stiga mellan 0 och 100, inte {1}, {2}, {3}."},
	"error.prices.price":   {"A price of {0} is an amount above 0 in a currency such as SEK, not {1} {2}.", "Ett pris för {0} är ett belopp över 0 i en valuta som SEK, inte {1} {2}."},
	"error.prices.areas":   {"A price list has the {0} solution areas and no other.", "En prislista har de {0} lösningsområdena och inga andra."},
}
