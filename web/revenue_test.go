package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

// estimates are our own of the customers of people: beside a report's range, in its
// place, from list prices, and of an older month.
const estimates = `
	UPDATE standings SET revenue_from = 'report', revenue_kind = 'whitespace' WHERE customer_id = 1 AND revenue_low IS NOT NULL;
	UPDATE standings SET revenue_low = 1000000, revenue_high = 4500000, currency = 'SEK', revenue_from = 'own', revenue_kind = 'upsell' WHERE customer_id = 2;
	INSERT INTO revenue_estimates (customer_id, area, month, kind, p10, p50, p90, currency, peers, alike, basis, paid, chance, expected, estimated_at) VALUES
		(1, 'azure', '2026-10', 'whitespace', 800000, 2100000, 5600000, 'SEK', 23, 'industry', 'peers', 0, 0.31, 700000, 0),
		(1, 'm365', '2026-10', 'upsell', 0, 0, 0, 'SEK', 1, 'area', 'peers', 9900000, NULL, NULL, 0),
		(1, 'security', '2026-10', 'upsell', 0, 0, 3000000, 'SEK', 14, 'size', 'peers', 100000, NULL, NULL, 0),
		(1, 'copilot', '2026-09', 'whitespace', 300000, 900000, 1000000, 'NOK', 4, '', 'list', 0, NULL, NULL, 0),
		(1, 'surface', '2026-10', 'upsell', 100000, 200000, 300000, 'SEK', 0, '', 'list', 0, NULL, NULL, 0),
		(2, 'azure', '2026-10', 'upsell', 1000000, 2000000, 4500000, 'SEK', 12, 'size', 'peers', 500000, NULL, NULL, 0);`

func TestPotentialRevenue(t *testing.T) {
	s := openPeople(t)
	storagetest.Exec(t, s.db, estimates)
	b := s.as(t, actnow.RoleMarketer)
	for lang, want := range map[string][]string{
		"en": {"Potential revenue a year", "Whitespace", "owns nothing of it", "SEK 123,456–234,567", "SEK 8,000–56,000", "half of them below SEK 21,000", "half of them add nothing", "23 customers of its size and industry", "31% of those like it buy: SEK 7,000 to expect",
			"Upsell", "pays SEK 99,000 a year", "nothing more", "1 customer of any kind", "List price, since only 4 buy", "NOK 3,000–10,000", "estimated September 2026", "List price, since nobody else buys", "has it, but pays you nothing for it", "They are no quotation", "a year by the report.", "<small>the report</small>"},
		"sv": {"Möjlig intäkt per år", "Nyförsäljning", "Merförsäljning", "23 kunder av samma storlek och bransch", "Listpris, eftersom bara 4 köper", "inget mer", "hälften av dem lägger inte till något", "De är ingen offert", "per år enligt rapporten.", "<small>rapporten</small>"},
	} {
		b.header.Set("Cookie", "lang="+lang)
		a := b.want(b.get("/customers/1"), http.StatusOK)
		body := strings.ReplaceAll(html.UnescapeString(a.body), "\u00a0", " ")
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("the customer in %s does not say %q", lang, w)
			}
		}
		if strings.Contains(body, `href="#potential"`) {
			t.Error("what a report says is called our estimate")
		}
	}
	b.header.Del("Cookie")
	a := b.want(b.get("/customers/2"), http.StatusOK)
	b.says(a, `<a href="#potential">our estimate</a>`, "a year by our estimate.", "12 customers of its size", "pays SEK\u00a05,000 a year")
	if strings.Contains(a.body, "no quotation") {
		t.Error("list prices are spoken of where there are none")
	}
	if a := b.want(b.get("/customers/4"), http.StatusOK); strings.Contains(a.body, `id="potential"`) {
		t.Error("nothing is estimated, and said at length")
	}
	// It can be filtered by, in words of the language.
	where := url.QueryEscape(`area = azure and revenue_kind = upsell`)
	b.says(b.want(b.get("/customers?where="+where), http.StatusOK), "<h1>1 customer</h1>", "Brobyggarna", "Whitespace or upsell is upsell")
	b.says(b.want(b.get("/cohorts/new?where="+where), http.StatusOK), ">Whitespace</option>")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/customers?where="+where), http.StatusOK), "Nyförsäljning eller merförsäljning är merförsäljning")

	viewer := s.as(t, actnow.RoleReportViewer)
	for _, path := range []string{"/customers/1", "/customers/2"} {
		a := viewer.want(viewer.get(path), http.StatusOK)
		for _, secret := range []string{"SEK", "NOK", `id="potential"`, "our estimate"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s shows %q without the right to see money", path, secret)
			}
		}
	}
}
