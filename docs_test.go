package tagout_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walk reads the files of this repository whose names end so.
func walk(t *testing.T, suffix string, visit func(file, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(file, suffix):
			return nil
		}
		text, err := os.ReadFile(file)
		visit(filepath.ToSlash(file), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```")
	linked   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	quoted   = regexp.MustCompile("`([^`\n]+)`")
	testName = regexp.MustCompile(`^Test[A-Z]\w+$`)
	codeName = regexp.MustCompile(`^([a-z][\w/]*)\.([A-Z]\w*)(?:\.(\w+))?$`)
	method   = regexp.MustCompile(`^([A-Z]\w*)\.([A-Za-z]\w*)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the fragments that a page has: those that GitHub makes of its headings.
func anchors(text string) []string {
	var list []string
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		title := linked.ReplaceAllString(h[1], "")
		list = append(list, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(title), ""), " ", "-"))
	}
	return list
}

func TestEveryLinkOfADocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	walk(t, ".md", func(file, text string) {
		for _, l := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			target, fragment, _ := strings.Cut(l[1], "#")
			if strings.Contains(target, ":") {
				continue // elsewhere on the web
			}
			page := file
			if target != "" {
				page = path.Join(path.Dir(file), target)
			}
			if _, err := os.Stat(page); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, l[1])
				continue
			}
			if fragment == "" || !strings.HasSuffix(page, ".md") {
				continue
			}
			there, err := os.ReadFile(page)
			if err != nil || !slices.Contains(anchors(string(there)), fragment) {
				t.Errorf("%s links to %s, which has no such heading", file, l[1])
			}
		}
	})
}

// source is what the documents may speak of.
type source struct {
	folders map[string]bool     // top-level ones
	code    map[string]string   // Go text by package folder, "" being the root
	tests   map[string]struct{} // names of tests
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{folders: map[string]bool{}, code: map[string]string{}, tests: map[string]struct{}{}}
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	walk(t, ".go", func(file, text string) {
		dir := path.Dir(file)
		if top, _, ok := strings.Cut(file, "/"); ok {
			s.folders[top] = true
		}
		if !strings.HasSuffix(file, "_test.go") {
			s.code[dir] += text
		}
		for _, name := range test.FindAllStringSubmatch(text, -1) {
			s.tests[name[1]] = struct{}{}
		}
	})
	s.folders["docs"], s.folders["scripts"], s.folders["deploy"] = true, true, true
	return s
}

// has reports whether a package declares a function, method, type, constant or variable.
func (s source) has(dir, name string) bool {
	declared := regexp.MustCompile(`(?m)(^func (\([^)]*\) )?|^type |^\t?(const |var )?)` + regexp.QuoteMeta(name) + `\b`)
	return declared.MatchString(s.code[dir])
}

// method reports whether a package gives a type that method or field.
func (s source) method(dir, of, name string) bool {
	declared := regexp.MustCompile(`(?m)^func \(\w* ?\*?` + of + `\) ` + name + `\(`)
	field := regexp.MustCompile(`(?m)^type ` + of + ` (struct|interface) \{\n([^}].*\n|\n)*?\t` + name + `\b`)
	return declared.MatchString(s.code[dir]) || field.MatchString(s.code[dir])
}

// problem is what is wrong with one name in a document, or "".
func (s source) problem(name string) string {
	if testName.MatchString(name) {
		if _, ok := s.tests[name]; !ok {
			return "no such test"
		}
		return ""
	}
	if m := codeName.FindStringSubmatch(name); m != nil {
		dir := m[1]
		if dir == "tagout" {
			dir = "."
		}
		if _, ok := s.code[dir]; !ok {
			return "" // of another module
		}
		if m[3] == "" && !s.has(dir, m[2]) || m[3] != "" && !s.method(dir, m[2], m[3]) {
			return "the package has no such name"
		}
		return ""
	}
	if m := method.FindStringSubmatch(name); m != nil && s.has(".", m[1]) {
		if !s.method(".", m[1], m[2]) {
			return "the type has no such method or field"
		}
		return ""
	}
	top, _, nested := strings.Cut(name, "/")
	if !nested || !s.folders[top] || strings.ContainsAny(name, " *:<>{}()…") || strings.Contains(name, "NAME") {
		return ""
	}
	if _, err := os.Stat(strings.TrimSuffix(name, "/")); err != nil {
		return "no such file or folder"
	}
	return ""
}

func TestDocumentsNameOnlyWhatExists(t *testing.T) {
	t.Parallel()
	s := readSource(t)
	walk(t, ".md", func(file, text string) {
		for _, q := range quoted.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if problem := s.problem(q[1]); problem != "" {
				t.Errorf("%s names `%s`: %s", file, q[1], problem)
			}
		}
	})
}

func TestTheArchitectureNamesEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for dir := range readSource(t).code {
		if strings.Count(dir, "/") > 1 || strings.HasPrefix(dir, "integrations/") || dir == "." {
			continue
		}
		if !strings.Contains(string(page), "`"+dir+"`") {
			t.Errorf("docs/architecture.md says nothing about %s", dir)
		}
	}
}

func TestEveryDirectDependencyIsExplained(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	needed := regexp.MustCompile(`(?m)^(?:require |tool |\t)([\w.-]+\.[\w./-]+)( v\S+)?( // indirect)?$`)
	known := map[string]bool{}
	for _, m := range needed.FindAllStringSubmatch(string(mod), -1) {
		known[m[1]] = true
		if m[3] == "" && !strings.Contains(string(page), "`"+m[1]+"`") {
			t.Errorf("docs/dependencies.md does not say what %s is for", m[1])
		}
	}
	for _, q := range quoted.FindAllStringSubmatch(string(page), -1) {
		if host, _, ok := strings.Cut(q[1], "/"); ok && strings.Contains(host, ".") && !known[q[1]] {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not name", q[1])
		}
	}
}

// TestOnlyAdaptersReachOut: an address in an alert can make nothing send a request, since
// requests are sent only where the configuration says where to.
func TestOnlyAdaptersReachOut(t *testing.T) {
	t.Parallel()
	may := []string{"bot", "cmd/tagout", "cmd/tagout/app", "cmd/tagout/demo", "integrations/email", "integrations/goalert", "integrations/httpcontrol",
		"integrations/jira", "integrations/kubernetes", "integrations/oncall", "integrations/outgoing", "integrations/webhook", "internal/replicas", "sandbox"} // replicas: to addresses that replicas wrote into the database
	helps := []string{"docs/examples/go", "internal/bench", "internal/browsertest", "internal/pgtest"} // not part of the program
	out := regexp.MustCompile(`http\.(NewRequest|Get\(|Post\(|PostForm\(|Head\(|DefaultClient|DefaultTransport)|&?http\.Client\{|\bnet\.Dial|\bDialContext\(`)
	for dir, text := range readSource(t).code {
		if found := out.FindString(text); found != "" && !slices.Contains(may, dir) && !slices.Contains(helps, dir) && dir != "integrations" {
			t.Errorf("%s uses %s; if it may reach out, its addresses must come from the configuration: add it here", dir, found)
		}
	}
}
