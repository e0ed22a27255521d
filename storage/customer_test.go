package storage_test

import (
	"errors"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

// people is a small house: four customers in two locations, accounts, contacts.
const people = `
	INSERT INTO locations (id, global_id, name) VALUES (1, '100', 'Nordvik Oslo'), (2, '200', 'Nordvik Lund');
	INSERT INTO customers (id, key, tpid, name, domain, org_size, segment, country, first_month, last_month, updated_at) VALUES
		(1, 'tpid:1', '1', 'Åkes Bygg AB', 'akesbygg.example', 120, 'Medium', 'Sweden', '2026-09', '2026-10', 0),
		(2, 'tpid:2', '2', 'Brobyggarna', 'bro.example', 12, 'Very Small', 'Sweden', '2026-09', '2026-10', 0),
		(3, 'tpid:3', '3', 'Cyan ASA', 'cyan.example', 900, 'Upper Medium', 'Norway', '2026-09', '2026-10', 0),
		(4, 'tpid:4', '4', 'Delta', '', NULL, 'Unknown', '', '2026-09', '2026-10', 0);
	INSERT INTO customer_locations VALUES (1, 2), (2, 2), (3, 1), (4, 1);
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, cell, cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency) VALUES
		(1, 'azure', '2026-10', 1, 90, 80, 'High', 'High', 'A1', 'Act Now', 'Evaluate', '2026-09', 100000, 200000, 'SEK'),
		(2, 'azure', '2026-10', 1, 80, 10, 'High', 'Very low', 'B2', 'Evaluate', 'Educate', '2026-09', NULL, NULL, ''),
		(3, 'azure', '2026-10', 1, 10, 10, 'Very low', 'Very low', 'D4', 'Educate', 'Act Now', '2026-09', 500000, 900000, 'NOK'),
		(1, 'azure', '2026-09', 0, 90, 40, 'High', 'Low', 'B1', 'Evaluate', '', '', NULL, NULL, ''),
		(3, 'azure', '2026-09', 0, 90, 90, 'High', 'High', 'A1', 'Act Now', '', '', NULL, NULL, '');
	INSERT INTO accounts (id, external_id, connection_id, name, domains, updated_at) VALUES
		(1, 'A-1', 1, 'Åkes Bygg', '["akesbygg.example"]', 0), (2, 'A-2', 1, 'Bro', '[]', 0);
	INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, consent_basis, do_not_email, updated_at) VALUES
		(1, 'C-1', 1, 'A-1', 'anna@akesbygg.example', 'anna@akesbygg.example', 'Anna', 'legitimate interest', 0, 0),
		(2, 'C-2', 1, 'A-1', 'bo@akesbygg.example', 'bo@akesbygg.example', 'Bo', '', 0, 0),
		(3, 'C-3', 1, 'A-2', 'cia@bro.example', 'cia@bro.example', 'Cia', 'customer', 0, 0);
	INSERT INTO matches (account_id, customer_id, band, stage, probability, reason, machine_band, matched_at) VALUES
		(1, 1, 'match', 'domain', 0.999, 'same domain', 'match', 0), (2, 2, 'review', 'name', 0.7, 'names alike', 'review', 0);
	INSERT INTO match_candidates (account_id, rank, customer_id, probability, stage, reason, comparisons) VALUES
		(1, 1, 1, 0.999, 'domain', 'same domain', '[]'), (2, 1, 2, 0.7, 'name', 'names alike', '[]'), (2, 2, 4, 0.4, 'name', 'a little alike', '[]');`

var lund = actnow.Scope{Locations: []actnow.LocationID{2}}

func TestCustomers(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	tests := []struct {
		name  string
		scope actnow.Scope
		query actnow.CustomerQuery
		want  []actnow.CustomerID
	}{
		{"all by name, letters in any case", actnow.Everything, actnow.CustomerQuery{}, []actnow.CustomerID{2, 3, 4, 1}},
		{"only the person's locations", lund, actnow.CustomerQuery{}, []actnow.CustomerID{2, 1}},
		{"nobody sees nothing", actnow.Scope{}, actnow.CustomerQuery{}, nil},
		{"a cell", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Cell: "A1"}, []actnow.CustomerID{1}},
		{"newly Act Now", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Move: actnow.MovedNew}, []actnow.CustomerID{1}},
		{"up", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Move: actnow.MovedUp}, []actnow.CustomerID{2}},
		{"down", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Move: actnow.MovedDown}, []actnow.CustomerID{3}},
		{"no score", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Unscored: true}, []actnow.CustomerID{4}},
		{"search folds case", actnow.Everything, actnow.CustomerQuery{Search: "åKES"}, []actnow.CustomerID{1}},
		{"a per cent sign is a letter", actnow.Everything, actnow.CustomerQuery{Search: "%"}, nil},
		{"mailable", actnow.Everything, actnow.CustomerQuery{Mailable: true}, []actnow.CustomerID{1}},
		{"by revenue", actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Sort: actnow.SortRevenue, Limit: 2}, []actnow.CustomerID{3, 1}},
		{"a person without revenue cannot sort by it", lund, actnow.CustomerQuery{Area: actnow.Azure, Sort: actnow.SortRevenue}, []actnow.CustomerID{2, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page, err := db.Customers(t.Context(), tt.scope, tt.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []actnow.CustomerID
			for _, r := range page.Rows {
				got = append(got, r.Customer.ID)
				if r.Standing.Revenue.Known() && !tt.scope.Revenue {
					t.Errorf("customer %d shows money to a person who may not see it", r.Customer.ID)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("customers %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Fatalf("customers %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestExportNeedsTheRight(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	err := db.EachCustomer(t.Context(), lund, actnow.CustomerQuery{}, func(actnow.CustomerRow) error { return nil })
	if !errors.Is(err, actnow.ErrForbidden) {
		t.Errorf("EachCustomer without the right = %v, want ErrForbidden", err)
	}
	n := 0
	err = db.EachCustomer(t.Context(), actnow.Everything, actnow.CustomerQuery{}, func(actnow.CustomerRow) error { n++; return nil })
	if err != nil || n != 4 {
		t.Errorf("EachCustomer gave %d customers, %v; want 4", n, err)
	}
}

func TestCustomerDetail(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	d, err := db.Customer(t.Context(), actnow.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Contacts) != 2 || d.Contacts[1].NotMailed != "no_basis" || d.Contacts[0].NotMailed != "" {
		t.Errorf("contacts %+v, want Anna mailable and Bo without a basis", d.Contacts)
	}
	if len(d.Standings) != 1 || len(d.History) != 2 || len(d.Accounts) != 1 {
		t.Errorf("%d standings, %d of history, %d accounts; want 1, 2, 1", len(d.Standings), len(d.History), len(d.Accounts))
	}
	d, err = db.Customer(t.Context(), lund, 1)
	if err != nil || d.Contacts != nil || d.Withheld != 2 || d.Standings[0].Revenue.Known() {
		t.Errorf("a report viewer sees contacts %v (withheld %d), revenue %v, %v", d.Contacts, d.Withheld, d.Standings[0].Revenue, err)
	}
	if _, err := db.Customer(t.Context(), lund, 3); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a customer of another location = %v, want ErrNotFound", err)
	}
}

func TestOverviewAndGrid(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people)
	o, err := db.Overview(t.Context(), actnow.Everything, actnow.Azure)
	if err != nil {
		t.Fatal(err)
	}
	if o.Month != "2026-10" || o.NewActNow != 1 || o.NewMailable != 1 || o.MovedUp != 1 || o.MovedDown != 1 || o.LeftActNow != 1 || o.ToReview != 1 || o.UnscoredInArea != 1 {
		t.Errorf("overview %+v", o)
	}
	if len(o.NewRevenue) != 1 || o.NewRevenue[0] != (actnow.Money{Minor: 100000, Currency: "SEK"}) {
		t.Errorf("revenue of the new %v, want 1,000 SEK", o.NewRevenue)
	}
	g, err := db.Grid(t.Context(), actnow.Everything, actnow.Azure, "")
	if err != nil {
		t.Fatal(err)
	}
	total := g.Unscored
	for _, c := range g.Cells {
		total += c.Count
	}
	if len(g.Cells) != 16 || total != o.Customers {
		t.Errorf("%d cells with %d customers, want 16 with %d", len(g.Cells), total, o.Customers)
	}
	if g, err = db.Grid(t.Context(), lund, actnow.Azure, "2026-09"); err != nil || g.Cells[2].Count != 1 || g.Previous != "" {
		t.Errorf("grid of September in Lund: %+v, %v; want one customer in B1", g, err)
	}
	months, err := db.ClusterMonths(t.Context(), actnow.Everything, actnow.Azure, 12)
	if err != nil || len(months) != 5 {
		t.Errorf("cluster months %v, %v; want 5 counts", months, err)
	}
}
