package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"actnow"
)

// subjectPages are where the things that the audit speaks of are shown, by their noun;
// those that end in a slash go on with the thing's key.
var subjectPages = map[string]string{
	"campaign": "/campaigns/", "cohort": "/cohorts/", "cohort_column": "/cohorts/columns/", "connection": "/settings/connections/", "download": downloadsPath + "/",
	"holdout": holdOutPath, "matrix": "/settings/scoring", "model": "/scoring/models", "pack": "/campaigns/packs/", "schedule": "/settings/schedules/",
	"snapshot": "/reports/", "suppression": "/settings/suppressions", "user": "/people/",
}

// subjectPath is the page of what an activity speaks of, "" if it has none.
func subjectPath(object string) string {
	noun, key, _ := strings.Cut(object, ":")
	page, ok := subjectPages[noun]
	switch {
	case !ok || strings.HasSuffix(page, "/") && key == "":
		return ""
	case noun == "schedule":
		return schedulePath(key)
	case strings.HasSuffix(page, "/"):
		if _, err := strconv.ParseInt(key, 10, 64); err != nil {
			return "" // somebody who is invited has an address, and no page yet
		}
		return page + key
	}
	return page
}

// subject is what a sentence calls the thing an activity speaks of: its name where the
// activity notes one, else its key.
func subject(a actnow.Activity, text *Text) string {
	noun, key, _ := strings.Cut(a.Object, ":")
	var noted struct {
		Name, Report string // of any case
		Month        actnow.Month
	}
	if json.Unmarshal([]byte(a.Detail), &noted) != nil {
		noted.Name, noted.Report = "", "" // of another shape
	}
	switch {
	case noun == "schedule":
		return text.T("activity.named", scheduleName(text, key))
	case noun == "snapshot" && noted.Report != "" && noted.Month != "":
		return text.T("activity.report_of", reportName(text, noted.Report), noted.Month)
	case noted.Name != "":
		return text.T("activity.named", noted.Name)
	}
	return key
}
