package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
)

// partner is a made-up partner's input: a report, a CRM and a pack, in files.
type partner struct {
	report, accounts, contacts, pack string
	addresses                        []string // who may be mailed
}

// makePartner writes a partner with two contacts, all of whom may be mailed, for
// each of so many customers.
func (s *site) makePartner(customers int) partner {
	s.t.Helper()
	dir := filepath.Join(filepath.Dir(s.dir), "partner")
	var report, accounts, contacts strings.Builder
	report.WriteString(reportHeader)
	accounts.WriteString("id,name,website,domains,tpid,city,postal_code,country\n")
	contacts.WriteString("id,account_id,email,given_name,family_name,title,role,language,consent_purpose,consent_basis,consent_at,consent_source,do_not_email\n")
	p := partner{}
	for i := range customers {
		name, domain := customerName(i), customerDomain(i)
		report.WriteString(reportRow(i))
		fmt.Fprintf(&accounts, "A-%d,%s,https://www.%s/,%s,%d,Lund,221 00,Sweden\n", i, name, domain, domain, 10_000_000+i)
		for j, given := range []string{"Anna", "Nils"} {
			address := fmt.Sprintf("%s.%d@%s", strings.ToLower(given), i, domain)
			p.addresses = append(p.addresses, address)
			fmt.Fprintf(&contacts, "C-%d-%d,A-%d,%s,%s,Berg,CEO,,en,newsletter,consent,2026-01-05,web form,No\n", i, j, i, address, given)
		}
	}
	p.report = writeFile(s.t, filepath.Join(dir, "azure.csv"), report.String())
	p.accounts = writeFile(s.t, filepath.Join(dir, "accounts.csv"), accounts.String())
	p.contacts = writeFile(s.t, filepath.Join(dir, "contacts.csv"), contacts.String())
	writeFile(s.t, filepath.Join(dir, "pack", "pack.yaml"), packManifest)
	writeFile(s.t, filepath.Join(dir, "pack", "hello.en.md"), packLetter)
	p.pack = filepath.Join(dir, "pack")
	return p
}

const reportHeader = "GlobalID,PartnerName,CustomerID,AccountName,Domain,OrgSize,Industry,City,PostalCode,Country,SMECTypeSummary,AzureCluster,AzureFit,AzureIntent\n"

func reportRow(i int) string {
	return fmt.Sprintf("4521001,Nordvik Data,%d,%s,%s,%d,Manufacturing,Lund,221 00,Sweden,Medium,Act Now,%d,%d\n",
		10_000_000+i, customerName(i), customerDomain(i), 20+i%200, 60+i%40, 56+i%44)
}

func customerDomain(i int) string { return fmt.Sprintf("kund%05d.example", i) }

// customerName makes names as unlike as those of real companies.
func customerName(i int) string {
	first := []string{"Alm", "Björk", "Ceder", "Dal", "Ek", "Fjäll", "Gran", "Hav", "Is", "Järn", "Kust", "Lind", "Mark", "Nord", "Ost", "Präst", "Råd", "Sjö", "Torp", "Ulv"}
	second := []string{"vik", "sund", "holm", "gård", "berga", "fors", "näs", "mo", "stad", "ås"}
	third := []string{"Bygg", "Frakt", "Data", "Energi", "Livs", "Press", "Verkstad", "Konsult", "Plåt", "Trä"}
	return fmt.Sprintf("%s%s %s AB", first[i%20], second[i/20%10], third[i/200%10])
}

const packManifest = `name: A letter
play: Migrate
languages: [en]
expires: 2039-06-30
sender:
  name: Nordvik Data
  address: hello@nordvik.example
footer:
  company: Nordvik Data AB
  postal_address: Storgatan 1, 972 38 Luleå
steps:
  - key: hello
    channel: email
    subject:
      en: 'Hello {{or .FirstName "there"}}'
    markdown:
      en: hello.en.md
`

const packLetter = `# Hello {{or .FirstName "there"}}

A line for {{or .Company "you"}}. Read it [in the browser]({{.ViewURL}}).
`

// fill imports the partner and returns a cohort of all its customers.
func (s *site) fill(p partner) (cohort int64) {
	s.t.Helper()
	s.ask(nil, "import", "report", p.report, "--month", "2026-10")
	s.ask(nil, "import", "crm", "--kind", "account", p.accounts)
	s.ask(nil, "import", "crm", "--kind", "contact", p.contacts)
	var match struct{ Accounts, Match int }
	s.ask(&match, "match", "run")
	if match.Match != len(p.addresses)/2 {
		s.t.Fatalf("match run: %d of %d accounts matched, want all", match.Match, match.Accounts)
	}
	s.ask(nil, "score", "run")
	var made struct {
		ID        int64
		Customers int
		Mailable  int
	}
	s.ask(&made, "cohort", "create", "--name", "Everybody", "--where", "area = azure and mailable = yes")
	if made.Customers != len(p.addresses)/2 {
		s.t.Fatalf("cohort has %d customers, want %d", made.Customers, len(p.addresses)/2)
	}
	return made.ID
}

// campaign makes a campaign over the cohort.
func (s *site) campaign(p partner, cohort int64, policy string) string {
	s.t.Helper()
	var made struct{ ID int64 }
	s.ask(&made, "campaign", "create", "--name", "A letter, "+policy, "--pack", p.pack, "--cohort", fmt.Sprint(cohort), "--policy", policy)
	return fmt.Sprint(made.ID)
}

// standing is a campaign as the command shows it.
type standing struct {
	ID       int64
	State    string
	Audience int
	Ledger   map[string]int
}

func (s *site) show(id string) standing {
	s.t.Helper()
	var c standing
	s.ask(&c, "campaign", "show", id)
	return c
}

// total is how many ledger rows there are in all states.
func (c standing) total() int {
	n := 0
	for _, k := range c.Ledger {
		n += k
	}
	return n
}

// pending is how many of them may still go out without anybody's word.
func (c standing) pending() int {
	return c.Ledger["queued"] + c.Ledger["intent"] + c.Ledger["deferred"]
}
