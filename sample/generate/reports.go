package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"strings"
	"time"
)

// report is one of the six, with its own columns after the common ones.
type report struct {
	kind    string
	bom     bool
	covers  func(c *company) bool
	columns []column
}

type column struct {
	header string
	value  func(w *world, c *company, month int) string
}

var common = []column{
	{"GlobalID", func(_ *world, c *company, _ int) string { return locations[c.location][0] }},
	{"PartnerName", func(_ *world, c *company, _ int) string { return locations[c.location][1] }},
	{"CustomerID", func(_ *world, c *company, _ int) string { return c.tpid }},
	{"AccountName", func(_ *world, c *company, _ int) string { return c.name }},
	{"Domain", func(_ *world, c *company, _ int) string { return c.domain }},
	{"OrgSize", func(_ *world, c *company, _ int) string { return fmt.Sprint(c.size) }},
	{"Industry", func(_ *world, c *company, _ int) string { return c.industry }},
	{"Vertical", func(_ *world, c *company, _ int) string { return c.vertical }},
	{"City", func(_ *world, c *company, _ int) string { return c.city }},
	{"State", func(_ *world, c *company, _ int) string { return c.state }},
	{"PostalCode", func(_ *world, c *company, _ int) string { return c.postal }},
	{"Country", func(_ *world, c *company, _ int) string { return c.country }},
	{"SMECTypeSummary", func(_ *world, c *company, _ int) string { return segment(c.size) }},
}

func segment(size int) string {
	switch {
	case size > 300:
		return "Upper Medium"
	case size >= 25:
		return "Medium"
	}
	return "Small"
}

func yes(on bool) string {
	if on {
		return "Yes"
	}
	return "No"
}

func flag(header string, on func(c *company) bool) column {
	return column{header, func(_ *world, c *company, _ int) string { return yes(on(c)) }}
}

// propensity is the cluster, fit and intent of an area, and its revenue.
func propensity(prefix string, a area) []column {
	blank := func(c *company, s string) string {
		if c.blank[a] {
			return ""
		}
		return s
	}
	return []column{
		{prefix + "Cluster", func(_ *world, c *company, _ int) string { return blank(c, cluster(c.fit[a], c.intent[a])) }},
		{prefix + "Fit", func(_ *world, c *company, _ int) string { return blank(c, fmt.Sprint(c.fit[a])) }},
		{prefix + "Intent", func(_ *world, c *company, _ int) string { return blank(c, fmt.Sprint(c.intent[a])) }},
	}
}

func cluster(fit, intent float64) string {
	switch {
	case fit >= 55 && intent >= 55:
		return "Act Now"
	case fit >= 55:
		return "Evaluate"
	case intent >= 55:
		return "Nurture"
	}
	return "Educate"
}

func explanation(header string, a area) column {
	return column{header, func(_ *world, c *company, _ int) string {
		if c.blank[a] {
			return ""
		}
		var why []string
		if c.fit[a] >= 55 {
			why = append(why, "Similar to customers that bought")
		}
		if c.intent[a] >= 55 {
			why = append(why, "Rising interest in the last month")
		}
		if c.server2012 && a == azure {
			why = append(why, "Runs Windows Server 2012")
		}
		return strings.Join(why, "; ")
	}}
}

func revenue(header string, a area, each int) column {
	return column{header, func(_ *world, c *company, _ int) string {
		if c.blank[a] {
			return ""
		}
		low := int(math.Round(float64(c.size*each)*(0.4+c.fit[a]/150)/1000)) * 1000
		if low == 0 {
			return ""
		}
		return fmt.Sprintf("%d-%d SEK", low, low*5/2)
	}}
}

var installed = []column{
	flag("Has Azure", func(c *company) bool { return c.owns[azure] }),
	flag("Has M365", func(c *company) bool { return c.owns[m365] }),
	flag("Has D365", func(c *company) bool { return c.owns[bc] || c.owns[sales] }),
	flag("HasGoogle", func(c *company) bool { return c.google }),
	flag("HasAWS", func(c *company) bool { return c.aws }),
	flag("TransactedInTheLast36Months", func(c *company) bool { return c.size%7 != 0 }),
}

func join(parts ...[]column) []column {
	var all []column
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var reports = []report{
	{kind: "azure", bom: true, covers: func(*company) bool { return true }, columns: join(
		[]column{
			flag("Azure cohort: M365 customer without Azure consumption", func(c *company) bool { return c.owns[m365] && !c.owns[azure] }),
			flag("Azure_Windows Server OR SQL Server: EOS 2012", func(c *company) bool { return c.server2012 }),
			flag("Nordvik autumn event guest", func(c *company) bool { return c.size%11 == 0 }),
		},
		propensity("Azure", azure),
		[]column{explanation("Azure signal explanation", azure), revenue("Azure potential revenue", azure, 900)},
		installed)},
	{kind: "m365", covers: func(c *company) bool { return c.size >= 2 }, columns: join(
		[]column{
			flag("MW_Business Premium_E SKU Attach >50", func(c *company) bool { return c.owns[m365] && c.size > 50 }),
			flag("M365 cohort: Copilot", func(c *company) bool { return c.owns[m365] && c.fit[m365] > 60 }),
		},
		propensity("M365", m365), propensity("Surface", surface),
		[]column{revenue("M365 potential revenue", m365, 2400)}, installed)},
	{kind: "security", covers: func(c *company) bool { return c.owns[m365] }, columns: join(
		[]column{flag("Security cohort: M365 E5 upsell", func(c *company) bool { return c.size > 80 && c.fit[m365] > 50 })},
		propensity("M365", m365),
		[]column{explanation("Security signal explanation", m365), revenue("Security potential revenue", m365, 700)}, installed)},
	{kind: "d365", covers: func(c *company) bool { return c.size >= 10 }, columns: join(
		[]column{flag("D365_GP Customer, No BC/Finance", func(c *company) bool { return c.industry == "Wholesale" && !c.owns[bc] })},
		propensity("D365BC", bc), propensity("D365SP", sales), propensity("PowerApps", apps), installed)},
	{kind: "surface", covers: func(c *company) bool { return c.size >= 5 }, columns: join(
		[]column{
			flag("Surface cohort: Acquire, 1-49 seats", func(c *company) bool { return !c.owns[surface] && c.owns[m365] && c.size < 50 }),
			flag("Surface cohort: Acquire, 50+ seats", func(c *company) bool { return !c.owns[surface] && c.owns[m365] && c.size >= 50 }),
		},
		propensity("M365", m365), propensity("Surface", surface),
		[]column{revenue("Surface potential revenue", surface, 1500)}, installed)},
	{kind: "renewals", covers: func(c *company) bool { return c.agreementDay > 0 }, columns: join(
		[]column{
			{"AzureCluster", func(_ *world, c *company, _ int) string { return cluster(c.fit[azure], c.intent[azure]) }},
			{"M365Cluster", func(_ *world, c *company, _ int) string { return cluster(c.fit[m365], c.intent[m365]) }},
			{"D365BCCluster", func(_ *world, c *company, _ int) string { return cluster(c.fit[bc], c.intent[bc]) }},
			{"LicenseProgram", func(_ *world, c *company, _ int) string {
				if c.size > 200 {
					return "Enterprise Agreement"
				}
				return "Cloud Solution Provider"
			}},
			{"AgreementID", func(_ *world, c *company, _ int) string { return "N" + c.tpid[2:] }},
			{"AgreementEndDate", func(_ *world, c *company, _ int) string {
				return time.Date(2026, 10, 25+c.agreementDay, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
			}},
			{"ExpirationType", func(_ *world, c *company, _ int) string { return "Renewal" }},
			{"ExpiringRevenue", func(_ *world, c *company, _ int) string { return fmt.Sprintf("%d SEK", c.expiring) }},
			{"RevSumDivisionName", func(_ *world, c *company, _ int) string { return "M365" }},
		}, installed)},
}

// write makes the report of a month. A few lines are unusable, as in life.
func (r report) write(w *world, month int) string {
	var b strings.Builder
	if r.bom {
		b.WriteString("\ufeff")
	}
	out := csv.NewWriter(&b)
	columns := append(append([]column{}, common...), r.columns...)
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.header
	}
	out.Write(head)
	n := 0
	for _, c := range w.list {
		if !c.present(month) || !r.covers(c) {
			continue
		}
		row := make([]string, len(columns))
		for i, col := range columns {
			row[i] = col.value(w, c, month)
		}
		n++
		if r.kind == "azure" && n%397 == 0 { // a score that a spreadsheet spoiled
			for i, h := range head {
				if h == "AzureFit" {
					row[i] = "#REF!"
				}
			}
		}
		out.Write(row)
	}
	out.Flush()
	return b.String()
}
