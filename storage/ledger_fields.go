package storage

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
)

// recipientsSQL goes on in a WITH list with what is known of each person of a
// run's audience: it binds the run, the area twice (” = each customer's
// hottest), then the run twice. Of potential revenue a mail has what a report says,
// never our own estimate.
const recipientsSQL = `
	mailed AS (SELECT DISTINCT customer_id FROM audience WHERE run_id = ? AND left_out = ''),
	standing AS (
		SELECT s.*, row_number() OVER (PARTITION BY s.customer_id ORDER BY
			CASE s.cluster WHEN 'Act Now' THEN 1 WHEN 'Evaluate' THEN 2 WHEN 'Nurture' THEN 3 WHEN 'Educate' THEN 4 ELSE 5 END,
			COALESCE(s.fit, 0) + COALESCE(s.intent, 0) DESC, s.area) AS place
		FROM current_propensities s WHERE s.customer_id IN (SELECT customer_id FROM mailed) AND (? = '' OR s.area = ?)
	),
	reasons AS (
		SELECT p.customer_id, p.area, p.month, max(p.explanation) AS reason
		FROM propensities p WHERE p.source <> 'own' AND p.customer_id IN (SELECT customer_id FROM mailed)
		GROUP BY p.customer_id, p.area, p.month
	),
	endings AS (
		SELECT g.customer_id, min(g.ends_at) AS ends_at
		FROM audience a JOIN campaign_runs r ON r.id = a.run_id
		JOIN agreements g ON g.customer_id = a.customer_id AND g.ends_at >= r.launched_at
		JOIN snapshots n ON n.id = g.snapshot_id AND n.current = 1
		WHERE a.run_id = ? GROUP BY g.customer_id
	),
	recipients AS (
		SELECT a.seq, k.email, k.language, trim(k.given_name || ' ' || k.family_name) AS name,
			json_object(
				'FirstName', k.given_name, 'LastName', k.family_name, 'Title', k.title,
				'Company', COALESCE(NULLIF(c.name, ''), ac.name),
				'City', COALESCE(NULLIF(c.city, ''), ac.city), 'Country', COALESCE(NULLIF(c.country, ''), ac.country),
				'Segment', c.segment, 'Owner', ac.owner_name, 'OwnerEmail', ac.owner_email,
				'Area', s.area, 'Cluster', s.cluster, 'Reason', w.reason, 'AgreementEnd', e.ends_at,
				'RevenueLow', CASE WHEN s.revenue_from <> 'own' THEN s.revenue_low END, 'RevenueHigh', CASE WHEN s.revenue_from <> 'own' THEN s.revenue_high END,
				'Currency', CASE WHEN s.revenue_from <> 'own' THEN s.currency ELSE '' END) AS fields
		FROM audience a
		JOIN contacts k ON k.id = a.contact_id JOIN accounts ac ON ac.id = a.account_id JOIN customers c ON c.id = a.customer_id
		LEFT JOIN standing s ON s.customer_id = a.customer_id AND s.place = 1
		LEFT JOIN reasons w ON w.customer_id = s.customer_id AND w.area = s.area AND w.month = s.month
		LEFT JOIN endings e ON e.customer_id = a.customer_id
		WHERE a.run_id = ? AND a.left_out = ''
	)`

// frozenFields are the merge fields as a launch freezes them: values, not yet
// words.
type frozenFields struct {
	FirstName, LastName, Title, Company, City, Country string
	Segment, Owner, OwnerEmail, Cluster, Reason        string
	Area                                               actnow.Area
	AgreementEnd                                       *int64
	RevenueLow, RevenueHigh                            *int64 // minor units
	Currency                                           string
}

// mergeFields writes frozen fields out in a language.
func mergeFields(frozen, language string) (campaigns.Fields, error) {
	var f frozenFields
	if err := json.Unmarshal([]byte(frozen), &f); err != nil {
		return nil, err
	}
	out := campaigns.Fields{
		"FirstName": f.FirstName, "LastName": f.LastName, "Title": f.Title, "Company": f.Company, "City": f.City,
		"Country": f.Country, "Segment": f.Segment, "Owner": f.Owner, "OwnerEmail": f.OwnerEmail,
		"Cluster": f.Cluster, "Reason": f.Reason, "Area": f.Area.Name(),
		"RevenueRange": revenueRange(f, language),
	}
	if f.Segment == string(actnow.UnknownSegment) {
		out["Segment"] = ""
	}
	if f.AgreementEnd != nil {
		out["AgreementEnd"] = longDate(time.Unix(*f.AgreementEnd, 0).UTC(), language)
	}
	return out, nil
}

// longDate writes a day out: "31 December 2026", "31 december 2026", or as in
// ISO 8601 where the language is neither English nor Swedish.
func longDate(t time.Time, language string) string {
	switch baseLanguageOf(language) {
	case "en":
		return t.Format("2 January 2006")
	case "sv":
		return strconv.Itoa(t.Day()) + " " + swedishMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
	}
	return t.Format(time.DateOnly)
}

var swedishMonths = [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti",
	"september", "oktober", "november", "december"}

// revenueRange writes the potential revenue in whole units of its currency:
// "SEK 12,000–50,000", "12 000–50 000 SEK".
func revenueRange(f frozenFields, language string) string {
	group, from, upTo, leads := "\u00a0", "", "", false // a no-break space between thousands
	switch baseLanguageOf(language) {
	case "en":
		group, from, upTo, leads = ",", "from ", "up to ", true
	case "sv":
		from, upTo = "från ", "upp till "
	default:
		from, upTo = "≥ ", "≤ "
	}
	var words, amount string
	switch low, high := f.RevenueLow, f.RevenueHigh; {
	case low == nil && high == nil:
		return ""
	case high == nil:
		words, amount = from, grouped(*low, group)
	case low == nil:
		words, amount = upTo, grouped(*high, group)
	case *low == *high:
		amount = grouped(*low, group)
	default:
		amount = grouped(*low, group) + "–" + grouped(*high, group)
	}
	switch {
	case f.Currency == "":
		return words + amount
	case leads:
		return words + f.Currency + " " + amount
	}
	return words + amount + " " + f.Currency
}

// grouped writes minor units as whole units, thousands apart.
func grouped(minor int64, separator string) string {
	s := strconv.FormatInt(minor/100, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + separator + s[i:]
	}
	return sign + s
}

func baseLanguageOf(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	return base
}
