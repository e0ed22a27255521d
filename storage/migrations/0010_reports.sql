-- Every key a customer was ever known by, so that a row with fewer of them finds
-- it. A weak key (a domain, a name with its place) may belong to several.
CREATE TABLE customer_keys (
	key         TEXT NOT NULL, -- 'tpid:…', 'domain:…' or 'name:…|place'
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	PRIMARY KEY (key, customer_id)
) STRICT;
CREATE INDEX customer_keys_customer ON customer_keys (customer_id);
INSERT INTO customer_keys (key, customer_id) SELECT key, id FROM customers;

-- So that a revision can take back what the one before it said.
ALTER TABLE revenues ADD COLUMN snapshot_id INTEGER REFERENCES snapshots (id);
CREATE INDEX revenues_snapshot ON revenues (snapshot_id);
CREATE INDEX propensities_source ON propensities (source, month);
CREATE INDEX match_decisions_customer ON match_decisions (customer_key);
