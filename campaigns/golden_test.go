package campaigns_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"actnow/campaigns"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	anna = campaigns.Fields{
		"FirstName": "Anna", "LastName": "Öberg", "Title": "CFO", "Company": "Contoso Bygg & Måleri AB", "City": "Lund",
		"Country": "Sweden", "Area": "Azure", "Cluster": "Act Now", "AgreementEnd": "2027-03-31", "Owner": "Jonas Åkerlund",
		"OwnerEmail": "jonas@nordvik.example", "Sender": "Nordvik Data",
		"UnsubscribeURL": "https://demo.actnow.example/u/TOKEN", "ViewURL": "https://demo.actnow.example/v/TOKEN",
	}
	nobody = campaigns.Fields{"UnsubscribeURL": "https://demo.actnow.example/u/TOKEN"}
)

func readPack(t testing.TB, dir string) *campaigns.Pack {
	t.Helper()
	p, err := campaigns.ReadPack(os.DirFS(dir))
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return p
}

// golden compares got with a file byte for byte.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestRenderedMails pins what a customer receives: every e-mail step of the
// sample packs, and of a pack that uses every format, in every language, with
// all fields and with none.
func TestRenderedMails(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"azure":   "../sample/packs/azure-first-steps",
		"renewal": "../sample/packs/renewal-in-time",
		"formats": "testdata/formats",
	} {
		pack := readPack(t, dir)
		var r campaigns.Renderer
		for _, s := range pack.Steps {
			if s.Channel != "email" {
				continue
			}
			for _, lang := range pack.Languages {
				for who, fields := range map[string]campaigns.Fields{"full": anna, "empty": nobody} {
					mail, err := r.Render(pack, s.Key, lang, fields)
					if err != nil {
						t.Fatal(err)
					}
					base := filepath.Join("golden", name+"-"+s.Key+"."+lang+"."+who)
					golden(t, base+".html", mail.HTML)
					golden(t, base+".txt", "Subject: "+mail.Subject+"\n\n"+mail.Text)
				}
			}
		}
	}
}
