package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"actnow"
	"actnow/scoring"
)

const matrixColumns = `name, version, edges, cells`

// scanMatrix reads matrixColumns.
func scanMatrix(row interface{ Scan(...any) error }, more ...any) (scoring.Matrix, error) {
	var m scoring.Matrix
	var edges, cells []byte
	if err := row.Scan(append([]any{&m.Name, &m.Version, &edges, &cells}, more...)...); err != nil {
		return m, noRows(err)
	}
	return m, errors.Join(json.Unmarshal(edges, &m.Edges), json.Unmarshal(cells, &m.Cells))
}

// Matrix returns the active matrix.
func (db *DB) Matrix(ctx context.Context) (m scoring.Matrix, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		m, err = activeMatrix(tx)
		return err
	})
	return m, err
}

// Matrices returns all versions of all matrices by name, newest version first;
// active is the place of the one in force.
func (db *DB) Matrices(ctx context.Context) (all []scoring.Matrix, active int, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT `+matrixColumns+`, active FROM matrices ORDER BY name, version DESC`, nil, func(rows *sql.Rows) error {
			var inForce bool
			m, err := scanMatrix(rows, &inForce)
			if inForce {
				active = len(all)
			}
			all = append(all, m)
			return err
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("matrices: %w", err)
	}
	return all, active, nil
}

// AddMatrix keeps m as the next version of its name, without choosing it, and
// returns it with that version. The error is an *actnow.InputError if an edge or a
// cell cannot be used, or if the name is that of a built-in matrix.
func (db *DB) AddMatrix(ctx context.Context, by actnow.Actor, m scoring.Matrix) (scoring.Matrix, error) {
	if err := m.Check(); err != nil {
		return m, err
	}
	if m.Name == scoring.QuadrantsName || m.Name == scoring.RowsName {
		return m, actnow.Invalid("error.score.matrix.builtin", "name", "%s is the name of a built-in matrix", m.Name)
	}
	edges, err := json.Marshal(m.Edges)
	if err != nil {
		return m, fmt.Errorf("add matrix %s: %w", m.Name, err)
	}
	cells, err := json.Marshal(m.Cells)
	if err != nil {
		return m, fmt.Errorf("add matrix %s: %w", m.Name, err)
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow(`INSERT INTO matrices (name, version, edges, cells, active, created_by, created_at)
			SELECT ?, COALESCE(max(version), 0) + 1, ?, ?, 0, ?, ? FROM matrices WHERE name = ? RETURNING version`,
			m.Name, string(edges), string(cells), by.Name, db.now().Unix(), m.Name).Scan(&m.Version); err != nil {
			return err
		}
		return db.audit(tx, by, "matrix.add", fmt.Sprintf("matrix:%s@%d", m.Name, m.Version), map[string]any{"edges": m.Edges, "cells": m.Cells})
	})
	if err != nil {
		return m, fmt.Errorf("add matrix %s: %w", m.Name, err)
	}
	return m, nil
}

// ChooseMatrix puts a version of a matrix in force and places all customers
// anew, in one transaction. Clusters and cells that a file says stay. The error
// matches actnow.ErrNotFound if there is no such version.
func (db *DB) ChooseMatrix(ctx context.Context, by actnow.Actor, name string, version int) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var id int64
		if err := tx.QueryRow(`SELECT id FROM matrices WHERE name = ? AND version = ?`, name, version).Scan(&id); err != nil {
			return noRows(err)
		}
		if _, err := tx.Exec(`UPDATE matrices SET active = 0 WHERE active = 1 AND id <> ?`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE matrices SET active = 1 WHERE id = ?`, id); err != nil {
			return err
		}
		if err := refreshStandings(tx, db.now(), "", actnow.Areas, `SELECT id FROM customers`); err != nil {
			return err
		}
		return db.audit(tx, by, "matrix.choose", fmt.Sprintf("matrix:%s@%d", name, version), nil)
	})
	if err != nil {
		return fmt.Errorf("choose matrix %s version %d: %w", name, version, err)
	}
	return nil
}

// MatrixEffect returns how many customers of each area would change their cluster
// today if m were in force, most first within an area. Clusters and cells that a file
// says stay, so they are not among them.
func (db *DB) MatrixEffect(ctx context.Context, m scoring.Matrix) (list []scoring.Shift, err error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(tx *sql.Tx) error {
		now, err := activeMatrix(tx)
		if err != nil {
			return err
		}
		band := func(score string) string {
			return `CASE WHEN p.` + score + ` IS NULL THEN p.` + score + `_band ELSE ` + bandSQL(`p.`+score) + ` END`
		}
		counts := map[scoring.Shift]int{}
		err = each(tx, `SELECT p.area, p.fit_band, p.intent_band, p.cell, p.cluster, `+band("fit")+`, `+band("intent")+`, count(*)
			FROM standings p WHERE p.latest = 1 AND p.cluster_from = 'matrix' GROUP BY 1, 2, 3, 4, 5, 6, 7`,
			append(bandArgs(m.Edges), bandArgs(m.Edges)...), func(rows *sql.Rows) error {
				var s scoring.Shift
				var cell actnow.Cell
				var wasFit, wasIntent, fit, intent actnow.Band
				var n int
				if err := rows.Scan(&s.Area, &wasFit, &wasIntent, &cell, &s.From, &fit, &intent, &n); err != nil {
					return err
				}
				s.To = m.Cell(fit, intent).Cluster()
				if cell == now.Cell(wasFit, wasIntent) && s.To != s.From {
					counts[s] += n
				}
				return nil
			})
		list = scoring.NewShifts(counts)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("effect of matrix %s: %w", m.Name, err)
	}
	return list, nil
}

// bandSQL is the band of a score by edges that bandArgs binds.
func bandSQL(score string) string {
	return `CASE WHEN ` + score + ` >= ? THEN 'High' WHEN ` + score + ` >= ? THEN 'Medium' WHEN ` + score + ` >= ? THEN 'Low' ELSE 'Very low' END`
}

func bandArgs(e actnow.Edges) []any { return []any{e.High, e.Medium, e.Low} }
