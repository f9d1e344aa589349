package tagout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkedByDesk are the functions by which the desk finds out what a sign-off counts by:
// workspace, roles, delegations, who made the change, alerts, and stops that came since.
func checkedByDesk() []string {
	return []string{"Desk.Sign", "Desk.signerRoles", "Desk.quiet", "Desk.newAlert", "Desk.stillAlone", "Desk.delegatedTo", "Desk.isMember", "Desk.refuse"}
}

// harmlessAtDesk are what the desk can lose without anybody signing who may not, with why.
func harmlessAtDesk() map[string]string {
	return map[string]string{
		"Desk.Sign: err != nil never":                                                      "the roles of a person can always be told: a group that cannot be read has no members",
		"Desk.Sign: len(lifting.Lifted) > 0 always":                                        "what was not lifted is not lifted in the gate either",
		"Desk.Sign: i.State.Ended() never":                                                 "the next reading of the database settles it",
		"Desk.Sign: i.State.Ended() always":                                                "as above",
		"Desk.signerRoles: role.SlackGroup == \"\" never":                                  "a group without a name has no members",
		"Desk.signerRoles: d.groups == nil never":                                          "asking finds that out",
		"Desk.quiet: i.Request.Monitor <= 0 never":                                         "the window is asked for in vain",
		"Desk.Sign: err == nil always":                                                     "it is refused in other words",
		"Desk.newAlert: r.State != tagout.RequestPending never":                            "what is void stays void, and is refused in other words",
		"Desk.stillAlone: r.State != tagout.RequestPending never":                          "what is void stays void, and is refused in other words",
		"Desk.stillAlone: h.Scope.Touches(r.Scope, d.policy.Agents[h.Scope.Agent]) always": "stricter: a stop elsewhere makes it void, too",
		"Desk.stillAlone: h.Private never":                                                 "who is named",
		"Desk.stillAlone: h.Private always":                                                "who is named",
		"Desk.stillAlone: err != nil (2) never":                                            "it is refused in other words",
		"Desk.stillAlone: err != nil (2) always":                                           "it is refused in other words",
		"Desk.refuse: err != nil never":                                                    "it only tells the log",
		"Desk.refuse: err != nil always":                                                   "it only tells the log",
	}
}

// deskTests are those that a broken desk is tried with.
const deskTests = "Sign|AGo|Click|Workspace|Groups|NoGo|Void|Lifted|Quiet|Deleg|Change|Stop|Gate|Unsigned|WhatCannotBeRead|APressWithout|HalfOf"

// lose gives each assignment of a function a switch with which it is left out, also those in
// front of a condition.
func (s *surgeon) lose(f *ast.FuncDecl) {
	name := nameOf(f)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		block, ok := n.(*ast.BlockStmt)
		if !ok {
			return true
		}
		var list []ast.Stmt
		for _, stmt := range block.List {
			list = append(list, stmt)
			assigned, ok := stmt.(*ast.AssignStmt)
			if condition, isIf := stmt.(*ast.IfStmt); isIf {
				assigned, ok = condition.Init.(*ast.AssignStmt)
			}
			if !ok || assigned.Tok != token.ASSIGN {
				continue
			}
			for _, to := range assigned.Lhs {
				if _, field := to.(*ast.SelectorExpr); field {
					list = append(list, s.forget(name, types.ExprString(to)))
				}
			}
		}
		block.List = list
		return true
	})
}

// forget sets what was assigned to nothing again.
func (s *surgeon) forget(function, to string) ast.Stmt {
	n := len(s.names)
	s.names = append(s.names, function+": "+to+" is lost")
	body, err := parser.ParseExpr(fmt.Sprintf("func() { if mutant(%d) { forget(&%s) } }", n, to))
	if err != nil {
		panic(err) // an assignment that was read
	}
	return body.(*ast.FuncLit).Body.List[0]
}

const deskMutantSource = `package escalation

import (
	"os"
	"strconv"
)

// chosen is the number of what is broken; -1: nothing.
var chosen = func() int {
	n, err := strconv.Atoi(os.Getenv("TAGOUT_MUTANT"))
	if err != nil {
		return -1
	}
	return n
}()

func mutant(n int) bool { return chosen == n }

func forget[T any](to *T) {
	var nothing T
	*to = nothing
}
`

// deskCopy makes a module of the domain and a desk that can be broken.
func deskCopy(t *testing.T, s *surgeon) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"*.go", "go.mod", "go.sum", "internal/crashpoint/*.go", "internal/handclock/*.go", "escalation/*.go", "escalation/testdata/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") && filepath.Dir(file) != "escalation" {
				continue
			}
			text, err := os.ReadFile(file)
			if err == nil && filepath.Dir(file) == "escalation" && filepath.Ext(file) == ".go" && !strings.HasSuffix(file, "_test.go") {
				text, err = s.file(file)
			}
			to := filepath.Join(dir, file)
			if err == nil {
				err = os.MkdirAll(filepath.Dir(to), 0o700)
			}
			if err == nil {
				err = os.WriteFile(to, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "escalation", "mutant.go"), []byte(deskMutantSource), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEveryCheckOfTheDeskIsNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a copy of the desk, and runs its tests for each way to break it")
	}
	t.Parallel()
	s := &surgeon{functions: checkedByDesk(), harmless: harmlessAtDesk(), loses: true}
	dir := deskCopy(t, s)
	binary := filepath.Join(dir, "desk.test")
	build := exec.Command("go", "test", "-c", "-trimpath", "-vet=off", "-o", binary, "./escalation")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	alive := func(n int) (bool, string) {
		run := exec.Command(binary, "-test.run", deskTests, "-test.failfast", "-test.short", "-test.timeout", "60s")
		run.Dir, run.Env = filepath.Join(dir, "escalation"), append(os.Environ(), fmt.Sprintf("TAGOUT_MUTANT=%d", n))
		out, err := run.CombinedOutput()
		return err == nil, string(out)
	}
	if ok, out := alive(-1); !ok {
		t.Fatalf("the unbroken desk does not pass:\n%s", out)
	}
	for n, name := range s.names {
		if s.harmless[name] != "" {
			continue
		}
		if ok, _ := alive(n); ok {
			t.Errorf("nothing notices when this is lost: %s", name)
		}
	}
	s.upToDate(t)
	t.Logf("%d ways to break %d functions", len(s.names), len(s.functions))
}
