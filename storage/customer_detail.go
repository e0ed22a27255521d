package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"actnow"
)

// Customer returns everything known of one customer that the scope allows. The
// error matches actnow.ErrNotFound if there is no such customer in the scope.
func (db *DB) Customer(ctx context.Context, scope actnow.Scope, id actnow.CustomerID) (actnow.CustomerDetail, error) {
	var d actnow.CustomerDetail
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		err := tx.QueryRow(`SELECT `+customerColumns+` FROM customers c WHERE c.id = ? AND `+in.sql,
			append([]any{id}, in.args...)...).Scan(customerFields(&d.Customer)...)
		if err != nil {
			return noRows(err)
		}
		steps := []func(*sql.Tx, actnow.Scope, *actnow.CustomerDetail) error{
			readLocations, readStandings, readEstimates, readReasons, readHeldOut, readCohortNames, readAccounts, readContacts, readAgreements, readCells, readMails,
		}
		for _, step := range steps {
			if err := step(tx, scope, &d); err != nil {
				return err
			}
		}
		return db.readRules(tx, scope, &d)
	})
	if err != nil {
		return d, fmt.Errorf("customer %d: %w", id, err)
	}
	return d, nil
}

// each runs the query and calls scan for every row.
func each(tx *sql.Tx, query string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func readLocations(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	query, args := `SELECT CASE WHEN l.name <> '' THEN l.name ELSE l.global_id END
		FROM customer_locations cl JOIN locations l ON l.id = cl.location_id WHERE cl.customer_id = ?`, []any{d.Customer.ID}
	if !scope.AllLocations {
		query += ` AND l.id IN (SELECT value FROM ` + jsonEach + `)`
		args = append(args, idList(scope.Locations))
	}
	return each(tx, query+` ORDER BY 1`, args, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		if name != "" {
			d.Locations = append(d.Locations, name)
		}
		return err
	})
}

func readStandings(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	err := each(tx, `SELECT `+standingColumns+`, p.latest FROM standings p WHERE p.customer_id = ? ORDER BY p.month, p.area`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var s actnow.Standing
			var latest bool
			if err := rows.Scan(append(standingFields(&s), &latest)...); err != nil {
				return err
			}
			if !scope.Revenue {
				s.Revenue, s.RevenueFrom = actnow.MoneyRange{}, ""
			}
			d.History = append(d.History, s)
			if latest {
				d.Standings = append(d.Standings, s)
			}
			return nil
		})
	return err
}

func readReasons(tx *sql.Tx, _ actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT sp.area, sp.month, sp.score, COALESCE(o.model, ''), sp.parts
		FROM score_parts sp LEFT JOIN propensities o ON o.customer_id = sp.customer_id AND o.area = sp.area AND o.month = sp.month AND o.source = 'own'
		WHERE sp.customer_id = ? AND sp.month = (SELECT max(q.month) FROM score_parts q WHERE q.customer_id = sp.customer_id AND q.area = sp.area)
		ORDER BY sp.area, sp.score`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var r actnow.ScoreReason
			err := rows.Scan(&r.Area, &r.Month, &r.Score, &r.Model, &r.Parts)
			d.Reasons = append(d.Reasons, r)
			return err
		})
}

func readCohortNames(tx *sql.Tx, _ actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT cc.header FROM cohort_columns cc JOIN cohort_members cm ON cm.column_id = cc.id AND cm.month = cc.last_month
		WHERE cm.customer_id = ? AND cc.state = 'confirmed' ORDER BY cc.header`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			d.Cohorts = append(d.Cohorts, name)
			return err
		})
}

// readRules finds the own cohorts whose rule chooses the customer. A rule that
// names money is no answer to a reader who may not see any.
func (db *DB) readRules(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	var all []actnow.CohortLink
	err := each(tx, `SELECT id, name, filter FROM cohorts WHERE kind = 'filter' AND deleted_at IS NULL ORDER BY fold(name), id`, nil, func(rows *sql.Rows) error {
		var k actnow.CohortLink
		err := rows.Scan(&k.ID, &k.Name, &k.Filter)
		all = append(all, k)
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range all {
		members, err := db.cohortChoice(tx, scope, k.ID)
		if errors.Is(err, actnow.ErrInvalid) {
			continue
		} else if err != nil {
			return err
		}
		in, err := members.has(d.Customer.ID)
		if err != nil {
			return fmt.Errorf("cohort %d: %w", k.ID, err)
		}
		if in {
			d.Rules = append(d.Rules, k)
		}
	}
	return nil
}

func readAccounts(tx *sql.Tx, _ actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT a.id, a.external_id, a.name, a.website, a.owner_name, m.band, m.stage, m.probability, m.decided, m.reason
		FROM matches m JOIN accounts a ON a.id = m.account_id
		WHERE m.customer_id = ? AND m.band <> 'none' AND a.deleted_at IS NULL
		ORDER BY m.band, m.probability DESC, a.id`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var a actnow.AccountLink
			err := rows.Scan(&a.ID, &a.ExternalID, &a.Name, &a.Website, &a.Owner, &a.Band, &a.Stage, &a.Probability, &a.Decided, &a.Reason)
			d.Accounts = append(d.Accounts, a)
			return err
		})
}

// notMailed is the first reason why contact c is not mailed, in the words of
// campaigns.LeftOut, or ”.
const notMailed = `CASE
	WHEN c.address = '' THEN 'no_address'
	WHEN EXISTS (SELECT 1 FROM contacts d WHERE d.address = c.address AND d.do_not_email = 1 AND d.deleted_at IS NULL) THEN 'do_not_email'
	WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = c.address AND s.lifted_at IS NULL) THEN 'suppressed'
	WHEN c.consent_basis = '' THEN 'no_basis'
	ELSE '' END`

func readContacts(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	err := each(tx, `SELECT c.id, m.account_id, c.given_name, c.family_name, c.title, c.email, c.language, c.consent_basis, `+notMailed+`
		FROM matches m JOIN accounts a ON a.id = m.account_id
		JOIN contacts c ON c.source = a.source AND c.account_ref = a.external_id
		WHERE m.customer_id = ? AND m.band = 'match' AND a.deleted_at IS NULL AND c.deleted_at IS NULL
		ORDER BY c.family_name, c.given_name, c.id`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var r actnow.ContactRow
			var given, family string
			err := rows.Scan(&r.ID, &r.Account, &given, &family, &r.Title, &r.Email, &r.Language, &r.Basis, &r.NotMailed)
			r.Name = strings.TrimSpace(given + " " + family)
			d.Contacts = append(d.Contacts, r)
			return err
		})
	if !scope.Personal {
		d.Withheld, d.Contacts = len(d.Contacts), nil
	}
	return err
}

func readAgreements(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT g.agreement_id, g.program, g.division, g.ends_at, g.expiring, g.currency
		FROM agreements g JOIN snapshots s ON s.id = g.snapshot_id AND s.current = 1
		WHERE g.customer_id = ? AND s.month = (SELECT max(month) FROM snapshots WHERE report = 'renewals' AND current = 1)
		ORDER BY g.ends_at, g.agreement_id`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var a actnow.Agreement
			var ends sql.NullInt64
			err := rows.Scan(&a.ID, &a.Program, &a.Division, &ends, &a.Expiring, &a.Currency)
			if ends.Valid {
				a.EndsAt = time.Unix(ends.Int64, 0).UTC()
			}
			if !scope.Revenue {
				a.Expiring = nil
			}
			d.Agreements = append(d.Agreements, a)
			return err
		})
}

// readCells reads the newest row of each report. Columns of money are left out
// without Scope.Revenue.
func readCells(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT s.report, s.month, s.columns, r.cells
		FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id
		WHERE r.customer_id = ? AND s.current = 1 AND s.month = (SELECT max(q.month) FROM snapshots q WHERE q.report = s.report AND q.current = 1)
			AND r.line = (SELECT min(f.line) FROM snapshot_rows f WHERE f.snapshot_id = r.snapshot_id AND f.customer_id = r.customer_id)
		ORDER BY s.report`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var report, columns, cells string
			var month actnow.Month
			if err := rows.Scan(&report, &month, &columns, &cells); err != nil {
				return err
			}
			var heads []struct{ Header, Field string }
			var values []string
			if err := json.Unmarshal([]byte(columns), &heads); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(cells), &values); err != nil {
				return err
			}
			for i, h := range heads {
				if i < len(values) && values[i] != "" && (scope.Revenue || !strings.Contains(fold(h.Header), "revenue")) {
					d.Cells = append(d.Cells, actnow.ReportCell{Report: report, Header: h.Header, Value: values[i], Month: month})
				}
			}
			return nil
		})
}

func readMails(tx *sql.Tx, scope actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT l.id, l.campaign_id, k.name, l.address, l.state, COALESCE(l.settled_at, l.queued_at)
		FROM ledger l JOIN campaigns k ON k.id = l.campaign_id WHERE l.customer_id = ? AND `+ofLaunched+` ORDER BY l.id DESC LIMIT 50`, []any{d.Customer.ID},
		func(rows *sql.Rows) error {
			var m actnow.CustomerMail
			var at int64
			err := rows.Scan(&m.Delivery, &m.Campaign, &m.Name, &m.Address, &m.State, &at)
			m.At = time.Unix(at, 0).UTC()
			if !scope.Personal {
				m.Address = ""
			}
			d.Mails = append(d.Mails, m)
			return err
		})
}
