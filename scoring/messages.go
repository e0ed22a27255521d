package scoring

import "maps"

// Messages are the sentences of this package in English and Swedish, by code;
// {0}, {1} … stand for the arguments. Reasons of a points card are
// "card.<area>.<fit or intent>.<key>", with the value and the day of the part.
var Messages = messages()

func messages() map[string][2]string {
	m := map[string][2]string{
		"card.base":  {"Where every customer starts of whom anything is known.", "Där varje kund börjar som något är känt om."},
		"card.limit": {"A score stays between 0 and 100; the points add up to {0}.", "En poäng håller sig mellan 0 och 100; delarna blir tillsammans {0}."},

		"error.score.area":        {"There is no points card for the area {0}.", "Det finns inget poängkort för området {0}."},
		"error.score.edges":       {"Band edges must fall from High to Low between 100 and 0, not {0}, {1}, {2}.", "Bandens gränser måste falla från High till Low mellan 100 och 0, inte {0}, {1}, {2}."},
		"error.score.matrix.name": {"A matrix needs a name.", "En matris behöver ett namn."},
		"error.score.matrix.cell": {"The cell of fit {0} and intent {1} must be one of A1 to D4 that no other has, not {2}.", "Cellen för fit {0} och intent {1} måste vara en av A1 till D4 som ingen annan har, inte {2}."},

		"error.score.matrix.builtin": {"{0} is the name of a built-in matrix.", "{0} är namnet på en inbyggd matris."},

		"error.holdout.share": {"From 0 to {0} % of Act Now can be held out, not {1} %.", "Från 0 till {0} % av Act Now kan hållas utanför, inte {1} %."},

		"error.score.every":   {"A block has 1 row or more, not {0}.", "Ett block har minst 1 rad, inte {0}."},
		"error.data.file":     {"There is no such file in the folder.", "Det finns ingen sådan fil i mappen."},
		"error.data.utf8":     {"The text is not UTF-8.", "Texten är inte UTF-8."},
		"error.data.json":     {"This is no JSON as expected: {0}.", "Detta är inte den JSON som väntades: {0}."},
		"error.data.csv":      {"This is no CSV as expected: {0}.", "Detta är inte den CSV som väntades: {0}."},
		"error.data.columns":  {"A schema names 1 to {0} columns, not {1}.", "Ett schema nämner 1 till {0} kolumner, inte {1}."},
		"error.data.name":     {"Each column needs a name of its own, and not row_id, label or amount: {0}.", "Varje kolumn behöver ett eget namn, och inte row_id, label eller amount: {0}."},
		"error.data.kind":     {"The kind of {0} must be numeric, categorical or date, not {1}.", "Sorten för {0} måste vara numeric, categorical eller date, inte {1}."},
		"error.data.role":     {"The role of {0} must be feature, id, time, leak or treatment, not {1}.", "Rollen för {0} måste vara feature, id, time, leak eller treatment, inte {1}."},
		"error.data.header":   {"The file is empty: there is no header.", "Filen är tom: det finns ingen rubrikrad."},
		"error.data.twice":    {"The column {0} is there twice.", "Kolumnen {0} finns två gånger."},
		"error.data.column":   {"The column {0} is missing.", "Kolumnen {0} saknas."},
		"error.data.cell":     {"A cell holds {0} bytes, more than {1}.", "En cell rymmer {0} byte, mer än {1}."},
		"error.data.id":       {"Each row needs a row_id of its own, not {0}.", "Varje rad behöver ett eget row_id, inte {0}."},
		"error.data.label":    {"A label must be 0 or 1, not {0}.", "En label måste vara 0 eller 1, inte {0}."},
		"error.data.amount":   {"An amount must be a number or empty, not {0}.", "Ett belopp måste vara ett tal eller tomt, inte {0}."},
		"error.data.rows":     {"There are no rows to learn from.", "Det finns inga rader att lära av."},
		"error.data.unjudged": {"The outcome of the row {0} is missing.", "Utfallet för raden {0} saknas."},

		"error.card.size":      {"A card may be {0} bytes long, this one has {1}.", "Ett kort får vara {0} byte långt, detta har {1}."},
		"error.card.yaml":      {"This is no card: {0}.", "Detta är inget kort: {0}."},
		"error.card.area":      {"{0} is no key of a solution area.", "{0} är ingen nyckel för ett lösningsområde."},
		"error.card.version":   {"The version must be 1 or more, not {0}.", "Versionen måste vara 1 eller mer, inte {0}."},
		"error.card.base":      {"The base must be 0 to 100 in quarters, not {0}.", "Grundvärdet måste vara 0 till 100 i fjärdedelar, inte {0}."},
		"error.card.lines":     {"A score has 1 to {0} lines of points, not {1}.", "En poäng har 1 till {0} rader, inte {1}."},
		"error.card.key":       {"Each line needs a key of its own, of letters, digits and _, not {0}.", "Varje rad behöver en egen nyckel av bokstäver, siffror och _, inte {0}."},
		"error.card.points":    {"A line gives -100 to 100 points in quarters and not 0, not {0}.", "En rad ger -100 till 100 poäng i fjärdedelar och inte 0, inte {0}."},
		"error.card.days":      {"Days must be 0 to {0}, not {1}.", "Dagar måste vara 0 till {0}, inte {1}."},
		"error.card.sentence":  {"Each line needs a sentence in English and in Swedish.", "Varje rad behöver en mening på engelska och på svenska."},
		"error.card.when":      {"Each line needs 1 to {0} conditions, not {1}.", "Varje rad behöver 1 till {0} villkor, inte {1}."},
		"error.card.fade":      {"Only points for an event can fade: make the event the first condition.", "Bara poäng för en händelse kan avta: gör händelsen till första villkoret."},
		"error.card.subject":   {"A condition asks for exactly one of flag, flag_with, value, event, size, industry, not for {0}.", "Ett villkor frågar efter exakt en av flag, flag_with, value, event, size, industry, inte efter {0}."},
		"error.card.misplaced": {"{0} does not belong to this condition.", "{0} hör inte till detta villkor."},
		"error.card.is":        {"is must be yes or no, in quotes, not {0}.", "is måste vara yes eller no, inom citattecken, inte {0}."},
		"error.card.in":        {"in must be same, other or any, not {0}.", "in måste vara same, other eller any, inte {0}."},
		"error.card.window":    {"An event needs either within or ahead, in days.", "En händelse behöver antingen within eller ahead, i dagar."},
		"error.card.range":     {"{0} needs from, to or contains.", "{0} behöver from, to eller contains."},
		"error.card.event":     {"{0} is no kind of event.", "{0} är ingen sorts händelse."},
		"error.card.text":      {"{0} has no letter or digit to look for.", "{0} har ingen bokstav eller siffra att leta efter."},
	}
	maps.Copy(m, modelMessages)
	maps.Copy(m, revenueMessages)
	for _, signal := range withoutAccount {
		m["model."+signal+".missing"] = [2]string{"No account of the CRM is matched.", "Inget konto i CRM är matchat."}
	}
	for _, c := range Cards() {
		for _, side := range []struct {
			name string
			Side
		}{{"fit", c.Fit}, {"intent", c.Intent}} {
			for _, p := range side.Points {
				m["card."+string(c.Area)+"."+side.name+"."+p.Key] = [2]string{p.EN, p.SV}
			}
		}
	}
	return m
}
