package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"actnow"
)

// route is one route of the private listener with the right it needs. Pages of
// one noun return theirs from a method of their own, listed in allRoutes.
type route struct {
	method, path string
	right        actnow.Right // "": signing in is enough
	open         bool         // no sign-in needed
	nav          string       // the entry of the rail it belongs to: "home", "customers", …
	maxBody      int64        // bytes; 0 is 1 MiB
	handle       echo.HandlerFunc
}

// api reports whether the route belongs to the API: it wants a bearer token and
// answers in JSON.
func (r route) api() bool { return isAPI(r.path) }

// allRoutes lists every route of the private listener.
func (s *Server) allRoutes() []route {
	return slices.Concat(
		s.frameRoutes(),
		s.homeRoutes(),
		s.customerRoutes(),
		s.gridRoutes(),
		s.matchRoutes(),
		s.matchAPIRoutes(),
		s.patternAPIRoutes(),
		s.calibrationAPIRoutes(),
		s.cohortRoutes(),
		s.columnRoutes(),
		s.cohortAPIRoutes(),
		s.campaignRoutes(),
		s.campaignAPIRoutes(),
		s.packRoutes(),
		s.deliveryRoutes(),
		s.mailboxRoutes(),
		s.accessRoutes(),
		s.activityRoutes(),
		s.jobRoutes(), s.cancelRoutes(),
		s.reportRoutes(),
		s.downloadRoutes(),
		s.downloadAPIRoutes(),
		s.lookRoutes(),
		s.snapshotRoutes(),
		s.flowRoutes(),
		s.disagreementRoutes(),
		s.mappingRoutes(),
		s.undoRoutes(),
		s.watchRoutes(),
		s.settingRoutes(),
		s.connectionRoutes(),
		s.fetchingRoutes(),
		s.fetchingAPIRoutes(),
		s.inboxRoutes(),
		s.suppressionRoutes(),
		s.scheduleRoutes(),
		s.scoringRoutes(),
		s.holdOutRoutes(),
		s.matrixAPIRoutes(),
		s.modelRoutes(),
		s.modelAPIRoutes(),
		s.reportAPIRoutes(),
		s.apiRoutes(),
		s.healthRoutes(),
	)
}

// frameRoutes are what every page needs: assets, language, theme, scope.
func (s *Server) frameRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/static/:hash/*", open: true, handle: s.assets.serve},
		{method: http.MethodGet, path: "/favicon.ico", open: true, handle: s.favicon},
		{method: http.MethodPost, path: "/language", open: true, handle: s.setLanguage},
		{method: http.MethodPost, path: "/theme", open: true, handle: s.setTheme},
		{method: http.MethodPost, path: "/scope", handle: s.setScope},
		{method: http.MethodGet, path: "/find", handle: s.find},
		{method: http.MethodGet, path: "/keys", handle: s.showKeys},
		{method: http.MethodPost, path: "/keys", handle: s.setKeys},
	}
}

// railGroup is a part of the rail; a line parts it from the next.
type railGroup []railItem

type railItem struct {
	Key, Path, Icon, Name string
	Current               bool
	Count                 string // shown only when a person is waited for
	Due                   bool
	CountNote             string // for the ear: " to review"
}

// entries are the nouns in the order of the month's work.
var entries = [][]railItem{
	{
		{Key: "home", Path: "/", Icon: "house"},
		{Key: "reports", Path: "/reports", Icon: "file-spreadsheet"},
		{Key: "customers", Path: "/customers", Icon: "building-2"},
		{Key: "matches", Path: "/matches", Icon: "git-compare"},
		{Key: "cohorts", Path: "/cohorts", Icon: "filter"},
		{Key: "campaigns", Path: "/campaigns", Icon: "megaphone"},
	},
	{
		{Key: "deliveries", Path: "/deliveries", Icon: "send"},
		{Key: "mailbox", Path: "/mailbox", Icon: "inbox"},
		{Key: "activity", Path: "/activity", Icon: "history"},
		{Key: "settings", Path: "/settings", Icon: "settings"},
	},
}

// rail returns the entries that lead to a page this person may open.
func (s *Server) rail(role actnow.Role, nav string, text *Text) []railGroup {
	var groups []railGroup
	for _, g := range entries {
		var group railGroup
		for _, item := range g {
			if item.Key == "mailbox" && !s.cfg.Demo || !s.mayOpen(role, item.Path) {
				continue
			}
			item.Name = text.T("nav." + item.Key)
			item.Current = item.Key == nav
			group = append(group, item)
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// mayOpen reports whether there is a page at path and the role may open it.
func (s *Server) mayOpen(role actnow.Role, path string) bool {
	for _, r := range s.routes {
		if r.method == http.MethodGet && r.path == path {
			return r.right == "" || role.May(r.right)
		}
	}
	return false
}
