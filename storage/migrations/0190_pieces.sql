-- An import is published and taken back in pieces, so that nobody waits long for it. One
-- that is on its way there or back, or whose content was published anew since, is not
-- among the imports.
ALTER TABLE snapshots ADD COLUMN state TEXT NOT NULL DEFAULT 'published' CHECK (state IN ('published','publishing','withdrawing','replaced'));
