package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
)

// recipientsSQL is what a mail to each person of a run's audience begins with, in the
// order of the audience. It binds the moment of the launch, the area twice ("" = each
// customer's hottest), the run, the place in the audience after which, how many places
// at most. Of potential revenue a mail has what a report says, never our own estimate.
var recipientsSQL = `SELECT a.seq, a.customer_id, a.account_id, a.contact_id, a.address,
		CASE WHEN fold(trim(k.email)) = fold(a.address) THEN trim(k.email) ELSE a.address END,
		trim(k.given_name || ' ' || k.family_name), k.language,
		json_object(
			'FirstName', k.given_name, 'LastName', k.family_name, 'Title', k.title,
			'Company', COALESCE(NULLIF(c.name, ''), ac.name),
			'City', COALESCE(NULLIF(c.city, ''), ac.city), 'Country', COALESCE(NULLIF(c.country, ''), ac.country),
			'Segment', c.segment, 'Owner', ac.owner_name, 'OwnerEmail', ac.owner_email,
			'Area', s.area, 'Cluster', s.cluster,
			'Reason', (SELECT max(p.explanation) FROM propensities p
				WHERE p.customer_id = s.customer_id AND p.area = s.area AND p.month = s.month AND p.source <> 'own'),
			'AgreementEnd', (SELECT min(g.ends_at) FROM agreements g JOIN snapshots n ON n.id = g.snapshot_id AND n.current = 1
				WHERE g.customer_id = a.customer_id AND g.ends_at >= ?),
			'RevenueLow', CASE WHEN s.revenue_from <> 'own' THEN s.revenue_low END, 'RevenueHigh', CASE WHEN s.revenue_from <> 'own' THEN s.revenue_high END,
			'Currency', CASE WHEN s.revenue_from <> 'own' THEN s.currency ELSE '' END)
	FROM audience a
	JOIN contacts k ON k.id = a.contact_id JOIN accounts ac ON ac.id = a.account_id JOIN customers c ON c.id = a.customer_id
	LEFT JOIN standings s ON s.customer_id = a.customer_id AND s.latest = 1 AND s.area = (SELECT h.area FROM standings h
		WHERE h.customer_id = a.customer_id AND h.latest = 1 AND (? = '' OR h.area = ?)
		ORDER BY ` + fmt.Sprintf(byHeat, "h.cluster") + `, COALESCE(h.fit, 0) + COALESCE(h.intent, 0) DESC, h.area LIMIT 1)
	WHERE a.run_id = ? AND a.left_out = '' AND a.seq > ? ORDER BY a.seq LIMIT ?`

// recipient is one person of a frozen audience who is mailed.
type recipient struct {
	seq      int64
	customer actnow.CustomerID
	account  actnow.AccountID
	contact  actnow.ContactID
	address  string // normal form
	mailbox  string // as the contact has it
	name     string
	language string // of the pack
	fields   string // JSON of frozenFields
}

// eachRecipient calls fn with the recipients after a place in the audience, limit at most
// or all if it is negative, until fn fails.
func (f *freezing) eachRecipient(ctx context.Context, tx *sql.Tx, after int64, limit int, fn func(recipient) error) error {
	return each(tx, recipientsSQL, []any{f.now.Unix(), f.area, f.area, f.run, after, limit}, func(rows *sql.Rows) error {
		var r recipient
		if err := rows.Scan(&r.seq, &r.customer, &r.account, &r.contact, &r.address, &r.mailbox, &r.name, &r.language, &r.fields); err != nil {
			return err
		}
		r.language = f.languages[r.language]
		return errors.Join(ctx.Err(), fn(r))
	})
}

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
