package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"actnow"
)

// TestActivitiesHaveSentences looks that whatever the store writes into the audit
// trail is said in words on the page.
func TestActivitiesHaveSentences(t *testing.T) {
	acts := map[string]bool{"cohort_column.confirmed": true, "cohort_column.dismissed": true, "cohort_column.candidate": true}
	note := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if act, err := strconv.Unquote(lit.Value); err == nil && regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`).MatchString(act) {
			acts[act] = true
		}
	}
	files, err := filepath.Glob("../storage/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "audit" || f.Sel.Name == "auditCohort") && len(n.Args) > 2 {
					note(n.Args[2])
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if id, ok := left.(*ast.Ident); ok && id.Name == "action" && len(n.Rhs) == len(n.Lhs) {
						note(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	if len(acts) < 30 {
		t.Fatalf("only %d acts were found", len(acts))
	}
	for _, lang := range []string{"en", "sv"} {
		text := newText(t, lang, nil)
		for act := range acts {
			if !text.Has("activity." + act) {
				t.Errorf("%s: nothing says %s", lang, act)
			}
			if noun, _, _ := strings.Cut(act, "."); !slices.Contains(auditNouns, noun) {
				t.Errorf("no list shows %s alone", noun)
			}
		}
	}
}

// A part of the program that acted is named in the reader's language, a person as they are.
func TestActivitiesNameWhoActed(t *testing.T) {
	text := newText(t, "sv", nil)
	for actor, want := range map[actnow.Actor]string{{Name: "command line"}: "kommandoraden", {Name: "Elin"}: "Elin", {User: 3, Name: "schedule"}: "schedule"} {
		if got := actorName(text, actor); got != want {
			t.Errorf("%+v is %q, want %q", actor, got, want)
		}
	}
}

// Sentences name what they speak of, and lead to it.
func TestActivitiesNameAndLead(t *testing.T) {
	text := newText(t, "sv", nil)
	for _, tt := range []struct{ action, object, detail, want, path string }{
		{"report.import", "snapshot:13", `{"report":"azure","month":"2026-11"}`, "Importerade rapporten Azure, november 2026", "/reports/13"},
		{"report.undo", "snapshot:13", `{}`, "Ångrade importen av 13", "/reports/13"},
		{"schedule.save", "schedule:job:prune", `{}`, "Sparade schemat ”Städa bort det som inte behövs längre”", "/settings/schedules/job:prune"},
		{"cohort.create", "cohort:9", `{"name":"<b>Klara</b>"}`, "Skapade urval ”<b>Klara</b>”", "/cohorts/9"},
		{"campaign.create", "campaign:4", `{"Name":"Höst"}`, "Skapade kampanj ”Höst”", "/campaigns/4"},
		{"link.invite", "user:jonas@nordvik.example", `{}`, "Bjöd in jonas@nordvik.example", ""},
		{"setting.save", "setting:partner", `"Nordvik"`, "Ändrade inställningarna", ""},
		{"suppression.add", "suppression", `{}`, "Antecknade en adress som inte ska mejlas", "/settings/suppressions"},
		{"other.act", "other:1", ``, "other.act", ""},
	} {
		a := actnow.Activity{Action: tt.action, Object: tt.object, Detail: tt.detail}
		if got := activitySentence(a, text); got != tt.want {
			t.Errorf("%s %s = %q, want %q", tt.action, tt.detail, got, tt.want)
		}
		if got := subjectPath(tt.object); got != tt.path {
			t.Errorf("%s leads to %q, want %q", tt.object, got, tt.path)
		}
	}
}
