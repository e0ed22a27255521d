package storage

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"actnow"
	"actnow/reports"
)

// ColumnMappings returns what people have said of columns of reports, by header.
func (db *DB) ColumnMappings(ctx context.Context) ([]reports.MappedColumn, error) {
	var list []reports.MappedColumn
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT key, header, field, decided_by, decided_at FROM column_mappings ORDER BY key`, nil, func(rows *sql.Rows) error {
			var m reports.MappedColumn
			err := rows.Scan(&m.Key, &m.Header, &m.Field, &m.By, &m.At)
			list = append(list, m)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("column mappings: %w", err)
	}
	return list, nil
}

// MapColumns remembers what columns with these headers mean, for every later
// file. The error matches actnow.ErrInvalid for a header or field that cannot be;
// then nothing is remembered.
func (db *DB) MapColumns(ctx context.Context, by actnow.Actor, fields map[string]string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		for _, header := range slices.Sorted(maps.Keys(fields)) {
			key, field, err := reports.CheckMapped(header, fields[header])
			if err != nil {
				return err
			}
			_, err = tx.Exec(`INSERT INTO column_mappings (key, header, field, decided_by, decided_at) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (key) DO UPDATE SET header = excluded.header, field = excluded.field, decided_by = excluded.decided_by, decided_at = excluded.decided_at`,
				key, header, field, by.Name, db.now().Unix())
			if err != nil {
				return err
			}
			if err := db.audit(tx, by, "column.map", "column:"+key, map[string]any{"header": header, "field": field}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("map columns: %w", err)
	}
	return nil
}

// ForgetColumn forgets what was said of columns with this header, so that they
// are recognised by themselves again. The error matches actnow.ErrNotFound.
func (db *DB) ForgetColumn(ctx context.Context, by actnow.Actor, header string) error {
	key := reports.NormalHeader(header)
	err := db.write(ctx, func(tx *sql.Tx) error {
		if err := touchedOne(tx.Exec(`DELETE FROM column_mappings WHERE key = ?`, key)); err != nil {
			return err
		}
		return db.audit(tx, by, "column.forget", "column:"+key, map[string]any{"header": header})
	})
	if err != nil {
		return fmt.Errorf("forget column %q: %w", key, err)
	}
	return nil
}
