package reports_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
)

func TestMappingOfColumns(t *testing.T) {
	t.Parallel()
	const content = "Kundnr,Firma,Staff,OrgSize,AzureCluster,Hot,Expiring Revenue\n7,Åkes,120,5,Act Now,Yes,9\n8,Bro,,6,Educate,No,\n"
	read := func(said, now reports.Mapping) (reports.Result, reports.Row, error) {
		m := &memory{}
		im := newImporter(t, m)
		im.Mapping = said
		res, err := im.Import(t.Context(), "azure.csv", strings.NewReader(content), reports.Options{Map: now}, nil)
		if err != nil {
			return res, reports.Row{}, err
		}
		return res, m.rows[0][0], nil
	}
	if _, _, err := read(nil, nil); err == nil {
		t.Error("a file that names no customer is taken")
	}
	said := reports.Mapping{"kundnr": "customer_id", "firma": "account_name", "staff": "org_size", "hot": reports.KeepOnly}
	res, row, err := read(said, nil)
	if err != nil {
		t.Fatal(err)
	}
	if row.Customer.TPID != "7" || row.Customer.Name != "Åkes" || row.Customer.OrgSize == nil || *row.Customer.OrgSize != 120 {
		t.Errorf("customer = %+v, want the columns read as they were mapped", row.Customer)
	}
	fields := []string{}
	for _, c := range res.Columns {
		fields = append(fields, c.Field)
	}
	if want := []string{"customer_id", "account_name", "org_size", "", "azure_cluster", "", "expiring_revenue"}; !slices.Equal(fields, want) {
		t.Errorf("fields = %q, want %q: what a person says goes before what is recognised", fields, want)
	}
	if res.Fill[2].Filled != 1 || !slices.Equal(res.Fill[0].Samples, []string{"7", "8"}) || len(res.Fill[6].Samples) != 0 || res.Fill[6].Filled != 1 {
		t.Errorf("fill = %+v; want counts and samples, but none of money", res.Fill)
	}
	if _, row, err := read(said, reports.Mapping{"staff": reports.KeepOnly}); err != nil || row.Customer.OrgSize == nil || *row.Customer.OrgSize != 5 {
		t.Errorf("what is said now goes first: %+v, %v", row.Customer, err)
	}
	for _, tt := range []struct{ header, field string }{{"", "org_size"}, {"!", "org_size"}, {"Staff", "staff"}, {strings.Repeat("x", 1001), "org_size"}} {
		if _, _, err := reports.CheckMapped(tt.header, tt.field); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("mapping %q to %q: %v, want it refused", tt.header, tt.field, err)
		}
	}
}

// A report of which no header is known is found by what a person has said.
func TestMappingFindsTheHeader(t *testing.T) {
	t.Parallel()
	m := &memory{}
	im := newImporter(t, m)
	im.Mapping = reports.Mapping{"kundnr": "customer_id", "kluster": "azure_cluster"}
	res, err := im.Import(t.Context(), "x.csv", strings.NewReader("Rapport\n\nKundnr;Kluster\n7;Act Now\nKundnr;Kluster\n"), reports.Options{}, nil)
	if err != nil || res.Report != reports.Azure || res.Rows != 1 || len(res.Rejected) != 1 || res.Rejected[0].Code != "reject.header" {
		t.Errorf("result = %+v, %v", res, err)
	}
}
