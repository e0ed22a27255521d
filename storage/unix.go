package storage

import (
	"database/sql"
	"time"
)

// unixOrNull binds a time; the zero time is NULL.
func unixOrNull(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.Unix()
}

// timeOrZero reads what unixOrNull has bound.
func timeOrZero(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.Unix(n.Int64, 0).UTC()
}
