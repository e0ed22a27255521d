-- Tables of which every import writes a row or more for each customer: the key is
-- the row, so that each is written once and not three times.

CREATE TABLE lean_keys (
	key         TEXT NOT NULL, -- 'domain:…' or 'name:…|place'; a TPID leads to one customer as it is
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	PRIMARY KEY (key, customer_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_keys SELECT key, customer_id FROM customer_keys WHERE key NOT LIKE 'tpid:%' ORDER BY key, customer_id;
DROP TABLE customer_keys;
ALTER TABLE lean_keys RENAME TO customer_keys;

CREATE TABLE lean_locations (
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	location_id INTEGER NOT NULL REFERENCES locations (id),
	PRIMARY KEY (customer_id, location_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_locations SELECT customer_id, location_id FROM customer_locations ORDER BY customer_id, location_id;
DROP TABLE customer_locations;
ALTER TABLE lean_locations RENAME TO customer_locations;
CREATE INDEX customer_locations_location ON customer_locations (location_id);

CREATE TABLE lean_facts ( -- the newest known value of a catalogue column
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	field       TEXT NOT NULL, -- 'has_azure'
	value       TEXT NOT NULL, -- 'yes', 'no' or the cell
	month       TEXT NOT NULL,
	PRIMARY KEY (field, customer_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_facts SELECT customer_id, field, value, month FROM customer_facts ORDER BY field, customer_id;
DROP TABLE customer_facts;
ALTER TABLE lean_facts RENAME TO customer_facts;

CREATE TABLE lean_members ( -- who says Yes in the current snapshot of a month
	column_id   INTEGER NOT NULL REFERENCES cohort_columns (id),
	month       TEXT NOT NULL,
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	PRIMARY KEY (column_id, month, customer_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_members SELECT column_id, month, customer_id FROM cohort_members ORDER BY column_id, month, customer_id;
DROP TABLE cohort_members;
ALTER TABLE lean_members RENAME TO cohort_members;

CREATE TABLE lean_propensities ( -- as each report says it, and our own beside it
	customer_id  INTEGER NOT NULL REFERENCES customers (id),
	area         TEXT NOT NULL,
	month        TEXT NOT NULL,
	source       TEXT NOT NULL CHECK (source IN ('own','renewals','azure','d365','m365','security','surface')),
	fit          REAL CHECK (fit BETWEEN 0 AND 100),
	intent       REAL CHECK (intent BETWEEN 0 AND 100),
	fit_band     TEXT NOT NULL DEFAULT '',
	intent_band  TEXT NOT NULL DEFAULT '',
	cell         TEXT NOT NULL DEFAULT '',
	cluster      TEXT NOT NULL DEFAULT '' CHECK (cluster IN ('','Act Now','Evaluate','Nurture','Educate')),
	cluster_from TEXT NOT NULL DEFAULT '' CHECK (cluster_from IN ('','file','matrix')),
	model        TEXT NOT NULL DEFAULT '', -- 'card:azure@1a2b3c4d'; '' for an import
	explanation  TEXT NOT NULL DEFAULT '', -- the words of the file
	snapshot_id  INTEGER REFERENCES snapshots (id),
	scored_at    INTEGER NOT NULL,
	PRIMARY KEY (customer_id, area, month, source)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_propensities SELECT customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from,
	model, explanation, snapshot_id, scored_at FROM propensities ORDER BY customer_id, area, month, source;
DROP TABLE propensities;
ALTER TABLE lean_propensities RENAME TO propensities;

CREATE TABLE lean_revenues ( -- potential revenue as imported
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	area        TEXT NOT NULL,
	month       TEXT NOT NULL,
	low         INTEGER,
	high        INTEGER,
	currency    TEXT NOT NULL DEFAULT '',
	text        TEXT NOT NULL DEFAULT '',
	snapshot_id INTEGER REFERENCES snapshots (id),
	PRIMARY KEY (customer_id, area, month)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_revenues SELECT customer_id, area, month, low, high, currency, text, snapshot_id FROM revenues ORDER BY customer_id, area, month;
DROP TABLE revenues;
ALTER TABLE lean_revenues RENAME TO revenues;

DROP VIEW current_propensities;
CREATE TABLE lean_standings ( -- what holds in a month, per customer and area; made by refreshStandings alone
	customer_id       INTEGER NOT NULL REFERENCES customers (id),
	area              TEXT NOT NULL,
	month             TEXT NOT NULL,
	latest            INTEGER NOT NULL CHECK (latest IN (0, 1)),
	fit               REAL,
	intent            REAL,
	fit_band          TEXT NOT NULL DEFAULT '',
	intent_band       TEXT NOT NULL DEFAULT '',
	fit_from          TEXT NOT NULL DEFAULT '', -- a report, or 'own'
	intent_from       TEXT NOT NULL DEFAULT '',
	cell              TEXT NOT NULL DEFAULT '',
	cluster           TEXT NOT NULL DEFAULT '',
	cluster_from      TEXT NOT NULL DEFAULT '', -- 'file' or 'matrix'
	microsoft_cluster TEXT NOT NULL DEFAULT '',
	own_cluster       TEXT NOT NULL DEFAULT '',
	previous_cluster  TEXT NOT NULL DEFAULT '', -- of the month before that has one
	previous_month    TEXT NOT NULL DEFAULT '',
	revenue_low       INTEGER,
	revenue_high      INTEGER,
	currency          TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (customer_id, area, month)
) STRICT, WITHOUT ROWID;
INSERT INTO lean_standings SELECT customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster, cluster_from,
	microsoft_cluster, own_cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency FROM standings ORDER BY customer_id, area, month;
DROP TABLE standings;
ALTER TABLE lean_standings RENAME TO standings;
CREATE INDEX standings_cell ON standings (area, cell, customer_id) WHERE latest = 1;
CREATE INDEX standings_cluster ON standings (area, cluster, customer_id) WHERE latest = 1;
CREATE INDEX standings_month ON standings (area, month, cluster);
CREATE VIEW current_propensities AS SELECT * FROM standings WHERE latest = 1;

-- Nothing asks for customers by these: people's words are compared folded.
DROP INDEX customers_tpid;
DROP INDEX customers_domain;
DROP INDEX customers_name;

-- What filters ask for most, beside country and segment, and have few values of.
CREATE INDEX customers_industry ON customers (industry);
CREATE INDEX customers_vertical ON customers (vertical);
CREATE INDEX customers_state ON customers (state);
