-- Fetching the reports from the Partner Insights API.

CREATE TABLE fetch_connection ( -- one row, or none
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	tenant       TEXT NOT NULL,
	client_id    TEXT NOT NULL,
	secret       BLOB,               -- of the app registration, sealed; NULL without one
	days         INTEGER NOT NULL CHECK (days BETWEEN 1 AND 14),
	token        BLOB,               -- the refresh token, sealed; NULL while nobody is signed in
	connected_by TEXT NOT NULL DEFAULT '',
	connected_at INTEGER
) STRICT;

CREATE TABLE fetches ( -- attempts at a dataset
	id         INTEGER PRIMARY KEY,
	dataset    TEXT NOT NULL, -- '' where the connection failed before any was known
	period     TEXT NOT NULL, -- '2026-11-25', or the moment at which a person asked
	month      TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('running','imported','unchanged','empty','given_up','failed')),
	report     TEXT NOT NULL DEFAULT '',
	rows       INTEGER NOT NULL DEFAULT 0,
	bytes      INTEGER NOT NULL DEFAULT 0,
	sha256     TEXT NOT NULL DEFAULT '',
	content    TEXT NOT NULL DEFAULT '', -- equal for equal records in any order
	file       TEXT NOT NULL DEFAULT '', -- in the folder fetched
	first      INTEGER NOT NULL DEFAULT 0 CHECK (first IN (0, 1)),
	redacted   INTEGER NOT NULL DEFAULT 0 CHECK (redacted IN (0, 1)),
	code       TEXT NOT NULL DEFAULT '', -- of the sentence
	args       TEXT NOT NULL DEFAULT '[]',
	started_at INTEGER NOT NULL,
	ended_at   INTEGER,
	UNIQUE (dataset, period)
) STRICT;
CREATE INDEX fetches_month ON fetches (month);
