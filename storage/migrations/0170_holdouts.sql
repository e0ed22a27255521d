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
