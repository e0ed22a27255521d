package storage_test

import (
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

// What was done to a thing is found by the thing and by the act.
func TestActivitiesByAct(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	mustImport(t, db, "a.csv", "CustomerID,AccountName,AzureCluster\n7,Åkes,Act Now\n", reports.Options{})
	for noun, want := range map[string]int{"report": 1, "snapshot": 1, "repo": 0, "import": 0} {
		list, err := db.Activities(t.Context(), actnow.ActivityFilter{Noun: noun}, 10)
		if err != nil || len(list) != want {
			t.Errorf("of %s there are %+v, %v, want %d", noun, list, err, want)
		}
	}
}
