package storage_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

// rowsReport names clusters as the reading by rows has them: fit alone decides.
const rowsReport = "GlobalID,CustomerID,AccountName,AzureFit,AzureIntent,AzureCluster\n" +
	"1,1,A,88,88,Act Now\n1,2,B,88,10,Act Now\n1,3,C,60,10,Evaluate\n2,4,D,60,90,Evaluate\n2,5,E,10,10,Educate\n2,6,F,10,,Nurture\n"

func TestDisagreement(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	none, err := db.Disagreement(t.Context(), actnow.Everything, actnow.Azure, "")
	if err != nil || none.Month != "" || len(none.Pairs)+len(none.Crossings) != 0 || len(none.Readings) != 2 {
		t.Errorf("without reports: %+v, %v", none, err)
	}
	if _, ok := none.Better(); ok {
		t.Error("without reports a matrix is better")
	}
	mustImport(t, db, "azure.csv", rowsReport, reports.Options{Month: "2026-11"})
	storagetest.Exec(t, db, `
		INSERT INTO propensities (customer_id, area, month, source, cluster, scored_at)
			SELECT id, 'azure', '2026-11', 'own', CASE WHEN tpid IN ('1', '2') THEN 'Act Now' ELSE 'Nurture' END, 0 FROM customers WHERE tpid <> '6';
		UPDATE standings SET own_cluster = (SELECT p.cluster FROM propensities p WHERE p.customer_id = standings.customer_id AND p.source = 'own')
			WHERE customer_id IN (SELECT customer_id FROM propensities WHERE source = 'own');`)
	d, err := db.Disagreement(t.Context(), actnow.Everything, actnow.Azure, "")
	if err != nil {
		t.Fatal(err)
	}
	want := actnow.Disagreement{Area: actnow.Azure, Month: "2026-11",
		Pairs: []actnow.ClusterPair{
			{Report: actnow.ActNow, Ours: actnow.ActNow, Customers: 2}, {Report: actnow.Evaluate, Ours: actnow.Nurture, Customers: 2}, {Report: actnow.Educate, Ours: actnow.Nurture, Customers: 1}},
		Crossings: []actnow.Crossing{
			{Fit: actnow.High, Intent: actnow.High, Cluster: actnow.ActNow, Customers: 1}, {Fit: actnow.High, Intent: actnow.VeryLow, Cluster: actnow.ActNow, Customers: 1},
			{Fit: actnow.Medium, Intent: actnow.High, Cluster: actnow.Evaluate, Customers: 1}, {Fit: actnow.Medium, Intent: actnow.VeryLow, Cluster: actnow.Evaluate, Customers: 1},
			{Fit: actnow.VeryLow, Intent: actnow.VeryLow, Cluster: actnow.Educate, Customers: 1}},
		Readings:   []actnow.ReadingCount{{Name: "quadrants", Version: 1, Active: true, Contradict: 2, All: 5}, {Name: "rows", Version: 1, All: 5}},
		Everywhere: []actnow.ReadingCount{{Name: "quadrants", Version: 1, Active: true, Contradict: 2, All: 5}, {Name: "rows", Version: 1, All: 5}},
	}
	rho := 5 / math.Sqrt(30) // of the ranks 1.5 1.5 3.5 3.5 5 and 1.5 1.5 4 4 4
	want.RankCorrelation = &rho
	if diff := cmp.Diff(want, d, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("disagreement (-want +got):\n%s", diff)
	}
	if agree, differ := d.Sums(); agree != 2 || differ != 3 {
		t.Errorf("agree %d, differ %d", agree, differ)
	}
	for _, p := range d.Pairs {
		page, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Month: d.Month, Report: p.Report, Ours: p.Ours})
		if err != nil || page.Total != p.Customers {
			t.Errorf("the customers of %+v are %d, %v", p, page.Total, err)
		}
	}
	if page, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Area: actnow.Azure, Differ: true}); err != nil || page.Total != 3 {
		t.Errorf("those who differ are %d, %v", page.Total, err)
	}
	better, ok := d.Better()
	if !ok || better.Name != "rows" {
		t.Fatalf("better = %+v, %v; want rows", better, ok)
	}
	if err := db.ChooseMatrix(t.Context(), actnow.System, better.Name, better.Version); err != nil {
		t.Fatal(err)
	}
	d, err = db.Disagreement(t.Context(), actnow.Scope{Locations: []actnow.LocationID{actnow.LocationID(one[int64](t, db, `SELECT id FROM locations WHERE global_id = '2'`))}}, actnow.Azure, "")
	if _, again := d.Better(); err != nil || again || d.Everywhere[0].Name != "rows" || d.Everywhere[0].All != 2 {
		t.Errorf("after the switch, seen from one location: %+v, %v", d, err)
	}
}
