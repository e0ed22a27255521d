package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

func TestFlows(t *testing.T) {
	t.Parallel()
	const header = "GlobalID,CustomerID,AccountName,AzureCluster\n"
	september := header + "1,1,A,Act Now\n1,2,B,Educate\n1,3,C,Nurture\n1,4,D,Evaluate\n2,5,E,Act Now\n"
	november := header + "1,1,A,Evaluate\n1,2,B,Act Now\n1,3,C,Nurture\n1,6,F,Evaluate\n1,7,G,\n"
	for _, complete := range []bool{false, true} {
		t.Run(fmt.Sprint(complete), func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t)
			none, err := db.Flows(t.Context(), actnow.Everything, actnow.Azure, "", "")
			if err != nil || none.From != "" || none.To != "" || len(none.Counts) != 0 {
				t.Errorf("without reports: %+v, %v", none, err)
			}
			mustImport(t, db, "a.csv", september, reports.Options{Month: "2026-09"})
			if one, err := db.Flows(t.Context(), actnow.Everything, actnow.Azure, "", ""); err != nil || one.From != "" || one.To != "2026-09" {
				t.Errorf("with one month: %+v, %v", one, err)
			}
			mustImport(t, db, "a.csv", november, reports.Options{Month: "2026-11", Complete: complete})
			f, err := db.Flows(t.Context(), actnow.Everything, actnow.Azure, "", "")
			if err != nil {
				t.Fatal(err)
			}
			left := actnow.FlowUnseen
			if complete {
				left = actnow.FlowGone
			}
			want := actnow.Flows{Area: actnow.Azure, From: "2026-09", To: "2026-11", Counts: []actnow.FlowCount{
				{Flow: actnow.FlowDown, From: actnow.ActNow, To: actnow.Evaluate, Customers: 1},
				{Flow: left, From: actnow.ActNow, Customers: 1},
				{Flow: left, From: actnow.Evaluate, Customers: 1},
				{Flow: actnow.FlowSame, From: actnow.Nurture, To: actnow.Nurture, Customers: 1},
				{Flow: actnow.FlowUp, From: actnow.Educate, To: actnow.ActNow, Customers: 1},
				{Flow: actnow.FlowNew, To: actnow.Evaluate, Customers: 1},
			}}
			if diff := cmp.Diff(want, f); diff != "" {
				t.Errorf("flows (-want +got):\n%s", diff)
			}
			// Each count is a list.
			for _, k := range f.Counts {
				q := actnow.CustomerQuery{Area: f.Area, Month: f.To, Since: f.From, Flow: k.Flow, From: k.From, Cluster: k.To}
				page, err := db.Customers(t.Context(), actnow.Everything, q)
				if err != nil || page.Total != k.Customers || len(page.Rows) != k.Customers {
					t.Errorf("the customers of %+v are %d, %v", k, page.Total, err)
				}
			}
			lund := actnow.Scope{Locations: []actnow.LocationID{actnow.LocationID(one[int64](t, db, `SELECT id FROM locations WHERE global_id = '2'`))}}
			if f, err := db.Flows(t.Context(), lund, actnow.Azure, "", ""); err != nil || len(f.Counts) != 1 || f.Sum(left) != 1 {
				t.Errorf("seen from one location: %+v, %v", f, err)
			}
			for _, m := range [][2]actnow.Month{{"2026-11", "2026-09"}, {"2026-11", "2026-11"}, {"2026-10", ""}, {"", "2026-12"}, {"2026-11", ""}} {
				if _, err := db.Flows(t.Context(), actnow.Everything, actnow.Azure, m[0], m[1]); !errors.Is(err, actnow.ErrInvalid) {
					t.Errorf("from %q to %q: %v, want it refused", m[0], m[1], err)
				}
			}
		})
	}
}
