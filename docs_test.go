package tagout_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// eachFile reads the files of this repository whose names end so.
func eachFile(suffix string, visit func(file, text string)) error {
	return filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
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
}

// walk is eachFile in a test.
func walk(t *testing.T, suffix string, visit func(file, text string)) {
	t.Helper()
	if err := eachFile(suffix, visit); err != nil {
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
	goFile   = regexp.MustCompile(`^\w+\.go$`)
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
	known := map[string][]string{} // the anchors of a page
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
			if known[page] == nil {
				there, err := os.ReadFile(page)
				if err != nil {
					t.Error(err)
				}
				known[page] = anchors(string(there))
			}
			if !slices.Contains(known[page], fragment) {
				t.Errorf("%s links to %s, which has no such heading", file, l[1])
			}
		}
	})
}

// source is what the documents may speak of.
type source struct {
	folders  map[string]bool            // top-level ones
	code     map[string]string          // Go text by package folder, "." being the root
	declared map[string]map[string]bool // by package folder: functions, types, constants, variables, and type.method or type.field
	tests    map[string]bool            // names of tests
}

// readSource reads what there is, once for all tests.
var readSource = sync.OnceValues(func() (source, error) {
	s := source{folders: map[string]bool{}, declared: map[string]map[string]bool{}, tests: map[string]bool{}}
	code := map[string]*strings.Builder{}
	err := eachFile(".go", func(file, text string) {
		dir := path.Dir(file)
		if top, _, ok := strings.Cut(file, "/"); ok {
			s.folders[top] = true
		}
		if strings.HasSuffix(file, "_test.go") {
			s.readTests(text)
			return
		}
		if code[dir] == nil {
			code[dir], s.declared[dir] = &strings.Builder{}, map[string]bool{}
		}
		code[dir].WriteString(text)
		s.read(dir, text)
	})
	s.folders["docs"], s.folders["scripts"], s.folders["deploy"] = true, true, true
	s.code = map[string]string{}
	for dir, text := range code {
		s.code[dir] = text.String()
	}
	return s, err
})

func mustReadSource(t *testing.T) source {
	t.Helper()
	s, err := readSource()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s source) readTests(text string) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "func Test"); ok {
			s.tests["Test"+identifier(rest)] = true
		}
	}
}

// read notes what a file declares, line by line: the text is as gofmt leaves it.
func (s source) read(dir, text string) {
	inside := "" // the struct or interface
	for line := range strings.Lines(text) {
		rest, member := strings.CutPrefix(line, "\t")
		if !member && line != "\n" {
			inside = ""
		}
		if of, method, ok := receiver(line); ok {
			s.declared[dir][of+"."+method] = true
			rest = method
		}
		for _, word := range []string{"func ", "type ", "const ", "var "} {
			rest = strings.TrimPrefix(rest, word)
		}
		name := identifier(rest)
		s.declared[dir][name] = true
		if member && inside != "" {
			s.declared[dir][inside+"."+name] = true
		}
		if kind := strings.TrimPrefix(rest, name); strings.HasPrefix(line, "type ") && (kind == " struct {\n" || kind == " interface {\n") {
			inside = name
		}
	}
}

// receiver takes the type and the name out of a line that begins a method.
func receiver(line string) (of, method string, ok bool) {
	rest, ok := strings.CutPrefix(line, "func (")
	if !ok {
		return "", "", false
	}
	of, method, ok = strings.Cut(rest, ") ")
	if _, named, two := strings.Cut(of, " "); two {
		of = named
	}
	return identifier(strings.TrimPrefix(of, "*")), identifier(method), ok
}

// identifier is the name at the start of a text.
func identifier(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return text
	}
	return text[:end]
}

// problem is what is wrong with one name in a document, or "".
func (s source) problem(name string) string {
	if testName.MatchString(name) {
		if !s.tests[name] {
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
		if m[3] == "" && !s.declared[dir][m[2]] || m[3] != "" && !s.declared[dir][m[2]+"."+m[3]] {
			return "the package has no such name"
		}
		return ""
	}
	if m := method.FindStringSubmatch(name); m != nil && s.declared["."][m[1]] {
		if !s.declared["."][m[1]+"."+m[2]] {
			return "the type has no such method or field"
		}
		return ""
	}
	top, _, nested := strings.Cut(name, "/")
	if !nested && goFile.MatchString(name) {
		if _, err := os.Stat(name); err != nil {
			return "the domain has no such file; those of other packages are named with their folder"
		}
		return ""
	}
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
	s := mustReadSource(t)
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
	for dir := range mustReadSource(t).code {
		if strings.Count(dir, "/") > 1 || strings.HasPrefix(dir, "integrations/") || dir == "." {
			continue
		}
		if !strings.Contains(string(page), "`"+dir+"`") {
			t.Errorf("docs/architecture.md says nothing about %s", dir)
		}
	}
}

func TestEveryPartOfTheDrawingIsAPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := regexp.MustCompile(`\w\["([a-z/]+)<br>`).FindAllStringSubmatch(string(page), -1)
	if len(parts) < 5 {
		t.Fatalf("found only %d parts: is docs/architecture.md drawn another way?", len(parts))
	}
	for _, part := range parts {
		if mustReadSource(t).code[part[1]] == "" {
			t.Errorf("docs/architecture.md draws %s, which is no package", part[1])
		}
	}
}

func TestEveryPageIsReachedFromItsIndex(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/decisions"} {
		index, err := os.ReadFile(folder + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		pages, err := filepath.Glob(folder + "/*.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(index), "]("+name+")") {
				t.Errorf("%s/README.md does not link to %s", folder, name)
			}
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
	ways := []string{"http.NewRequest", "http.Get(", "http.Post(", "http.PostForm(", "http.Head(", "http.DefaultClient", "http.DefaultTransport", "http.Client{", "net.Dial", "DialContext("}
	for dir, text := range mustReadSource(t).code {
		found := slices.IndexFunc(ways, func(way string) bool { return strings.Contains(text, way) })
		if found >= 0 && !slices.Contains(may, dir) && !slices.Contains(helps, dir) && dir != "integrations" {
			t.Errorf("%s uses %s; if it may reach out, its addresses must come from the configuration: add it here", dir, ways[found])
		}
	}
}
