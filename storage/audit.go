package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"actnow"
)

// Activities returns up to limit rows of the audit trail, the newest first.
func (db *DB) Activities(ctx context.Context, f actnow.ActivityFilter, limit int) ([]actnow.Activity, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(clause string, arg any) { where, args = append(where, clause), append(args, arg) }
	if f.User != 0 {
		add("user_id = ?", f.User)
	}
	if f.Object != "" {
		add("object = ?", f.Object)
	}
	if f.Noun != "" {
		// "noun:…" is what it was done to, "noun.…" what was done.
		where = append(where, "(object >= ? AND object < ? OR action >= ? AND action < ?)")
		args = append(args, f.Noun+":", f.Noun+";", f.Noun+".", f.Noun+"/")
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From.Unix())
	}
	if !f.Until.IsZero() {
		add("at < ?", f.Until.Unix())
	}
	if f.Below > 0 {
		add("id < ?", f.Below)
	}
	rows, err := db.readers.QueryContext(ctx, `SELECT id, at, user_id, actor, action, object, detail, request_id FROM audit
		WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list activity: %w", err)
	}
	defer rows.Close()
	var list []actnow.Activity
	for rows.Next() {
		var a actnow.Activity
		var at int64
		var user sql.NullInt64
		if err := rows.Scan(&a.ID, &at, &user, &a.Actor.Name, &a.Action, &a.Object, &a.Detail, &a.Actor.RequestID); err != nil {
			return nil, fmt.Errorf("list activity: %w", err)
		}
		a.At, a.Actor.User = time.Unix(at, 0).UTC(), actnow.UserID(user.Int64)
		list = append(list, a)
	}
	return list, rows.Err()
}
