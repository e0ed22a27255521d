-- Our own estimates of potential revenue, beside what reports say in revenues.
CREATE TABLE revenue_estimates (
	customer_id  INTEGER NOT NULL REFERENCES customers (id),
	area         TEXT NOT NULL,
	month        TEXT NOT NULL,
	kind         TEXT NOT NULL CHECK (kind IN ('whitespace','upsell')),
	p10          INTEGER NOT NULL, -- a year, in minor units, beyond what is paid
	p50          INTEGER NOT NULL,
	p90          INTEGER NOT NULL,
	currency     TEXT NOT NULL,
	peers        INTEGER NOT NULL,
	alike        TEXT NOT NULL DEFAULT '' CHECK (alike IN ('','industry','size','segment','area')), -- what the peers share
	basis        TEXT NOT NULL CHECK (basis IN ('peers','list')),
	paid         INTEGER NOT NULL DEFAULT 0, -- a year already
	chance       REAL, -- that it buys
	expected     INTEGER,
	estimated_at INTEGER NOT NULL,
	PRIMARY KEY (customer_id, area, month)
) STRICT;

-- Which of the two a standing's revenue is from, and what could be sold.
ALTER TABLE standings ADD COLUMN revenue_from TEXT NOT NULL DEFAULT '' CHECK (revenue_from IN ('','report','own'));
ALTER TABLE standings ADD COLUMN revenue_kind TEXT NOT NULL DEFAULT '' CHECK (revenue_kind IN ('','whitespace','upsell'));
UPDATE standings SET revenue_from = 'report' WHERE revenue_low IS NOT NULL OR revenue_high IS NOT NULL;

-- The potential revenue that holds: the range of a report, else our own estimate.
CREATE VIEW potential_revenues AS
	SELECT v.customer_id, v.area, v.month, v.low, v.high, v.currency, 'report' AS said_by, COALESCE(e.kind, '') AS kind
	FROM revenues v LEFT JOIN revenue_estimates e ON e.customer_id = v.customer_id AND e.area = v.area AND e.month = v.month
	WHERE v.low IS NOT NULL OR v.high IS NOT NULL
	UNION ALL
	SELECT e.customer_id, e.area, e.month, e.p10, e.p90, e.currency, 'own', e.kind FROM revenue_estimates e
	WHERE NOT EXISTS (SELECT 1 FROM revenues v WHERE v.customer_id = e.customer_id AND v.area = e.area AND v.month = e.month
		AND (v.low IS NOT NULL OR v.high IS NOT NULL));
