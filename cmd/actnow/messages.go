package main

import (
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/cohorts"
	"actnow/crm"
	"actnow/matcher"
	"actnow/reports"
	"actnow/reports/insights"
	"actnow/schedule"
	"actnow/scoring"
	"actnow/storage"
	"actnow/web"
)

// sentences are those of this package, English and Swedish.
var sentences = map[string][2]string{
	"error.upload_large":     {"The file is larger than {0} MiB: import it with the command actnow import.", "Filen är större än {0} MiB: importera den med kommandot actnow import."},
	"error.upload_gone":      {"The uploaded file is no longer there: upload it again.", "Den uppladdade filen finns inte kvar: ladda upp den igen."},
	"error.public_missing":   {"No public address is set: unsubscribe links need one. Set ACTNOW_PUBLIC_URL to an https address that leads to the public listener.", "Ingen publik adress är angiven: avregistreringslänkar behöver en. Sätt ACTNOW_PUBLIC_URL till en https-adress som leder till den publika lyssnaren."},
	"error.public_https":     {"{0} is no https address: unsubscribe links need one.", "{0} är ingen https-adress: avregistreringslänkar behöver en."},
	"error.public_silent":    {"{0} does not answer: nobody could unsubscribe. Start the daemon and the proxy before it, then try again.", "{0} svarar inte: ingen skulle kunna avregistrera sig. Starta tjänsten och proxyn framför den och försök igen."},
	"error.public_broken":    {"{0} answers with status {1}: nobody could unsubscribe. Look at the proxy before it.", "{0} svarar med status {1}: ingen skulle kunna avregistrera sig. Se över proxyn framför den."},
	"preflight.public_other": {"{0} answers, but not as this daemon: unsubscribe links may lead nowhere.", "{0} svarar, men inte som den här tjänsten: avregistreringslänkar kanske inte leder någonstans."},
	"preflight.no_smtp":      {"No mail server is set: mails wait until ACTNOW_SMTP_URL is.", "Ingen e-postserver är angiven: mejlen väntar tills ACTNOW_SMTP_URL är satt."},
	"error.no_journal":       {"Policy reconcile needs a mailbox that gets a copy of every mail: set ACTNOW_JOURNAL_URL, or choose hold.", "Regeln reconcile behöver en brevlåda som får en kopia av varje utskick: sätt ACTNOW_JOURNAL_URL eller välj hold."},
	"error.service_url":      {"{0} is no https address: secrets are sent there, so write one that begins with https://.", "{0} är ingen https-adress: hemligheter skickas dit, så ange en som börjar med https://."},
	"error.no_such":          {"There is no {0} {1}.", "Det finns ingen {0} {1}."},
	"error.test_address":     {"{0} is no e-mail address.", "{0} är ingen e-postadress."},
	"error.download_owner":   {"{0} may not export lists any more: make the list anew as somebody who may.", "{0} får inte längre exportera listor: skapa listan på nytt som någon som får det."},
	"error.download_none":    {"The report {0} has no file: write one with --again.", "Rapporten {0} har ingen fil: skriv en med --again."},
	"error.matrix_file":      {"{0} is no matrix in JSON: {1}", "{0} är ingen matris i JSON: {1}"},
	"error.no_smtp":          {"No mail server is set: set ACTNOW_SMTP_URL and start again.", "Ingen e-postserver är angiven: sätt ACTNOW_SMTP_URL och starta om."},
}

// messages are the sentences of all packages, for the pages.
func messages() web.Messages {
	return web.MergeMessages(sentences, reports.Messages, insights.Messages, crm.Messages, matcher.Messages, scoring.Messages,
		cohorts.Messages, schedule.Messages, campaigns.Messages, mail.Messages, storage.CampaignMessages)
}
