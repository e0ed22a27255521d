-- A list that somebody wants as a file; the schedule "download:ID" makes it again.
CREATE TABLE downloads (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	format     TEXT NOT NULL CHECK (format IN ('csv','xlsx')),
	query      TEXT NOT NULL, -- JSON: which list
	language   TEXT NOT NULL, -- of what explains it
	owner_id   INTEGER REFERENCES users (id), -- NULL: the command line
	scope      TEXT NOT NULL, -- JSON: the most that it shows
	created_by TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	deleted_at INTEGER -- can be taken back until it is pruned
) STRICT;

-- A download as it was written once; how far that is, the job says.
CREATE TABLE download_files (
	id          INTEGER PRIMARY KEY,
	download_id INTEGER NOT NULL REFERENCES downloads (id) ON DELETE CASCADE,
	job_id      INTEGER NOT NULL REFERENCES jobs (id),
	format      TEXT NOT NULL CHECK (format IN ('csv','xlsx')),
	scope       TEXT NOT NULL, -- JSON: what its reader must be allowed to see
	rows        INTEGER NOT NULL DEFAULT 0,
	bytes       INTEGER NOT NULL DEFAULT 0,
	expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX download_files_download ON download_files (download_id, id);
