package storage_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"actnow"
	"actnow/reports/insights"
	"actnow/storage/storagetest"
)

const (
	aTenant = "11111111-2222-3333-4444-555555555555"
	anApp   = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
)

// TestFetchConnection: the consent is sealed, and ends with the app it was for.
func TestFetchConnection(t *testing.T) {
	db := storagetest.Open(t)
	ctx, by := t.Context(), actnow.Actor{Name: "Elin"}
	if _, err := db.FetchConnection(ctx); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("before anything is said: %v", err)
	}
	for what, err := range map[string]error{"save a token": db.SaveRefreshToken(ctx, "x"), "connect": db.NoteFetchConnected(ctx, by), "disconnect": db.DisconnectFetching(ctx, by)} {
		if !errors.Is(err, actnow.ErrNotFound) {
			t.Errorf("%s before anything is said: %v", what, err)
		}
	}
	for field, r := range map[string]insights.Registration{
		"tenant":    {Tenant: "no tenant", ClientID: anApp},
		"client_id": {Tenant: aTenant, ClientID: "app"},
		"days":      {Tenant: aTenant, ClientID: anApp, Days: 99},
	} {
		var input *actnow.InputError
		if err := db.SaveFetchConnection(ctx, by, r); !errors.As(err, &input) || input.Field != field {
			t.Errorf("a bad %s: %v", field, err)
		}
	}
	secret := " a-client-secret "
	if err := db.SaveFetchConnection(ctx, by, insights.Registration{Tenant: " NORDVIK.example ", ClientID: anApp, Secret: &secret}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.RefreshToken(ctx); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a token before the sign-in: %v", err)
	}
	if err := errors.Join(db.SaveRefreshToken(ctx, "the-refresh-token"), db.NoteFetchConnected(ctx, by)); err != nil {
		t.Fatal(err)
	}
	c, err := db.FetchConnection(ctx)
	if err != nil || c.Tenant != "nordvik.example" || !c.HasSecret || !c.Connected || c.ConnectedBy != "Elin" || !c.ConnectedAt.Equal(storagetest.Now) || c.Days != insights.DefaultDays {
		t.Errorf("connection %+v, %v", c, err)
	}
	if s, err := db.FetchSecret(ctx); err != nil || s != "a-client-secret" {
		t.Errorf("secret %q, %v", s, err)
	}
	if token, err := db.RefreshToken(ctx); err != nil || token != "the-refresh-token" {
		t.Errorf("token %q, %v", token, err)
	}
	for _, file := range []string{db.Path(), db.Path() + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("the-refresh-token")) || bytes.Contains(data, []byte("a-client-secret")) {
			t.Errorf("%s holds a secret in the open", file)
		}
	}

	// The same app keeps what there is; another one does not.
	if err := db.SaveFetchConnection(ctx, by, insights.Registration{Tenant: "nordvik.example", ClientID: anApp, Days: 3}); err != nil {
		t.Fatal(err)
	}
	if c, err := db.FetchConnection(ctx); err != nil || !c.HasSecret || !c.Connected || c.Days != 3 {
		t.Errorf("the same app again: %+v, %v", c, err)
	}
	none := ""
	if err := db.SaveFetchConnection(ctx, by, insights.Registration{Tenant: aTenant, ClientID: anApp, Secret: &none}); err != nil {
		t.Fatal(err)
	}
	if c, err := db.FetchConnection(ctx); err != nil || c.HasSecret || c.Connected || c.ConnectedBy != "" {
		t.Errorf("another tenant: %+v, %v", c, err)
	}
	if err := errors.Join(db.SaveRefreshToken(ctx, "another"), db.NoteFetchConnected(ctx, by), db.DisconnectFetching(ctx, by)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.RefreshToken(ctx); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("after disconnecting: %v", err)
	}
}

// TestFetches: one row for a dataset and period, however often it is begun, and
// none that runs for ever.
func TestFetches(t *testing.T) {
	db := storagetest.Open(t)
	ctx := t.Context()
	begin := func(dataset, period string, minute int) insights.Fetch {
		t.Helper()
		f, err := db.BeginFetch(ctx, insights.Fetch{Dataset: dataset, Period: period, Month: "2026-11", StartedAt: storagetest.Now.Add(time.Duration(minute) * time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	end := func(f insights.Fetch, state insights.State, content string) {
		t.Helper()
		f.State, f.Content, f.Note, f.EndedAt = state, content, insights.NewNotice("fetch.note.given_up", 10), f.StartedAt.Add(time.Minute)
		if err := db.EndFetch(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.LastContent(ctx, "CLASA"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("content before any file: %v", err)
	}
	a := begin("CLASA", "2026-11-25", 0)
	if again := begin("CLASA", "2026-11-25", 1); again.ID != a.ID {
		t.Errorf("the same period has rows %d and %d", a.ID, again.ID)
	}
	end(a, insights.Imported, "one")
	begin("CLASB", "2026-11-25", 2) // and the daemon stops
	end(begin("CLASA", "2026-11-26", 1440), insights.Unchanged, "one")
	end(begin("CLASA", "2026-11-27", 2880), insights.Failed, "two")
	if content, err := db.LastContent(ctx, "CLASA"); err != nil || content != "one" {
		t.Errorf("last content %q, %v; a failed fetch does not count", content, err)
	}
	latest, err := db.LatestFetches(ctx)
	if err != nil || len(latest) != 2 || latest[0].Period != "2026-11-27" || latest[1].State != insights.Failed || latest[1].Note.Code != "error.insights.stopped" {
		t.Errorf("latest %+v, %v", latest, err)
	}
	if latest[0].Sentence != "Nothing new in 10 days since the 25th: it is not looked for again before the next 25th. See in Partner Center whether the report was made, then use Fetch now." {
		t.Errorf("sentence %q", latest[0].Sentence)
	}
	all, err := db.FetchesOf(ctx, "2026-11")
	if err != nil || len(all) != 4 {
		t.Errorf("%d fetches of the month, %v", len(all), err)
	}
	if newest, err := db.Fetches(ctx, 2); err != nil || len(newest) != 2 || newest[0].Period != "2026-11-27" {
		t.Errorf("newest %+v, %v", newest, err)
	}
	if err := db.EndFetch(ctx, insights.Fetch{ID: 99, State: insights.Failed}); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("ending a fetch that is none: %v", err)
	}
}

// TestFetchedFiles: a file is in use while a current snapshot was made of it.
func TestFetchedFiles(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, `
		INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
			(1, 'azure', '2026-10', 1, 0, 'a.csv', 'one', '[]', 1, 0, 0, 0, 0), (2, 'azure', '2026-10', 2, 1, 'b.csv', 'two', '[]', 1, 0, 0, 0, 0);
		INSERT INTO fetches (dataset, period, month, state, sha256, file, started_at) VALUES
			('A', '1', '2026-10', 'imported', 'one', 'a.csv', 1), ('A', '2', '2026-10', 'imported', 'two', 'b.csv', 2), ('A', '3', '2026-10', 'unchanged', 'two', '', 3);`)
	if used, err := db.FetchedInUse(t.Context()); err != nil || len(used) != 1 || !used["b.csv"] {
		t.Errorf("in use %v, %v; want b.csv", used, err)
	}
	if err := db.ForgetFetched(t.Context(), []string{"a.csv", "none.csv"}); err != nil {
		t.Fatal(err)
	}
	list, err := db.Fetches(t.Context(), 9)
	if err != nil || len(list) != 3 || list[2].File != "" || list[1].File != "b.csv" {
		t.Errorf("%+v, %v", list, err)
	}
}
