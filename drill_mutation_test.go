package tagout_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkedByDrills are the functions that decide whether a drill may lift its hold, and whether
// a lifting was that of a drill.
func checkedByDrills() []string {
	return []string{"Incident.disturbed", "DrillFacts.busy", "Drill.hung", "toldDrill.lift"}
}

const drillMutantTest = `package tagout_test

import (
	"fmt"
	"os"
	"testing"

	"tagout"
)

func TestMutants(t *testing.T) {
	survives := func(n int) (alive bool) {
		tagout.Mutant = n
		defer func() {
			if recover() != nil {
				alive = false
			}
		}()
		return checkDrills() == nil
	}
	if !survives(-1) {
		t.Fatal("the unbroken checks do not pass")
	}
	out, err := os.Create("survivors")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for n := range %d {
		if survives(n) {
			fmt.Fprintln(out, n)
		}
	}
}
`

// harmlessInDrills are the conditions that can be lost without a drill lifting what it may not,
// with why.
func harmlessInDrills() map[string]string {
	return map[string]string{
		"toldDrill.lift: err != nil never":                           "then it names no hold",
		"toldDrill.lift: t.drill == nil never":                       "then no hold is its own",
		"toldDrill.lift: t.holds != 1 never":                         "another hold makes it real already",
		"toldDrill.lift: said.Hold != t.own.ID never":                "the same as its ID",
		"toldDrill.lift: said.Hold != DrillHold(t.drill.ID) never":   "the same as its own",
		"Incident.disturbed: !at.Before(d.At.Add(DrillLimit)) never": "the drill looks at the time itself",
		"DrillFacts.busy: i.Private never":                           "what it is called",
		"DrillFacts.busy: i.Private always":                          "as above",
		"DrillFacts.busy: len(i.ActiveHolds()) == 0 never":           "as above",
		"DrillFacts.busy: len(i.ActiveHolds()) == 0 always":          "as above",
		"DrillFacts.busy: p.Incident != own always":                  "stricter: its own pins count, too",
	}
}

// TestEveryCheckOfADrillIsNeeded breaks the conditions of the rule one by one, and requires that
// the checks of the drills notice.
func TestEveryCheckOfADrillIsNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a copy of the domain")
	}
	t.Parallel()
	dir := t.TempDir()
	s := surgeon{functions: checkedByDrills()}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
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
	rules, err := os.ReadFile("drill_rule_test.go")
	if err != nil {
		t.Fatal(err)
	}
	write("drill_rule_test.go", rules)
	write("mutant.go", []byte(mutantSource))
	write("mutant_test.go", fmt.Appendf(nil, drillMutantTest, len(s.names)))
	write("go.mod", []byte("module tagout\n\ngo 1.26\n"))
	run := exec.Command("go", "test", "-vet=off", "-count=1", "-run", "TestMutants", ".")
	run.Dir, run.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "survivors"))
	if err != nil {
		t.Fatal(err)
	}
	harmless := harmlessInDrills()
	for _, line := range strings.Fields(string(text)) {
		var n int
		if _, err := fmt.Sscan(line, &n); err != nil {
			t.Fatal(err)
		}
		if harmless[s.names[n]] == "" {
			t.Errorf("nothing notices when this is lost: %s", s.names[n])
		}
	}
	t.Logf("%d ways to break %d functions", len(s.names), len(s.functions))
}
