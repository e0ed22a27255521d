-- An import is published in pieces, so that nobody waits long for it. One that is on
-- its way, or whose content was published anew since, is not among the imports.
ALTER TABLE snapshots ADD COLUMN state TEXT NOT NULL DEFAULT 'published' CHECK (state IN ('published','publishing','replaced'));
