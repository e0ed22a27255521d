package crm

import (
	"strings"
	"unicode"
)

// valueKind says how the cells of a column are read.
type valueKind int

const (
	textValue     valueKind = iota // one line
	listValue                      // domains
	flagValue                      // do_not_email
	timeValue                      // unix seconds
	countValue                     // a whole number from 0
	moneyValue                     // minor units, with the currency of the same row
	currencyValue                  // ISO 4217
	addressValue                   // an e-mail address
	languageValue                  // BCP 47
	zoneValue                      // IANA
	statusValue                    // open, won, lost
	areaValue                      // an actnow.Area
	refValue                       // the CRM's id of another record
)

// column is a known column of a kind: its name in the contract, how it is read,
// and other headers CRMs export it under, already folded.
type column struct {
	name    string
	value   valueKind
	aliases []string
}

// Columns that say which record and when; they are no fields.
const (
	idColumn       = "id"
	modifiedColumn = "modified_at"
)

var modifiedAliases = []string{"modified", "modifiedon", "lastmodified", "lastmodifieddate", "lastmodifiedat", "updatedat", "updated",
	"modifieddate", "modifiedtime", "lastmodifiedtime", "systemmodstamp", "writedate", "lastupdated"}

// idAliases are the spellings of a record's own id.
var idAliases = map[Kind][]string{
	Account:      {"accountid", "companyid", "organisationid", "organizationid", "customerid", "recordid", "crmid", "accountnumber"},
	Contact:      {"contactid", "personid", "recordid", "crmid"},
	Opportunity:  {"opportunityid", "dealid", "recordid", "crmid"},
	Subscription: {"subscriptionid", "recordid", "crmid"},
	Transaction:  {"transactionid", "invoiceid", "orderid", "invoicenumber", "ordernumber", "recordid", "crmid"},
}

var (
	accountRef = column{"account_id", refValue, []string{"companyid", "customerid", "parentaccountid",
		"parentcustomerid", "associatedcompanyid", "organisationid", "organizationid"}}
	product  = column{"product", textValue, []string{"productname", "sku", "offer", "offername"}}
	amount   = column{"amount", moneyValue, []string{"value", "totalamount", "estimatedvalue", "estimatedrevenue", "estvalue", "actualvalue", "total", "belopp"}}
	currency = column{"currency", currencyValue, []string{"currencycode", "currencyisocode", "transactioncurrency", "valuta"}}
)

var columns = map[Kind][]column{
	Account: {
		{"name", textValue, []string{"accountname", "companyname", "company", "organisation", "organization", "organisationname", "organizationname", "företag", "företagsnamn"}},
		{"website", textValue, []string{"websiteurl", "web", "url", "homepage", "webaddress", "hemsida", "webbplats"}},
		{"domains", listValue, []string{"domain", "companydomainname", "emaildomain", "domän", "domäner"}},
		{"tpid", textValue, []string{"topparentid", "mstpid"}},
		{"tenant_id", textValue, []string{"tenantid", "tenant", "azuretenantid", "microsofttenantid", "entratenantid"}},
		{"org_number", textValue, []string{"orgnumber", "orgno", "organisationnumber", "organizationnumber", "companynumber",
			"registrationnumber", "organisationsnummer", "orgnr"}},
		{"city", textValue, []string{"address1city", "billingcity", "town", "addresscity", "ort", "stad"}},
		{"state", textValue, []string{"stateprovince", "province", "address1stateorprovince", "billingstate", "stateregion", "region", "län"}},
		{"postal_code", textValue, []string{"postalcode", "zip", "zipcode", "postcode", "zippostalcode", "address1postalcode", "billingpostalcode", "postnummer"}},
		{"country", textValue, []string{"countryregion", "address1country", "billingcountry", "countrycode", "land"}},
		{"phone", textValue, []string{"phonenumber", "mainphone", "telephone", "telephone1", "businessphone", "telefon"}},
		{"owner_name", textValue, []string{"owner", "accountowner", "companyowner", "ownername", "ansvarig"}},
		{"owner_email", textValue, []string{"owneremail", "accountowneremail"}},
	},
	Contact: {
		accountRef,
		{"email", addressValue, []string{"emailaddress", "mail", "emailaddress1", "workemail", "primaryemail", "epost", "epostadress"}},
		{"given_name", textValue, []string{"givenname", "firstname", "first", "forename", "förnamn"}},
		{"family_name", textValue, []string{"familyname", "lastname", "last", "surname", "efternamn"}},
		{"title", textValue, []string{"jobtitle", "position", "titel"}},
		{"role", textValue, []string{"contactrole", "buyingrole", "persona", "roll"}},
		{"language", languageValue, []string{"preferredlanguage", "lang", "languagecode", "språk"}},
		{"time_zone", zoneValue, []string{"timezone", "tz", "tidszon"}},
		{"consent_purpose", textValue, []string{"consentpurpose"}},
		{"consent_basis", textValue, []string{"consentbasis", "lawfulbasis", "legalbasis", "legalbasisforprocessingcontactsdata"}},
		{"consent_at", timeValue, []string{"consentat", "consentdate", "consentgivenat", "optindate"}},
		{"consent_source", textValue, []string{"consentsource", "optinsource"}},
		{doNotEmail, flagValue, []string{"donotemail", "donotmail", "emailoptout", "hasoptedoutofemail", "optedoutofemail", "unsubscribed",
			"unsubscribedfromallemail", "donotbulkemail", "optout"}},
	},
	Opportunity: {
		accountRef,
		{"area", areaValue, []string{"solutionarea"}},
		product,
		{"stage", textValue, []string{"dealstage", "stagename", "salesstage", "pipelinestage", "fas"}},
		{"status", statusValue, []string{"dealstatus", "statecode", "opportunitystatus"}},
		{"opened_at", timeValue, []string{"openedat", "opened", "createdon", "createdate", "createddate", "createdat", "created"}},
		{"closed_at", timeValue, []string{"closedat", "closed", "closedate", "actualclosedate", "closeddate", "closedon"}},
		amount, currency,
	},
	Subscription: {
		accountRef, product,
		{"seats", countValue, []string{"quantity", "licenses", "licences", "licensecount", "qty"}},
		{"start_at", timeValue, []string{"startat", "start", "startdate", "startson"}},
		{"end_at", timeValue, []string{"endat", "end", "enddate", "renewaldate", "expires", "expirationdate", "expirydate"}},
		amount, currency,
	},
	Transaction: {
		accountRef, product,
		{"at", timeValue, []string{"date", "transactiondate", "invoicedate", "orderdate", "datum"}},
		amount, currency,
	},
}

// Columns returns the names of the columns of a kind as the contract has them:
// id first, modified_at last.
func Columns(k Kind) []string {
	names := []string{idColumn}
	for _, c := range columns[k] {
		names = append(names, c.name)
	}
	if k == Account || k == Contact {
		names = append(names, modifiedColumn)
	}
	return names
}

func columnOf(k Kind, name string) *column {
	for i, c := range columns[k] {
		if c.name == name {
			return &columns[k][i]
		}
	}
	return nil
}

// fold makes headers comparable: letters and digits in lower case. What stands
// in brackets is a remark ("Amount (SEK)") unless nothing else is there.
func fold(header string) string {
	keep := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	if i := strings.IndexByte(header, '('); i > 0 {
		if s := keep(header[:i]); s != "" {
			return s
		}
	}
	return keep(header)
}

// header says what each column of a file is: the name of a known one, else "".
type header struct {
	names  []string // per cell
	custom []string // per cell, the name under which an unknown one is kept
}

// readHeader finds the known columns of a kind. A column under its own name
// wins over other spellings; two other spellings of one column are a refusal, as
// is a file without an id.
func readHeader(k Kind, cells []string) (header, error) {
	h := header{names: make([]string, len(cells)), custom: make([]string, len(cells))}
	at := map[string]int{}
	claim := func(match func(name string, aliases []string, folded string) bool, own bool) error {
		for i, cell := range cells {
			folded := fold(cell)
			if h.names[i] != "" || folded == "" {
				continue
			}
			name := ""
			each(k, func(n string, aliases []string) {
				if name == "" && match(n, aliases, folded) {
					name = n
				}
			})
			if name == "" {
				continue
			}
			if j, taken := at[name]; taken {
				if own || fold(cells[j]) != fold(name) {
					return invalid("crm.column_twice", name, cells[j], cell)
				}
				continue // kept as a column of its own
			}
			h.names[i], at[name] = name, i
		}
		return nil
	}
	err := claim(func(n string, _ []string, folded string) bool { return fold(n) == folded }, true)
	if err == nil {
		err = claim(func(_ string, aliases []string, folded string) bool {
			for _, a := range aliases {
				if a == folded {
					return true
				}
			}
			return false
		}, false)
	}
	if err != nil {
		return h, err
	}
	if _, ok := at[idColumn]; !ok {
		return h, invalid("crm.column_id", idColumn, k)
	}
	used := map[string]bool{}
	for i, cell := range cells {
		if h.names[i] != "" {
			continue
		}
		h.custom[i] = customName(strings.TrimSpace(cell), i, used)
	}
	return h, nil
}

// each calls f with every column of the kind, id and modified_at among them.
func each(k Kind, f func(name string, aliases []string)) {
	f(idColumn, idAliases[k])
	for _, c := range columns[k] {
		f(c.name, c.aliases)
	}
	f(modifiedColumn, modifiedAliases)
}
