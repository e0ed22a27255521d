package storage

// CampaignMessages holds the sentences of the errors about campaigns, English
// and Swedish, by code.
var CampaignMessages = map[string][2]string{
	"error.campaign_name":      {"The campaign needs a name.", "Kampanjen behöver ett namn."},
	"error.campaign_name_long": {"The name is longer than 200 bytes.", "Namnet är längre än 200 byte."},
	"error.campaign_policy":    {"{0} is no policy. Choose hold, resend or reconcile.", "{0} är ingen regel. Välj hold, resend eller reconcile."},
	"error.area":               {"{0} is no solution area.", "{0} är inget lösningsområde."},
	"error.campaign_when":      {"Give a date or a cron line, not both.", "Ange ett datum eller en cron-rad, inte båda."},
	"error.campaign_cap":       {"The cap is a number of mails in 1 to 366 days.", "Gränsen är ett antal mejl på 1 till 366 dagar."},
	"error.pack_expired":       {"The pack's content was good until {0}.", "Paketets innehåll gällde till {0}."},
	"error.pack_no_mail":       {"The pack has no step that goes out by e-mail.", "Paketet har inget steg som går ut per e-post."},
	"error.resolve":            {"An unknown mail becomes sent, queued or cancelled, not {0}.", "Ett okänt mejl blir sent, queued eller cancelled, inte {0}."},
	"error.address":            {"“{0}” is no e-mail address. It looks like name@company.example.", "”{0}” är ingen e-postadress. Den ser ut som namn@foretag.example."},
	"error.address_missing":    {"An e-mail address is needed.", "En e-postadress behövs."},
}
