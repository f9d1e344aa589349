package tagout_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checked are the functions that decide whether a sign-off counts.
func checked() []string {
	return []string{"ballot.admits", "ballot.open", "ballot.explained", "ballot.roleOf", "ballot.voiced", "ballot.vote", "Signing.mandates", "Delegation.Holds", "Delegation.spent", "Signoff.voice",
		"SignoffRule.fill", "Quiet.Ready", "Incident.Sign", "Incident.divisible", "Incident.RequestResume", "deliver", "ResumeRequest.Deadline"}
}

// harmless are conditions that can be lost without anybody signing who may not, with why;
// they are not tried.
func harmless() map[string]string {
	return map[string]string{
		"ballot.roleOf: m.by == nil always":                                                   "who has given a signature away signs for nobody else: stricter",
		"ballot.roleOf: why == nil always":                                                    "another reason is told",
		"Quiet.Ready of q.LastAt.Add(monitor): !q.LastAt.IsZero() always":                     "no alert was long ago",
		"Incident.RequestResume of i.planStages(&r, d.Stages, row, agents): err != nil never": "stages have tests of their own",
		"Incident.Sign of i.stillPlannable(r, agents): err != nil never":                      "stages have tests of their own",
		"deliver of or(DeliverableLabels[key], key): !slices.Contains(missing, label) always": "a missing part is named twice",
		"deliver of strings.TrimSpace(text): text != \"\" always":                             "an empty text is kept",
		"Incident.divisible: !ok never":                                                       "a hold that is gone is looked at too: stricter",
		"Incident.divisible: !h.Active() never":                                               "a hold that was lifted is looked at too: stricter",
	}
}

// surgeon gives each condition of the checks a switch: with it the condition is always true,
// or never.
type surgeon struct {
	functions []string
	harmless  map[string]string // mutants that may live, with why; they are not tried
	loses     bool              // leaves assignments out, too
	seen      map[string]int    // how often a condition was met
	names     []string          // of the mutants, in order
}

func (s *surgeon) file(path string) ([]byte, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && slices.Contains(s.functions, nameOf(f)) {
			if s.loses {
				s.lose(f)
			}
			s.operate(f)
		}
	}
	var b bytes.Buffer
	err = format.Node(&b, set, file)
	return b.Bytes(), err
}

func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	return types.ExprString(receiver) + "." + f.Name.Name
}

func (s *surgeon) operate(f *ast.FuncDecl) {
	name := nameOf(f)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		name := name
		switch n := n.(type) {
		case *ast.IfStmt:
			if set, ok := n.Init.(*ast.AssignStmt); ok {
				name += " of " + types.ExprString(set.Rhs[0])
			}
			n.Cond = s.cut(name, n.Cond)
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for k, e := range c.(*ast.CaseClause).List {
					if n.Tag == nil {
						c.(*ast.CaseClause).List[k] = s.cut(name, e)
					}
				}
			}
		case *ast.ReturnStmt:
			for k, e := range n.Results {
				if b, ok := e.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR || b.Op == token.EQL) {
					n.Results[k] = s.cut(name, e)
				}
			}
		}
		return true
	})
}

// cut puts the switches into a condition, operand by operand.
func (s *surgeon) cut(function string, e ast.Expr) ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
		b.X, b.Y = s.cut(function, b.X), s.cut(function, b.Y)
		return b
	}
	if text := types.ExprString(e); strings.Contains(text, "mutant(") || text == "tried[n]" { // without it nothing ends
		return e
	}
	text := function + ": " + types.ExprString(e)
	if again := s.seen[text]; s.loses && again > 0 { // so that what is harmless can be told apart
		text = fmt.Sprintf("%s (%d)", text, again+1)
	}
	s.count(function + ": " + types.ExprString(e))
	never, always := len(s.names), len(s.names)+1
	s.names = append(s.names, text+" never", text+" always")
	made, err := parser.ParseExpr(fmt.Sprintf("(mutant(%d) || !mutant(%d) && (x))", always, never))
	if err != nil {
		return e
	}
	made.(*ast.ParenExpr).X.(*ast.BinaryExpr).Y.(*ast.BinaryExpr).Y.(*ast.ParenExpr).X = e
	return made
}

func (s *surgeon) count(text string) {
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	s.seen[text]++
}

const mutantSource = `package tagout

// Mutant is the number of the condition that is broken; -1: none.
var Mutant = -1

func mutant(n int) bool { return Mutant == n }
`

// mutantTest has a body that tells whether all checks pass, and the numbers of the mutants to try.
const mutantTest = `package tagout_test

import (
	"fmt"
	"os"
	"testing"

	"tagout"
)

func survives(n int) (alive bool) {
	tagout.Mutant = n
	defer func() {
		if recover() != nil {
			alive = false
		}
	}()
	%s
}

func TestMutants(t *testing.T) {
	if !survives(-1) {
		t.Fatal("the unbroken checks do not pass")
	}
	out, err := os.Create("survivors")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for _, n := range []int{%s} {
		if survives(n) {
			fmt.Fprintln(out, n)
		}
	}
}
`

func TestEveryCheckOfASignoffIsNeeded(t *testing.T) {
	t.Parallel()
	s := &surgeon{functions: checked(), harmless: harmless()}
	s.breaks(t, "for seed := range uint64(games) {\n\t\tif play(seed) != nil {\n\t\t\treturn false\n\t\t}\n\t}\n\treturn true",
		"signing_property_test.go", "signing_faults_test.go")
}

// breaks makes a broken copy of the domain in every way, one at a time, and requires that the checks
// of these test files notice each. passes is the body of a function that runs them.
func (s *surgeon) breaks(t *testing.T, passes string, checks ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a copy of the domain")
	}
	dir := t.TempDir()
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := s.file(name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, text)
	}
	for _, name := range checks {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, text)
	}
	write("mutant.go", []byte(mutantSource))
	write("mutant_test.go", fmt.Appendf(nil, mutantTest, passes, s.tried()))
	write("go.mod", []byte("module tagout\n\ngo 1.26\n"))
	run := exec.Command("go", "test", "-trimpath", "-vet=off", "-count=1", "-run", "TestMutants", ".")
	run.Dir, run.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.judge(t, dir)
}

// tried lists the mutants that are not known to be harmless, as a list of numbers.
func (s *surgeon) tried() string {
	var numbers []string
	for n, name := range s.names {
		if s.harmless[name] == "" {
			numbers = append(numbers, fmt.Sprint(n))
		}
	}
	return strings.Join(numbers, ", ")
}

// judge fails the test for each mutant that nothing noticed, and for lists that are out of date.
func (s *surgeon) judge(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "survivors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(string(text)) {
		var n int
		if _, err := fmt.Sscan(line, &n); err != nil {
			t.Fatal(err)
		}
		t.Errorf("nothing notices when this is lost: %s", s.names[n])
	}
	s.upToDate(t)
	for _, f := range s.functions {
		if !slices.ContainsFunc(s.names, func(name string) bool { return strings.HasPrefix(name, f+": ") || strings.HasPrefix(name, f+" of ") }) {
			t.Errorf("%s has no condition, or does not exist any more", f)
		}
	}
	t.Logf("%d ways to break %d functions", len(s.names), len(s.functions))
}

// upToDate fails the test for what is called harmless and is not there any more.
func (s *surgeon) upToDate(t *testing.T) {
	t.Helper()
	for name := range s.harmless {
		if !slices.Contains(s.names, name) {
			t.Errorf("called harmless, but not there any more: %s", name)
		}
	}
}
