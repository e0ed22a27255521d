package matcher_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/matcher"
)

func TestReadRecords(t *testing.T) {
	want := []matcher.Record{
		{Key: "1", Name: "Contoso, AB", Website: "contoso.se", City: "Åre", Country: "SE", TPID: "7"},
		{Key: "2", Name: "Fabrikam"},
	}
	tests := []struct{ name, in string }{
		{"plain", "id,name,domain,city,state,postal_code,country,tpid\n1,\"Contoso, AB\",contoso.se,Åre,,,SE,7\n2,Fabrikam,,,,,,\n"},
		{"any order and case, other columns, CRLF", "TPID, Name ,colour,ID,Website,COUNTRY,City\r\n7,\"Contoso, AB\",red,1,contoso.se,SE,Åre\r\n,Fabrikam,,2,,,\r\n"},
		{"byte order mark", "\ufeffid,name,domain,city,country,tpid\n1,\"Contoso, AB\",contoso.se,Åre,SE,7\n2,Fabrikam,,,,\n"},
		{"semicolons", "id;name;domain;city;country;tpid\n1;Contoso, AB;contoso.se;Åre;SE;7\n2;Fabrikam;;;;\n"},
		{"tabs", "id\tname\tdomain\tcity\tcountry\ttpid\n1\tContoso, AB\tcontoso.se\tÅre\tSE\t7\n2\tFabrikam\t\t\t\t\n"},
		{"UTF-16", utf16("id,name,domain,city,country,tpid\n1,\"Contoso, AB\",contoso.se,Åre,SE,7\n2,Fabrikam,,,,\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := matcher.ReadRecords(strings.NewReader(tt.in), matcher.Customers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// utf16 returns s, of characters of one unit each, as UTF-16LE with its mark.
func utf16(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

func TestReadRecordsRefuses(t *testing.T) {
	tests := []struct {
		name, in, code string
		line           int
	}{
		{"nothing", "", "error.match.empty", 1},
		{"no id", "name,city\nx,y\n", "error.match.column", 1},
		{"no name", "id,city\nx,y\n", "error.match.column", 1},
		{"a column twice", "id,name,city,City\n", "error.match.twice", 1},
		{"an empty id", "id,name\n1,x\n,y\n", "error.match.key", 3},
		{"an id twice", "id,name\n1,x\n2,y\n1,z\n", "error.match.duplicate", 4},
		{"too few cells", "id,name\n1,x\n2\n", "error.match.csv", 3},
		{"an open quote", "id,name\n1,x\n2,\"y\n3,z\n", "error.match.csv", 3},
		{"not UTF-8", "id,name\n1,x\n2,\xe5\n", "error.match.utf8", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := matcher.ReadRecords(strings.NewReader(tt.in), matcher.Accounts)
			bad, ok := errors.AsType[*actnow.InputError](err)
			if !ok || bad.Code != tt.code || bad.Line != tt.line || bad.Field != string(matcher.Accounts) {
				t.Errorf("error %#v, want %s in line %d", err, tt.code, tt.line)
			}
			if _, ok := matcher.Messages[tt.code]; !ok {
				t.Errorf("no sentence for %s", tt.code)
			}
		})
	}
	disk := errors.New("disk on fire")
	r := io.MultiReader(strings.NewReader("id,name\n1,x\n"), iotest.ErrReader(disk))
	if _, err := matcher.ReadRecords(r, matcher.Accounts); !errors.Is(err, disk) || errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("error %v, want that of the disk", err)
	}
}

func TestMatchWriter(t *testing.T) {
	matches := []matcher.Match{
		{Account: "=A1", Band: actnow.BandMatch, Candidates: []matcher.Candidate{
			{Customer: " +C1", Probability: 0.998765432, Stage: actnow.StageDomain, Reason: "same domain contoso.se; same name"},
			{Customer: "C2", Probability: 0.01}}},
		{Account: "A2", Band: actnow.BandNone},
		{Account: "A3", Band: actnow.BandReview, Candidates: []matcher.Candidate{{Customer: "C3", Probability: 0.5, Stage: actnow.StageName, Reason: "@x, \"y\""}}},
	}
	want := `account_id,customer_id,stage,probability,band,reason
'=A1,' +C1,domain,0.998765,match,same domain contoso.se; same name
A3,C3,name,0.500000,review,"'@x, ""y"""
`
	var b bytes.Buffer
	w := matcher.NewMatchWriter(&b)
	for _, m := range matches {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplanation(t *testing.T) {
	m := matcher.Match{Account: "A1", Band: actnow.BandReview, Candidates: []matcher.Candidate{{
		Customer: "C1", Probability: 0.5, Stage: actnow.StageName, Reason: "same name",
		Comparisons: []matcher.Comparison{
			{Field: "start", Bits: -7, Note: "chance before anything is compared"},
			{Field: "name", Bits: 7, Note: "same name", Customer: "Contoso", Account: "CONTOSO"},
		}}}}
	want := `account A1: review

1. customer C1, probability 0.500000, carried by the name
   same name
      -7.00  start        chance before anything is compared
      +7.00  name         same name  (customer "Contoso", account "CONTOSO")
      +0.00  bits in all
`
	if diff := cmp.Diff(want, matcher.Explanation(m)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzReadRecords(f *testing.F) {
	f.Add([]byte("id,name\n1,x\n"))
	f.Add([]byte("\ufeffID,Name,domain,website\n\"1\",\"x\ny\",a,b\n"))
	f.Add([]byte("\xff\xfei\x00d\x00,\x00n\x00a\x00m\x00e\x00\n\x00"))
	f.Add([]byte("id,name\n1,\"x\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		records, err := matcher.ReadRecords(bytes.NewReader(in), matcher.Customers)
		if err != nil {
			if bad, ok := errors.AsType[*actnow.InputError](err); !ok || bad.Line < 1 || bad.Text == "" {
				t.Fatalf("error %#v, want one with a line", err)
			}
			return
		}
		seen := make(map[string]bool)
		for _, r := range records {
			if r.Key == "" || seen[r.Key] {
				t.Fatalf("key %q of %+v is empty or stands twice", r.Key, r)
			}
			seen[r.Key] = true
		}
	})
}
