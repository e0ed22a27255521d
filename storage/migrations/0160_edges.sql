-- Where the bands begin belongs to a version of a matrix.
ALTER TABLE matrices ADD COLUMN edges TEXT NOT NULL DEFAULT '{"high":75,"medium":55,"low":30}';
