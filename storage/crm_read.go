package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/crm"
)

// accountScope returns the condition on accounts a that a person's locations
// make: who may not see all of them sees the accounts matched to customers of
// theirs.
func accountScope(scope actnow.Scope) (where string, args []any) {
	if scope.AllLocations {
		return `1 = 1`, nil
	}
	if len(scope.Locations) == 0 {
		return `1 = 0`, nil
	}
	for _, l := range scope.Locations {
		args = append(args, l)
	}
	return `EXISTS (SELECT 1 FROM matches sm JOIN customer_locations sl ON sl.customer_id = sm.customer_id
		WHERE sm.account_id = a.id AND sm.band = 'match' AND sl.location_id IN (?` + strings.Repeat(", ?", len(args)-1) + `))`, args
}

const accountSQL = `SELECT a.id, a.external_id, a.name, a.website, a.domains, a.city, a.country, a.owner_name,
		COALESCE(m.band, ''), COALESCE(m.customer_id, 0),
		(SELECT count(*) FROM contacts c WHERE c.source = a.source AND c.account_ref = a.external_id AND c.deleted_at IS NULL),
		(SELECT count(*) FROM contacts c WHERE c.source = a.source AND c.account_ref = a.external_id AND c.deleted_at IS NULL
			AND c.address <> '' AND c.consent_basis <> ''
			AND NOT EXISTS (SELECT 1 FROM contacts d WHERE d.address = c.address AND d.do_not_email = 1 AND d.deleted_at IS NULL)
			AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address = c.address AND s.lifted_at IS NULL))`

const accountFrom = ` FROM accounts a LEFT JOIN matches m ON m.account_id = a.id
	WHERE a.deleted_at IS NULL AND a.merged_into = '' AND `

// Accounts returns a page of the accounts that are there, by name.
func (db *DB) Accounts(ctx context.Context, scope actnow.Scope, q crm.AccountQuery) (crm.AccountPage, error) {
	where, args := accountScope(scope)
	if q.Search != "" {
		where += ` AND (fold(a.name) LIKE ? ESCAPE '\' OR a.domains LIKE ? ESCAPE '\' OR a.external_id = ?)`
		args = append(args, likeInside(q.Search), likeInside(q.Search), q.Search)
	}
	if q.Band != "" {
		where, args = where+` AND COALESCE(m.band, 'none') = ?`, append(args, q.Band)
	}
	var page crm.AccountPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow(`SELECT count(*)`+accountFrom+where, args...).Scan(&page.Total); err != nil {
			return err
		}
		rows, err := tx.Query(accountSQL+accountFrom+where+` ORDER BY a.name, a.id LIMIT ? OFFSET ?`,
			append(args, pageLimit(q.Limit), max(q.Offset, 0))...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanAccount(rows)
			if err != nil {
				return err
			}
			page.Rows = append(page.Rows, r)
		}
		return rows.Err()
	})
	if err != nil {
		return crm.AccountPage{}, fmt.Errorf("accounts: %w", err)
	}
	return page, nil
}

func scanAccount(row interface{ Scan(...any) error }, more ...any) (crm.AccountRow, error) {
	var r crm.AccountRow
	var domains string
	into := append([]any{&r.ID, &r.ExternalID, &r.Name, &r.Website, &domains, &r.City, &r.Country, &r.Owner,
		&r.Band, &r.Customer, &r.Contacts, &r.Mailable}, more...)
	if err := row.Scan(into...); err != nil {
		return crm.AccountRow{}, err
	}
	return r, json.Unmarshal([]byte(domains), &r.Domains)
}

// Account returns all that the CRM says of an account. The error matches
// actnow.ErrNotFound if there is none, it was deleted or merged, or the person
// may not see it.
func (db *DB) Account(ctx context.Context, scope actnow.Scope, id actnow.AccountID) (crm.AccountDetail, error) {
	var d crm.AccountDetail
	err := db.read(ctx, func(tx *sql.Tx) error {
		where, args := accountScope(scope)
		var source, custom string
		var updated int64
		row := tx.QueryRow(accountSQL+`, a.tpid, a.tenant_id, a.org_number, a.state, a.postal_code, a.phone, a.owner_email, a.custom, a.source, a.updated_at`+
			accountFrom+where+` AND a.id = ?`, append(args, id)...)
		var err error
		d.AccountRow, err = scanAccount(row, &d.TPID, &d.TenantID, &d.OrgNumber, &d.State, &d.PostalCode, &d.Phone, &d.OwnerEmail,
			&custom, &source, &updated)
		if err != nil {
			return noRows(err)
		}
		if err := json.Unmarshal([]byte(custom), &d.Custom); err != nil {
			return fmt.Errorf("custom: %w", err)
		}
		d.UpdatedAt = time.Unix(updated, 0).UTC()
		if scope.Personal {
			d.Contacts, err = contactsOf(tx, source, d.ExternalID, id)
		} else {
			d.Withheld, d.OwnerEmail, d.Custom = d.AccountRow.Contacts, "", nil
		}
		if err != nil {
			return err
		}
		d.Deals, err = dealsOf(tx, source, d.ExternalID, scope)
		return err
	})
	if err != nil {
		return crm.AccountDetail{}, fmt.Errorf("account %d: %w", id, err)
	}
	return d, nil
}

// contactsOf returns the contacts of an account with the first reason, in the
// order of the campaigns, why one is not mailed.
func contactsOf(tx *sql.Tx, source, ref string, account actnow.AccountID) ([]actnow.ContactRow, error) {
	rows, err := tx.Query(`SELECT c.id, c.given_name, c.family_name, c.title, c.email, c.language, c.consent_basis,
			CASE WHEN c.address = '' THEN 'no_address'
				WHEN EXISTS (SELECT 1 FROM contacts d WHERE d.address = c.address AND d.do_not_email = 1 AND d.deleted_at IS NULL) THEN 'do_not_email'
				WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = c.address AND s.lifted_at IS NULL) THEN 'suppressed'
				WHEN c.consent_basis = '' THEN 'no_basis' ELSE '' END
		FROM contacts c WHERE c.source = ? AND c.account_ref = ? AND c.deleted_at IS NULL
		ORDER BY c.family_name, c.given_name, c.id LIMIT 1000`, source, ref)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []actnow.ContactRow
	for rows.Next() {
		r := actnow.ContactRow{Account: account}
		var given, family string
		if err := rows.Scan(&r.ID, &given, &family, &r.Title, &r.Email, &r.Language, &r.Basis, &r.NotMailed); err != nil {
			return nil, err
		}
		r.Name = strings.TrimSpace(given + " " + family)
		list = append(list, r)
	}
	return list, rows.Err()
}

func dealsOf(tx *sql.Tx, source, ref string, scope actnow.Scope) ([]crm.Deal, error) {
	rows, err := tx.Query(`
		SELECT 'opportunity', external_id, area, product, stage, status, opened_at AS since, closed_at, NULL, amount, currency
		FROM opportunities WHERE source = ? AND account_ref = ? AND deleted_at IS NULL
		UNION ALL
		SELECT 'subscription', external_id, area, product, '', '', start_at, end_at, seats, amount, currency
		FROM subscriptions WHERE source = ? AND account_ref = ? AND deleted_at IS NULL
		UNION ALL
		SELECT 'transaction', external_id, area, product, '', '', at, NULL, NULL, amount, currency
		FROM transactions WHERE source = ? AND account_ref = ? AND deleted_at IS NULL
		ORDER BY since DESC LIMIT 500`, source, ref, source, ref, source, ref)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []crm.Deal
	for rows.Next() {
		var d crm.Deal
		var at, end sql.NullInt64
		if err := rows.Scan(&d.Kind, &d.ID, &d.Area, &d.Product, &d.Stage, &d.Status, &at, &end, &d.Seats, &d.Amount, &d.Currency); err != nil {
			return nil, err
		}
		d.At, d.EndAt = timeOrZero(at), timeOrZero(end)
		if !scope.Revenue {
			d.Amount, d.Currency = nil, ""
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
