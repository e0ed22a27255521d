-- Why a job failed, as a sentence that pages say in the reader's language.
ALTER TABLE jobs ADD COLUMN failure TEXT NOT NULL DEFAULT ''; -- JSON: code, arguments, line; '' where only message says it
