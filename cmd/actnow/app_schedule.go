package main

import (
	"context"

	"actnow"
)

// RunSchedule asks the runner for a run now, and notes who asked.
func (d *daemon) RunSchedule(ctx context.Context, by actnow.Actor, key string) error {
	run, err := d.runner.RunNow(ctx, key)
	if err != nil {
		return err
	}
	return d.db.NoteScheduleRun(ctx, by, key, run.Period)
}
