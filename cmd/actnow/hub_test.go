package main_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// putReportTogether makes a report in the download hub: chooses a source, a
// filter and columns, sees the preview follow, saves it, and takes its file.
func (v *visitor) putReportTogether() {
	v.t.Helper()
	v.open("/reports")
	v.click(`a.btn[href="/reports/downloads"]`)
	v.check("my-reports-none")
	v.click(`a.btn.main`)
	v.check("new-report")
	v.await(`document.querySelectorAll("#boxes input:checked").length > 10 && document.querySelector("[aria-labelledby=preview] tbody tr") !== null`)
	v.do(chromedp.Click(chromedp.CSS(`button[name=do][value=call]`)))
	v.await(`!document.querySelector('#boxes input[value="AzureFit"]').checked`)
	before := v.text("[aria-labelledby=preview] p")
	v.do(chromedp.Click(chromedp.CSS(`button[name=quick]`)))
	v.await(fmt.Sprintf(`document.querySelector("[aria-labelledby=preview] p").textContent !== %q && document.getElementById("where").value.includes("Act Now")`, before))
	v.do(chromedp.SendKeys(chromedp.CSS(`#narrow`), "crm"))
	if n := eval[int](v, `[...document.querySelectorAll("#boxes label")].filter(l => l.checkVisibility()).length`); n == 0 || n > 6 {
		v.t.Errorf("searching the columns for crm shows %d", n)
	}
	v.check("new-report-chosen")
	v.do(chromedp.SetValue(chromedp.CSS(`#name`), "Call list"))
	v.click(`.head button.btn.main`)
	if !strings.HasPrefix(v.where(), "/reports/downloads/") {
		v.t.Fatalf("saving the report led to %s", v.where())
	}
	page := v.where()
	v.await(fmt.Sprintf(`fetch(%q).then(r => r.text()).then(t => t.includes("/files/"))`, page))
	v.open(page)
	v.check("my-report")
	if size := eval[int](v, `fetch(document.querySelector("a[href*='/files/']").href).then(r => r.arrayBuffer()).then(b => b.byteLength)`); size < 1000 {
		v.t.Errorf("the workbook has %d bytes", size)
	}
	v.open("/reports/downloads")
	v.check("my-reports")
}

// await waits until the expression, or what it promises, is true.
func (v *visitor) await(expression string) {
	v.t.Helper()
	ok := eval[bool](v, fmt.Sprintf(`(async () => {
		for (let i = 0; i < 300; i++) {
			if (await (async () => (%s))()) return true;
			await new Promise(done => setTimeout(done, 100));
		}
		return false;
	})()`, expression))
	if !ok {
		v.t.Fatalf("at %s this never came true: %s", v.where(), expression)
	}
}
