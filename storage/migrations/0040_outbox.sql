-- What the outbox needs beside the ledger's first shape.

-- When the step was first due: retries are counted from here.
ALTER TABLE ledger ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;

-- The rows that wait, for each campaign in the order of their keys.
CREATE INDEX ledger_waiting ON ledger (campaign_id, id, next_at) WHERE state IN ('queued', 'deferred');

-- Whether a later run of a recurring campaign mails again those whom an earlier
-- run has mailed, and how many mails of other campaigns an address may get in
-- how many days (0 = no cap).
ALTER TABLE campaigns ADD COLUMN again INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1));
ALTER TABLE campaigns ADD COLUMN cap_mails INTEGER NOT NULL DEFAULT 0 CHECK (cap_mails >= 0);
ALTER TABLE campaigns ADD COLUMN cap_days INTEGER NOT NULL DEFAULT 0 CHECK (cap_days >= 0);
