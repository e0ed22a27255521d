// Package sample holds a made-up partner, Nordvik Data: the six reports for
// three months, a CRM with names as people type them, and campaign packs. They
// go in through the importers that everybody uses. All domains end in .example,
// so that nothing of it can be mailed.
package sample

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"actnow"
)

//go:generate go run ./generate data

//go:embed data packs
var files embed.FS

// Partner is the sample partner's name.
const Partner = "Nordvik Data AB"

// written is the month of the newest report in the files.
const written actnow.Month = "2026-10"

// Report is one report file of the sample.
type Report struct {
	Name    string
	Month   actnow.Month
	Content []byte
}

// Reports returns the report files, oldest first, moved so that the newest is
// of the month that is latest at now: its dates are moved by as many months.
func Reports(now time.Time) ([]Report, error) {
	shift := monthsBetween(written, actnow.ReportMonth(now))
	var list []Report
	for back := 2; back >= 0; back-- {
		month := written.Add(-back)
		names, err := fs.Glob(files, "data/reports/*-"+string(month)+".csv")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			content, err := files.ReadFile(name)
			if err != nil {
				return nil, err
			}
			moved := month.Add(shift)
			base := strings.TrimPrefix(name, "data/reports/")
			list = append(list, Report{
				Name:    strings.Replace(base, string(month), string(moved), 1),
				Month:   moved,
				Content: moveDates(content, shift),
			})
		}
	}
	return list, nil
}

// CRM returns the file of a kind of CRM record ("account"), its dates moved like
// those of the reports.
func CRM(kind string, now time.Time) ([]byte, error) {
	plural := map[string]string{"opportunity": "opportunities"}[kind]
	if plural == "" {
		plural = kind + "s"
	}
	content, err := files.ReadFile("data/crm/" + plural + ".csv")
	if err != nil {
		return nil, fmt.Errorf("sample has no %s: %w", kind, err)
	}
	return moveDates(content, monthsBetween(written, actnow.ReportMonth(now))), nil
}

// Packs returns the campaign packs, a folder each.
func Packs() ([]fs.FS, error) {
	entries, err := files.ReadDir("packs")
	if err != nil {
		return nil, err
	}
	var list []fs.FS
	for _, e := range entries {
		sub, err := fs.Sub(files, "packs/"+e.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, sub)
	}
	return list, nil
}

func monthsBetween(from, to actnow.Month) int {
	a, b := from.First(), to.First()
	return (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
}

var isoDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// moveDates moves every cell that is an ISO date by n months, in the columns
// whose names end in Date or _at.
func moveDates(content []byte, n int) []byte {
	if n == 0 {
		return content
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil || len(rows) == 0 {
		return content
	}
	for i, head := range rows[0] {
		if !strings.HasSuffix(head, "Date") && !strings.HasSuffix(head, "_at") && head != "at" {
			continue
		}
		for _, row := range rows[1:] {
			if t, err := time.Parse(time.DateOnly, row[i]); err == nil && isoDay.MatchString(row[i]) {
				row[i] = t.AddDate(0, n, 0).Format(time.DateOnly)
			}
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.WriteAll(rows)
	return b.Bytes()
}
