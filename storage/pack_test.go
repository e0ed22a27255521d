package storage_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"actnow"
	"actnow/campaigns"
	"actnow/storage/storagetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var marketer = actnow.Actor{Name: "Maja"}

const smallPack = `name: Small
languages: [en]
sender: {address: hello@nordvik.example}
footer: {company: Nordvik Data AB, postal_address: Storgatan 1}
steps: [{key: a, channel: email, subject: Hi, markdown: '# Hi {{.FirstName}}'}]
`

func small(t *testing.T, manifest string) *campaigns.Pack {
	t.Helper()
	p, err := campaigns.ReadPack(fstest.MapFS{"pack.yaml": {Data: []byte(manifest)}, "empty.txt": {Data: []byte{}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPackComesBackAsSaved(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	want, err := campaigns.ReadPack(os.DirFS("../sample/packs/azure-first-steps"))
	if err != nil {
		t.Fatal(err)
	}
	id, fresh, err := db.SavePack(t.Context(), marketer, want)
	if err != nil || !fresh {
		t.Fatalf("SavePack = %d, %v, %v", id, fresh, err)
	}
	got, err := db.PackOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want.ID, want.Revision = id, 1
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(campaigns.Step{})); diff != "" {
		t.Errorf("PackOf (-want +got):\n%s", diff)
	}
	content, _, _ := want.Image("images/first-steps.png")
	kept, err := db.PackFile(t.Context(), id, "images/first-steps.png")
	if err != nil || string(kept) != string(content) {
		t.Errorf("PackFile gave %d bytes, %v; want %d", len(kept), err, len(content))
	}
	public, err := db.Picture(t.Context(), campaigns.ImagePath("images/first-steps.png", content))
	if err != nil || string(public) != string(content) {
		t.Errorf("Picture gave %d bytes, %v; want %d", len(public), err, len(content))
	}
}

func TestPackRevisions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	first, fresh, err := db.SavePack(t.Context(), marketer, small(t, smallPack))
	if err != nil || !fresh {
		t.Fatalf("first: %v, %v", fresh, err)
	}
	again, fresh, err := db.SavePack(t.Context(), marketer, small(t, smallPack))
	if err != nil || fresh || again != first {
		t.Errorf("the same content = pack %d, fresh %v, %v; want pack %d", again, fresh, err, first)
	}
	second, fresh, err := db.SavePack(t.Context(), marketer, small(t, smallPack+"play: Other\n"))
	if err != nil || !fresh || second == first {
		t.Errorf("other content = pack %d, fresh %v, %v", second, fresh, err)
	}
	latest, err := db.Packs(t.Context())
	if err != nil || len(latest) != 1 || latest[0].ID != second || latest[0].Revision != 2 || latest[0].Play != "Other" ||
		latest[0].CreatedBy != "Maja" || !latest[0].CreatedAt.Equal(storagetest.Now) {
		t.Errorf("Packs = %+v, %v", latest, err)
	}
	all, err := db.PackRevisions(t.Context(), "Small")
	if err != nil || len(all) != 2 || all[0].ID != second || all[1].ID != first {
		t.Errorf("PackRevisions = %+v, %v", all, err)
	}
	if old, err := db.PackOf(t.Context(), first); err != nil || old.Play != "" || old.Revision != 1 {
		t.Errorf("the first revision = %+v, %v", old, err)
	}
}

// A launch would stumble over a condition that is no filter, so the pack is refused
// when it comes, at the place where the condition goes wrong.
func TestPackConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, when   string
		line, column int // 0 if it is a filter
		says         string
	}{
		{name: "filter", when: `when: 'area = azure and cluster = "Act Now"'`},
		{name: "none", when: `when: `},
		{name: "no such field", when: `when: contry = "Sweden"`, line: 9, column: 11, says: "Did you mean country?"},
		{name: "in quotes", when: `when: 'country = Sweden'`, line: 9, column: 22, says: "quotation marks"},
		{name: "second line of a block", when: "when: |\n      fit > 50\n      and fot > 1", line: 11, column: 11, says: "fot"},
		{name: "ends too early", when: `when: fit >`, line: 9, column: 16, says: "too early"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t)
			manifest, _, _ := strings.Cut(smallPack, "steps:")
			p := small(t, manifest+"steps:\n  - key: a\n    channel: email\n    subject: Hi\n    "+tt.when+"\n    markdown: '# Hi'\n")
			_, _, err := db.SavePack(t.Context(), marketer, p)
			if tt.line == 0 {
				if err != nil {
					t.Fatalf("SavePack = %v", err)
				}
				return
			}
			var bad *campaigns.PackError
			var input *actnow.InputError
			if !errors.As(err, &bad) || bad.File != "pack.yaml" || bad.Line != tt.line || bad.Column != tt.column || !strings.Contains(bad.Error(), tt.says) {
				t.Errorf("SavePack = %v, want pack.yaml, line %d, column %d and %q", err, tt.line, tt.column, tt.says)
			}
			if !errors.As(err, &input) || input.Line != tt.line || !strings.Contains(input.Text, tt.says) {
				t.Errorf("for a person at the command line: %v", input)
			}
			if kept, err := db.Packs(t.Context()); err != nil || len(kept) != 0 {
				t.Errorf("the pack was kept: %v, %v", kept, err)
			}
		})
	}
}

func TestPackNotThere(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	id, _, err := db.SavePack(t.Context(), marketer, small(t, smallPack))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.PackOf(t.Context(), id+1); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("PackOf = %v", err)
	}
	if _, err := db.PackFile(t.Context(), id, "../pack.yaml"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("PackFile = %v", err)
	}
	if _, err := db.Picture(t.Context(), "/i/x.png"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("Picture = %v", err)
	}
	if content, err := db.PackFile(t.Context(), id, "empty.txt"); err != nil || len(content) != 0 {
		t.Errorf("an empty file = %q, %v", content, err)
	}
	if list, err := db.PackRevisions(t.Context(), "None"); err != nil || len(list) != 0 {
		t.Errorf("PackRevisions = %v, %v", list, err)
	}
}
