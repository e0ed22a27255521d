package main_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// bringReportIn reads a report by the wizard: looks first, imports, and takes the
// import back. The file has a line that is rejected and a Yes/No column nobody knows.
func (v *visitor) bringReportIn() {
	v.t.Helper()
	file := filepath.Join(v.t.TempDir(), "azure.csv")
	content := "CustomerID,AccountName,Domain,OrgSize,Country,AzureFit,AzureIntent,Azure_Spring FY27,Remark\n" +
		"990001,Väggen AB,vaggen.example,40,Sweden,82,77,Yes,a\n990002,Golvet AB,golvet.example,12,Sweden,40,20,No,b\n990003,Taket AB,taket.example,9,Sweden,150,20,No,c\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		v.t.Fatal(err)
	}
	v.open("/reports")
	v.do(chromedp.SetUploadFiles(chromedp.CSS(`#file`), []string{file}))
	v.click(`form[action="/reports"] button`)
	look := v.where()
	v.await(`fetch("` + look + `").then(r => r.text()).then(t => t.includes("` + look + `/import"))`)
	v.open(look)
	v.check("look")
	if page := v.text("main"); !strings.Contains(page, "Azure_Spring FY27") || !strings.Contains(page, "150") {
		v.t.Errorf("the look tells neither the new column nor the rejected line:\n%s", page)
	}
	v.click(`form[action="` + look + `/import"] button`)
	v.await(`fetch("/reports").then(r => r.text()).then(t => new DOMParser().parseFromString(t, "text/html").querySelector("[aria-labelledby=history] tbody small")?.textContent === "azure.csv")`)
	v.open("/reports")
	v.click(`[aria-labelledby=history] tbody th a`)
	v.check("snapshot")
	v.click(`a[href$="/undo"]`)
	v.check("undo")
	v.click(`form[action$="/undo"] button`)
	v.await(`fetch("/customers?q=Golvet").then(r => r.text()).then(t => !t.includes("golvet.example"))`)
	for _, path := range []string{"/reports/months?area=azure", "/reports/disagreement", "/reports/mappings", "/scoring/models/azure"} {
		v.open(path)
		v.check(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(strings.Trim(path, "/")))
	}
}
