package storage

import (
	"encoding/json"

	"actnow"
)

// clause is a piece of SQL with the values bound in it.
type clause struct {
	sql  string
	args []any
}

// inScope returns the condition that the customer, by the SQL of its id, belongs
// to one of the scope's locations.
func inScope(s actnow.Scope, customer string) clause {
	if s.AllLocations {
		return clause{sql: "1 = 1"}
	}
	return clause{
		sql:  customer + ` IN (SELECT customer_id FROM customer_locations WHERE location_id IN (SELECT value FROM ` + jsonEach + `))`,
		args: []any{idList(s.Locations)},
	}
}

// idList is ids as the JSON array that jsonEach takes.
func idList[T ~int64](ids []T) string {
	if ids == nil {
		return "[]"
	}
	b, _ := json.Marshal(ids)
	return string(b)
}

// where joins conditions with AND.
type where struct {
	sql  string
	args []any
}

func (w *where) and(sql string, args ...any) {
	if w.sql != "" {
		w.sql += "\n\t\tAND "
	}
	w.sql += sql
	w.args = append(w.args, args...)
}

func (w *where) andClause(c clause) { w.and(c.sql, c.args...) }
