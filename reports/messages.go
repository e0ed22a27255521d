package reports

import (
	"fmt"
	"strings"

	"actnow"
)

// Messages holds the sentences of this package by code, in English and in
// Swedish. {0}, {1} … stand for the arguments in order.
var Messages = map[string][2]string{
	// What Act Now adds to a report.
	"added.fit":               {"How well the customer fits the area, 0 to 100; 75 and more is High. The report's own value where it has one, else ours.", "Hur väl kunden passar området, 0 till 100; från 75 är Hög. Rapportens egen poäng om den finns, annars vår."},
	"added.intent":            {"How likely the customer is to buy soon, 0 to 100; 75 and more is High. The report's own value where it has one, else ours.", "Hur sannolikt det är att kunden köper snart, 0 till 100; från 75 är Hög. Rapportens egen poäng om den finns, annars vår."},
	"added.cell":              {"The cell of the matrix of fit and intent, A1 to D4.", "Rutan i matrisen av passform och avsikt, A1 till D4."},
	"added.cluster":           {"Act Now, Evaluate, Nurture or Educate, as it holds now.", "Act Now, Evaluate, Nurture eller Educate, så som det gäller nu."},
	"added.change":            {"The move from last month's cluster: up, down, new or same; empty without a month before.", "Förflyttningen från förra månadens kluster: up, down, new eller same; tomt utan en månad före."},
	"added.explanation":       {"The newest explanation that a report or our scoring gives.", "Den nyaste förklaring som en rapport eller vår poängsättning ger."},
	"added.revenue_low":       {"The lower end of the potential revenue.", "Den lägre gränsen för den möjliga intäkten."},
	"added.revenue_high":      {"The upper end of the potential revenue.", "Den övre gränsen för den möjliga intäkten."},
	"added.currency":          {"The currency of the potential revenue.", "Den möjliga intäktens valuta."},
	"added.revenue_kind":      {"What could be sold: whitespace, where the customer owns nothing of the area, or upsell, where it could have more.", "Vad som kan säljas: whitespace där kunden inte har något av området, upsell där den kan ha mer."},
	"added.revenue_basis":     {"What the potential revenue rests on: report, peers (what customers like it pay) or list (list prices, since too few pay).", "Vad den möjliga intäkten bygger på: report, peers (vad liknande kunder betalar) eller list (listpriser, eftersom för få betalar)."},
	"added.revenue_peers":     {"How many customers like it our own estimate rests on.", "Hur många liknande kunder vår egen uppskattning bygger på."},
	"added.account":           {"The customer's account in the CRM, if one is matched.", "Kundens konto i CRM-systemet, om något är matchat."},
	"added.owner":             {"Who owns that account.", "Vem som äger det kontot."},
	"added.mailable_contacts": {"How many contacts of the customer may be mailed.", "Hur många av kundens kontakter som får e-post."},
	"sheet.source":            {"Source", "Källa"},
	"sheet.month":             {"Month", "Månad"},
	"sheet.filter":            {"Filter", "Filter"},
	"sheet.made":              {"Made", "Skapad"},
	"error.sheet_rows":        {"A workbook holds 1,048,575 rows and the list has more. Choose CSV, or narrow the filter.", "En arbetsbok rymmer 1 048 575 rader och listan har fler. Välj CSV eller gör filtret snävare."},
	"error.sheet_source":      {"{0} is no source of a list: name one of the six reports, customers, or cohort:ID.", "{0} är ingen källa för en lista: ange en av de sex rapporterna, customers eller cohort:ID."},

	"error.sheet_sort": {"{0} is no order of a list: leave it empty, or say revenue or end.", "{0} är ingen ordning för en lista: lämna den tom, eller ange revenue eller end."},

	// A file that is refused whole.
	"error.report.empty": {
		"The file is empty. Download the report again and import the new file.",
		"Filen är tom. Ladda ned rapporten igen och importera den nya filen."},
	"error.report.none": {
		"This is no report that Act Now knows: no header line with its columns was found. Download a CloudAscent report as CSV or TSV and import that file unchanged.",
		"Det här är ingen rapport som Act Now känner till: ingen rubrikrad med dess kolumner hittades. Ladda ned en CloudAscent-rapport som CSV eller TSV och importera den filen oförändrad."},
	"error.report.format": {
		"This is no report but another kind of file ({0}), which cannot be read here. Save the report as CSV, TSV or XLSX and import that.",
		"Det här är ingen rapport utan ett annat slags fil ({0}), som inte kan läsas här. Spara rapporten som CSV, TSV eller XLSX och importera den."},
	"error.report.which": {
		"It cannot be told which report this is, since every report has the columns found ({0}). Download it again with all columns; one such as AzureCluster or AgreementID is enough.",
		"Det går inte att avgöra vilken rapport det här är, eftersom alla rapporter har de kolumner som hittades ({0}). Ladda ned den igen med alla kolumner; en sådan som AzureCluster eller AgreementID räcker."},
	"error.report.identity": {
		"No column names the customers. CustomerID, AccountName or Domain is needed; download the report again with one of them.",
		"Ingen kolumn namnger kunderna. CustomerID, AccountName eller Domain behövs; ladda ned rapporten igen med någon av dem."},
	"error.report.columns": {
		"The header has {0} columns, more than the {1} that are read. Remove columns that do not belong to the report.",
		"Rubrikraden har {0} kolumner, fler än de {1} som läses. Ta bort kolumner som inte hör till rapporten."},
	"error.report.rows": {
		"The report has a header but no rows. Download it again, and check the filters it was made with.",
		"Rapporten har en rubrikrad men inga rader. Ladda ned den igen och kontrollera filtren den gjordes med."},
	"error.report.large": {
		"The file is too large: more than {0} MiB when unpacked. Download the report in parts, or with fewer columns.",
		"Filen är för stor: mer än {0} MiB uppackad. Ladda ned rapporten i delar eller med färre kolumner."},
	"error.report.encoding": {
		"The encoding of the file cannot be read. Save it as CSV UTF-8 and import that.",
		"Filens teckenkodning kan inte läsas. Spara den som CSV UTF-8 och importera den."},
	"error.report.second": {
		"Line {0} is a second header line: the file holds more than one report. Split it there and import the parts one by one.",
		"Rad {0} är en andra rubrikrad: filen innehåller mer än en rapport. Dela den där och importera delarna en i taget."},
	"error.report.rejected": {
		"More than {0} lines cannot be used; the first is line {1}: {2} Correct the file and import it again.",
		"Fler än {0} rader kan inte användas; den första är rad {1}: {2} Rätta filen och importera den igen."},
	"error.report.archive.broken": {
		"The archive is broken. Download it again, or unpack it and import the file in it.",
		"Arkivet är trasigt. Ladda ned det igen, eller packa upp det och importera filen i det."},
	"error.report.archive.empty": {
		"The archive is empty. Download it again.",
		"Arkivet är tomt. Ladda ned det igen."},
	"error.report.archive.many": {
		"The archive holds {0} files, but only one file can be imported at a time. Unpack it and import the files one by one.",
		"Arkivet innehåller {0} filer, men bara en fil kan importeras åt gången. Packa upp det och importera filerna en i taget."},
	"error.report.archive.nested": {
		"The archive holds another archive. Unpack it and import the report in it.",
		"Arkivet innehåller ett annat arkiv. Packa upp det och importera rapporten i det."},
	"error.report.workbook": {
		"The workbook cannot be read: it is broken, too large or has a password. Save its sheet as CSV UTF-8 and import that.",
		"Arbetsboken kan inte läsas: den är trasig, för stor eller har ett lösenord. Spara bladet som CSV UTF-8 och importera den."},

	"error.map_header": {
		"Say which column is meant, by its header.",
		"Ange vilken kolumn som avses, med dess rubrik."},
	"error.map_field": {
		"“{0}” is no field of the reports: name one such as org_size, or keep.",
		"”{0}” är inget fält i rapporterna: ange ett som org_size, eller keep."},

	// What became of a file of the watched folder.
	"watch.done": {
		"Imported as the report {0} of {1}, revision {2}: {3} rows, {4} new, {5} changed, {6} unchanged, {7} rejected.",
		"Importerad som rapporten {0} för {1}, revision {2}: {3} rader, {4} nya, {5} ändrade, {6} oförändrade, {7} avvisade."},
	"watch.again": {
		"The same content was imported before, as the report {0} of {1}, revision {2}: nothing changed.",
		"Samma innehåll har importerats förut, som rapporten {0} för {1}, revision {2}: ingenting ändrades."},
	"watch.forbidden": {
		"{0} may not be read. Give Act Now the right to read it and put it into the folder again.",
		"{0} får inte läsas. Ge Act Now rätt att läsa den och lägg den i mappen igen."},
	"watch.stuck": {
		"It could not be moved to the folder {0}: {1}. It is left where it is and not looked at again until it changes.",
		"Den kunde inte flyttas till mappen {0}: {1}. Den ligger kvar och läses inte igen förrän den ändras."},
	"watch.unreadable": {
		"The watched folder {0} cannot be read: {1}. Make it, or give Act Now the right to read and write it.",
		"Den bevakade mappen {0} kan inte läsas: {1}. Skapa den, eller ge Act Now rätt att läsa och skriva i den."},

	"error.cohort_state": {
		"“{0}” is no decision about a cohort: confirm or dismiss it.",
		"”{0}” är inget beslut om ett urval: bekräfta eller avfärda det."},

	// A line that is rejected.
	"reject.cells": {
		"The number of cells is {0}, the header has {1}.",
		"Antalet celler är {0}, rubrikraden har {1}."},
	"reject.quote": {
		"A quote opens here that is not closed before other text follows.",
		"Här öppnas ett citattecken som inte stängs innan annan text följer."},
	"reject.long": {
		"The line is too long: more than {0} kB.",
		"Raden är för lång: mer än {0} kB."},
	"reject.cell_long": {
		"{0} is too long: more than {1} kB in one cell.",
		"{0} är för lång: mer än {1} kB i en cell."},
	"reject.encoding": {
		"{0} holds bytes that are no text in the file's encoding.",
		"{0} innehåller byte som inte är text i filens teckenkodning."},
	"reject.header": {
		"The header line comes again here.",
		"Rubrikraden kommer igen här."},
	"reject.identity": {
		"CustomerID, AccountName or Domain is needed, and none of them says who the customer is.",
		"CustomerID, AccountName eller Domain behövs, och ingen av dem säger vem kunden är."},
	"reject.score": {
		"{0} is “{1}”, which is no number from 0 to 100 and no band word.",
		"{0} är ”{1}”, som inte är ett tal från 0 till 100 och inte något bandord."},
	"reject.cell_contradiction": {
		"{0} says cell {1}, but another column of the line says {2}.",
		"{0} säger cell {1}, men en annan kolumn på raden säger {2}."},
	"reject.cluster": {
		"{0} is “{1}”, which is no cluster: Act Now, Evaluate, Nurture or Educate.",
		"{0} är ”{1}”, som inte är något kluster: Act Now, Evaluate, Nurture eller Educate."},
	"reject.size": {
		"{0} is “{1}”, which is no number of employees.",
		"{0} är ”{1}”, som inte är ett antal anställda."},
	"reject.date": {
		"{0} is “{1}”, which is no date: write it as 2027-03-31 or 3/31/2027.",
		"{0} är ”{1}”, som inte är något datum: skriv det som 2027-03-31 eller 3/31/2027."},
	"reject.money": {
		"{0} is “{1}”, which is no amount.",
		"{0} är ”{1}”, som inte är något belopp."},
	"reject.id": {
		"{0} is “{1}”: a spreadsheet has turned the id into a rounded number. Download the report again and import it without opening it there.",
		"{0} är ”{1}”: ett kalkylprogram har gjort om id:t till ett avrundat tal. Ladda ned rapporten igen och importera den utan att öppna den där."},

	// What a person should know of a file that was imported.
	"warning.report.encoding": {
		"The encoding could not be told for sure and was taken as {0}. Check names with letters such as å, ö or ł.",
		"Teckenkodningen gick inte att avgöra säkert och lästes som {0}. Kontrollera namn med bokstäver som å, ö eller ł."},
	"warning.report.header_line": {
		"The header was found on line {0}; what stands above it was skipped.",
		"Rubrikraden hittades på rad {0}; det som står ovanför hoppades över."},
	"warning.report.unknown_columns": {
		"Unknown columns were kept as they are: {0}.",
		"Okända kolumner behölls som de är: {0}."},
	"warning.report.twice": {
		"The column {0} comes more than once; the first one counts.",
		"Kolumnen {0} förekommer flera gånger; den första räknas."},
	"warning.report.mixed": {
		"The file was taken as the report {0}, but it holds columns of both reports {0} and {1}; all of them were read.",
		"Filen lästes som rapporten {0}, men den innehåller kolumner från både {0} och {1}; alla lästes."},
	"warning.report.twin": {
		"The columns fit the reports {0} and {1} alike; the file was taken as {0}. If it is the other one, name the file after it and import it again.",
		"Kolumnerna passar lika bra för rapporterna {0} och {1}; filen lästes som {0}. Om det är den andra, döp filen efter den och importera den igen."},
	"warning.report.cohort_values": {
		"The cohort column {0} holds more than Yes, No and blank; only Yes counts.",
		"Urvalskolumnen {0} innehåller annat än Yes, No och tomt; bara Yes räknas."},
	"warning.report.matrix": {
		"{0} of {1} clusters in the file contradict the matrix {2}; the clusters of the file count.",
		"{0} av {1} kluster i filen motsäger matrisen {2}; filens kluster gäller."},
	"warning.report.matrix_better": {
		"{0} of {1} clusters in the file contradict the matrix {2}, and {3} fits better with {4}; the clusters of the file count.",
		"{0} av {1} kluster i filen motsäger matrisen {2}, och {3} passar bättre med {4}; filens kluster gäller."},
	"warning.report.incomplete": {
		"{0} lines were rejected, so nobody is counted as gone.",
		"{0} rader avvisades, så ingen räknas som borta."},
	"warning.report.repeated": {
		"{0} lines repeat an earlier line and count once.",
		"{0} rader upprepar en tidigare rad och räknas en gång."},
	"warning.report.conflict": {
		"{0} customers have different names on different lines; the last line counts.",
		"{0} kunder har olika namn på olika rader; den sista raden gäller."},
	"warning.report.workbook_sheets": {
		"The workbook has {0} sheets; only the first one, {1}, was read.",
		"Arbetsboken har {0} blad; bara det första, {1}, lästes."},
}

// Notice is a sentence for a person: a code of Messages with its arguments.
type Notice struct {
	Code string `json:"code"`
	Args []any  `json:"args,omitempty"`
}

// NewNotice returns the notice of code with args.
func NewNotice(code string, args ...any) Notice { return Notice{Code: code, Args: args} }

// String returns the sentence in English.
func (n Notice) String() string { return n.in(0) }

// in returns the sentence in a language of Messages.
func (n Notice) in(language int) string {
	var pairs []string
	for i, arg := range n.Args {
		pairs = append(pairs, fmt.Sprintf("{%d}", i), fmt.Sprint(arg))
	}
	return strings.NewReplacer(pairs...).Replace(Messages[n.Code][language])
}

// refuse returns the error that refuses a file whole.
func refuse(code string, args ...any) *actnow.InputError {
	return &actnow.InputError{Code: code, Args: args, Text: NewNotice(code, args...).String()}
}

// reject returns the rejection of a line. field is the header as the file
// writes it, or "".
func reject(line int, field, code string, args ...any) *Rejected {
	return &Rejected{Line: line, Field: field, Code: code, Args: args, Reason: NewNotice(code, args...).String()}
}
