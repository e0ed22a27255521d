package crm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"actnow"
	"actnow/crm"
)

func importer(s crm.Store) *crm.Importer {
	return &crm.Importer{Store: s, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
}

func doImport(t *testing.T, m *memory, kind crm.Kind, file string) crm.Result {
	t.Helper()
	res, err := importer(m).Import(t.Context(), 1, kind, "test", strings.NewReader(file), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func utf16File(s string, big bool) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func TestImportEncodings(t *testing.T) {
	t.Parallel()
	const plain = "id,name,city,postal_code,Region Code\nA-1,Åkeri AB,Malmö,01234,x\n"
	workbook := func() string {
		f := excelize.NewFile()
		f.SetSheetRow("Sheet1", "A1", &[]any{"id", "name", "city", "postal_code", "Region Code"})
		f.SetSheetRow("Sheet1", "A2", &[]any{"A-1", "Åkeri AB", "Malmö", "01234", "x"})
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	files := map[string]string{
		"utf-8":             plain,
		"BOM":               "\xef\xbb\xbf" + plain,
		"semicolon":         strings.ReplaceAll(plain, ",", ";"),
		"tab":               strings.ReplaceAll(plain, ",", "\t"),
		"named separator":   "sep=;\n" + strings.ReplaceAll(plain, ",", ";"),
		"crlf":              strings.ReplaceAll(plain, "\n", "\r\n"),
		"utf-16le":          utf16File("\ufeff"+plain, false),
		"utf-16be":          utf16File("\ufeff"+plain, true),
		"utf-16le, no mark": utf16File(plain, false),
		"windows-1252":      strings.NewReplacer("Å", "\xc5", "ö", "\xf6").Replace(plain),
		"workbook":          workbook(),
		"any order":         "city,Region Code,Account Name,ZIP Code,Account ID\nMalmö,x,Åkeri AB,01234,A-1\n",
	}
	want := &crm.State{
		Fields:   map[string]any{"name": "Åkeri AB", "city": "Malmö", "postal_code": "01234"},
		Custom:   map[string]string{"Region Code": "x"},
		Upserted: true,
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			res := doImport(t, m, crm.Account, file)
			if res.Rows != 1 || res.New != 1 || len(res.Rejected) != 0 {
				t.Errorf("result %+v", res)
			}
			if diff := cmp.Diff(want, m.states["account:A-1"]); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if again := doImport(t, m, crm.Account, file); again.Unchanged != 1 || again.New+again.Changed != 0 {
				t.Errorf("second import %+v", again)
			}
		})
	}
}

func TestImportKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind crm.Kind
		file string
		want map[string]any
	}{
		{crm.Account, "id,website,domains,tpid,tenant_id,org_number,state,country,phone,owner_name,owner_email\n007,https://a.example,\"A.example; b.example\",0012,t,556,Skåne,Sweden,+46,Bo,bo@p.example",
			map[string]any{"website": "https://a.example", "domains": []string{"a.example", "b.example"}, "tpid": "0012", "tenant_id": "t",
				"org_number": "556", "state": "Skåne", "country": "Sweden", "phone": "+46", "owner_name": "Bo", "owner_email": "bo@p.example"}},
		{crm.Contact, "id,account_id,email,given_name,family_name,title,role,language,time_zone,consent_purpose,consent_basis,consent_at,consent_source,do_not_email\n007,A-1,Anna@A.example,Anna,Berg,CEO,buyer,sv_SE,Europe/Stockholm,news,consent,2026-01-02,form,Nej",
			map[string]any{"account_id": "A-1", "email": "Anna@A.example", "given_name": "Anna", "family_name": "Berg", "title": "CEO", "role": "buyer",
				"language": "sv-SE", "time_zone": "Europe/Stockholm", "consent_purpose": "news", "consent_basis": "consent",
				"consent_at": int64(1767312000), "consent_source": "form", "do_not_email": false}},
		{crm.Opportunity, "id,account_id,area,stage,status,opened_at,closed_at,amount,currency\n007,A-1,Microsoft 365,Won deal,Closed Won,2026-01-02T03:04:05+01:00,2026-02-01,\"1.234,50\",sek",
			map[string]any{"account_id": "A-1", "area": "m365", "stage": "Won deal", "status": "won", "opened_at": int64(1767319445),
				"closed_at": int64(1769904000), "amount": int64(123450), "currency": "SEK"}},
		{crm.Subscription, "id,account_id,product,seats,start_at,end_at,amount,currency\n007,A-1,M365 E3,25.0,2026-01-02,2027-01-01,1000,JPY",
			map[string]any{"account_id": "A-1", "product": "M365 E3", "seats": int64(25), "start_at": int64(1767312000), "end_at": int64(1798761600), "amount": int64(1000), "currency": "JPY"}},
		{crm.Transaction, "id,account_id,product,at,amount,currency\n007,A-1,Azure,2026-01-02,-10.5,EUR",
			map[string]any{"account_id": "A-1", "product": "Azure", "at": int64(1767312000), "amount": int64(-1050), "currency": "EUR"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			if res := doImport(t, m, tt.kind, tt.file); res.New != 1 {
				t.Fatalf("result %+v", res)
			}
			if diff := cmp.Diff(tt.want, m.states[string(tt.kind)+":007"].Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// The columns are a contract with scripts; any of them is read by its own name.
func TestColumns(t *testing.T) {
	t.Parallel()
	want := map[crm.Kind]string{
		crm.Account:      "id, name, website, domains, tpid, tenant_id, org_number, city, state, postal_code, country, phone, owner_name, owner_email, modified_at",
		crm.Contact:      "id, account_id, email, given_name, family_name, title, role, language, time_zone, consent_purpose, consent_basis, consent_at, consent_source, do_not_email, modified_at",
		crm.Opportunity:  "id, account_id, area, product, stage, status, opened_at, closed_at, amount, currency",
		crm.Subscription: "id, account_id, product, seats, start_at, end_at, amount, currency",
		crm.Transaction:  "id, account_id, product, at, amount, currency",
	}
	for _, k := range crm.Kinds {
		if got := strings.Join(crm.Columns(k), ", "); got != want[k] {
			t.Errorf("%s: %s, want %s", k, got, want[k])
		}
		if res := doImport(t, newMemory(), k, want[k]+"\n"); len(res.Custom) > 0 {
			t.Errorf("%s: not known: %v", k, res.Custom)
		}
	}
}

func TestImportRejects(t *testing.T) {
	t.Parallel()
	file := "id,email,language,do_not_email,consent_at,modified_at\n" + // 1
		"C-1,a@b.example,sv,no,,\n" + // 2
		"\n" + // 3
		"C-2,\"a@\nb\",sv,,,\n" + // 4, 5
		",c@b.example,sv,,,\n" + // 6
		"C-3,c@b.example,klingon,yes,,\n" + // 7
		"C-4,d@b.example,sv,perhaps,,\n" + // 8
		"C-5,too,few\n" + // 9
		"C-6,e@b.example,sv,,31/12/2026,\n" + // 10
		"C-1,f@b.example,sv,,,\n" + // 11
		"C-7,g\"@b.example,sv,,,\n" + // 12
		"C-8,h@b.example,sv,,,2026-01-02\n" + // 13
		"C-8,i@b.example,sv,,,2026-01-01\n" // 14
	m := newMemory()
	res := doImport(t, m, crm.Contact, file)
	type line struct {
		Line  int
		Field string
	}
	var got []line
	for _, r := range res.Rejected {
		got = append(got, line{r.Line, r.Field})
	}
	want := []line{{4, "email"}, {6, "id"}, {7, "language"}, {9, ""}, {10, "consent_at"}, {11, "id"}, {12, ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejected (-want +got):\n%s\n%+v", diff, res.Rejected)
	}
	if res.Rows != 11 || res.New != 3 || res.Unchanged != 1 {
		t.Errorf("result %+v", res)
	}
	if len(res.Warnings) != 1 || res.Warnings[0].Line != 8 || m.states["contact:C-4"].Fields["do_not_email"] != true {
		t.Errorf("a doubtful do_not_email: warnings %+v", res.Warnings)
	}
	if s := m.states["contact:C-3"]; s.Present() || s.Fields["do_not_email"] != true || len(s.Fields) != 1 {
		t.Errorf("of a rejected contact %+v is kept, not its do_not_email alone", s)
	}
	if m.states["contact:C-8"].Fields["email"] != "h@b.example" {
		t.Error("the older of two rows stands")
	}
	text, err := json.Marshal(res)
	if err != nil || !bytes.Contains(text, []byte(`"rejected":[{"line":4,"field":"email","reason":"`)) {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, field string }{
		{"empty", "", ""},
		{"no id", "name,city\nA,B\n", "id"},
		{"two spellings", "id,Company,Organisation\n1,a,b\n", "name"},
		{"own name twice", "id,name,Name\n1,a,b\n", "name"},
		{"zeros", "\x80\x00\x01\x02\x03\x00", ""},
		{"broken workbook", "PK\x03\x04nothing", ""},
	}
	for _, tt := range tests {
		m := newMemory()
		_, err := importer(m).Import(t.Context(), 1, crm.Account, "f", strings.NewReader(tt.file), false, nil)
		input, ok := errors.AsType[*actnow.InputError](err)
		if !ok || input.Field != tt.field || len(m.states) > 0 {
			t.Errorf("%s: error %v of field %q, want one of field %q", tt.name, err, input.Field, tt.field)
		}
	}
	if _, err := importer(newMemory()).Import(t.Context(), 1, "lead", "f", strings.NewReader(""), false, nil); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestImportEmptyCellSaysNothing(t *testing.T) {
	t.Parallel()
	m := newMemory()
	doImport(t, m, crm.Account, "id,name,city\nA-1,Full AB,Lund\n")
	if res := doImport(t, m, crm.Account, "id,name,city\nA-1,Fuller AB,\n"); res.Changed != 1 {
		t.Errorf("result %+v", res)
	}
	if f := m.states["account:A-1"].Fields; f["city"] != "Lund" || f["name"] != "Fuller AB" {
		t.Errorf("fields %v", f)
	}
}

func TestImportDryRunAndProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("id,name\n")
	for i := range 1201 {
		fmt.Fprintf(&b, "A-%d,Company %d\n", i, i)
	}
	m := newMemory()
	calls, last, total := 0, int64(0), int64(0)
	res, err := importer(m).Import(t.Context(), 1, crm.Account, "f", strings.NewReader(b.String()), true, func(done, all int64) {
		calls, last, total = calls+1, done, all
	})
	if err != nil || res.New != 1201 || !res.DryRun || len(m.states) != 0 {
		t.Errorf("dry run: %+v, %v, %d stored", res, err, len(m.states))
	}
	if calls != 5 || last != int64(b.Len()) || total != last {
		t.Errorf("progress: %d calls, %d of %d", calls, last, total)
	}
}

func TestImportUnclosedQuote(t *testing.T) {
	t.Parallel()
	long := io.MultiReader(strings.NewReader("id,name\nA-1,a\nA-2,\"b"), strings.NewReader(strings.Repeat("x,y\n", 2<<20)))
	res, err := importer(newMemory()).Import(t.Context(), 1, crm.Account, "f", long, false, nil)
	if err != nil || res.New != 1 || len(res.Rejected) != 1 || res.Rejected[0].Line != 3 {
		t.Errorf("%+v, %v", res, err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("id,email,amount,currency,do_not_email\nC-1,a@b.example,\"1,5\",SEK,ja\n"), 1)
	f.Add([]byte("\xff\xfei\x00d\x00\n\x001\x00"), 0)
	f.Add([]byte("id;amount;currency;status\n1;1 234,5;SEK;vunnen\n\"2"), 2)
	f.Fuzz(func(t *testing.T, file []byte, k int) {
		if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
			t.Skip("workbooks are their library's")
		}
		kind := crm.Kinds[uint(k)%uint(len(crm.Kinds))]
		m := newMemory()
		res, err := importer(m).Import(t.Context(), 1, kind, "f", bytes.NewReader(file), false, nil)
		if err != nil {
			return
		}
		if res.New+res.Changed+res.Unchanged+len(res.Rejected) != res.Rows {
			t.Errorf("counts do not add up: %+v", res)
		}
		again, err := importer(m).Import(t.Context(), 1, kind, "f", bytes.NewReader(file), false, nil)
		if err != nil || again.New+again.Changed > 0 {
			t.Errorf("the same file changes something: %+v, %v", again, err)
		}
	})
}

func TestImportWorkbook(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	for cell, v := range map[string]any{
		"A1": "id", "B1": "seats", "C1": "start_at", "D1": "amount", "E1": "currency", "F1": "Note", "G1": "Note",
		"A2": 7, "B2": 25, "C2": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "D2": 1234.5, "E2": "SEK", "F2": "a", "G2": "b",
		"A5": "S-5", "B5": "many", // rows 3 and 4 are empty
		"A6": "1.234567890123E+12", "C6": "2026-01-02", "A7": "12E5",
	} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	res := doImport(t, m, crm.Subscription, b.String())
	if res.Rows != 4 || res.New != 3 || len(res.Rejected) != 1 || res.Rejected[0].Line != 5 || res.Rejected[0].Field != "seats" {
		t.Errorf("result %+v", res)
	}
	if m.states["subscription:12E5"] == nil {
		t.Error("an id with an e became a number")
	}
	s := m.states["subscription:7"]
	want := map[string]any{"seats": int64(25), "start_at": int64(1767312000), "amount": int64(123450), "currency": "SEK"}
	if diff := cmp.Diff(want, s.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"Note": "a", "Note (2)": "b"}, s.Custom); diff != "" {
		t.Errorf("custom (-want +got):\n%s", diff)
	}
	if m.states["subscription:1234567890123"].Fields["start_at"] != int64(1767312000) {
		t.Error("a long number as id, or a date as text, in a workbook")
	}
}
