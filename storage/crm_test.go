package storage_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/crm"
	"actnow/crm/hooktest"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func importCRM(t *testing.T, db *storage.DB, kind crm.Kind, file string, dryRun bool) crm.Result {
	t.Helper()
	im := crm.Importer{Store: db, Now: func() time.Time { return storagetest.Now }, Log: slog.New(slog.DiscardHandler)}
	res, err := im.Import(t.Context(), crm.FileConnection, kind, "test", strings.NewReader(file), dryRun, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func applyCRM(t *testing.T, db *storage.DB, changes ...crm.Change) []crm.Outcome {
	t.Helper()
	out, err := db.ApplyChanges(t.Context(), crm.FileConnection, changes)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func crmChange(k crm.Kind, op crm.Op, id string, version int64, fields map[string]any) crm.Change {
	return crm.Change{Kind: k, Op: op, ID: id, Version: version, ModifiedAt: time.Unix(1_700_000_000+version, 0), Fields: fields}
}

var crmFiles = map[crm.Kind]string{
	crm.Account:      "id,name,website,domains,tpid,postal_code,country,modified_at,Tier\nA-1,Contoso AB,https://contoso.example,contoso.example,0012,01234,Sweden,2026-01-02,gold\nA-2,Fabrikam AB,,fabrikam.example,,,Sweden,,\n",
	crm.Contact:      "id,account_id,email,given_name,family_name,language,consent_at,do_not_email\nC-1,A-1,Anna@Contoso.example,Anna,Berg,sv,2026-01-02,no\nC-2,A-1,bo@contoso.example,Bo,Ek,en,,yes\n",
	crm.Opportunity:  "id,account_id,product,stage,status,opened_at,amount,currency\nO-1,A-1,Dynamics 365 Business Central Essentials,Proposal,won,2026-02-03,1234.50,SEK\n",
	crm.Subscription: "id,account_id,product,seats,start_at,end_at,amount,currency\nS-1,A-1,Microsoft 365 Business Premium,25,2026-01-01,2027-01-01,1000,SEK\n",
	crm.Transaction:  "id,account_id,product,at,amount,currency\nT-1,A-1,Azure consumption,2026-03-01,99,EUR\n",
}

// dump returns all that is kept of the CRM but when it was written.
func dumpCRM(t testing.TB, db *storage.DB) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{
		`SELECT json_array(external_id, name, website, domains, tpid, city, postal_code, country, phone, custom, merged_into, version, modified_at, deleted_at IS NULL) FROM accounts ORDER BY external_id`,
		`SELECT json_array(external_id, account_ref, email, address, given_name, language, consent_basis, consent_at, do_not_email, custom, deleted_at IS NULL) FROM contacts ORDER BY external_id`,
		`SELECT json_array(external_id, account_ref, area, product, stage, status, opened_at, closed_at, amount, currency, deleted_at IS NULL) FROM opportunities ORDER BY external_id`,
		`SELECT json_array(external_id, account_ref, area, product, seats, start_at, end_at, amount, currency) FROM subscriptions ORDER BY external_id`,
		`SELECT json_array(external_id, account_ref, area, product, at, amount, currency) FROM transactions ORDER BY external_id`,
	} {
		fmt.Fprintln(&b, crmText(t, db, q))
	}
	return b.String()
}

func TestImportAllKinds(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	for _, k := range crm.Kinds {
		if res := importCRM(t, db, k, crmFiles[k], true); res.New == 0 || len(res.Rejected) > 0 {
			t.Errorf("dry run of %ss: %+v", k, res)
		}
	}
	if got := dumpCRM(t, db); strings.TrimSpace(got) != "" {
		t.Errorf("a dry run stored %s", got)
	}
	for _, k := range crm.Kinds {
		if res := importCRM(t, db, k, crmFiles[k], false); res.New == 0 || len(res.Rejected) > 0 {
			t.Errorf("%ss: %+v", k, res)
		}
	}
	want := `["A-1","Contoso AB","https://contoso.example","[\"contoso.example\"]","0012","","01234","Sweden","","{\"Tier\":\"gold\"}","",0,1767312000,1]|["A-2","Fabrikam AB","","[\"fabrikam.example\"]","","","","Sweden","","{}","",0,0,1]
["C-1","A-1","Anna@Contoso.example","anna@contoso.example","Anna","sv","",1767312000,0,"{}",1]|["C-2","A-1","bo@contoso.example","bo@contoso.example","Bo","en","",null,1,"{}",1]
["O-1","A-1","d365bc","Dynamics 365 Business Central Essentials","Proposal","won",1770076800,null,123450,"SEK",1]
["S-1","A-1","m365","Microsoft 365 Business Premium",25,1767225600,1798761600,100000,"SEK"]
["T-1","A-1","azure","Azure consumption",1772323200,9900,"EUR"]
`
	if diff := cmp.Diff(want, dumpCRM(t, db)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	for _, k := range crm.Kinds {
		if res := importCRM(t, db, k, crmFiles[k], false); res.New+res.Changed > 0 || res.Unchanged == 0 {
			t.Errorf("%ss again: %+v", k, res)
		}
	}
	if diff := cmp.Diff(want, dumpCRM(t, db)); diff != "" {
		t.Errorf("after the second import (-want +got):\n%s", diff)
	}
}

// Whatever the order in which changes arrive and however they are cut into
// transactions, the store ends the same.
func TestChangesInAnyOrder(t *testing.T) {
	t.Parallel()
	changes := []crm.Change{
		crmChange(crm.Account, crm.Upsert, "A-1", 1, map[string]any{"name": "One AB", "city": "Lund", "domains": []string{"one.example"}}),
		crmChange(crm.Account, crm.Upsert, "A-1", 2, map[string]any{"city": nil, "phone": "1"}),
		crmChange(crm.Account, crm.Upsert, "A-2", 1, map[string]any{"name": "Two AB"}),
		crmChange(crm.Account, crm.Merge, "A-1", 3, map[string]any{"merged_into": "A-2"}),
		crmChange(crm.Account, crm.Delete, "A-1", 4, nil),
		crmChange(crm.Account, crm.Merge, "A-2", 5, map[string]any{"merged_into": "A-3"}),
		crmChange(crm.Account, crm.Upsert, "A-3", 5, map[string]any{"name": "Three AB"}),
		crmChange(crm.Account, crm.Upsert, "A-4", 5, map[string]any{"name": "Four AB"}),
		crmChange(crm.Account, crm.Merge, "A-4", 6, map[string]any{"merged_into": "A-3"}),
		crmChange(crm.Account, crm.Upsert, "A-4", 7, map[string]any{"name": "Four again AB"}),
		crmChange(crm.Contact, crm.Upsert, "C-1", 1, map[string]any{"account_id": "A-1", "email": "a@one.example", "given_name": "Anna"}),
		crmChange(crm.Contact, crm.Consent, "C-1", 2, map[string]any{"do_not_email": true}),
		crmChange(crm.Contact, crm.Upsert, "C-1", 3, map[string]any{"email": "b@one.example"}),
		crmChange(crm.Contact, crm.Upsert, "C-2", 1, map[string]any{"account_id": "A-4", "email": "c@one.example"}),
		crmChange(crm.Contact, crm.Delete, "C-3", 2, nil),
		crmChange(crm.Contact, crm.Upsert, "C-3", 1, map[string]any{"account_id": "A-2", "email": "d@one.example"}),
		crmChange(crm.Contact, crm.Consent, "C-4", 1, map[string]any{"consent_basis": "consent"}),
		crmChange(crm.Opportunity, crm.Upsert, "O-1", 1, map[string]any{"account_id": "A-2", "product": "Azure", "amount": int64(100), "currency": "SEK"}),
		crmChange(crm.Opportunity, crm.Upsert, "O-1", 2, map[string]any{"area": "security", "status": "won"}),
		crmChange(crm.Opportunity, crm.Upsert, "O-2", 1, map[string]any{"account_id": "A-4", "product": "Azure"}),
	}
	first := ""
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		order := r.Perm(len(changes))
		if seed == 0 {
			for i := range order {
				order[i] = i
			}
		}
		db := storagetest.Open(t)
		for len(order) > 0 {
			n := 1 + r.IntN(len(order))
			var batch []crm.Change
			for _, i := range order[:n] {
				batch = append(batch, changes[i])
			}
			compared, err := db.CompareChanges(t.Context(), crm.FileConnection, batch)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compared, applyCRM(t, db, batch...)); diff != "" {
				t.Errorf("compared and applied differ:\n%s", diff)
			}
			order = order[n:]
		}
		got := dumpCRM(t, db)
		if seed == 0 {
			first = got
			for _, want := range []string{`["C-1","A-3","b@one.example"`, `["C-2","A-4"`, `"Four again AB"`, `["O-1","A-3","security"`, `["O-2","A-4","azure"`} {
				if !strings.Contains(got, want) {
					t.Errorf("in order: no %s in\n%s", want, got)
				}
			}
		} else if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("in order, and shuffled by %d:\n%s", seed, diff)
		}
	}
}

func TestMergesInACircle(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	applyCRM(t, db,
		crmChange(crm.Contact, crm.Upsert, "C-1", 1, map[string]any{"account_id": "A-1"}),
		crmChange(crm.Account, crm.Merge, "A-1", 1, map[string]any{"merged_into": "A-2"}),
		crmChange(crm.Account, crm.Merge, "A-2", 1, map[string]any{"merged_into": "A-3"}),
		crmChange(crm.Account, crm.Merge, "A-3", 1, map[string]any{"merged_into": "A-1"}))
	if got := crmText(t, db, `SELECT account_ref FROM contacts`); got != "A-1" {
		t.Errorf("the contact belongs to %q", got)
	}
}

func TestConnectionBasis(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, hooktest.Matched)
	ctx, by := t.Context(), actnow.Actor{Name: "Ada"}
	mailable := func() string { return crmText(t, db, `SELECT address FROM mailable_contacts ORDER BY address`) }
	applyCRM(t, db,
		crmChange(crm.Contact, crm.Upsert, "C-1", 1, map[string]any{"account_id": "A-1", "email": "none@a.example"}),
		crmChange(crm.Contact, crm.Upsert, "C-2", 1, map[string]any{"account_id": "A-1", "email": "own@a.example", "consent_basis": "consent"}),
		crmChange(crm.Contact, crm.Upsert, "C-3", 1, map[string]any{"account_id": "A-1", "email": "back@a.example", "consent_basis": "consent"}),
		crmChange(crm.Contact, crm.Consent, "C-3", 2, map[string]any{"consent_basis": nil}))
	if got := mailable(); got != "own@a.example" {
		t.Errorf("without a default: %s", got)
	}
	if n, err := db.SetBasis(ctx, by, crm.FileConnection, " existing   customers "); n != 1 || err != nil {
		t.Errorf("SetBasis changed %d, %v", n, err)
	}
	applyCRM(t, db, crmChange(crm.Contact, crm.Upsert, "C-4", 1, map[string]any{"account_id": "A-1", "email": "later@a.example"}))
	if got := mailable(); got != "later@a.example|none@a.example|own@a.example" {
		t.Errorf("with a default: %s", got)
	}
	if _, err := db.SetBasis(ctx, by, crm.FileConnection, "another"); err != nil {
		t.Fatal(err)
	}
	// A later change of the contact keeps the default as it was recorded.
	applyCRM(t, db, crmChange(crm.Contact, crm.Upsert, "C-4", 2, map[string]any{"title": "CEO"}))
	got := crmText(t, db, `SELECT external_id || ':' || consent_basis FROM contacts ORDER BY external_id`)
	if got != "C-1:existing customers|C-2:consent|C-3:|C-4:existing customers" {
		t.Errorf("recorded: %s", got)
	}
	c, err := db.Connection(ctx, crm.FileConnection)
	if err != nil || c.Basis != "another" || c.BasisBy != "Ada" || !c.BasisAt.Equal(storagetest.Now) {
		t.Errorf("connection %+v, %v", c, err)
	}
	if n, err := db.SetBasis(ctx, by, crm.FileConnection, ""); n != 2 || err != nil {
		t.Errorf("taking back changed %d, %v", n, err)
	}
	if got := mailable(); got != "own@a.example" {
		t.Errorf("after taking back: %s", got)
	}
	if _, err := db.SetBasis(ctx, by, 99, "x"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("no such connection: %v", err)
	}
	if got := crmText(t, db, `SELECT count(*) || '' FROM audit WHERE action = 'connection.basis' AND actor = 'Ada'`); got != "3" {
		t.Errorf("%s audit rows", got)
	}
}

func TestDoNotMailHoldsForTheAddress(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, hooktest.Matched)
	says := func(no bool) map[string]any {
		return map[string]any{"account_id": "A-1", "email": "Info@A.example", "consent_basis": "consent", "do_not_email": no}
	}
	applyCRM(t, db, crmChange(crm.Contact, crm.Upsert, "C-1", 1, says(false)), crmChange(crm.Contact, crm.Upsert, "C-2", 1, says(true)))
	if got := crmText(t, db, `SELECT contact_id || '' FROM mailable_contacts`); got != "" {
		t.Errorf("contact %s is mailed though another of the address says no", got)
	}
	page, err := db.Accounts(t.Context(), actnow.Everything, crm.AccountQuery{})
	if err != nil || page.Rows[0].Contacts != 2 || page.Rows[0].Mailable != 0 {
		t.Errorf("accounts %+v, %v", page, err)
	}
	d, err := db.Account(t.Context(), actnow.Everything, page.Rows[0].ID)
	if err != nil || d.Contacts[0].NotMailed != "do_not_email" || d.Contacts[1].NotMailed != "do_not_email" {
		t.Errorf("account %+v, %v", d, err)
	}
}

func TestSuppressionOutlivesTheCRM(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, hooktest.Matched)
	ctx := t.Context()
	applyCRM(t, db, crmChange(crm.Contact, crm.Upsert, "C-1", 1, map[string]any{"account_id": "A-1", "email": "Anna@A.example", "consent_basis": "consent"}))
	mailable := func() string { return crmText(t, db, `SELECT count(*) || '' FROM mailable_contacts`) }
	if mailable() != "1" {
		t.Fatal("nobody to mail")
	}
	s := crm.Suppression{Address: "ANNA@a.example", Reason: crm.Unsubscribed, Evidence: "link"}
	if err := db.Suppress(ctx, actnow.System, s); err != nil {
		t.Fatal(err)
	}
	applyCRM(t, db,
		crmChange(crm.Contact, crm.Consent, "C-1", 9, map[string]any{"do_not_email": false, "consent_basis": "consent"}),
		crmChange(crm.Contact, crm.Delete, "C-1", 10, nil),
		crmChange(crm.Contact, crm.Upsert, "C-1", 11, map[string]any{"account_id": "A-1", "email": "anna@a.example", "consent_basis": "consent"}))
	if mailable() != "0" {
		t.Error("the CRM lifted an unsubscribe")
	}
	s.Reason = crm.Manual
	if err := db.Suppress(ctx, actnow.System, s); err != nil {
		t.Fatal(err)
	}
	page, err := db.Suppressions(ctx, actnow.Everything, "anna", 0, 0)
	if err != nil || page.Total != 1 || page.Rows[0].Reason != crm.Unsubscribed || page.Rows[0].Address != "anna@a.example" {
		t.Errorf("suppressions %+v, %v", page, err)
	}
	if page, err := db.Suppressions(ctx, actnow.Scope{}, "nobody", 0, 0); err != nil || page.Total != 1 || page.Rows[0].Address != "" || page.Rows[0].Evidence != "" {
		t.Errorf("without personal data %+v, %v", page, err)
	}
	if err := db.LiftSuppression(ctx, actnow.Actor{Name: "Ada"}, "anna@A.example"); err != nil {
		t.Fatal(err)
	}
	if err := db.LiftSuppression(ctx, actnow.System, "anna@A.example"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("lifted twice: %v", err)
	}
	if mailable() != "1" {
		t.Error("lifted, and still not mailed")
	}
	if err := db.Suppress(ctx, actnow.System, s); err != nil || mailable() != "0" {
		t.Errorf("suppressed again: %v, %s mailable", err, mailable())
	}
	for _, bad := range []crm.Suppression{{Address: "x", Reason: crm.Manual}, {Address: "a@b.example", Reason: "whim"}} {
		if err := db.Suppress(ctx, actnow.System, bad); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("Suppress(%+v): %v", bad, err)
		}
	}
}

func TestCRMAccounts(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	for _, k := range crm.Kinds {
		importCRM(t, db, k, crmFiles[k], false)
	}
	storagetest.Exec(t, db, `
		INSERT INTO locations (id, global_id) VALUES (1, '1'), (2, '2');
		INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (1, 'tpid:1', '', '', 0);
		INSERT INTO customer_locations (customer_id, location_id) VALUES (1, 1);
		INSERT INTO matches (account_id, customer_id, band, matched_at) SELECT id, 1, 'match', 0 FROM accounts WHERE external_id = 'A-1';`)
	ctx := t.Context()
	if _, err := db.SetBasis(ctx, actnow.System, crm.FileConnection, "customers"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		scope actnow.Scope
		q     crm.AccountQuery
		want  string
	}{
		{"all", actnow.Everything, crm.AccountQuery{}, "Contoso AB,Fabrikam AB"},
		{"search folds", actnow.Everything, crm.AccountQuery{Search: "FABRI"}, "Fabrikam AB"},
		{"search in domains", actnow.Everything, crm.AccountQuery{Search: "contoso.ex"}, "Contoso AB"},
		{"percent is no wildcard", actnow.Everything, crm.AccountQuery{Search: "%"}, ""},
		{"unmatched", actnow.Everything, crm.AccountQuery{Band: actnow.BandNone}, "Fabrikam AB"},
		{"page", actnow.Everything, crm.AccountQuery{Limit: 1, Offset: 1}, "Fabrikam AB"},
		{"own location", actnow.Scope{Locations: []actnow.LocationID{1, 7}}, crm.AccountQuery{}, "Contoso AB"},
		{"other location", actnow.Scope{Locations: []actnow.LocationID{2}}, crm.AccountQuery{}, ""},
		{"no location", actnow.Scope{}, crm.AccountQuery{}, ""},
	}
	var id actnow.AccountID
	for _, tt := range tests {
		page, err := db.Accounts(ctx, tt.scope, tt.q)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range page.Rows {
			names = append(names, r.Name)
			if r.ExternalID == "A-1" {
				if id = r.ID; r.Contacts != 2 || r.Mailable != 1 || r.Band != actnow.BandMatch || r.Customer != 1 {
					t.Errorf("%s: row %+v", tt.name, r)
				}
			}
		}
		if got := strings.Join(names, ","); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	d, err := db.Account(ctx, actnow.Everything, id)
	if err != nil || d.PostalCode != "01234" || d.Custom["Tier"] != "gold" || len(d.Deals) != 3 || *d.Deals[0].Amount != 9900 {
		t.Errorf("account %+v, %v", d, err)
	}
	want := []actnow.ContactRow{
		{ID: 1, Account: id, Name: "Anna Berg", Email: "Anna@Contoso.example", Language: "sv", Basis: "customers"},
		{ID: 2, Account: id, Name: "Bo Ek", Email: "bo@contoso.example", Language: "en", Basis: "customers", NotMailed: "do_not_email"},
	}
	if diff := cmp.Diff(want, d.Contacts); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
	d, err = db.Account(ctx, actnow.Scope{AllLocations: true}, id)
	if err != nil || len(d.Contacts) != 0 || d.Withheld != 2 || d.Custom != nil || d.Deals[0].Amount != nil {
		t.Errorf("without rights: %+v, %v", d, err)
	}
	if _, err := db.Account(ctx, actnow.Scope{Locations: []actnow.LocationID{2}}, id); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("from another location: %v", err)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	now := storagetest.Now
	db := storagetest.OpenAt(t, t.TempDir()+"/data", func() time.Time { return now })
	ctx := t.Context()
	for _, n := range []crm.NewConnection{{Name: "Upper", Verifier: "standard"}, {Name: "", Verifier: "standard"}, {Name: "a/b", Verifier: "standard"},
		{Name: "x", Verifier: "file"}, {Name: "x", Verifier: ""}, {Name: strings.Repeat("a", 64), Verifier: "standard"}} {
		if _, _, err := db.AddConnection(ctx, actnow.System, n); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("AddConnection(%+v): %v", n, err)
		}
	}
	c, first, err := db.AddConnection(ctx, actnow.Actor{Name: "Ada"}, crm.NewConnection{Name: "hubspot", Verifier: "standard"})
	if err != nil || c.Name != "hubspot" || c.CreatedBy != "Ada" {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, _, err := db.AddConnection(ctx, actnow.System, crm.NewConnection{Name: "hubspot", Verifier: "standard"}); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("a name twice: %v", err)
	}
	keys := func() string {
		t.Helper()
		h, err := db.Hook(ctx, "hubspot")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", h.Keys)
	}
	hex := func(secrets ...string) string {
		var list [][]byte
		for _, s := range secrets {
			key, err := crm.SecretKey(s)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, key)
		}
		return fmt.Sprintf("%x", list)
	}
	rotate := func(overlap time.Duration) string {
		t.Helper()
		s, err := db.RotateSecret(ctx, actnow.System, c.ID, overlap)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if keys() != hex(first) {
		t.Error("the first secret is not the key")
	}
	second := rotate(time.Hour)
	if keys() != hex(second, first) {
		t.Error("the old secret is not taken beside the new")
	}
	third := rotate(time.Hour)
	if keys() != hex(third, second) {
		t.Error("not the last two secrets are taken")
	}
	if c, err := db.ConnectionByName(ctx, "hubspot"); err != nil || !c.OldSecretUntil.Equal(now.Add(time.Hour)) {
		t.Errorf("connection %+v, %v", c, err)
	}
	now = now.Add(time.Hour)
	if keys() != hex(third) {
		t.Error("the old secret outlives its time")
	}
	fourth := rotate(0)
	if keys() != hex(fourth) {
		t.Error("a secret without overlap stays")
	}
	if _, err := db.RotateSecret(ctx, actnow.System, crm.FileConnection, 0); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("a secret for files: %v", err)
	}
	if err := db.DisableConnection(ctx, actnow.System, c.ID, true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hubspot", "file", "nobody"} {
		if _, err := db.Hook(ctx, name); !errors.Is(err, actnow.ErrNotFound) {
			t.Errorf("hook %s: %v", name, err)
		}
	}
	if err := db.DisableConnection(ctx, actnow.System, 99, true); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("disable nothing: %v", err)
	}
	for _, s := range []string{first, second, third, fourth} {
		if got := crmText(t, db, `SELECT count(*) || '' FROM connections WHERE instr(secret, ?) OR instr(old_secret, ?)`, s, s); got != "0" {
			t.Error("a secret lies open in the database")
		}
		if got := crmText(t, db, `SELECT count(*) || '' FROM audit WHERE instr(detail, ?)`, s[6:]); got != "0" {
			t.Error("a secret lies in the audit trail")
		}
	}
}

func TestProductAreas(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	products := map[string]string{
		"Microsoft 365 Business Premium": "m365", "Copilot for Microsoft 365": "copilot", "MICROSOFT 365 COPILOT (annual)": "copilot",
		"Azure plan": "azure", "Azure Active Directory P1": "security", "Lazure": "", "Dynamics 365 Sales Pro": "d365sp", "Surface Pro 11": "surface",
		"Teamster": "", "Enterprise Mobility + Security E3": "security",
	}
	i := 0
	for p := range products {
		i++
		applyCRM(t, db, crmChange(crm.Subscription, crm.Upsert, fmt.Sprint(i), 1, map[string]any{"product": p}))
	}
	for p, want := range products {
		if got := crmText(t, db, `SELECT area FROM subscriptions WHERE product = ?`, p); got != want {
			t.Errorf("%s is of area %q, want %q", p, got, want)
		}
	}
	applyCRM(t, db, crmChange(crm.Opportunity, crm.Upsert, "said", 1, map[string]any{"product": "Lazure", "area": "m365"}))
	if err := db.SaveProductArea(t.Context(), actnow.System, " LAZURE ", actnow.Azure); err != nil {
		t.Fatal(err)
	}
	if got := crmText(t, db, `SELECT area FROM subscriptions WHERE product = 'Lazure'`); got != "azure" {
		t.Errorf("after a new entry the area is %q", got)
	}
	if got := crmText(t, db, `SELECT area FROM opportunities`); got != "m365" {
		t.Errorf("the CRM's own word became %q", got)
	}
	if err := db.SaveProductArea(t.Context(), actnow.System, "lazure", ""); err != nil {
		t.Fatal(err)
	}
	areas, err := db.ProductAreas(t.Context())
	if err != nil || areas["lazure"] != "" || areas["azure"] != actnow.Azure {
		t.Errorf("areas %v, %v", areas, err)
	}
	if err := db.SaveProductArea(t.Context(), actnow.System, "--", actnow.Azure); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("no product: %v", err)
	}
	if err := db.SaveProductArea(t.Context(), actnow.System, "x", "nowhere"); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("no area: %v", err)
	}
}
