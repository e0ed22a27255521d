package schedule

// Messages are the sentences of this package by their codes, in English and in
// Swedish. {0}, {1} stand for the arguments in their order.
var Messages = map[string][2]string{
	"error.zone":        {"“{0}” is no time zone: write it as Europe/Stockholm.", "”{0}” är ingen tidszon: skriv den som Europe/Stockholm."},
	"error.cron_long":   {"The line is longer than {0} characters.", "Raden är längre än {0} tecken."},
	"error.cron_lines":  {"Write one line only.", "Skriv bara en rad."},
	"error.cron_zone":   {"The line must not name a time zone: choose the zone in its own field.", "Raden får inte ange någon tidszon: välj tidszonen i dess eget fält."},
	"error.cron_fields": {"The line has {0} fields, it needs five: minute, hour, day of month, month, weekday.", "Raden har {0} fält men behöver fem: minut, timme, dag i månaden, månad, veckodag."},
	"error.cron_field.minute": {
		"“{0}” cannot be used as {1}: write *, a number from {2} to {3}, a list (0,30) or a range (0-30).",
		"”{0}” kan inte användas som minut: skriv *, ett tal från {2} till {3}, en lista (0,30) eller ett intervall (0-30)."},
	"error.cron_field.hour": {
		"“{0}” cannot be used as {1}: write *, a number from {2} to {3}, a list (6,18) or a range (6-18).",
		"”{0}” kan inte användas som timme: skriv *, ett tal från {2} till {3}, en lista (6,18) eller ett intervall (6-18)."},
	"error.cron_field.day": {
		"“{0}” cannot be used as {1}: write *, a number from {2} to {3}, a list (1,15) or a range (1-7).",
		"”{0}” kan inte användas som dag i månaden: skriv *, ett tal från {2} till {3}, en lista (1,15) eller ett intervall (1-7)."},
	"error.cron_field.month": {
		"“{0}” cannot be used as {1}: write *, a number from {2} to {3} or an English name such as FEB.",
		"”{0}” kan inte användas som månad: skriv *, ett tal från {2} till {3} eller ett engelskt namn som FEB."},
	"error.cron_field.weekday": {
		"“{0}” cannot be used as {1}: write *, a number from {2} (Sunday) to {3} (Saturday) or an English name such as MON.",
		"”{0}” kan inte användas som veckodag: skriv *, ett tal från {2} (söndag) till {3} (lördag) eller ett engelskt namn som MON."},
	"error.cron_last": {
		"L is not known here: write 31 and choose that a day beyond the month’s end is its last day.",
		"L är inte känt här: skriv 31 och välj att en dag efter månadens slut är dess sista dag."},
	"error.cron_both_days": {
		"Day of month and weekday cannot be combined: write * for one of them.",
		"Dag i månaden och veckodag kan inte kombineras: skriv * för en av dem."},
	"error.cron_never": {
		"The line never runs: there is no such day in the next {0} years.",
		"Raden körs aldrig: det finns ingen sådan dag de närmaste {0} åren."},
	"error.schedule_key":       {"A schedule needs a key.", "Ett schema behöver en nyckel."},
	"error.schedule_when":      {"A schedule needs a cron line or an instant, one of the two.", "Ett schema behöver en cronrad eller en tidpunkt, en av de två."},
	"error.schedule_late":      {"How late a run may be cannot be negative.", "Hur sen en körning får vara kan inte vara negativt."},
	"run.interrupted":          {"Act Now was stopped meanwhile; the run begins again.", "Act Now stoppades under tiden; körningen börjar om."},
	"run.switched_off":         {"The schedule was switched off.", "Schemat stängdes av."},
	"run.overtaken":            {"A later run fell due.", "En senare körning blev aktuell."},
	"run.too_late":             {"It was found later than the schedule allows.", "Den upptäcktes senare än schemat tillåter."},
	"run.missed":               {"It was missed, and this schedule skips missed runs.", "Den missades, och det här schemat hoppar över missade körningar."},
	"run.declined":             {"A person said no.", "En person sade nej."},
	"run.no_job":               {"Nothing here does “{0}” any more: switch the schedule off.", "Ingenting här utför ”{0}” längre: stäng av schemat."},
	"run.given_up":             {"Given up: Act Now ended {0} times during this run. The log says why.", "Gavs upp: Act Now avslutades {0} gånger under körningen. Loggen säger varför."},
	"warning.cron_each_minute": {"This line runs each minute.", "Den här raden körs varje minut."},
	"warning.cron_leap_day":    {"This line runs in leap years only.", "Den här raden körs bara skottår."},
	"warning.cron_short_months": {
		"This line runs in {0} months of the year: the others have no day {1}. Choose the last day of the month to run in all.",
		"Den här raden körs i {0} av årets månader: de andra har ingen dag {1}. Välj månadens sista dag för att köra i alla."},
}
