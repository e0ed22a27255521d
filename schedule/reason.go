package schedule

import "actnow"

// Why a run did not come to its end or never began, for Run.Failure. The codes are
// those of Messages.
var (
	Interrupted = actnow.Invalid("run.interrupted", "", "interrupted by a stop")
	SwitchedOff = actnow.Invalid("run.switched_off", "", "switched off")
	Overtaken   = actnow.Invalid("run.overtaken", "", "a later run fell due")
	TooLate     = actnow.Invalid("run.too_late", "", "found too late")
	Missed      = actnow.Invalid("run.missed", "", "missed, and missed runs of this schedule are skipped")
	Declined    = actnow.Invalid("run.declined", "", "a person said no")
)
