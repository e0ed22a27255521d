package insightstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// answer is the envelope of an answer with its status.
type answer struct {
	status  int
	value   any
	message string
}

func refused(status int, message string, args ...any) answer {
	return answer{status: status, message: fmt.Sprintf(message, args...)}
}

// guarded is a handler behind the token and the role, with the faults that
// concern every request.
func (s *Server) guarded(handle func(*http.Request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		until, known := s.access[token]
		var a answer
		switch {
		case s.f.NoAccess || !known || until <= s.now().Unix():
			a = refused(http.StatusUnauthorized, "Access token is missing or invalid")
		case s.f.Proxy:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html><body>Sign in to the network</body></html>")
			return
		case s.f.NoRole:
			a = refused(http.StatusForbidden, "User is not authorized to access this resource")
		case len(s.f.Statuses) > 0:
			a = refused(s.f.Statuses[0], "Try again later")
			s.f.Statuses = s.f.Statuses[1:]
			if s.f.RetryAfter != "" {
				w.Header().Set("Retry-After", s.f.RetryAfter)
			}
		default:
			a = handle(r)
			if s.f.Lose > 0 {
				s.f.Lose--
				panic(http.ErrAbortHandler) // worked, but nobody hears of it
			}
		}
		s.send(w, a)
	}
}

func (s *Server) send(w http.ResponseWriter, a answer) {
	if a.value == nil {
		a.value = []any{}
	}
	key := "value"
	if s.f.UpperCase {
		key = "Value"
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if !s.f.Within {
		w.WriteHeader(a.status)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{key: a.value, "nextLink": nil, "totalCount": 0, "message": a.message,
		"statusCode": a.status, "dataRedacted": s.f.Redacted}) // a client that left needs no answer
}

func (s *Server) listDatasets(*http.Request) answer {
	list := s.datasets
	if s.f.NoDatasets {
		list = []dataset{list[len(list)-1]}
	}
	return answer{status: http.StatusOK, value: list}
}

type query struct {
	ID       string  `json:"queryId"`
	Name     string  `json:"name"`
	Query    string  `json:"query"`
	Type     string  `json:"type"`
	Modified *string `json:"modifiedTime"`

	dataset string
	columns []string
}

var selectFrom = regexp.MustCompile(`(?i)^SELECT (?:DISTINCT )?(.+) FROM (\S+)(?: TIMESPAN (\S+))?$`)

func (s *Server) createQuery(r *http.Request) answer {
	var body struct{ Name, Description, Query string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Name == "" || body.Query == "" {
		return refused(http.StatusBadRequest, "Value for Name or Query is missing or null")
	}
	parts := selectFrom.FindStringSubmatch(body.Query)
	if parts == nil {
		return refused(http.StatusBadRequest, "The query cannot be read")
	}
	at := slices.IndexFunc(s.datasets, func(d dataset) bool { return strings.EqualFold(d.Name, parts[2]) })
	if at < 0 {
		return refused(http.StatusBadRequest, "Invalid table name: %s", parts[2])
	}
	d := s.datasets[at]
	columns := strings.Split(parts[1], ",")
	for i, column := range columns {
		columns[i] = strings.TrimSpace(column)
		if !slices.Contains(d.Columns, columns[i]) {
			return refused(http.StatusBadRequest, "Wrong column name: %s", column)
		}
	}
	if parts[3] != "" && !slices.Contains(d.Ranges, strings.ToUpper(parts[3])) {
		return refused(http.StatusBadRequest, "Requested value '%s' was not found.", parts[3])
	}
	q := &query{ID: s.id("query"), Name: body.Name, Query: body.Query, Type: "userDefined", dataset: d.Name, columns: columns}
	s.queries[q.ID] = q
	return answer{status: http.StatusOK, value: []*query{q}}
}

func (s *Server) listQueries(r *http.Request) answer {
	list := []*query{{ID: "9a18bd70-8f90-4bd2-8266-5f6e453e3ee7", Name: "CLASAzure", Query: "SELECT MPNID FROM CLASAzurePropensity", Type: "system"}}
	for _, q := range s.queries {
		if name := r.FormValue("queryName"); name == "" || q.Name == name {
			list = append(list, q)
		}
	}
	return answer{status: http.StatusOK, value: list}
}

func (s *Server) deleteQuery(r *http.Request) answer {
	if s.queries[r.PathValue("id")] == nil {
		return refused(http.StatusNotFound, "Query not found")
	}
	delete(s.queries, r.PathValue("id"))
	return answer{status: http.StatusOK}
}

type report struct {
	ID     string `json:"reportId"`
	Name   string `json:"reportName"`
	Status string `json:"reportStatus"`

	query  *query
	format string
	looks  int
}

func (s *Server) createReport(r *http.Request) answer {
	var body struct {
		ReportName, Description, QueryID, StartTime, Format string
		ExecuteNow                                          bool
		RecurrenceInterval                                  int
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.ReportName == "" || body.QueryID == "" || body.StartTime == "" {
		return refused(http.StatusBadRequest, "Value for ReportName, QueryId or StartTime is missing or null")
	}
	start, err := time.Parse(time.RFC3339, body.StartTime)
	switch {
	case s.queries[body.QueryID] == nil:
		return refused(http.StatusBadRequest, "Invalid QueryId")
	case body.Format != "" && body.Format != "CSV" && body.Format != "TSV":
		return refused(http.StatusBadRequest, "Requested value '%s' was not found.", body.Format)
	case !body.ExecuteNow && (err != nil || start.Before(s.now().Add(4*time.Hour))):
		return refused(http.StatusBadRequest, "Start time must be at least 4 hours from the current time")
	case !body.ExecuteNow && (body.RecurrenceInterval < 4 || body.RecurrenceInterval > 2160):
		return refused(http.StatusBadRequest, "RecurrenceInterval must be between 4 and 2160")
	}
	made := &report{ID: s.id("report"), Name: body.ReportName, Status: "Active", query: s.queries[body.QueryID], format: body.Format}
	s.reports[made.ID] = made
	return answer{status: http.StatusOK, value: []*report{made}}
}

func (s *Server) listReports(r *http.Request) answer {
	var list []*report
	for _, have := range s.reports {
		name, query := r.FormValue("reportName"), r.FormValue("queryId")
		if (name == "" || have.Name == name) && (query == "" || have.query.ID == query) {
			list = append(list, have)
		}
	}
	if len(list) == 0 {
		return refused(http.StatusNotFound, "Report not found")
	}
	return answer{status: http.StatusOK, value: list}
}

func (s *Server) deleteReport(r *http.Request) answer {
	if s.reports[r.PathValue("id")] == nil {
		return refused(http.StatusNotFound, "Report not found")
	}
	delete(s.reports, r.PathValue("id"))
	return answer{status: http.StatusOK}
}

type execution struct {
	ID        string  `json:"executionId"`
	Report    string  `json:"reportId"`
	Status    string  `json:"executionStatus"`
	Link      string  `json:"reportAccessSecureLink"`
	Expires   *string `json:"reportExpiryTime"`
	Generated *string `json:"reportGeneratedTime"`
}

// executions answers for the latest execution of a report; one in a state that
// was not asked for is answered by 404.
func (s *Server) executions(r *http.Request) answer {
	have := s.reports[r.PathValue("report")]
	if have == nil {
		return refused(http.StatusNotFound, "Report not found")
	}
	e := execution{ID: "execution-of-" + have.ID, Report: have.ID, Status: "Completed"}
	switch {
	case have.looks == 0 && s.f.Polls > 0:
		e.Status = "Pending"
	case have.looks < s.f.Polls || s.f.Never:
		e.Status = "Running"
	}
	have.looks++
	asked := r.FormValue("executionStatus")
	if asked == "" {
		asked = "Completed"
	}
	if !slices.Contains(strings.Split(asked, ";"), e.Status) {
		return refused(http.StatusNotFound, "Execution not found")
	}
	if e.Status == "Completed" {
		e.Link = s.newLink(have)
	}
	return answer{status: http.StatusOK, value: []execution{e}}
}
