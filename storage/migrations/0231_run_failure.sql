-- Why a run failed or was skipped, as a sentence that pages say in the reader's language.
ALTER TABLE schedule_runs ADD COLUMN failure TEXT NOT NULL DEFAULT ''; -- JSON: code, arguments, line; '' where only message says it
UPDATE schedule_runs SET failure = json_object('Code', CASE message WHEN 'switched off' THEN 'run.switched_off' WHEN 'a later run fell due' THEN 'run.overtaken'
		WHEN 'a person said no' THEN 'run.declined' ELSE 'run.interrupted' END, 'Text', message)
	WHERE message IN ('switched off', 'a later run fell due', 'a person said no', 'interrupted by a stop');
