-- The pattern of a candidate's evidence, by which waiting accounts are grouped;
-- '' until the next match run.
ALTER TABLE match_candidates ADD COLUMN pattern TEXT NOT NULL DEFAULT '';

-- The pattern of the pair when it was decided; '' if nobody knew.
ALTER TABLE match_decisions ADD COLUMN pattern TEXT NOT NULL DEFAULT '';

-- A bulk answer is the decisions with its number: the id of its first one, NULL
-- for those given one by one. Taken back, it has undone ones with the same number.
ALTER TABLE match_decisions ADD COLUMN batch INTEGER;

CREATE INDEX match_decisions_batch ON match_decisions (batch) WHERE batch IS NOT NULL;

-- The key of an account, by which decisions and the outcome of a match run find it.
CREATE INDEX accounts_key ON accounts (source || ':' || external_id);
