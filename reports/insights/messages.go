package insights

// Messages are the sentences of this package by their codes, in English and in
// Swedish. {0}, {1} stand for the arguments in their order.
var Messages = map[string][2]string{
	// The connection.
	"error.insights.not_connected": {
		"Nobody has signed in at Microsoft yet: connect under Settings → Fetching, or run actnow fetch connect.",
		"Ingen har loggat in hos Microsoft än: anslut under Inställningar → Hämtning, eller kör actnow fetch connect."},
	"error.insights.not_set_up": {
		"Fetching is not set up: say under Settings → Fetching which tenant and app registration are used.",
		"Hämtningen är inte konfigurerad: ange under Inställningar → Hämtning vilken klientorganisation och appregistrering som används."},
	"error.insights.mfa": {
		"Microsoft wants multifactor authentication, which a program cannot give: connect again and complete the second step in the browser.",
		"Microsoft kräver multifaktorautentisering, vilket ett program inte kan utföra: anslut igen och gör det andra steget i webbläsaren."},
	"error.insights.policy": {
		"A Conditional Access policy of your tenant blocks the sign-in: have its administrator allow this app registration, then connect again.",
		"En princip för villkorsstyrd åtkomst i er klientorganisation stoppar inloggningen: be administratören tillåta appregistreringen och anslut sedan igen."},
	"error.insights.revoked": {
		"The consent has expired or was revoked, as after a change of password or 90 days without use: connect again.",
		"Medgivandet har gått ut eller dragits tillbaka, till exempel efter ett lösenordsbyte eller 90 dagar utan användning: anslut igen."},
	"error.insights.declined": {
		"The sign-in was declined at Microsoft: connect again and accept what is asked, or have an administrator of the tenant consent.",
		"Inloggningen avböjdes hos Microsoft: anslut igen och godkänn det som efterfrågas, eller be en administratör för klientorganisationen om medgivande."},
	"error.insights.device_late": {
		"The code was not entered in time: ask for a new one.",
		"Koden angavs inte i tid: begär en ny."},
	"error.insights.state": {
		"This answer belongs to no sign-in that was begun here, or to one that is too old: connect again.",
		"Svaret hör inte till någon inloggning som påbörjats här, eller till en som är för gammal: anslut igen."},
	"error.insights.offline": {
		"Microsoft gave no lasting consent: let the app registration have the permission offline_access, then connect again.",
		"Microsoft gav inget varaktigt medgivande: ge appregistreringen behörigheten offline_access och anslut sedan igen."},
	"error.insights.sign_in": {
		"Microsoft does not take the sign-in: {0}. Connect again; if it says the same, look the code up in the guide.",
		"Microsoft godtar inte inloggningen: {0}. Anslut igen; om svaret blir detsamma, slå upp koden i guiden."},
	"error.insights.tenant": {
		"Microsoft knows no such tenant: copy the tenant id from the overview of the app registration.",
		"Microsoft känner inte till någon sådan klientorganisation: kopiera klientorganisationens id från appregistreringens översikt."},
	"error.insights.tenant_form": {
		"“{0}” is no tenant: write its id (00000000-0000-0000-0000-000000000000) or its domain.",
		"”{0}” är ingen klientorganisation: skriv dess id (00000000-0000-0000-0000-000000000000) eller dess domän."},
	"error.insights.client_form": {
		"“{0}” is no client id: it is written 00000000-0000-0000-0000-000000000000.",
		"”{0}” är inget klient-id: det skrivs 00000000-0000-0000-0000-000000000000."},
	"error.insights.days_form": {
		"“{0}” is no number of days from 1 to {1}.",
		"”{0}” är inget antal dagar från 1 till {1}."},
	"error.insights.client_id": {
		"The tenant has no app registration with this client id: copy the application (client) id from its overview, and see that it is of this tenant.",
		"Klientorganisationen har ingen appregistrering med detta klient-id: kopiera program-id (klient-id) från dess översikt och kontrollera att den hör till denna klientorganisation."},
	"error.insights.public_client": {
		"The app registration wants a secret: allow public client flows under its Authentication, or enter a client secret here.",
		"Appregistreringen kräver en hemlighet: tillåt offentliga klientflöden under dess Autentisering, eller ange en klienthemlighet här."},
	"error.insights.secret": {
		"The client secret is wrong or has expired: make a new one under Certificates & secrets and enter its value, not its id.",
		"Klienthemligheten är fel eller har gått ut: skapa en ny under Certifikat och hemligheter och ange dess värde, inte dess id."},
	"error.insights.redirect": {
		"The app registration does not name the address that the browser comes back to: add it under Authentication as this page shows it.",
		"Appregistreringen har inte den adress som webbläsaren kommer tillbaka till: lägg till den under Autentisering så som sidan visar den."},
	"error.insights.permission": {
		"The app registration may not use the Microsoft Partner API: add the delegated permission user_impersonation and grant consent for it.",
		"Appregistreringen får inte använda Microsoft Partner API: lägg till den delegerade behörigheten user_impersonation och ge medgivande till den."},

	// The API.
	"error.insights.role": {
		"Microsoft does not let this account read the reports. It needs the role Executive report viewer in Partner Center. An indirect reseller without access to the API downloads the reports and puts them into the watched folder instead.",
		"Microsoft låter inte kontot läsa rapporterna. Det behöver rollen Executive report viewer i Partner Center. En indirekt återförsäljare utan åtkomst till API:et laddar i stället ned rapporterna och lägger dem i den bevakade mappen."},
	"error.insights.no_access": {
		"The API takes nobody of this account although the sign-in worked. An indirect reseller may have no access to it: download the reports in Partner Center and put them into the watched folder. Otherwise connect again with the account of the partner program.",
		"API:et släpper inte in kontot trots att inloggningen fungerade. En indirekt återförsäljare kan sakna åtkomst: ladda ned rapporterna i Partner Center och lägg dem i den bevakade mappen. Anslut annars igen med partnerprogrammets konto."},
	"error.insights.no_datasets": {
		"This account has no CloudAscent dataset. Most often somebody signed in with the CSP account: connect again with the account of the partner program, which sees Insights in Partner Center.",
		"Kontot har inget CloudAscent-dataset. Oftast har någon loggat in med CSP-kontot: anslut igen med partnerprogrammets konto, det som ser Insikter i Partner Center."},
	"error.insights.refused": {
		"Microsoft does not take the request (status {0}): {1}.",
		"Microsoft godtar inte begäran (status {0}): {1}."},
	"error.insights.unavailable": {
		"Microsoft did not answer after several attempts ({0}). Nothing is lost; it is tried again on the next day, or at once by Fetch now.",
		"Microsoft svarade inte efter flera försök ({0}). Inget har gått förlorat; ett nytt försök görs nästa dag, eller genast med Hämta nu."},
	"error.insights.strange": {
		"{0} answers with something that is no JSON. A proxy may stand between: let this machine reach it directly.",
		"{0} svarar med något som inte är JSON. Det kan stå en proxy emellan: låt maskinen nå adressen direkt."},
	"error.insights.not_ready": {
		"Microsoft had not finished the report after {0} hours. It is asked for again on the next day, or at once by Fetch now.",
		"Microsoft hade inte färdigställt rapporten efter {0} timmar. Den begärs igen nästa dag, eller genast med Hämta nu."},
	"error.insights.link": {
		"No link to the finished report held long enough to download it. It is tried again on the next day, or at once by Fetch now.",
		"Ingen länk till den färdiga rapporten gällde länge nog för att ladda ned den. Ett nytt försök görs nästa dag, eller genast med Hämta nu."},
	"error.insights.large": {
		"The file is larger than {0} MiB. Download it in parts in Partner Center and import those.",
		"Filen är större än {0} MiB. Ladda ned den i delar i Partner Center och importera dem."},
	"error.insights.gzip": {
		"The file came broken. It is tried again on the next day, or at once by Fetch now.",
		"Filen kom fram trasig. Ett nytt försök görs nästa dag, eller genast med Hämta nu."},
	"error.insights.import": {
		"The file was fetched and is kept, but cannot be imported: {0}",
		"Filen är hämtad och finns kvar, men kan inte importeras: {0}"},
	"error.insights.other": {
		"Something went wrong here: {0}. The log says more.",
		"Något gick fel här: {0}. Loggen säger mer."},
	"error.insights.stopped": {
		"The daemon stopped before this was done: fetch again.",
		"Tjänsten stoppades innan detta var klart: hämta igen."},
	"error.insights.running": {
		"A fetch is running already: wait until it is done.",
		"En hämtning pågår redan: vänta tills den är klar."},
	"error.insights.dataset": {
		"There is no dataset {0}; these can be fetched: {1}.",
		"Det finns inget dataset {0}; dessa kan hämtas: {1}."},

	// What came of a fetch.
	"fetch.note.imported": {
		"The content is new: imported for {0}.",
		"Innehållet är nytt: inläst för {0}."},
	"fetch.note.first": {
		"Imported for {0}. As the first file ever it is compared daily until it changes or the days are over, since it may still be last month's.",
		"Inläst för {0}. Som den allra första filen jämförs den dagligen tills den ändras eller dagarna är slut, eftersom den ännu kan vara förra månadens."},
	"fetch.note.unchanged": {
		"Equal to the last file; tried again tomorrow.",
		"Lika med förra filen; ett nytt försök görs i morgon."},
	"fetch.note.same": {
		"Equal to the last file.",
		"Lika med förra filen."},
	"fetch.note.empty": {
		"The file holds a header only, as happens early in a month; tried again tomorrow.",
		"Filen har bara en rubrikrad, vilket händer i början av en månad; ett nytt försök görs i morgon."},
	"fetch.note.empty_now": {
		"The file holds a header only, as happens early in a month. Fetch it again in a day or two.",
		"Filen har bara en rubrikrad, vilket händer i början av en månad. Hämta den igen om en eller ett par dagar."},
	"fetch.note.given_up": {
		"Nothing new in {0} days since the 25th: it is not looked for again before the next 25th. See in Partner Center whether the report was made, then use Fetch now.",
		"Inget nytt på {0} dagar sedan den 25:e: ingen ny kontroll görs före nästa 25:e. Se i Partner Center om rapporten har gjorts och använd sedan Hämta nu."},
	"fetch.note.redacted": {
		"Microsoft hides revenue or personal data from the role of this account; blank is not zero. Executive report viewer sees them.",
		"Microsoft döljer intäkter eller personuppgifter för kontots roll; tomt är inte noll. Executive report viewer ser dem."},
}
