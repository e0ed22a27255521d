-- An import can be taken back. Its rows then lie apart, so that nothing reads
-- them, and can be brought back from there.
ALTER TABLE snapshots ADD COLUMN seq INTEGER NOT NULL DEFAULT 0; -- in which order they were published
ALTER TABLE snapshots ADD COLUMN before_id INTEGER REFERENCES snapshots (id); -- the one whose missing customers are gone
ALTER TABLE snapshots ADD COLUMN undone_at INTEGER;
ALTER TABLE snapshots ADD COLUMN undone_by TEXT NOT NULL DEFAULT '';
UPDATE snapshots SET seq = (SELECT count(*) FROM snapshots o WHERE o.imported_at < snapshots.imported_at OR o.imported_at = snapshots.imported_at AND o.id <= snapshots.id),
	before_id = (SELECT b.id FROM snapshots b WHERE b.report = snapshots.report
		AND (b.month < snapshots.month OR b.month = snapshots.month AND b.revision < snapshots.revision)
		ORDER BY b.month DESC, b.revision DESC LIMIT 1);

CREATE TABLE undone_rows (
	snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
	line        INTEGER NOT NULL,
	cells       TEXT NOT NULL, -- JSON array in the order of snapshots.columns
	PRIMARY KEY (snapshot_id, line)
) STRICT;

-- Files that the watched folder brought.
CREATE TABLE watched_files (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL,
	size        INTEGER NOT NULL,
	modified_at INTEGER NOT NULL, -- in nanoseconds, as the folder says
	state       TEXT NOT NULL CHECK (state IN ('done','failed')),
	moved       INTEGER NOT NULL CHECK (moved IN (0, 1)), -- 0 = still in the folder, and left alone
	snapshot_id INTEGER REFERENCES snapshots (id),
	sentence    TEXT NOT NULL, -- JSON: code, arguments and English text
	looked_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX watched_files_name ON watched_files (name, id);

-- What a person called a cohort column, and the play it belongs to.
ALTER TABLE cohort_columns ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE cohort_columns ADD COLUMN play TEXT NOT NULL DEFAULT '';

-- What a person said a column of a report means, for every later file.
CREATE TABLE column_mappings (
	key        TEXT PRIMARY KEY, -- the normalised header
	header     TEXT NOT NULL, -- as it was written then
	field      TEXT NOT NULL, -- of the catalogue; '' = kept as it is
	decided_by TEXT NOT NULL DEFAULT '',
	decided_at INTEGER NOT NULL
) STRICT;
