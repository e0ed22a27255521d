-- The newest run of a schedule is asked for at each tick.
CREATE INDEX schedule_runs_due ON schedule_runs (schedule_id, due_at);
