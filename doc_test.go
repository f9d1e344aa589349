package tagout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var inBrackets = regexp.MustCompile(`\[([A-Z]\w*(?:\.[A-Z]\w*)?)\]`)

// exportedOf lists what each file of the package exports: types, functions, variables, and
// methods as Type.Method.
func exportedOf(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "doc.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names[file] = nil
		for _, declared := range parsed.Decls {
			names[file] = append(names[file], exportedIn(declared)...)
		}
	}
	return names
}

func exportedIn(declared ast.Decl) (names []string) {
	switch d := declared.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() {
			return nil
		}
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		of := d.Recv.List[0].Type
		if pointer, ok := of.(*ast.StarExpr); ok {
			of = pointer.X
		}
		if of, ok := of.(*ast.Ident); ok {
			return []string{of.Name + "." + d.Name.Name}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// The map of the package leads to every file of it: by a name that the file exports, or by
// the file of its topic, as page.go stands for page_*.go.
func TestTheMapOfThePackageLeadsToEveryFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	onMap := map[string]bool{}
	for _, link := range inBrackets.FindAllStringSubmatch(string(text), -1) {
		onMap[link[1]] = false // until it is found
	}
	shown := map[string]bool{}
	exported := exportedOf(t)
	for file, names := range exported {
		for _, name := range names {
			if _, linked := onMap[name]; linked {
				onMap[name], shown[file] = true, true
			}
		}
	}
	for name, found := range onMap {
		if !found {
			t.Errorf("doc.go leads to [%s], which the package does not export", name)
		}
	}
	for file := range exported {
		topic, _, _ := strings.Cut(file, "_")
		if !shown[file] && !shown[topic+".go"] {
			t.Errorf("doc.go does not lead to %s. Fix: Name a type of it there, or give it the name of its topic.", file)
		}
	}
}
