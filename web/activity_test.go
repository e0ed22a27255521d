package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
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
		}
	}
}
