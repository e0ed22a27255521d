package storage

import "database/sql"

// locationNames gives the locations that the snapshot names what the newest of the
// imports that stand calls them. One that no other import names keeps its name: if it
// stays, a person's rights name it.
func (w *withdrawal) locationNames(tx *sql.Tx) error {
	const others = `FROM location_names n JOIN snapshots s ON s.id = n.snapshot_id
		WHERE n.location_id = locations.id AND n.snapshot_id <> ?1 AND s.undone_at IS NULL AND s.state = 'published'`
	return execAll(tx, "location names", []clause{
		{`UPDATE locations SET name = COALESCE((SELECT n.name ` + others + ` AND n.name <> '' ORDER BY s.seq DESC, s.id DESC LIMIT 1), '')
			WHERE id IN (SELECT location_id FROM location_names WHERE snapshot_id = ?1) AND EXISTS (SELECT 1 ` + others + `)`, []any{w.id()}},
		{`DELETE FROM location_names WHERE snapshot_id = ?1`, []any{w.id()}},
	})
}
