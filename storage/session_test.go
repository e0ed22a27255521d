package storage_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"actnow"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func addUser(t *testing.T, db *storage.DB, email string, role actnow.Role) actnow.User {
	t.Helper()
	u, err := db.AddUser(t.Context(), actnow.System, actnow.User{Email: email, Name: email, Role: role, AllLocations: true, Language: "sv"}, "hash")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUsers(t *testing.T) {
	db := storagetest.Open(t, `INSERT INTO locations (id, global_id, name) VALUES (1, '111', 'Umeå'), (2, '222', '')`)
	ctx := t.Context()
	admin := addUser(t, db, "Elin@Nordvik.example", actnow.RoleAdministrator)
	if _, err := db.AddUser(ctx, actnow.System, actnow.User{Email: "elin@nordvik.EXAMPLE", Role: actnow.RoleMarketer}, ""); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("the same address again: %v", err)
	}
	got, hash, err := db.PasswordOf(ctx, " ELIN@nordvik.example ")
	if err != nil || got.ID != admin.ID || hash != "hash" || got.Email != "elin@nordvik.example" {
		t.Errorf("PasswordOf = %+v, %q, %v", got, hash, err)
	}
	if _, _, err := db.PasswordOf(ctx, "nobody@nordvik.example"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("PasswordOf nobody: %v", err)
	}
	got.Role = actnow.RoleMarketer
	if err := db.SaveUser(ctx, actnow.System, got); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("the last administrator gave up: %v", err)
	}
	if u, err := db.User(ctx, admin.ID); err != nil || u.Role != actnow.RoleAdministrator {
		t.Errorf("the refused change stayed: %+v, %v", u, err)
	}
	jonas := addUser(t, db, "jonas@nordvik.example", actnow.RoleReportViewer)
	jonas.AllLocations, jonas.Locations = false, []actnow.LocationID{2, 99}
	if err := db.SaveUser(ctx, actnow.System, jonas); err != nil {
		t.Fatal(err)
	}
	if u, err := db.User(ctx, jonas.ID); err != nil || len(u.Locations) != 1 || u.Locations[0] != 2 || u.AllLocations {
		t.Errorf("User = %+v, %v", u, err)
	}
	if err := db.SaveUser(ctx, actnow.System, actnow.User{ID: 77, Role: actnow.RoleMarketer}); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("SaveUser 77: %v", err)
	}
	if err := db.SetPassword(ctx, actnow.System, 77, "x", ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("SetPassword 77: %v", err)
	}
	if err := db.SaveProfile(ctx, actnow.System, jonas.ID, "Jonas Åkerlund", "en"); err != nil {
		t.Fatal(err)
	}
	if u, err := db.User(ctx, jonas.ID); err != nil || u.Name != "Jonas Åkerlund" || u.Language != "en" || u.Role != actnow.RoleReportViewer || len(u.Locations) != 1 {
		t.Errorf("User = %+v, %v", u, err)
	}
	if err := db.SaveProfile(ctx, actnow.System, 77, "x", "en"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("SaveProfile 77: %v", err)
	}
	if users, err := db.Users(ctx); err != nil || len(users) != 2 {
		t.Errorf("Users = %+v, %v", users, err)
	}
	if locations, err := db.Locations(ctx); err != nil || len(locations) != 2 || locations[0].Label() != "222" {
		t.Errorf("Locations = %+v, %v", locations, err)
	}
}

func TestSessions(t *testing.T) {
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now })
	ctx := t.Context()
	u := addUser(t, db, "elin@nordvik.example", actnow.RoleAdministrator)
	addUser(t, db, "other@nordvik.example", actnow.RoleAdministrator)
	start := func(hash actnow.SecretHash) {
		t.Helper()
		if err := db.StartSession(ctx, actnow.Actor{User: u.ID, Name: u.Name}, actnow.Session{Hash: hash, User: u.ID, Agent: "test"}, 7*24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	alive := func(hash actnow.SecretHash) bool {
		t.Helper()
		s, who, err := db.SessionOf(ctx, hash, 12*time.Hour)
		if err != nil && !errors.Is(err, actnow.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && s.User == u.ID && who.ID == u.ID
	}
	start("one")
	start("two")
	if !alive("one") || alive("three") {
		t.Fatal("a session is lost, or made up")
	}
	if list, err := db.Sessions(ctx, u.ID, 12*time.Hour); err != nil || len(list) != 2 {
		t.Errorf("Sessions = %+v, %v", list, err)
	}
	now = now.Add(11 * time.Hour)
	alive("one") // notes that it was seen
	now = now.Add(2 * time.Hour)
	if !alive("one") || alive("two") {
		t.Error("idle time counts wrongly")
	}
	if err := db.EndSession(ctx, actnow.System, u.ID+1, "one"); err != nil || !alive("one") {
		t.Errorf("another's session was ended: %v", err)
	}
	if err := db.SetPassword(ctx, actnow.System, u.ID, "new", "one"); err != nil || !alive("one") {
		t.Errorf("the kept session ended: %v", err)
	}
	if err := db.SetPassword(ctx, actnow.System, u.ID, "newer", ""); err != nil || alive("one") {
		t.Errorf("a session outlived the password: %v", err)
	}
	start("four")
	u.Disabled = true
	if err := db.SaveUser(ctx, actnow.System, u); err != nil || alive("four") {
		t.Errorf("a session outlived its user: %v", err)
	}
}

func TestLinks(t *testing.T) {
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now })
	ctx := t.Context()
	offer := func(l actnow.Link) error {
		l.ExpiresAt = now.Add(time.Hour)
		return db.OfferLink(ctx, actnow.System, l)
	}
	if err := offer(actnow.Link{Hash: "s1", Kind: actnow.LinkSetup}); err != nil {
		t.Fatal(err)
	}
	if err := offer(actnow.Link{Hash: "s2", Kind: actnow.LinkSetup}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.LinkOf(ctx, "s1"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("an older link still works: %v", err)
	}
	admin, err := db.UseLink(ctx, "s2", actnow.User{Email: "E@x.example", Name: "Elin", Role: actnow.RoleReportViewer}, "hash", "req")
	if err != nil || admin.Role != actnow.RoleAdministrator || !admin.AllLocations {
		t.Fatalf("set-up = %+v, %v", admin, err)
	}
	if _, err := db.UseLink(ctx, "s2", actnow.User{Email: "m@x.example"}, "hash", ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a link worked twice: %v", err)
	}
	if err := offer(actnow.Link{Hash: "s3", Kind: actnow.LinkSetup}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.UseLink(ctx, "s3", actnow.User{Email: "m@x.example"}, "hash", ""); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("set-up worked twice: %v", err)
	}
	if l, err := db.LinkOf(ctx, "s3"); err != nil || l.Kind != actnow.LinkSetup {
		t.Errorf("the refused use was counted: %+v, %v", l, err)
	}
	if err := offer(actnow.Link{Hash: "i1", Kind: actnow.LinkInvite, User: actnow.User{Email: "e@X.example"}}); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("invited who is there: %v", err)
	}
	if err := offer(actnow.Link{Hash: "i2", Kind: actnow.LinkInvite, User: actnow.User{Email: "j@x.example", Role: actnow.RoleSteward}}); err != nil {
		t.Fatal(err)
	}
	// The link says who comes, not the one who comes.
	u, err := db.UseLink(ctx, "i2", actnow.User{Email: "evil@x.example", Name: "Jonas", Role: actnow.RoleAdministrator, AllLocations: true, Language: "sv"}, "hash2", "")
	if err != nil || u.Email != "j@x.example" || u.Role != actnow.RoleSteward || u.AllLocations || u.Name != "Jonas" {
		t.Fatalf("invited = %+v, %v", u, err)
	}
	if err := offer(actnow.Link{Hash: "r1", Kind: actnow.LinkReset, User: u}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if _, err := db.UseLink(ctx, "r1", actnow.User{}, "hash3", ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a link worked after its time: %v", err)
	}
	if err := offer(actnow.Link{Hash: "d1", Kind: actnow.LinkDemo, User: u}); err != nil {
		t.Fatal(err)
	}
	u.Disabled = true
	if err := db.SaveUser(ctx, actnow.System, u); err != nil {
		t.Fatal(err)
	}
	if _, err := db.UseLink(ctx, "d1", actnow.User{}, "", ""); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a link let in who is shut out: %v", err)
	}
}

func TestTokens(t *testing.T) {
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now })
	ctx := t.Context()
	u := addUser(t, db, "elin@nordvik.example", actnow.RoleAdministrator)
	tok, err := db.CreateToken(ctx, actnow.System, "hash-a", actnow.Token{User: u.ID, Name: "nightly", Prefix: "an_abc", Role: actnow.RoleSteward, ExpiresAt: now.Add(24 * time.Hour)})
	if err != nil || tok.ID == 0 {
		t.Fatal(tok, err)
	}
	got, who, err := db.TokenOf(ctx, "hash-a")
	if err != nil || got.Role != actnow.RoleSteward || who.ID != u.ID || !got.ExpiresAt.Equal(now.Add(24*time.Hour)) {
		t.Errorf("TokenOf = %+v, %+v, %v", got, who, err)
	}
	if list, err := db.Tokens(ctx, u.ID); err != nil || len(list) != 1 || !list[0].UsedAt.Equal(now) {
		t.Errorf("Tokens = %+v, %v", list, err)
	}
	if err := db.RevokeToken(ctx, actnow.System, u.ID+1, tok.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := db.TokenOf(ctx, "hash-a"); err != nil {
		t.Errorf("another's token was revoked: %v", err)
	}
	now = now.Add(24 * time.Hour)
	if _, _, err := db.TokenOf(ctx, "hash-a"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("an expired token works: %v", err)
	}
	if _, err := db.CreateToken(ctx, actnow.System, "hash-b", actnow.Token{User: u.ID, Role: actnow.RoleSteward}); err != nil {
		t.Fatal(err)
	}
	if err := db.RevokeToken(ctx, actnow.System, u.ID, 2); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.TokenOf(ctx, "hash-b"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("a revoked token works: %v", err)
	}
}

func TestTriesToSignIn(t *testing.T) {
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now })
	wait := func(key string, failures int) time.Duration {
		if key == "account:a" && failures >= 2 {
			return time.Duration(failures) * time.Second
		}
		return 0
	}
	try := func(want time.Duration) {
		t.Helper()
		got, err := db.TrySignin(t.Context(), []string{"account:a", "address:b"}, wait)
		if err != nil || got != want {
			t.Fatalf("TrySignin = %v, %v; want %v", got, err, want)
		}
	}
	try(0)
	try(0)
	try(2 * time.Second)
	try(2 * time.Second) // was not counted
	now = now.Add(2 * time.Second)
	try(0)
	try(3 * time.Second)
	if err := db.ForgetSignin(t.Context(), "account:a", "address:b"); err != nil {
		t.Fatal(err)
	}
	try(0)
	try(0)
	now = now.Add(25 * time.Hour) // a day forgets
	try(0)
	try(0)
}

func TestActivities(t *testing.T) {
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now })
	ctx := t.Context()
	u := addUser(t, db, "elin@nordvik.example", actnow.RoleAdministrator)
	now = now.Add(24 * time.Hour)
	if _, err := db.CreateToken(ctx, actnow.Actor{User: u.ID, Name: "Elin", RequestID: "req-1"}, "h", actnow.Token{User: u.ID, Name: "x", Role: u.Role}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		filter actnow.ActivityFilter
		limit  int
		want   []string
	}{
		{"all, newest first", actnow.ActivityFilter{}, 10, []string{"token.create", "user.create"}},
		{"limit", actnow.ActivityFilter{}, 1, []string{"token.create"}},
		{"below", actnow.ActivityFilter{Below: 2}, 10, []string{"user.create"}},
		{"noun", actnow.ActivityFilter{Noun: "token"}, 10, []string{"token.create"}},
		{"noun is not a prefix", actnow.ActivityFilter{Noun: "tok"}, 10, nil},
		{"object", actnow.ActivityFilter{Object: "user:1"}, 10, []string{"user.create"}},
		{"user", actnow.ActivityFilter{User: u.ID}, 10, []string{"token.create"}},
		{"from", actnow.ActivityFilter{From: now}, 10, []string{"token.create"}},
		{"until", actnow.ActivityFilter{Until: now}, 10, []string{"user.create"}},
	} {
		list, err := db.Activities(ctx, tt.filter, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range list {
			got = append(got, a.Action)
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	}
	list, err := db.Activities(ctx, actnow.ActivityFilter{Noun: "token"}, 1)
	if err != nil || list[0].Actor != (actnow.Actor{User: u.ID, Name: "Elin", RequestID: "req-1"}) || !list[0].At.Equal(now) {
		t.Errorf("activity = %+v, %v", list, err)
	}
}
