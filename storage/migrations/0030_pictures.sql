-- The public address of a picture ("/i/…", made of its content), by which the
-- public listener finds it. NULL for files that are no pictures.
ALTER TABLE pack_files ADD COLUMN picture TEXT;

CREATE INDEX pack_files_picture ON pack_files (picture);
