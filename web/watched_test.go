package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
	"actnow/web"
)

// Watched says that no folder is watched.
func (d *doings) Watched() reports.WatchStatus { return reports.WatchStatus{} }

func TestWatchedFolder(t *testing.T) {
	s, d := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	if page := b.want(b.get("/reports"), http.StatusOK); strings.Contains(page.body, "Watched folder") {
		t.Error("no folder is watched, and the page shows one")
	}
	problem := reports.NewNotice("watch.unreadable", "/in", "permission denied")
	d.watched = reports.WatchStatus{Dir: "/srv/<reports>", LookedAt: storagetest.Now, Waiting: []string{"m365.csv"}, Problem: &problem}
	for _, w := range []reports.Watched{
		{Name: "azure.csv", State: reports.WatchedDone, Moved: true, At: storagetest.Now, Modified: storagetest.Now, Sentences: []reports.Notice{reports.NewNotice("watch.again", "Azure", "2026-11", 1)}},
		{Name: "milk.csv", State: reports.WatchedFailed, Moved: true, At: storagetest.Now.Add(time.Minute), Modified: storagetest.Now, Sentences: []reports.Notice{reports.NewNotice("error.report.none")}},
		{Name: "stuck.csv", State: reports.WatchedDone, At: storagetest.Now.Add(time.Minute), Modified: storagetest.Now, Sentences: []reports.Notice{reports.NewNotice("watch.stuck", "done", "read-only")}},
	} {
		if err := s.db.KeepWatched(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	b.says(b.want(b.get("/reports"), http.StatusOK), "Watched folder", "/srv/&lt;reports&gt;", "m365.csv", "cannot be read: permission denied",
		"nothing changed", "no report that Act Now knows", "not moved", "could not be moved to the folder done")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/reports"), http.StatusOK), "Bevakad mapp", "ingenting ändrades", "inte flyttad", "kan inte läsas: permission denied")
	b.header.Del("Cookie")
	viewer := s.as(t, actnow.RoleReportViewer)
	if page := viewer.want(viewer.get("/reports"), http.StatusOK); strings.Contains(page.body, "milk.csv") {
		t.Error("a viewer sees the watched folder")
	}

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleSteward}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.get("/api/v1/reports/watched?limit=2"), http.StatusOK), `"waiting":["m365.csv"]`, `"name":"stuck.csv","state":"done","moved":false`, `"name":"milk.csv"`)
}
