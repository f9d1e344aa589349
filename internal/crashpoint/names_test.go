package crashpoint_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tagout/internal/crashpoint"
)

func TestNamesAreFoundSortedAcrossTheModule(t *testing.T) {
	t.Parallel()
	root := writeTree(t, map[string]string{
		"go.mod":             "module m\n",
		"a.go":               file(`import "m/internal/crashpoint"`, `crashpoint.Here("z.last")`),
		"b/b.go":             file(`import cp "m/internal/crashpoint"`, `cp.Here("a.first"); cp.Here(`+"`m-mid_1`"+`)`),
		"b/tagged.go":        "//go:build never\n\n" + file(`import "m/internal/crashpoint"`, `crashpoint.Here("b.tagged")`),
		"b/b_test.go":        file(`import "m/internal/crashpoint"`, `crashpoint.Here("in.test")`),
		"b/testdata/x.go":    file(`import "m/internal/crashpoint"`, `crashpoint.Here("in.testdata")`),
		"node_modules/x.go":  file(`import "m/internal/crashpoint"`, `crashpoint.Here("in.node")`),
		".hidden/x.go":       file(`import "m/internal/crashpoint"`, `crashpoint.Here("in.hidden")`),
		"nested/go.mod":      "module n\n",
		"nested/n.go":        file(`import "m/internal/crashpoint"`, `crashpoint.Here("in.nested")`),
		"other/other.go":     file(`import "elsewhere/crash"`, `crash.Here(name)`),
		"other/nothing.txt":  "crashpoint.Here(x)",
		"other/unrelated.go": file(``, `crashpoint.Here("not.imported")`),
	})
	got, err := crashpoint.Names(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a.first", "b.tagged", "m-mid_1", "z.last"}
	if !slices.Equal(got, want) {
		t.Errorf("names = %q, want %q", got, want)
	}
}

func TestNamesRefusesPointsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	const imported = `import "m/internal/crashpoint"`
	cases := map[string]struct{ source, complaint string }{
		"variable":     {file(imported, `n := "x"; crashpoint.Here(n)`), "one string literal"},
		"expression":   {file(imported, `crashpoint.Here("a" + "b")`), "one string literal"},
		"number":       {file(imported, `crashpoint.Here(1)`), "one string literal"},
		"no argument":  {file(imported, `crashpoint.Here()`), "one string literal"},
		"used twice":   {file(imported, `crashpoint.Here("a"); crashpoint.Here("a")`), "already at"},
		"colon":        {file(imported, `crashpoint.Here("a:2")`), "lower-case letters"},
		"empty":        {file(imported, `crashpoint.Here("")`), "lower-case letters"},
		"taken along":  {file(imported, `f := crashpoint.Here; f("a")`), "on the spot"},
		"dot import":   {file(`import . "m/internal/crashpoint"`, `Here("a")`), "not by a dot"},
		"syntax error": {"package p\nfunc {", "x.go:2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := writeTree(t, map[string]string{"x.go": c.source})
			names, err := crashpoint.Names(root)
			if err == nil {
				t.Fatalf("accepted, with names %q", names)
			}
			if !strings.Contains(err.Error(), c.complaint) || !strings.Contains(err.Error(), "x.go") {
				t.Errorf("error %q says neither %q nor the file", err, c.complaint)
			}
		})
	}
}

func TestNamesReportsAFolderThatIsNotThere(t *testing.T) {
	t.Parallel()
	if _, err := crashpoint.Names(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a missing folder gave no error")
	}
}

func TestNamesReadsThisModule(t *testing.T) {
	t.Parallel()
	if _, err := crashpoint.Names("../.."); err != nil {
		t.Error(err)
	}
}

// file is a small Go source with one import line and one function body.
func file(imports, body string) string {
	return "package p\n\n" + imports + "\n\nfunc f() { " + body + " }\n"
}

func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
