-- What each import calls the locations that it names, so that one taken back gives them
-- their names of before.
CREATE TABLE location_names (
	location_id INTEGER NOT NULL REFERENCES locations (id),
	snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
	name        TEXT NOT NULL,
	PRIMARY KEY (location_id, snapshot_id)
) STRICT;
CREATE INDEX location_names_snapshot ON location_names (snapshot_id);
-- Of imports until now only the name that holds is known.
INSERT INTO location_names (location_id, snapshot_id, name)
	SELECT DISTINCT r.location_id, r.snapshot_id, l.name FROM snapshot_rows r JOIN locations l ON l.id = r.location_id;
