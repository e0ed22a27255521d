package cohorts

import (
	"slices"
	"strings"

	"actnow"
)

// FieldInfo describes a field of the catalogue to people.
type FieldInfo struct {
	Name   string
	Kind   FieldKind
	En, Sv string // labels
	Money  bool   // in major units; only for those who may see revenue
	// PerArea says that a customer has one of it in each solution area.
	PerArea bool
	// Choices are the values of a Choice, in the order pages show them.
	Choices []string
}

// Label returns the field's label in the language: "sv", else English.
func (f FieldInfo) Label(language string) string {
	if language == "sv" {
		return f.Sv
	}
	return f.En
}

// Fields is the catalogue, in the order pages show it. Facts of the reports have
// the names of the report catalogue.
var Fields = []FieldInfo{
	{Name: "area", Kind: Choice, En: "Solution area", Sv: "Lösningsområde", Choices: texts(actnow.Areas)},
	{Name: "cluster", Kind: Choice, En: "Cluster", Sv: "Kluster", Choices: texts(actnow.Clusters), PerArea: true},
	{Name: "cell", Kind: Choice, En: "Cell", Sv: "Cell", Choices: cells(), PerArea: true},
	{Name: "fit", Kind: Number, En: "Fit", Sv: "Passform", PerArea: true},
	{Name: "intent", Kind: Number, En: "Intent", Sv: "Avsikt", PerArea: true},
	{Name: "fit_band", Kind: Choice, En: "Fit band", Sv: "Passformsband", Choices: texts(actnow.Bands), PerArea: true},
	{Name: "intent_band", Kind: Choice, En: "Intent band", Sv: "Avsiktsband", Choices: texts(actnow.Bands), PerArea: true},
	{Name: "microsoft_cluster", Kind: Choice, En: "Microsoft’s cluster", Sv: "Microsofts kluster", Choices: texts(actnow.Clusters), PerArea: true},
	{Name: "previous_cluster", Kind: Choice, En: "Cluster of the month before", Sv: "Kluster månaden före", Choices: texts(actnow.Clusters), PerArea: true},
	{Name: "revenue_low", Kind: Number, En: "Potential revenue, from", Sv: "Möjlig intäkt, från", Money: true, PerArea: true},
	{Name: "revenue_high", Kind: Number, En: "Potential revenue, up to", Sv: "Möjlig intäkt, upp till", Money: true, PerArea: true},
	{Name: "currency", Kind: Text, En: "Currency of the potential revenue", Sv: "Den möjliga intäktens valuta", Money: true, PerArea: true},
	{Name: "revenue_kind", Kind: Choice, En: "Whitespace or upsell", Sv: "Nyförsäljning eller merförsäljning", Choices: texts(actnow.RevenueKinds), PerArea: true},
	{Name: "cohort", Kind: Text, En: "Cohort", Sv: "Urval"},
	{Name: "segment", Kind: Choice, En: "Segment", Sv: "Segment", Choices: texts(actnow.Segments)},
	{Name: "org_size", Kind: Number, En: "Employees", Sv: "Anställda"},
	{Name: "industry", Kind: Text, En: "Industry", Sv: "Bransch"},
	{Name: "vertical", Kind: Text, En: "Vertical", Sv: "Vertikal"},
	{Name: "country", Kind: Text, En: "Country", Sv: "Land"},
	{Name: "state", Kind: Text, En: "State or region", Sv: "Delstat eller region"},
	{Name: "city", Kind: Text, En: "City", Sv: "Ort"},
	{Name: "postal_code", Kind: Text, En: "Postal code", Sv: "Postnummer"},
	{Name: "name", Kind: Text, En: "Name", Sv: "Namn"},
	{Name: "domain", Kind: Text, En: "Domain", Sv: "Domän"},
	{Name: "tpid", Kind: Text, En: "Customer ID (TPID)", Sv: "Kund-id (TPID)"},
	{Name: "duns", Kind: Text, En: "DUNS number", Sv: "DUNS-nummer"},
	{Name: "geo_area", Kind: Text, En: "Sales area", Sv: "Säljområde"},
	{Name: "subsidiary", Kind: Text, En: "Subsidiary", Sv: "Dotterbolag"},
	{Name: "sales_territory", Kind: Text, En: "Sales territory", Sv: "Säljdistrikt"},
	{Name: "location", Kind: Text, En: "Partner location", Sv: "Partnerns plats"},
	{Name: "is_nonprofit", Kind: YesNo, En: "Nonprofit", Sv: "Ideell organisation"},
	{Name: "nonprofit", Kind: Text, En: "Nonprofit status", Sv: "Status som ideell organisation"},
	{Name: "matched", Kind: YesNo, En: "Matched with the CRM", Sv: "Matchad med CRM"},
	{Name: "matched_by", Kind: Choice, En: "Matched by", Sv: "Matchad via", Choices: []string{string(actnow.StageDomain), string(actnow.StageName), string(actnow.StageTPID)}},
	{Name: "waiting", Kind: YesNo, En: "An account waits for review", Sv: "Ett konto väntar på granskning"},
	{Name: "has_contact", Kind: YesNo, En: "Has a contact in the CRM", Sv: "Har en kontakt i CRM"},
	{Name: "mailable", Kind: YesNo, En: "Can be mailed", Sv: "Kan få mejl"},
	{Name: "held_out", Kind: YesNo, En: "Held out of campaigns", Sv: "Utanför kampanjer", PerArea: true},
	{Name: "gone", Kind: YesNo, En: "Gone from the reports", Sv: "Borta ur rapporterna"},
	{Name: "first_month", Kind: Month, En: "First month", Sv: "Första månad"},
	{Name: "last_month", Kind: Month, En: "Latest month", Sv: "Senaste månad"},
	{Name: "agreement_end", Kind: Day, En: "Next agreement end", Sv: "Nästa avtalsslut"},
	{Name: "license_program", Kind: Text, En: "Licence program", Sv: "Licensprogram"},
	{Name: "revenue_division", Kind: Text, En: "Product up for renewal", Sv: "Produkt att förnya"},
	{Name: "expiring_revenue", Kind: Number, En: "Largest expiring revenue", Sv: "Största upphörande intäkt", Money: true},
	{Name: "has_azure", Kind: YesNo, En: "Has Azure", Sv: "Har Azure"},
	{Name: "has_m365", Kind: YesNo, En: "Has Microsoft 365", Sv: "Har Microsoft 365"},
	{Name: "has_d365", Kind: YesNo, En: "Has Dynamics 365", Sv: "Har Dynamics 365"},
	{Name: "has_copilot", Kind: YesNo, En: "Has Copilot", Sv: "Har Copilot"},
	{Name: "has_google", Kind: YesNo, En: "Has Google", Sv: "Har Google"},
	{Name: "has_aws", Kind: YesNo, En: "Has AWS", Sv: "Har AWS"},
	{Name: "has_ea", Kind: YesNo, En: "Has an Enterprise Agreement", Sv: "Har Enterprise Agreement"},
	{Name: "has_open", Kind: YesNo, En: "Has an Open agreement", Sv: "Har Open-avtal"},
	{Name: "azure_upsell", Kind: YesNo, En: "Azure upsell customer", Sv: "Merförsäljning Azure"},
	{Name: "m365_upsell", Kind: YesNo, En: "Microsoft 365 upsell customer", Sv: "Merförsäljning Microsoft 365"},
	{Name: "transacted_36_months", Kind: YesNo, En: "Bought in the last 36 months", Sv: "Köpt de senaste 36 månaderna"},
	{Name: "top_unmanaged_compute", Kind: YesNo, En: "Top unmanaged by Azure potential", Sv: "Top unmanaged enligt Azure-potential"},
	{Name: "top_unmanaged_user", Kind: YesNo, En: "Top unmanaged by employees", Sv: "Top unmanaged enligt anställda"},
	{Name: "windows_server_datacenter_open_renewal", Kind: YesNo, En: "Windows Server Datacenter up for renewal", Sv: "Windows Server Datacenter att förnya"},
	{Name: "windows_server_standard_open_renewal", Kind: YesNo, En: "Windows Server Standard up for renewal", Sv: "Windows Server Standard att förnya"},
	{Name: "dynamics_on_prem_open_renewal", Kind: YesNo, En: "Dynamics on-premises up for renewal", Sv: "Lokalt Dynamics att förnya"},
	{Name: "customer_segment", Kind: Text, En: "Microsoft’s market segment", Sv: "Microsofts marknadssegment"},
	{Name: "sub_segment", Kind: Text, En: "Microsoft’s subsegment", Sv: "Microsofts undersegment"},
	{Name: "offers", Kind: Text, En: "Offers", Sv: "Erbjudanden"},
	{Name: "windows_server_standard_version", Kind: Text, En: "Windows Server Standard version", Sv: "Version av Windows Server Standard"},
	{Name: "windows_server_standard_license", Kind: Text, En: "Windows Server Standard licence", Sv: "Licens för Windows Server Standard"},
	{Name: "windows_server_datacenter_version", Kind: Text, En: "Windows Server Datacenter version", Sv: "Version av Windows Server Datacenter"},
	{Name: "windows_server_datacenter_license", Kind: Text, En: "Windows Server Datacenter licence", Sv: "Licens för Windows Server Datacenter"},
	{Name: "existing_workloads", Kind: Text, En: "Existing workloads", Sv: "Befintliga arbetslaster"},
	{Name: "recommended_workloads", Kind: Text, En: "Recommended workloads", Sv: "Rekommenderade arbetslaster"},
}

// Info returns what the catalogue says of a field. ok is false for a name that
// is not in it, such as raw.
func Info(name string) (info FieldInfo, ok bool) {
	name = strings.ToLower(name)
	for _, f := range Fields {
		if f.Name == name {
			return f, true
		}
	}
	return FieldInfo{}, false
}

func texts[S ~string](values []S) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// cells lists the crossings A1 to D4.
func cells() []string {
	var all []string
	for _, letter := range "ABCD" {
		for _, digit := range "1234" {
			all = append(all, string(letter)+string(digit))
		}
	}
	return all
}

// oldSegments are the names of segments in earlier years of the reports.
var oldSegments = map[string]actnow.Segment{
	"small":                    actnow.VerySmall,
	"corporate scale business": actnow.UpperMedium,
	"top unmanaged":            actnow.UpperMedium,
}

// choice returns the value of the list that text means, without regard to case,
// and for areas and segments by their other names too.
func (f FieldInfo) choice(text string) (string, bool) {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	squeezed := strings.ReplaceAll(text, " ", "")
	for _, c := range f.Choices {
		if strings.ReplaceAll(strings.ToLower(c), " ", "") == squeezed {
			return c, true
		}
		if f.Name == "area" && strings.ToLower(actnow.Area(c).Name()) == text {
			return c, true
		}
	}
	if s, ok := oldSegments[text]; ok && f.Name == "segment" {
		return string(s), true
	}
	return "", false
}

// fieldSynonyms are words that people try, and the fields they mean.
var fieldSynonyms = map[string]string{
	"employees": "org_size", "employee_count": "org_size", "size": "org_size", "headcount": "org_size", "seats": "org_size",
	"branch": "industry", "sector": "industry", "zip": "postal_code", "zip_code": "postal_code", "zipcode": "postal_code",
	"postcode": "postal_code", "region": "state", "province": "state", "town": "city", "place": "city", "nation": "country",
	"company": "name", "customer": "name", "account": "name", "website": "domain", "customer_id": "tpid",
	"solution_area": "area", "product": "area", "renewal": "agreement_end", "end_date": "agreement_end",
	"agreement_end_date": "agreement_end", "revenue": "revenue_low", "potential": "revenue_low", "list": "cohort",
	"tier": "segment", "nonprofits": "is_nonprofit", "azure": "has_azure", "m365": "has_m365",
	"bransch": "industry", "land": "country", "ort": "city", "kluster": "cluster", "passform": "fit", "avsikt": "intent",
	"urval": "cohort", "anställda": "org_size", "namn": "name", "domän": "domain",
}

// suggestField returns the field that word may have meant, or "".
func suggestField(word string) string {
	word = strings.ToLower(word)
	if name, ok := fieldSynonyms[word]; ok {
		return name
	}
	names := make([]string, len(Fields), len(Fields)+1)
	for i, f := range Fields {
		names[i] = f.Name
	}
	return nearest(word, append(names, "raw"))
}

// nearest returns the candidate with the fewest edits from word, at most one for
// every three letters, or "" if none is as near as that or two are.
func nearest(word string, candidates []string) string {
	best, near, tie := len([]rune(word))/3, "", false
	if len(word) > 64 {
		return ""
	}
	for _, c := range candidates {
		switch d := edits([]rune(word), []rune(strings.ToLower(c))); {
		case d > best || d == 0:
		case near != "" && d == best:
			tie = true
		default:
			best, near, tie = d, c, false
		}
	}
	if tie {
		return ""
	}
	return near
}

// edits counts the insertions, deletions, substitutions and swaps of neighbours
// that turn a into b (optimal string alignment).
func edits(a, b []rune) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}

// operators returns the relations that fields of the kind know.
func (k FieldKind) operators() []Op {
	switch k {
	case Number, Day, Month:
		return []Op{Eq, Ne, Lt, Le, Gt, Ge, In, NotIn, IsEmpty}
	case YesNo:
		return []Op{Eq, Ne, IsEmpty}
	case Choice:
		return []Op{Eq, Ne, In, NotIn, IsEmpty}
	}
	return []Op{Eq, Ne, In, NotIn, Contains, StartsWith, IsEmpty}
}

// Allows reports whether fields of the kind know the relation.
func (k FieldKind) Allows(op Op) bool { return slices.Contains(k.operators(), op) }
