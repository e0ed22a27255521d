package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"actnow"
	"actnow/reports"
)

// OpenReport returns the rows of the current snapshot of the newest month of a
// report, within the scope: the headers that want names, all if it names none,
// of the customers that the filter chooses, all if it is "". Columns of money
// are left out without Scope.Revenue. The error matches actnow.ErrForbidden
// without Scope.Export, actnow.ErrNotFound if the report never came, and
// actnow.ErrInvalid for a header that is none or a filter that cannot be read.
func (db *DB) OpenReport(ctx context.Context, scope actnow.Scope, kind reports.Kind, want []string, filter string) (reports.Sheet, error) {
	if !scope.Export {
		return reports.Sheet{}, fmt.Errorf("write report %s: %w", kind, actnow.ErrForbidden)
	}
	var out reports.Sheet
	var snapshot actnow.SnapshotID
	var places []int
	err := db.read(ctx, func(tx *sql.Tx) error {
		var columns string
		err := tx.QueryRow(`SELECT id, columns FROM snapshots WHERE report = ? AND current = 1 ORDER BY month DESC LIMIT 1`, string(kind)).Scan(&snapshot, &columns)
		if err != nil {
			return noRows(err)
		}
		var heads []reports.Column
		if err := json.Unmarshal([]byte(columns), &heads); err != nil {
			return err
		}
		out.Headers, places, err = chooseColumns(heads, want, scope)
		if err != nil {
			return err
		}
		_, err = db.filterQuery(tx, scope, filter, 0) // so that a filter is refused before the file is begun
		return err
	})
	if err != nil {
		return reports.Sheet{}, fmt.Errorf("write report %s: %w", kind, err)
	}
	out.Rows = func(yield func([]string, error) bool) {
		err := db.read(ctx, func(tx *sql.Tx) error {
			chosen, err := db.filterQuery(tx, scope, filter, 0)
			if err != nil {
				return err
			}
			in := inScope(scope, "c.id")
			args := append([]any{snapshot}, append(in.args, chosen.args...)...)
			return each(tx, `SELECT r.cells FROM snapshot_rows r JOIN customers c ON c.id = r.customer_id
				WHERE r.snapshot_id = ? AND `+in.sql+` AND `+chosen.sql+` ORDER BY r.line`, args,
				func(rows *sql.Rows) error {
					var text string
					var cells []string
					if err := rows.Scan(&text); err != nil {
						return err
					}
					if err := json.Unmarshal([]byte(text), &cells); err != nil {
						return err
					}
					row := make([]string, len(places))
					for i, p := range places {
						if p < len(cells) {
							row[i] = cells[p]
						}
					}
					if !yield(row, nil) {
						return errUndo
					}
					return nil
				})
		})
		if err != nil && err != errUndo {
			yield(nil, err)
		}
	}
	return out, nil
}

func chooseColumns(heads []reports.Column, want []string, scope actnow.Scope) (headers []string, places []int, err error) {
	named := map[string]int{}
	for i, h := range heads {
		if !scope.Revenue && strings.Contains(fold(h.Header), "revenue") {
			continue
		}
		named[reports.NormalHeader(h.Header)] = i
		if len(want) == 0 {
			headers, places = append(headers, h.Header), append(places, i)
		}
	}
	for _, w := range want {
		i, ok := named[reports.NormalHeader(w)]
		if !ok {
			return nil, nil, actnow.Invalid("error.no_column", "columns", "the report has no column %q", w)
		}
		headers, places = append(headers, heads[i].Header), append(places, i)
	}
	return headers, places, nil
}
