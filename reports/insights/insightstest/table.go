package insightstest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
)

type dataset struct {
	Name     string   `json:"datasetName"`
	Columns  []string `json:"selectableColumns"`
	Metrics  []string `json:"availableMetrics"`
	Ranges   []string `json:"availableDateRanges"`
	Interval int      `json:"minimumRecurrenceInterval"`

	given map[string]Column // by name: columns of a test's own
}

// Column is a column as a file writes it.
type Column struct {
	Header string
	Cells  []string // row after row, in turn; none: the imitation's own
}

// name is how the API names the column: without what its query language knows.
func (c Column) name() string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.NewReplacer(">", "Above", "<", "Below").Replace(c.Header))
}

// The datasets that a table test may name.
const (
	Azure    = "CLASAzurePropensity"
	M365     = "CLASM365Propensity"
	D365     = "CLASD365Propensity"
	Renewals = "CLASAgreementRenewalsPropensity"
	Surface  = "CLASSurfacePropensity"
	Security = "CLASSecurityPropensity"
)

// All lists the CloudAscent datasets that have columns, by name.
var All = []string{Renewals, Azure, D365, M365, Security, Surface}

var everyone = []string{"MPNID", "PartnerName", "CustomerID", "DUNSNumber", "AccountName", "Domain", "OrgSize", "Industry", "City", "PostalCode", "Country", "SMECTypeSummary", "IsNonprofit"}

// datasets are those that somebody of a partner sees: one of CloudAscent has no
// columns, one has no LIFETIME, and the last is none of CloudAscent.
func datasets() []dataset {
	ranges := []string{"LAST_MONTH", "LAST_3_MONTHS", "LAST_6_MONTHS", "LAST_1_YEAR", "LIFETIME"}
	of := func(name string, own ...string) dataset {
		return dataset{Name: name, Columns: append(append([]string{}, everyone...), own...), Metrics: []string{}, Ranges: ranges, Interval: 24}
	}
	all := []dataset{
		of(Renewals, "AgreementID", "AgreementEndDate", "LicenseProgram", "ExpiringRevenue", "RevSumDivisionName", "AzureCluster", "M365Cluster"),
		of(Azure, "AzureCluster", "AzureFit", "AzureIntent", "AzurePotentialRevenue", "HasAzure", "AzureNewForFY27"),
		of(D365, "D365BCCluster", "D365BCFit", "D365BCIntent", "D365SPCluster", "D365SPFit", "D365SPIntent", "D365_GPCustomerNoBCFinance"),
		of(M365, "M365Cluster", "M365Fit", "M365Intent", "M365PotentialRevenue", "M365SignalExplanation", "HasM365"),
		of(Security, "SecurityM365E5Upsell", "SecuritySignalExplanation", "M365Cluster", "M365Fit", "M365Intent"),
		of(Surface, "SurfaceCluster", "SurfaceFit", "SurfaceIntent", "SurfacePotentialRevenue"),
		{Name: "CLASLegacyPropensity", Columns: []string{}, Ranges: ranges, Interval: 24},
		of("OfficeUsage", "MonthlyActiveUsers"),
	}
	all[5].Ranges = ranges[:4]
	return all
}

// written are the columns that a file names in other words than the API does.
var written = map[string]string{
	"D365_GPCustomerNoBCFinance": "D365_GP Customer, No BC/Finance", "MPNID": "MPN ID",
	"AzurePotentialRevenue": "Azure potential revenue", "M365PotentialRevenue": "M365 potential revenue", "SurfacePotentialRevenue": "Surface potential revenue",
	"M365SignalExplanation": "M365 signal explanation", "SecuritySignalExplanation": "Security signal explanation", "SecurityM365E5Upsell": "Security cohort: M365 E5 upsell",
}

// Table makes the file of a dataset with all its columns, as a report of CSV
// holds it.
func Table(name string, rows int) []byte {
	for _, d := range datasets() {
		if d.Name == name {
			return d.table(d.Columns, rows, "CSV", false)
		}
	}
	return nil
}

// table makes a file with what the public texts tell of: a BOM, CRLF, quotes
// around commas and line breaks, names beyond ASCII, blank domains, leading
// zeros.
func (d dataset) table(columns []string, rows int, format string, redacted bool) []byte {
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	w.UseCRLF = true
	if format == "TSV" {
		w.Comma = '\t'
	}
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c
		if other := written[c]; other != "" {
			head[i] = other
		}
		if own := d.given[c]; own.Header != "" {
			head[i] = own.Header
		}
	}
	_ = w.Write(head) // into memory
	for row := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			if own := d.given[c]; len(own.Cells) > 0 {
				cells[i] = own.Cells[row%len(own.Cells)]
				continue
			}
			cells[i] = cell(c, row, redacted)
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return b.Bytes()
}

func cell(column string, row int, redacted bool) string {
	pick := func(words ...string) string { return words[row%len(words)] }
	switch {
	case column == "MPNID" || column == "GlobalID":
		return pick("0012345", "0067890")
	case column == "PartnerName":
		return "Nordvik Data AB"
	case column == "CustomerID":
		return fmt.Sprintf("%08d", 4711+row)
	case column == "DUNSNumber":
		return fmt.Sprintf("%09d", 12345678+row)
	case column == "AccountName":
		return fmt.Sprintf("%s %d, %s", pick("Åkeri Öst", "Łódź Stal", "Café Zürich", "Glimåkra Bygg"), row+1, pick("AB", "Sp. z o.o.", "GmbH"))
	case column == "Domain":
		return pick("", fmt.Sprintf("kund%d.example", row+1), fmt.Sprintf("firm%d.example", row+1))
	case column == "OrgSize":
		return fmt.Sprint(10 + 37*row)
	case column == "Industry":
		return pick("Manufacturing", "Retail", "Professional Services")
	case column == "City":
		return pick("Lund", "Łódź", "Zürich")
	case column == "PostalCode":
		return pick("01234", "22100", "00-950")
	case column == "Country":
		return pick("Sweden", "Poland", "Switzerland")
	case column == "SMECTypeSummary":
		return pick("Medium", "Very Small", "Upper Medium")
	case column == "IsNonprofit":
		return pick("No", "Nonprofit")
	case column == "AgreementID":
		return fmt.Sprintf("E%07d", 100+row)
	case column == "AgreementEndDate":
		return fmt.Sprintf("2027-%02d-28T00:00:00Z", row%12+1)
	case column == "LicenseProgram":
		return pick("CSP", "Open", "EA")
	case column == "ExpiringRevenue" || strings.HasSuffix(column, "PotentialRevenue"):
		if redacted {
			return ""
		}
		if column == "ExpiringRevenue" {
			return fmt.Sprint(1000 * (row + 1))
		}
		return pick("0 - 1,000", "1,000 - 10,000", "10,000 - 50,000")
	case column == "RevSumDivisionName":
		return pick("Azure", "Modern Work")
	case strings.HasSuffix(column, "Cluster"):
		return pick("Act Now", "Evaluate", "Nurture", "Educate", "")
	case strings.HasSuffix(column, "Fit"):
		return fmt.Sprint(95 - 7*(row%13))
	case strings.HasSuffix(column, "Intent"):
		return fmt.Sprint(11 + 8*(row%11))
	case strings.HasSuffix(column, "Explanation"):
		return pick("Seats grew,\nand support ends", "Asked for \"Copilot\"", "")
	}
	return pick("Yes", "No", "")
}
