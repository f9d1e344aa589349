package floors_test

import (
	"strings"
	"testing"

	"tagout/internal/floors"
)

// source is a made-up file of the module.
func source(path string, imports ...string) floors.File {
	name := "p"
	if strings.HasSuffix(path, "_x_test.go") {
		name = "p_test"
	}
	return floors.File{Path: path, Package: name, Imports: imports, Lines: 10}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file      floors.File
		complaint string // "" means allowed
	}{
		// the domain
		{source("scope.go", "strings", "log/slog", "net/url", "encoding/json"), ""},
		{source("scope.go", "github.com/google/uuid"), "standard library"},
		{source("scope.go", "tagout/gate"), "imports tagout/gate"},
		{source("scope.go", "tagout/internal/crashpoint"), "imports tagout/internal/crashpoint"},
		{source("scope.go", "os"), "no I/O"},
		{source("scope.go", "os/exec"), "no I/O"},
		{source("scope.go", "net/http"), "no I/O"},
		{source("scope.go", "net"), "no I/O"},
		{source("scope.go", "database/sql/driver"), "no I/O"},
		{source("scope_test.go", "os", "testing"), ""},
		{source("scope_test.go", "tagout/gate"), "imports tagout/gate"},
		{source("scope_x_test.go", "tagout"), ""},

		// the ground-floor leaf
		{source("internal/crashpoint/a.go", "go/parser", "os"), ""},
		{source("internal/crashpoint/a.go", "tagout"), "imports tagout;"},
		{source("internal/crashpoint/a.go", "github.com/google/uuid"), "standard library"},

		// the middle floor
		{source("bot/a.go", "tagout", "tagout/internal/crashpoint"), ""},
		{source("commands/a.go", "tagout"), ""},
		{source("escalation/a.go", "tagout", "cel.dev/cel-go/cel"), ""},
		{source("gate/a.go", "tagout", "net/http"), ""},
		{source("store/a.go", "tagout", "tagout/internal/crashpoint"), ""},
		{source("bot/a.go", "tagout/commands"), "imports tagout/commands"},
		{source("commands/a.go", "tagout/gate"), "imports tagout/gate"},
		{source("escalation/a.go", "tagout/store"), "imports tagout/store"},
		{source("gate/a.go", "tagout/integrations/webhook"), "imports tagout/integrations/webhook"},
		{source("store/a.go", "tagout/escalation"), "imports tagout/escalation"},
		{source("bot/a.go", "tagout/internal/config"), "imports tagout/internal/config"},
		{source("bot/a.go", "tagout/sandbox"), "imports tagout/sandbox"},
		{source("gate/deep/a.go", "tagout/store"), "imports tagout/store"},
		{source("internal/config/a.go", "tagout", "tagout/internal/crashpoint"), ""},
		{source("internal/config/a.go", "tagout/escalation"), "imports tagout/escalation"},
		{source("internal/config/a.go", "tagout/internal/floors"), "imports tagout/internal/floors"},

		// the integrations and their children
		{source("integrations/a.go", "tagout", "tagout/integrations/generic"), ""},
		{source("integrations/a.go", "tagout/gate"), "imports tagout/gate"},
		{source("integrations/generic/a.go", "tagout"), ""},
		{source("integrations/generic/a.go", "tagout/integrations/email"), "imports tagout/integrations/email"},
		{source("integrations/generic/a.go", "tagout/integrations"), "imports tagout/integrations;"},
		{source("integrations/generic/a.go", "tagout/internal/crashpoint"), "imports tagout/internal/crashpoint"},

		// the sandbox knows nobody
		{source("sandbox/a.go", "net/http", "github.com/gorilla/websocket"), ""},
		{source("sandbox/a.go", "tagout"), "imports tagout;"},
		{source("sandbox/a.go", "tagout/internal/crashpoint"), "imports tagout/internal/crashpoint"},
		{source("sandbox/a_test.go", "tagout/bot"), "imports tagout/bot"},
		{source("sandbox/a_x_test.go", "tagout/sandbox", "tagout/internal/browsertest"), ""},

		// the top floor
		{source("cmd/tagout/main.go", "tagout", "tagout/bot", "tagout/store", "tagout/sandbox", "tagout/internal/config"), ""},
		{source("cmd/tagout/main.go", "tagout/internal/pgtest"), "for tests only"},
		{source("cmd/tagout/main_test.go", "tagout/internal/pgtest"), ""},
		{source("cmd/tagout/main.go", "tagout/internal/story"), "imports tagout/internal/story"},
		{source("internal/story/story.go", "tagout/store", "tagout/sandbox", "tagout/internal/pgtest"), ""},
		{source("internal/story/story_x_test.go", "tagout/cmd/tagout"), "imports tagout/cmd/tagout"},
		{source("bot/a.go", "tagout/cmd/tagout"), "imports tagout/cmd/tagout"},
		{source("bot/a_test.go", "tagout/internal/story"), "imports tagout/internal/story"},

		// tests
		{source("store/a_test.go", "tagout/internal/pgtest"), ""},
		{source("store/a_x_test.go", "tagout/store", "tagout/store/suite", "tagout/internal/pgtest"), ""},
		{source("store/a.go", "tagout/internal/pgtest"), "for tests only"},
		{source("store/a.go", "tagout/internal/browsertest"), "for tests only"},
		{source("bot/a_x_test.go", "tagout/bot", "tagout/sandbox"), ""},
		{source("bot/a_test.go", "tagout/sandbox"), "imports tagout/sandbox"},
		{source("commands/a_x_test.go", "tagout/sandbox"), "imports tagout/sandbox"},
		{source("gate/a_x_test.go", "tagout/store"), "imports tagout/store"},

		// libraries that are kept in one place
		{source("store/a.go", "gorm.io/gorm", "gorm.io/driver/postgres", "github.com/glebarez/sqlite", "github.com/riverqueue/river"), ""},
		{source("gate/a.go", "gorm.io/gorm"), "belongs in store"},
		{source("cmd/tagout/a.go", "gorm.io/driver/postgres"), "belongs in store"},
		{source("internal/story/a_test.go", "github.com/riverqueue/river/rivertype"), "belongs in store"},
		{source("escalation/a.go", "github.com/glebarez/sqlite"), "belongs in store"},
		{source("bot/a.go", "github.com/slack-go/slack/slackevents"), ""},
		{source("sandbox/a.go", "github.com/slack-go/slack"), ""},
		{source("commands/a.go", "github.com/slack-go/slack"), "belongs in bot and sandbox"},
		{source("gate/a.go", "gorm.io.example.com/gorm"), ""}, // a namesake

		// folders
		{source("deploy/embed.go", "embed"), `"deploy" has no place`},
		{source("utils/a.go", "strings"), `"utils" has no place`},
		{source("cmd/other/main.go", "tagout"), `"cmd/other" has no place`},
		{source("bots/a.go", "tagout"), `"bots" has no place`},
		{source("bot/a.go", "tagout/utils"), "imports tagout/utils"},
		{source("cmd/tagout/a.go", "tagout/utils"), "imports tagout/utils"},
		{source("bot/a.go", "tagoutside.example/x"), ""},
	}
	for _, c := range cases {
		t.Run(c.file.Path+" "+strings.Join(c.file.Imports, " "), func(t *testing.T) {
			t.Parallel()
			expect(t, floors.Check(floors.Tagout(), []floors.File{c.file}), c.complaint)
		})
	}
}

func TestHabitsOfTheSource(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change    func(*floors.File)
		complaint string
	}{
		"400 lines":           {func(f *floors.File) { f.Lines = 400 }, ""},
		"401 lines":           {func(f *floors.File) { f.Lines = 401 }, "401 lines"},
		"401 generated lines": {func(f *floors.File) { f.Lines, f.Generated = 401, true }, ""},
		"401 lines of test":   {func(f *floors.File) { f.Lines, f.Path = 401, "bot/a_test.go" }, "401 lines"},
		"init":                {func(f *floors.File) { f.Inits = []int{7} }, "line 7 is an init function"},
		"init in a test":      {func(f *floors.File) { f.Inits, f.Path = []int{7}, "bot/a_test.go" }, "init function"},
		"generated init":      {func(f *floors.File) { f.Inits, f.Generated = []int{7}, true }, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := source("bot/a.go", "tagout")
			c.change(&file)
			expect(t, floors.Check(floors.Tagout(), []floors.File{file}), c.complaint)
		})
	}
}

func TestEveryProblemIsNamedWithItsFile(t *testing.T) {
	t.Parallel()
	bad := source("gate/a.go", "tagout/bot", "gorm.io/gorm")
	bad.Inits = []int{3}
	got := floors.Check(floors.Tagout(), []floors.File{bad, source("bot/b.go", "tagout"), source("bot/c.go", "tagout/gate")})
	if len(got) != 4 {
		t.Fatalf("%d problems, want 4: %q", len(got), got)
	}
	for i, file := range []string{"gate/a.go", "gate/a.go", "gate/a.go", "bot/c.go"} {
		if !strings.HasPrefix(got[i], file+": ") {
			t.Errorf("%q does not start with %s", got[i], file)
		}
	}
}

func expect(t *testing.T, got []string, complaint string) {
	t.Helper()
	switch {
	case complaint == "" && len(got) > 0:
		t.Errorf("refused: %q", got)
	case complaint != "" && len(got) != 1:
		t.Errorf("%d problems %q, want one with %q", len(got), got, complaint)
	case complaint != "" && !strings.Contains(got[0], complaint):
		t.Errorf("%q does not say %q", got[0], complaint)
	}
}
