package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"actnow"
	"actnow/reports"
)

func TestRecordsOfCSVSpectrum(t *testing.T) {
	t.Parallel()
	const dir = "../../shared/badinputs/csv-spectrum"
	files, err := filepath.Glob(dir + "/csvs/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("csv-spectrum is not here")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			meaning, err := os.ReadFile(filepath.Join(dir, "json", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want []map[string]string
			if meaning = bytes.TrimSpace(meaning); meaning[0] == '{' { // a file of one record
				meaning = append(append([]byte("["), meaning...), ']')
			}
			if err := json.Unmarshal(meaning, &want); err != nil {
				t.Fatal(err)
			}
			records, _, err := reports.Records(t.TempDir(), content, ',')
			if err != nil {
				t.Fatal(err)
			}
			if len(records) != len(want)+1 {
				t.Fatalf("records = %d, want %d", len(records), len(want)+1)
			}
			header := records[0].Cells
			for i, meant := range want {
				for j, column := range header {
					if column == "Contact Phone Number" {
						continue // the numbers of the CSV and of the JSON differ
					}
					if got := records[i+1].Cells[j]; got != meant[column] {
						t.Errorf("record %d, %s = %q, want %q", i+1, column, got, meant[column])
					}
				}
			}
		})
	}
}

func TestRecordLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []reports.Record
	}{
		{"blank lines count", "a,b\r\n\r\n  \r\n1,2\r\n", []reports.Record{{1, []string{"a", "b"}, ""}, {4, []string{"1", "2"}, ""}}},
		{"a record has the line it starts on", "a,b\n\"1\n\n2\",3\n4,5\n", []reports.Record{{1, []string{"a", "b"}, ""}, {2, []string{"1\n\n2", "3"}, ""}, {5, []string{"4", "5"}, ""}}},
		{"the last line needs no end", "a,b\n1,", []reports.Record{{1, []string{"a", "b"}, ""}, {2, []string{"1", ""}, ""}}},
		{"a quote inside a cell is a letter", "a,5\" x\n1,2\n", []reports.Record{{1, []string{"a", "5\" x"}, ""}, {2, []string{"1", "2"}, ""}}},
		{"a quote that is never closed costs its line", "a,b\n1,\"2\n3,4\n5,6\n", []reports.Record{{1, []string{"a", "b"}, ""}, {2, nil, "reject.quote"}, {3, []string{"3", "4"}, ""}, {4, []string{"5", "6"}, ""}}},
		{"one that swallows a later quote, too", "a,b\n1,\"2\n3,4\n\"5, x\",6\n", []reports.Record{{1, []string{"a", "b"}, ""}, {2, nil, "reject.quote"}, {3, []string{"3", "4"}, ""}, {4, []string{"5, x", "6"}, ""}}},
		{"text after a quote", "\"a\" x,b\n1,2\n", []reports.Record{{1, nil, "reject.quote"}, {2, []string{"1", "2"}, ""}}},
		{"carriage returns alone end lines", "a,b\r1,2\r", []reports.Record{{1, []string{"a", "b"}, ""}, {2, []string{"1", "2"}, ""}}},
		{"quoted ends", "\"a\",\"b\"\r\n\"1\",\"\"\r\n", []reports.Record{{1, []string{"a", "b"}, ""}, {2, []string{"1", ""}, ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := reports.Records(t.TempDir(), []byte(tt.text), ',')
			if err != nil {
				t.Fatal(err)
			}
			same := slices.EqualFunc(got, tt.want, func(a, b reports.Record) bool {
				return a.Line == b.Line && a.Fault == b.Fault && slices.Equal(a.Cells, b.Cells)
			})
			if !same {
				t.Errorf("records = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	long := "a,b\n" + strings.Repeat("x", 3<<20) + "\n1,2\n"
	got, _, err := reports.Records(t.TempDir(), []byte(long), ',')
	if err != nil || len(got) != 3 || got[1].Fault != "reject.long" || got[2].Line != 3 {
		t.Errorf("a line of 3 MiB: %d records, %v; want it rejected and line 3 read", len(got), err)
	}
}

func encode16(s string, big, mark bool) []byte {
	var b []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xFEFF}, units...)
	}
	for _, u := range units {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const text = "CustomerID,AccountName,AzureCluster\n7,Östra 𝄞 Åkeriet,Act Now\n"
	tests := []struct {
		name    string
		content []byte
		want    reports.Encoding
		account string
	}{
		{"utf-8", []byte(text), reports.UTF8, "Östra 𝄞 Åkeriet"},
		{"utf-8 with mark", append([]byte{0xEF, 0xBB, 0xBF}, text...), reports.UTF8, "Östra 𝄞 Åkeriet"},
		{"utf-16le", encode16(text, false, true), reports.UTF16LE, "Östra 𝄞 Åkeriet"},
		{"utf-16be", encode16(text, true, true), reports.UTF16BE, "Östra 𝄞 Åkeriet"},
		{"utf-16le without mark", encode16(text, false, false), reports.UTF16LE, "Östra 𝄞 Åkeriet"},
		{"utf-16be without mark", encode16(text, true, false), reports.UTF16BE, "Östra 𝄞 Åkeriet"},
		{"windows-1252", []byte("CustomerID,AccountName,AzureCluster\n7,\xD6stra \x80keriet,Act Now\n"), reports.Windows1252, "Östra €keriet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, enc, err := reports.Records(t.TempDir(), tt.content, ',')
			if err != nil || enc != tt.want || len(got) != 2 || got[1].Cells[1] != tt.account {
				t.Errorf("records = %+v in %s, %v; want %q in %s", got, enc, err, tt.account, tt.want)
			}
			if got[0].Cells[0] != "CustomerID" {
				t.Errorf("first header = %q", got[0].Cells[0])
			}
		})
	}
}

func TestBrokenLettersRejectTheirLine(t *testing.T) {
	t.Parallel()
	const header = "CustomerID,AccountName,AzureCluster\n"
	lone := encode16(header+"7,Åkes,Act Now\n8,", false, true)
	lone = append(lone, 0x00, 0xD8) // half of a pair
	lone = append(lone, encode16("x,Act Now\n", false, false)...)
	for name, content := range map[string][]byte{
		"one line proves UTF-8": []byte(header + "7,Åkes,Act Now\n8,\xC5kes,Act Now\n"),
		"half a surrogate pair": lone,
		"a zero byte":           []byte(header + "7,Åkes,Act Now\n8,\x00,Act Now\n"),
	} {
		res, rows, err := importText(t, "azure.csv", content)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(rows) != 1 || !slices.Equal(rejectedLines(res), []int{3}) || res.Rejected[0].Field != "AccountName" {
			t.Errorf("%s: %d rows, rejected %+v; want line 3 rejected for AccountName", name, len(rows), res.Rejected)
		}
	}
}

// FuzzImport feeds the whole importer. Nothing may panic; what is refused gets a
// sentence; what is imported has its lines within the file, each once.
func FuzzImport(f *testing.F) {
	f.Add([]byte("CustomerID,AccountName,AzureCluster,AzureFit\n7,\"Å\n\"\"kes\",Act Now,88\n8,x,,1\"2\n"))
	f.Add([]byte("Domain;SurfaceFit;New Cohort\na.example;71,5;Yes\n"))
	f.Add(encode16("CustomerID\tM365Fit\n7\tHigh\n", false, true))
	f.Add([]byte("CustomerID,AgreementEndDate,ExpiringRevenue\r7,46112,\"1,250.50\"\r"))
	for _, pattern := range []string{"../../shared/badinputs/own/csv/mut_*.csv", "../../shared/badinputs/own/archive/ok.zip"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if content, err := os.ReadFile(file); err == nil {
				f.Add(content)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m := &memory{}
		im := newImporter(t, m)
		im.MaxBytes = 1 << 20
		res, err := im.Import(t.Context(), "fuzz.csv", bytes.NewReader(content), reports.Options{}, nil)
		if err != nil {
			var input *actnow.InputError
			if !errors.As(err, &input) {
				t.Fatalf("error without a sentence: %v", err)
			}
			return
		}
		if res.Rows != len(m.rows[0]) {
			t.Errorf("rows = %d, staged %d", res.Rows, len(m.rows[0]))
		}
		last := 0
		for _, r := range m.rows[0] {
			if r.Line <= last {
				t.Fatalf("line %d comes after %d", r.Line, last)
			}
			last = r.Line
			if len(r.Cells) != len(res.Columns) {
				t.Fatalf("line %d has %d cells, the header %d", r.Line, len(r.Cells), len(res.Columns))
			}
		}
		for _, r := range res.Rejected {
			if r.Line < 2 || r.Reason == "" || strings.Contains(r.Reason, "{0}") {
				t.Errorf("rejected %+v", r)
			}
		}
	})
}
