package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"tagout"
	"tagout/cmd/tagout/app"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

const permissionsPage = "../../docs/permissions.md"

const permissionsIntro = `# Who may do what

<!-- Generated from the code by: go test ./cmd/tagout -run TestThePageOfPermissions -update -->

Many may stop, few may resume. The edges ask these very tables, and a test tries every line of them on the running
program, in every capacity: what is not listed is refused. Nobody from another workspace and no bot may do anything.

- **guest**: a single- or multi-channel guest, or somebody whom Slack could not tell apart from one in time.
- **full member** of the workspace, with no role in the incident.
- **signer**: a member of a role that must sign (or, where it is about one role, of that role), or their delegate.
- **who asked** to resume, or wrote the note; who made the change that failed is refused the same.
- **incident commander**: who leads the incident, and is no signer.

What is about a [private incident](private-incidents.md) is for its people only, whatever the table says; stops work all the
same. No token, agent or alert resumes, signs or approves.

`

func mark(may bool) string {
	if may {
		return "●"
	}
	return "·"
}

// permissions is the page, made of the tables that the edges ask.
func permissions() string {
	var b strings.Builder
	b.WriteString(permissionsIntro + "## Commands, buttons and forms\n\nThe last columns are [API tokens](break-glass.md) with that right.\n\n")
	rights := []tagout.Right{tagout.MayStop, tagout.MayRead, tagout.MayReport, tagout.MayRollback}
	b.WriteString("| |")
	for _, c := range tagout.Capacities() {
		fmt.Fprintf(&b, " %s |", c)
	}
	b.WriteString(" `stop` | `read` | `report` | `rollback` | no token | |\n|---|" + strings.Repeat(":-:|", len(tagout.Capacities())+5) + "---|\n")
	for _, p := range app.Permits() {
		if p.For == "" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` |", p.Thing)
		for _, c := range tagout.Capacities() {
			fmt.Fprintf(&b, " %s |", mark(p.Allows(c)))
		}
		writeTokens(&b, p, rights)
	}
	b.WriteString("\n## Paths of the API\n\nFor programs, with a token of that right or without one.\n\n| | `stop` | `read` | `report` | `rollback` | no token | |\n|---|" + strings.Repeat(":-:|", 5) + "---|\n")
	for _, p := range app.Permits() {
		if p.For == "" {
			fmt.Fprintf(&b, "| `%s` |", p.Thing)
			writeTokens(&b, p, rights)
		}
	}
	b.WriteString("\n## The command line\n\n| | who |\n|---|---|\n")
	for _, verb := range slices.Sorted(maps.Keys(shellPermits())) {
		fmt.Fprintf(&b, "| `tagout %s` | %s |\n", verb, shellPermits()[verb])
	}
	return b.String()
}

func writeTokens(b *strings.Builder, p tagout.Permit, rights []tagout.Right) {
	for _, r := range rights {
		fmt.Fprintf(b, " %s |", mark(p.AllowsToken(r)))
	}
	fmt.Fprintf(b, " %s | %s |\n", mark(p.Open), p.Note)
}

func TestThePageOfPermissionsIsUpToDate(t *testing.T) {
	t.Parallel()
	if *update {
		if err := os.WriteFile(permissionsPage, []byte(permissions()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(permissionsPage)
	if err != nil || string(page) != permissions() {
		t.Errorf("docs/permissions.md is not what the code says (%v): run go test ./cmd/tagout -run TestThePageOfPermissions -update", err)
	}
}

func TestEveryVerbOfTheCommandLineSaysWhoMayUseIt(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, leaf := range parser.Model.Leaves(false) {
		verb := strings.TrimPrefix(leaf.FullPath(), parser.Model.Name+" ")
		there[verb] = true
		if shellPermits()[verb] == "" {
			t.Errorf("Who may use tagout %s? Add it to shellPermits in cmd/tagout/permissions.go.", verb)
		}
	}
	for verb := range shellPermits() {
		if !there[verb] {
			t.Errorf("shellPermits names tagout %s, which does not exist", verb)
		}
	}
}
