-- Versions of learned models, each named by the SHA-256 of its body. Of an area and
-- score one is in force and one stands in its shadow.
CREATE TABLE models (
	id         TEXT PRIMARY KEY,
	area       TEXT NOT NULL,
	score      TEXT NOT NULL CHECK (score IN ('fit','intent')),
	state      TEXT NOT NULL CHECK (state IN ('challenger','champion','retired')),
	made_at    INTEGER NOT NULL,
	decided_at INTEGER,
	decided_by TEXT NOT NULL DEFAULT '',
	replaced   TEXT NOT NULL DEFAULT '', -- the champion before it, '' for the points card
	verdict    TEXT NOT NULL DEFAULT '', -- JSON, of the last judgement of it as a challenger
	about      TEXT NOT NULL, -- JSON, out of the body: what lists show
	body       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX models_champion ON models (area, score) WHERE state = 'champion';
CREATE UNIQUE INDEX models_challenger ON models (area, score) WHERE state = 'challenger';

CREATE TABLE model_trials ( -- the last one of an area and score
	area       TEXT NOT NULL,
	score      TEXT NOT NULL CHECK (score IN ('fit','intent')),
	trial      TEXT NOT NULL, -- JSON
	trained_at INTEGER NOT NULL,
	PRIMARY KEY (area, score)
) STRICT;

CREATE TABLE model_drift ( -- of a month's customers since the model was learned
	model_id TEXT NOT NULL REFERENCES models (id),
	month    TEXT NOT NULL,
	feature  TEXT NOT NULL,
	psi      REAL NOT NULL,
	PRIMARY KEY (model_id, month, feature)
) STRICT;
