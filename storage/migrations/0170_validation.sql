-- Which customers of Act Now campaigns leave out, so that what contact adds can be
-- told. Drawn once for each customer and area; who was drawn and may be contacted has
-- a row too, with which the others are compared.
CREATE TABLE hold_outs (
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	area        TEXT NOT NULL,
	chosen_at   INTEGER NOT NULL,
	held        INTEGER NOT NULL CHECK (held IN (0, 1)),
	released_at INTEGER, -- when the hold-out was switched off
	PRIMARY KEY (customer_id, area, chosen_at)
) STRICT;
CREATE UNIQUE INDEX hold_outs_open ON hold_outs (customer_id, area) WHERE released_at IS NULL;

-- What a challenger said of customers beside what was in force, as it was said: by
-- that it is judged. Kept until it is promoted or retired.
CREATE TABLE shadow_runs (
	id          INTEGER PRIMARY KEY,
	model_id    TEXT NOT NULL REFERENCES models (id),
	champion_id TEXT NOT NULL, -- '' for a points card, which claims the average
	month       TEXT NOT NULL,
	from_at     INTEGER NOT NULL, -- outcomes count from then on
	UNIQUE (model_id, month)
) STRICT;

CREATE TABLE shadow_scores ( -- chances, 0 to 1
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	run_id      INTEGER NOT NULL REFERENCES shadow_runs (id),
	said        REAL NOT NULL,
	against     REAL NOT NULL, -- of what was in force
	PRIMARY KEY (customer_id, run_id)
) STRICT, WITHOUT ROWID;
