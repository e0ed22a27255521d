package scoring

import (
	"strings"
	"time"

	"actnow"
)

// SignalOf returns what a feature is part of: the counts and the age of one kind of
// event are one signal.
func SignalOf(feature string) string {
	i := strings.LastIndexByte(feature, '.')
	if i < 0 {
		return feature
	}
	switch feature[i+1:] {
	case "7d", "30d", "90d", "days":
		return feature[:i]
	}
	return feature
}

// reason is how a signal is said: a sentence "model.<code>", what it speaks of and
// the day of that.
type reason struct {
	code, value string
	at          time.Time
}

// reasonOf says what was observed of a signal, or that nothing was.
func reasonOf(signal string, observed map[string]*Observation) reason {
	o := observed[signal]
	if o == nil {
		o = observed[signal+".days"]
	}
	kind, of, _ := strings.Cut(signal, ".")
	switch kind {
	case "flag", "owns":
		value := FlagName(of)
		if kind == "owns" {
			value = actnow.Area(of).Name()
		}
		if o == nil {
			return reason{code: kind + ".missing", value: value}
		}
		return reason{kind + "." + o.Text, value, o.At}
	case "spent":
		if o == nil {
			return reason{code: "spent.missing", value: of}
		}
		return reason{"spent", format(o.Number) + " " + of, o.At}
	case areaFeature:
		return reason{code: areaFeature}
	}
	switch {
	case o == nil:
		return reason{code: signal + ".missing"}
	case o.Text != "":
		return reason{signal, o.Text, o.At}
	}
	return reason{signal, format(o.Number), o.At}
}

// FlagName writes the key of a yes/no column as people read it: "has_azure" is
// "Has Azure".
func FlagName(field string) string {
	words := strings.Split(field, "_")
	for i, w := range words {
		switch w {
		case "m365", "d365", "aws", "ea", "sql":
			words[i] = strings.ToUpper(w)
		case "":
		default:
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// modelMessages are the reasons of models and the sentences about them, English and
// Swedish. {0} is a value, {1} its day.
var modelMessages = map[string][2]string{
	"model.base.fit":    {"Where every customer starts; on average {0} of 100 opportunities are won.", "Där varje kund börjar; i genomsnitt vinns {0} av 100 affärsmöjligheter."},
	"model.base.intent": {"Where every customer starts; on average an opportunity opens within 90 days with {0} of 100.", "Där varje kund börjar; i genomsnitt öppnas en affärsmöjlighet inom 90 dagar hos {0} av 100."},
	"model.rest":        {"Smaller signals together: {0}.", "Mindre signaler tillsammans: {0}."},
	"model.calibration": {"Calibration: what was said before, set right by what happened.", "Kalibrering: det som sagts tidigare, rättat efter vad som hände."},
	"model.area":        {"The area is {0}.", "Området är {0}."},

	"model.size":                  {"Employees: {0}.", "Anställda: {0}."},
	"model.size.missing":          {"How many it employs is not known.", "Antalet anställda är inte känt."},
	"model.segment":               {"Segment: {0}.", "Storleksklass: {0}."},
	"model.segment.missing":       {"Its segment is not known.", "Segmentet är inte känt."},
	"model.industry":              {"Industry: {0}.", "Bransch: {0}."},
	"model.industry.missing":      {"Its industry is not known.", "Branschen är inte känd."},
	"model.vertical":              {"Vertical: {0}.", "Delbransch: {0}."},
	"model.vertical.missing":      {"Its vertical is not known.", "Delbranschen är inte känd."},
	"model.country":               {"Country: {0}.", "Land: {0}."},
	"model.country.missing":       {"Its country is not known.", "Landet är inte känt."},
	"model.flag.yes":              {"{0}: yes, in the report of {1}.", "{0}: ja, i rapporten från {1}."},
	"model.flag.no":               {"{0}: no, in the report of {1}.", "{0}: nej, i rapporten från {1}."},
	"model.flag.missing":          {"{0}: the reports do not say.", "{0}: rapporterna säger inget."},
	"model.microsoft_fit":         {"Microsoft’s own fit is {0}, in the report of {1}.", "Microsofts egen passform är {0}, i rapporten från {1}."},
	"model.microsoft_fit.missing": {"Microsoft gives no fit.", "Microsoft anger ingen passform."},
	"model.agreements":            {"Running agreements in the reports: {0}.", "Löpande avtal i rapporterna: {0}."},
	"model.agreements.missing":    {"The reports name no agreement.", "Rapporterna nämner inget avtal."},
	"model.wins.same":             {"Won in this area before: {0}.", "Vunna i detta område tidigare: {0}."},
	"model.wins.other":            {"Won in other areas before: {0}.", "Vunna i andra områden tidigare: {0}."},
	"model.losses.same":           {"Lost in this area before: {0}.", "Förlorade i detta område tidigare: {0}."},
	"model.losses.other":          {"Lost in other areas before: {0}.", "Förlorade i andra områden tidigare: {0}."},
	"model.owns.yes":              {"Subscribes to {0}.", "Prenumererar på {0}."},
	"model.owns.no":               {"No subscription to {0}.", "Ingen prenumeration på {0}."},
	"model.owns.missing":          {"Whether it subscribes to {0} is not asked here.", "Om den prenumererar på {0} frågas inte här."},
	"model.owned_areas":           {"Other areas with a subscription: {0}.", "Andra områden med prenumeration: {0}."},
	"model.seats":                 {"Seats in other areas: {0}.", "Licensplatser i andra områden: {0}."},
	"model.spent":                 {"Spent in other areas within a year: {0}.", "Köpt i andra områden inom ett år: {0}."},
	"model.spent.missing":         {"Nothing spent in other areas within a year in {0}.", "Inget köpt i andra områden inom ett år i {0}."},
	"model.years":                 {"Customer for {0} years, since {1}.", "Kund i {0} år, sedan {1}."},
	"model.years.missing":         {"No purchase is known.", "Inget köp är känt."},

	"model.opportunity.same":   {"An opportunity in this area was opened on {1}.", "En affärsmöjlighet i detta område öppnades {1}."},
	"model.opportunity.other":  {"An opportunity in another area was opened on {1}.", "En affärsmöjlighet i ett annat område öppnades {1}."},
	"model.won.same":           {"An opportunity in this area was won on {1}.", "En affärsmöjlighet i detta område vanns {1}."},
	"model.won.other":          {"An opportunity in another area was won on {1}.", "En affärsmöjlighet i ett annat område vanns {1}."},
	"model.lost.same":          {"An opportunity in this area was lost on {1}.", "En affärsmöjlighet i detta område förlorades {1}."},
	"model.lost.other":         {"An opportunity in another area was lost on {1}.", "En affärsmöjlighet i ett annat område förlorades {1}."},
	"model.purchase.same":      {"Bought in this area on {1}.", "Köpte i detta område {1}."},
	"model.purchase.other":     {"Bought in another area on {1}.", "Köpte i ett annat område {1}."},
	"model.subscription.same":  {"A subscription in this area began on {1}.", "En prenumeration i detta område började {1}."},
	"model.subscription.other": {"A subscription in another area began on {1}.", "En prenumeration i ett annat område började {1}."},
	"model.engagement":         {"Clicked or answered a mail on {1}.", "Klickade på eller svarade på ett mejl {1}."},
	"model.breadth":            {"Areas in which something happened within 90 days: {0}.", "Områden där något hände inom 90 dagar: {0}."},
	"model.ending.same":        {"An agreement in this area ends on {1}, days ahead: {0}.", "Ett avtal i detta område löper ut {1}, dagar kvar: {0}."},
	"model.ending.other":       {"An agreement in another area ends on {1}, days ahead: {0}.", "Ett avtal i ett annat område löper ut {1}, dagar kvar: {0}."},

	"model.opportunity.same.missing":   {"No opportunity in this area is known.", "Ingen affärsmöjlighet i detta område är känd."},
	"model.opportunity.other.missing":  {"No opportunity in another area is known.", "Ingen affärsmöjlighet i ett annat område är känd."},
	"model.won.same.missing":           {"No win in this area is known.", "Ingen vunnen affär i detta område är känd."},
	"model.won.other.missing":          {"No win in another area is known.", "Ingen vunnen affär i ett annat område är känd."},
	"model.lost.same.missing":          {"No loss in this area is known.", "Ingen förlorad affär i detta område är känd."},
	"model.lost.other.missing":         {"No loss in another area is known.", "Ingen förlorad affär i ett annat område är känd."},
	"model.purchase.same.missing":      {"No purchase in this area is known.", "Inget köp i detta område är känt."},
	"model.purchase.other.missing":     {"No purchase in another area is known.", "Inget köp i ett annat område är känt."},
	"model.subscription.same.missing":  {"No subscription in this area is known.", "Ingen prenumeration i detta område är känd."},
	"model.subscription.other.missing": {"No subscription in another area is known.", "Ingen prenumeration i ett annat område är känd."},
	"model.engagement.missing":         {"No click or answer is known.", "Inget klick eller svar är känt."},
	"model.ending.same.missing":        {"No agreement in this area is known to end within a year.", "Inget avtal i detta område är känt att löpa ut inom ett år."},
	"model.ending.other.missing":       {"No agreement in another area is known to end within a year.", "Inget avtal i ett annat område är känt att löpa ut inom ett år."},

	"model.why.untrained":  {"Nothing has been learned here yet. The points card scores.", "Inget har lärts in här ännu. Poängkortet ger poängen."},
	"model.why.shadow":     {"A model has been learned and waits in the shadow of the points card, which scores until the model has proved better or somebody promotes it.", "En modell är inlärd och väntar i skuggan av poängkortet, som ger poängen tills modellen visat sig bättre eller någon sätter den i kraft."},
	"model.why.back":       {"Somebody went back to the points card, or the last challenger did not measure up.", "Någon gick tillbaka till poängkortet, eller så höll den senaste utmanaren inte måttet."},
	"model.why.few.fit":    {"Of opportunities {0} were won and {1} lost. A probability needs {2} of each: {3} are missing. Until then the points card scores.", "Av affärsmöjligheter vanns {0} och förlorades {1}. En sannolikhet kräver {2} av varje: {3} saknas. Till dess ger poängkortet poängen."},
	"model.why.few.intent": {"Of opportunities {0} opened within 90 days of a month’s look back, and {1} looks back saw none. A probability needs {2} of each: {3} are missing. Until then the points card scores.", "Av affärsmöjligheter öppnades {0} inom 90 dagar efter en månads tillbakablick, och {1} tillbakablickar såg ingen. En sannolikhet kräver {2} av varje: {3} saknas. Till dess ger poängkortet poängen."},
	"model.why.early":      {"The outcomes came too close together: none could be foretold from those before it. The points card scores until more time has passed.", "Utfallen kom för tätt: inget kunde förutsägas av dem som kom före. Poängkortet ger poängen tills mer tid har gått."},
	"model.why.signal":     {"What is known does not tell who buys. Of pairs of outcomes that were not learned from, the model put {0} in the right order, surely no less than {1}; chance does 0.5, and {2} must be surpassed. The points card scores.", "Det som är känt säger inte vem som köper. Av par av utfall som inte lärts in satte modellen {0} i rätt ordning, säkert inte mindre än {1}; slumpen klarar 0,5 och {2} måste överträffas. Poängkortet ger poängen."},

	"error.model.json":       {"This is no model as Act Now keeps it: {0}.", "Detta är ingen modell som Act Now sparar dem: {0}."},
	"error.model.training":   {"A training is running already: wait until it is done.", "En träning pågår redan: vänta tills den är klar."},
	"error.model.score":      {"A score is fit or intent, not {0}.", "En poäng är fit eller intent, inte {0}."},
	"error.model.none":       {"No model is in force for {0} of {1}: the points card scores already.", "Ingen modell gäller för {0} i {1}: poängkortet ger redan poängen."},
	"error.model.missing":    {"There is no version of a model with the id {0}: see actnow score models.", "Det finns ingen version av en modell med id:t {0}: se actnow score models."},
	"error.model.inverted":   {"Of the version {0}, {1} did worse than {2} by more than chance: promote it with anyway if that is wanted all the same.", "I versionen {0} gick det sämre för {1} än för {2}, mer än slumpen förklarar: sätt den i kraft med anyway om det ändå önskas."},
	"error.model.inforce":    {"The version {0} is in force already.", "Versionen {0} gäller redan."},
	"error.model.unreadable": {"The model for {0} of {1} cannot be read: train it anew, or go back with actnow score rollback.", "Modellen för {0} i {1} kan inte läsas: träna den på nytt eller gå tillbaka med actnow score rollback."},
	"error.model.several":    {"Several versions begin with {0}: write more of the id.", "Flera versioner börjar med {0}: skriv mer av id:t."},
	"error.model.format":     {"The model has the format {0}, and this version of Act Now reads 1 to {1}: train anew.", "Modellen har formatet {0} och denna version av Act Now läser 1 till {1}: träna på nytt."},
	"error.model.damaged":    {"The model is damaged at {0}: train anew, or go back to an earlier one.", "Modellen är skadad vid {0}: träna på nytt eller gå tillbaka till en tidigare."},
}

// withoutAccount are the signals that are missing for one reason: only the CRM tells
// them.
var withoutAccount = []string{"wins.same", "wins.other", "losses.same", "losses.other", "owned_areas", "seats", "breadth"}
