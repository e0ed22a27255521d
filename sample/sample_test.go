package sample_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"time"

	"actnow/sample"
)

func TestReportsMoveToTheLatestMonth(t *testing.T) {
	t.Parallel()
	now := time.Date(2028, 3, 26, 12, 0, 0, 0, time.UTC)
	list, err := sample.Reports(now)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 18 {
		t.Fatalf("%d reports, want six of three months", len(list))
	}
	if first, last := list[0], list[len(list)-1]; first.Month != "2028-01" || last.Month != "2028-03" || !strings.Contains(last.Name, "2028-03") {
		t.Errorf("reports from %s to %s (%s), want 2028-01 to 2028-03", first.Month, last.Month, last.Name)
	}
	for _, r := range list {
		if strings.HasPrefix(r.Name, "renewals") && bytes.Contains(r.Content, []byte(",2026-1")) {
			t.Errorf("%s still has dates of 2026", r.Name)
		}
	}
}

func TestNobodyOutsideCanBeMailed(t *testing.T) {
	t.Parallel()
	contacts, err := sample.CRM("contact", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(contacts), "\n") {
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == '"' }) {
			if strings.Contains(word, "@") && !strings.HasSuffix(word, ".example") {
				t.Errorf("line %d: %s is no address of the sample", i+1, word)
			}
		}
	}
}

func TestPacksAreThere(t *testing.T) {
	t.Parallel()
	packs, err := sample.Packs()
	if err != nil || len(packs) != 2 {
		t.Fatalf("%d packs, %v; want 2", len(packs), err)
	}
	for _, p := range packs {
		if _, err := fs.Stat(p, "pack.yaml"); err != nil {
			t.Error(err)
		}
	}
}
