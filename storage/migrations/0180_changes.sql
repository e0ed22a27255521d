-- How often what a kind of reader looks at has changed: who keeps it in memory sees
-- by the number, in its own transaction, whether it still holds.
CREATE TABLE changes (
	what  TEXT PRIMARY KEY,
	count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO changes VALUES ('reports', 0), ('crm', 0);
