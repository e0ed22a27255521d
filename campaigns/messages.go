package campaigns

import (
	"fmt"
	"strings"
)

// Messages has the sentences of this package by code, in English and Swedish.
// {0}, {1} … stand for the arguments in order.
var Messages = map[string][2]string{
	"merge.open":       {"the braces {{ are not closed", "klammerparenteserna {{ stängs inte"},
	"merge.empty":      {"nothing stands between the braces", "det står ingenting mellan klammerparenteserna"},
	"merge.unexpected": {"“{0}” has no place here; allowed are {{.Field}}, {{or .Field \"text\"}} and {{if .Field}}…{{else}}…{{end}}", "”{0}” kan inte stå här; tillåtna är {{.Fält}}, {{or .Fält \"text\"}} och {{if .Fält}}…{{else}}…{{end}}"},
	"merge.word":       {"“{0}” is not part of the merge syntax; allowed are {{.Field}}, {{or .Field \"text\"}} and {{if .Field}}…{{else}}…{{end}}", "”{0}” ingår inte i fältspråket; tillåtna är {{.Fält}}, {{or .Fält \"text\"}} och {{if .Fält}}…{{else}}…{{end}}"},
	"merge.want_field": {"a field is missing here, written as .FirstName", "här saknas ett fält, skrivet som .FirstName"},
	"merge.want_text":  {"a text in double quotes is missing here", "här saknas en text inom raka citattecken"},
	"merge.path":       {"a field has no parts of its own", "ett fält har inga egna delar"},
	"merge.field":      {"there is no field called {0}", "det finns inget fält som heter {0}"},
	"merge.field_like": {"there is no field called {0}; did you mean {1}?", "det finns inget fält som heter {0}; menade du {1}?"},
	"merge.no_if":      {"this {0} has no if before it", "{0} har inget if före sig"},
	"merge.two_else":   {"this if has an else already", "detta if har redan ett else"},
	"merge.no_end":     {"this if is not closed with {{end}}", "detta if stängs inte med {{end}}"},
	"merge.deep":       {"more than {0} ifs inside each other", "fler än {0} if inuti varandra"},
	"merge.many":       {"more than {0} merge fields in one text", "fler än {0} fält i en text"},

	"pack.not_zip":      {"this is no zip file", "detta är ingen zip-fil"},
	"pack.size":         {"the pack is larger than {0} MiB", "paketet är större än {0} MiB"},
	"pack.files":        {"the pack has more than {0} files", "paketet har fler än {0} filer"},
	"pack.file_size":    {"the file is larger than {0} MiB", "filen är större än {0} MiB"},
	"pack.path":         {"this path cannot be in a pack", "den här sökvägen kan inte finnas i ett paket"},
	"pack.twice":        {"there are two files of this name", "det finns två filer med det här namnet"},
	"pack.not_regular":  {"this is a link or a device, not a file", "detta är en länk eller en enhet, ingen fil"},
	"pack.encrypted":    {"the file is encrypted", "filen är krypterad"},
	"pack.ratio":        {"the file unpacks to far more than it should", "filen packas upp till mycket mer än den borde"},
	"pack.broken":       {"the file cannot be unpacked", "filen kan inte packas upp"},
	"pack.nested":       {"an archive inside a pack is not read", "ett arkiv inuti ett paket läses inte"},
	"pack.not_image":    {"this is no PNG, JPEG, GIF or WebP picture", "detta är ingen bild i PNG, JPEG, GIF eller WebP"},
	"pack.no_manifest":  {"the pack has no pack.yaml", "paketet har ingen pack.yaml"},
	"pack.empty":        {"the file is empty", "filen är tom"},
	"pack.text_long":    {"this text is longer than {0} KiB", "texten är längre än {0} KiB"},
	"pack.not_utf8":     {"this is no UTF-8 text", "detta är ingen text i UTF-8"},
	"pack.yaml":         {"this is not well-formed YAML: {0}", "detta är inte välformad YAML: {0}"},
	"pack.alias":        {"anchors, aliases and merges are not read; write the text out", "ankare, alias och sammanslagningar läses inte; skriv ut texten"},
	"pack.key":          {"there is no key {0} here; known are {1}", "det finns ingen nyckel {0} här; kända är {1}"},
	"pack.key_like":     {"there is no key {0} here; did you mean {1}?", "det finns ingen nyckel {0} här; menade du {1}?"},
	"pack.key_twice":    {"the key {0} stands here twice", "nyckeln {0} står här två gånger"},
	"pack.missing":      {"this is missing: {0}", "detta saknas: {0}"},
	"pack.want_map":     {"keys and values are wanted here", "här ska det stå nycklar och värden"},
	"pack.want_list":    {"a list is wanted here", "här ska det stå en lista"},
	"pack.want_text":    {"a text is wanted here", "här ska det stå en text"},
	"pack.one_line":     {"this must be one line", "detta måste vara en rad"},
	"pack.word":         {"“{0}” is empty or stands here twice", "”{0}” är tomt eller står här två gånger"},
	"pack.name":         {"a name has 1 to 200 letters", "ett namn har 1 till 200 bokstäver"},
	"pack.languages":    {"a pack has 1 to {0} languages", "ett paket har 1 till {0} språk"},
	"pack.language":     {"“{0}” is no language; write it as en or pt-BR", "”{0}” är inget språk; skriv det som sv eller pt-BR"},
	"pack.no_language":  {"the text in the language {0} is missing", "texten på språket {0} saknas"},
	"pack.date":         {"“{0}” is no day; write it as 2027-06-30", "”{0}” är ingen dag; skriv den som 2027-06-30"},
	"pack.address":      {"“{0}” is no mail address", "”{0}” är ingen e-postadress"},
	"pack.link":         {"“{0}” is no web address; begin it with https://", "”{0}” är ingen webbadress; börja med https://"},
	"pack.no_file":      {"there is no file {0} in the pack", "det finns ingen fil {0} i paketet"},
	"pack.no_file_like": {"there is no file {0} in the pack; did you mean {1}?", "det finns ingen fil {0} i paketet; menade du {1}?"},
	"pack.steps":        {"a pack has 1 to {0} steps", "ett paket har 1 till {0} steg"},
	"pack.step_key":     {"“{0}” is no key of a step; use small letters, digits and hyphens, at most 40", "”{0}” är ingen stegnyckel; använd små bokstäver, siffror och bindestreck, högst 40"},
	"pack.step_twice":   {"there are two steps with the key {0}", "det finns två steg med nyckeln {0}"},
	"pack.after":        {"“{0}” is no number of days; write 0d to 365d", "”{0}” är inget antal dagar; skriv 0d till 365d"},
	"pack.channel":      {"there is no channel {0}; known are {1}", "det finns ingen kanal {0}; kända är {1}"},
	"pack.two_formats":  {"the step has {0} already, it cannot have {1} too", "steget har redan {0} och kan inte ha {1} också"},
	"pack.not_for":      {"{0} is for e-mail, not for {1}", "{0} är för e-post, inte för {1}"},
	"pack.no_recipient": {"a merge field has no place here: this text has no recipient", "ett fält kan inte stå här: den här texten har ingen mottagare"},

	"html.place_tag":     {"a merge field cannot be the name of a tag or an attribute", "ett fält kan inte vara namn på en tagg eller ett attribut"},
	"html.place_comment": {"a merge field cannot stand in a comment", "ett fält kan inte stå i en kommentar"},
	"html.place_style":   {"a merge field cannot stand in a style", "ett fält kan inte stå i en stilmall"},
	"html.place_link":    {"a merge field cannot stand in the address or the scheme of a link; begin the link with https://…/ or let the field be the whole link", "ett fält kan inte stå i länkens adress eller protokoll; börja länken med https://…/ eller låt fältet vara hela länken"},
	"html.place_if":      {"an if must begin and end in the same place: between tags, or inside one attribute", "ett if måste börja och sluta på samma ställe: mellan taggar, eller inuti ett attribut"},
	"html.lost":          {"the merge field gets lost here; put it inside a text", "fältet går förlorat här; sätt det inuti en text"},
	"html.element":       {"<{0}> has no place in a mail", "<{0}> kan inte stå i ett brev"},
	"html.attribute":     {"the attribute {0} has no place in a mail", "attributet {0} kan inte stå i ett brev"},
	"html.link":          {"a link may not begin with {0}:", "en länk får inte börja med {0}:"},
	"html.image":         {"there is no image {0} in the pack", "det finns ingen bild {0} i paketet"},
	"html.image_like":    {"there is no image {0} in the pack; did you mean {1}?", "det finns ingen bild {0} i paketet; menade du {1}?"},
	"html.style_broken":  {"the style cannot be read: {0}", "stilmallen kan inte läsas: {0}"},
	"mjml.broken":        {"this is not well-formed MJML: {0}", "detta är inte välformad MJML: {0}"},

	"render.no_step":        {"there is no step {0} in the pack", "det finns inget steg {0} i paketet"},
	"render.not_mail":       {"the step {0} goes to {1}, not by mail", "steget {0} går till {1}, inte per e-post"},
	"render.no_language":    {"the pack has no texts in the language {0}", "paketet har inga texter på språket {0}"},
	"render.no_unsubscribe": {"a mail needs a link to unsubscribe", "ett brev behöver en länk för att avsluta utskick"},

	"preflight.expired":         {"the pack expired on {0}", "paketet gick ut {0}"},
	"preflight.expires_soon":    {"the pack expires on {0}; later steps may fall behind that day", "paketet går ut {0}; senare steg kan hamna efter den dagen"},
	"preflight.expires_later":   {"the pack is good until {0}", "paketet gäller till {0}"},
	"preflight.not_mail":        {"step {0} goes to {1} and is not part of this mailing", "steg {0} går till {1} och ingår inte i det här utskicket"},
	"preflight.no_mail":         {"the pack has no e-mail step", "paketet har inget e-poststeg"},
	"preflight.nobody":          {"there is nobody to send to", "det finns ingen att skicka till"},
	"preflight.broken":          {"the text cannot be used: {0}", "texten kan inte användas: {0}"},
	"preflight.failed":          {"{0} mails cannot be rendered: {1}", "{0} brev kan inte skapas: {1}"},
	"preflight.empty":           {"{0} is empty for {1} of {2} recipients and leaves a hole; give it a fallback with or", "{0} är tomt för {1} av {2} mottagare och lämnar ett hål; ge det en reservtext med or"},
	"preflight.fields":          {"every merge field has a value or a fallback", "varje fält har ett värde eller en reservtext"},
	"preflight.large":           {"the largest mail is {0} kB; Gmail cuts off what is beyond {1} kB", "det största brevet är {0} kB; Gmail klipper det som är över {1} kB"},
	"preflight.size":            {"the largest mail is {0} kB", "det största brevet är {0} kB"},
	"preflight.pictures":        {"the pictures of the mail are {0} kB; smaller ones arrive sooner", "brevets bilder är {0} kB; mindre bilder kommer fram fortare"},
	"preflight.no_subject":      {"{0} mails have no subject", "{0} brev har ingen ämnesrad"},
	"preflight.long_subject":    {"{0} mails have a subject of more than {1} characters", "{0} brev har en ämnesrad på mer än {1} tecken"},
	"preflight.text_own":        {"the mail has a text part of its own", "brevet har en egen textdel"},
	"preflight.text_made":       {"the text part is made from the HTML", "textdelen görs av HTML-delen"},
	"preflight.no_alt":          {"images without alternative text: {0}", "bilder utan alternativtext: {0}"},
	"preflight.alt":             {"every image has its alternative text", "varje bild har sin alternativtext"},
	"preflight.http":            {"links that are not https: {0}", "länkar som inte är https: {0}"},
	"preflight.dead":            {"{0} links lead nowhere", "{0} länkar leder ingenstans"},
	"preflight.links":           {"every link is https", "varje länk är https"},
	"preflight.footer_language": {"the footer has no words in {0} and stands in English", "sidfoten saknar ord på {0} och står på engelska"},
	"preflight.language":        {"{0} recipients read {1} and get the mail in {2}", "{0} mottagare läser {1} och får brevet på {2}"},
	"preflight.unsubscribe":     {"the link to unsubscribe is not https in {0} mails", "länken för att avsluta utskick är inte https i {0} brev"},
	"preflight.unsubscribe_ok":  {"the link to unsubscribe is https in every mail", "länken för att avsluta utskick är https i varje brev"},

	"html.style": {"a style may not contain {0}", "en stilmall får inte innehålla {0}"},
}

// message returns the English sentence of a code.
func message(code string, args []any) string {
	fill := make([]string, 0, 2*len(args))
	for i, a := range args {
		fill = append(fill, fmt.Sprintf("{%d}", i), fmt.Sprint(a))
	}
	return strings.NewReplacer(fill...).Replace(Messages[code][0])
}
