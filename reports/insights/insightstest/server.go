// Package insightstest is an imitation of Microsoft's sign-in and of its Partner
// Insights API, for tests. It was made from public documentation and public
// clients; nothing of it was compared with the real thing. It knows the faults
// that those sources tell of, each as a switch, so that a test can say what
// happens when one comes.
package insightstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// The app registration that the imitation knows.
const (
	Tenant   = "11111111-2222-3333-4444-555555555555"
	ClientID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
)

// Faults are the switches. The zero value is a service without faults that
// finishes a report before the first look.
type Faults struct {
	// The sign-in.
	Secret      string // the client secret that must come along; "" is a public client
	Refuse      string // the AADSTS code with which every token is refused, such as AADSTS50076 for MFA
	Down        int    // how many answers of the sign-in are 503
	Decline     bool   // the person says no
	DevicePolls int    // how often a device code is asked for before the person has typed it
	NoRefresh   bool   // no refresh token is given
	Life        int    // seconds of an access token; 0 is 3599

	// The account.
	NoRole     bool // 403
	NoAccess   bool // 401 whatever the token
	Redacted   bool // dataRedacted, with blank revenue
	NoDatasets bool // nothing of CloudAscent, as for a CSP account

	// The API.
	Statuses   []int  // that the next requests are answered with
	RetryAfter string // beside them
	Within     bool   // the status stands in an answer that is 200 itself
	Proxy      bool   // a page of HTML in place of JSON
	Lose       int    // how many requests are worked but get no answer
	UpperCase  bool   // Value in place of value
	Polls      int    // looks at an execution before it is Completed
	Never      bool   // it never is

	// The files.
	Gzip     bool
	Expired  int  // how many links expire before they are used
	Drops    int  // how many downloads break off in the middle
	Stalls   int  // how many downloads stand still in the middle
	NoRange  bool // a download cannot go on in the middle
	Broken   bool // the gzip stream is cut short although its length is right
	NoHeader bool // the file is empty
	Empty    bool // the file holds a header only
}

// Server imitates the service. API and Login are what a client is given.
type Server struct {
	API, Login string

	now      func() time.Time
	download string // base of the host with the files

	mu       sync.Mutex
	f        Faults
	serial   int
	codes    map[string]grant  // of sign-ins by browser
	devices  map[string]int    // looks so far
	refresh  map[string]bool   // tokens that hold
	access   map[string]int64  // until when
	queries  map[string]*query // by id
	reports  map[string]*report
	links    map[string]*link
	files    map[string][]byte
	datasets []dataset
	requests []string // method and path, in their order
	leaks    []string // secrets that came where they must not
}

// grant is a code that was given to a browser.
type grant struct{ challenge, redirect string }

// New starts the imitation with a clock of the test's, or time.Now if it is nil.
func New(t testing.TB, now func() time.Time) *Server {
	t.Helper()
	if now == nil {
		now = time.Now
	}
	s := &Server{now: now, codes: map[string]grant{}, devices: map[string]int{}, refresh: map[string]bool{}, access: map[string]int64{},
		queries: map[string]*query{}, reports: map[string]*report{}, links: map[string]*link{}, files: map[string][]byte{}, datasets: datasets()}
	login := http.NewServeMux()
	login.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.deviceCode)
	api := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) answer{
		"GET /ScheduledDataset":                   s.listDatasets,
		"GET /ScheduledQueries":                   s.listQueries,
		"POST /ScheduledQueries":                  s.createQuery,
		"DELETE /ScheduledQueries/{id}":           s.deleteQuery,
		"GET /ScheduledReport":                    s.listReports,
		"POST /ScheduledReport":                   s.createReport,
		"DELETE /ScheduledReport/{id}":            s.deleteReport,
		"GET /ScheduledReport/execution/{report}": s.executions,
	} {
		api.HandleFunc(pattern, s.guarded(handle))
	}
	files := http.NewServeMux()
	files.HandleFunc("GET /blob/{link}", s.file)
	s.Login = serve(t, login)
	s.API = serve(t, http.StripPrefix("/insights/v1/mpn", api)) + "/insights/v1/mpn"
	s.download = serve(t, files)
	return s
}

func serve(t testing.TB, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL
}

// Set changes the switches.
func (s *Server) Set(change func(f *Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.f)
}

// Consent returns a refresh token as a sign-in leaves it.
func (s *Server) Consent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newRefresh()
}

// Revoke ends every consent and every token.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refresh)
	clear(s.access)
}

// EndTokens ends the access tokens, not the consent.
func (s *Server) EndTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// SetFile gives a dataset the content of its next files.
func (s *Server) SetFile(dataset string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[dataset] = content
}

// AddColumn gives a dataset another column.
func (s *Server) AddColumn(name, column string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dataset(name)
	d.Columns = append(d.Columns, column)
}

// SetColumns gives a dataset these columns in place of its own.
func (s *Server) SetColumns(name string, columns []Column) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dataset(name)
	d.Columns, d.given = nil, map[string]Column{}
	for _, c := range columns {
		d.Columns = append(d.Columns, c.name())
		d.given[c.name()] = c
	}
}

// dataset returns the dataset of a name, which there must be; the caller holds the
// lock.
func (s *Server) dataset(name string) *dataset {
	return &s.datasets[slices.IndexFunc(s.datasets, func(d dataset) bool { return d.Name == name })]
}

// Requests returns the requests to the API so far, "GET /ScheduledDataset", in
// their order, and forgets them.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.requests
	s.requests = nil
	return list
}

// Leaks returns the secrets that came where they must not: an Authorization
// header at the host of the files.
func (s *Server) Leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.leaks...)
}

// Reports returns how many reports there are that nobody deleted.
func (s *Server) Reports() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reports)
}

// id returns a new id; the caller holds the lock.
func (s *Server) id(kind string) string {
	s.serial++
	return fmt.Sprintf("%s-%04d", kind, s.serial)
}
