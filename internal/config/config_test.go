package config_test

import (
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
)

// small is a configuration with little more than it must have.
const small = `listen: 127.0.0.1:8080
slack: {bot_token: "${BOT}", app_token: "${APP}"}
roles:
  legal: {members: [U0LEGAL]}
  mops: {members: [U0MOPS, U0IC]}
  empty: {name: Nobody}
severities:
  sev1:
    page: [legal]
    contain: {mode: halted}
    resume: {signoffs: [{role: legal}]}
  sev2:
    page: [mops]
    contain: {mode: paused, scope: shard}
    resume: {signoffs: [{any: [mops, legal]}], require: [fix]}
failure_classes:
  judgment_error: {title: Judgment error}
agents:
  mailer: {channels: [email], tools: {send_email: high}}
sources:
  generic: {kind: generic}
`

// world is an environment of these variables and files.
func world(pairs map[string]string) config.Env {
	return config.Env{
		Lookup: func(name string) (string, bool) { value, ok := pairs[name]; return value, ok },
		ReadFile: func(path string) ([]byte, error) {
			if value, ok := pairs[path]; ok {
				return []byte(value), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	}
}

func tokens() map[string]string {
	return map[string]string{"BOT": "xoxb-1", "APP": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("tagout.yaml", []byte(text), world(tokens()))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func example(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheExampleLoads(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load("../../deploy/tagout.example.yaml", config.Env{Lookup: world(tokens()).Lookup, ReadFile: os.ReadFile})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:8080" || cfg.FlagdListen != "127.0.0.1:8015" || cfg.PublicURL != "https://tagout.example.com" ||
		cfg.Database != "sqlite://tagout.db" || cfg.Journal != "tagout.journal" || cfg.StaleAfter != 2*time.Minute {
		t.Errorf("server %+v", cfg)
	}
	want := config.Slack{
		Mode: "socket", BotToken: "xoxb-1", AppToken: "xapp-1", APIURL: "https://slack.com/api/", Announce: "#incidents", FlagEmoji: "octagonal_sign",
		ChannelName: "inc-{{.Number}}-{{.Agent}}-{{.Class}}",
	}
	if cfg.Slack != want {
		t.Errorf("slack %+v", cfg.Slack)
	}
	if cfg.Policy.DefaultSeverity != tagout.Sev2 || cfg.Policy.DefaultClass != "judgment_error" || len(cfg.Policy.Classes) != 10 || len(cfg.Policy.Roles) != 9 {
		t.Errorf("policy %+v", cfg.Policy)
	}
	if names := vendorNames(cfg.Pagers); !slices.Equal(names, []string{"email", "webhook"}) {
		t.Errorf("pagers %q", names)
	}
	if names := vendorNames(cfg.Sources); !slices.Equal(names, []string{"alertmanager", "generic"}) {
		t.Errorf("sources %q", names)
	}
	if !reflect.DeepEqual(cfg.SourceToken, map[string]string{"alertmanager": "", "generic": ""}) || len(cfg.Tokens) != 0 {
		t.Errorf("tokens %v, %v", cfg.SourceToken, cfg.Tokens)
	}
	wantNotices := []string{
		"api.tokens[0] breakglass: off, because its token is empty",
	}
	if !slices.Equal(cfg.Notices, wantNotices) {
		t.Errorf("notices %q", cfg.Notices)
	}
}

func vendorNames(vendors []tagout.Vendor) []string {
	var names []string
	for _, v := range vendors {
		names = append(names, v.Name)
	}
	return names
}

func TestTheMatrixIsBuiltAsItIsWritten(t *testing.T) {
	t.Parallel()
	cfg := parse(t, example(t))
	want := &tagout.SeverityPolicy{
		Severity: tagout.Sev2, Title: "Material KPI or budget impact", Page: []string{"program", "revops", "finance"},
		DecisionRights: "Pause the shard and cap spend",
		Contain:        tagout.Containment{Mode: tagout.Paused},
		Also:           []tagout.Containment{{Mode: tagout.Capped, Agent: true, Cap: tagout.Cap{Amount: 500, Per: "day"}}},
		Repeat:         5 * time.Minute,
		Escalate:       []tagout.Rung{{After: 15 * time.Minute, To: []string{"platform"}}},
		Deadlines:      tagout.Deadlines{Contain: time.Minute, Acknowledge: 15 * time.Minute, Inform: time.Hour, Review: 72 * time.Hour, Action: 336 * time.Hour},
		Reminders:      tagout.Reminders{At: 80, Before: 24 * time.Hour},
		Resume: tagout.ResumePolicy{
			Rule: tagout.SignoffRule{{AnyOf: []string{"program", "revops"}}}, Require: []string{"fix"},
			Monitor: 30 * time.Minute, Expires: 8 * time.Hour,
		},
	}
	if got := cfg.Policy.Severities[tagout.Sev2]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	worst := cfg.Policy.Severities[tagout.Sev1]
	if !worst.Contain.Agent || !worst.Contain.Rollback || worst.Clocks[0].Due != 360*time.Hour || !reflect.DeepEqual(worst.Resume.Rule, tagout.SignoffRule{{AnyOf: []string{"legal"}}}) {
		t.Errorf("sev1 %+v", worst)
	}
}

func TestAgentsRoutesAndPeopleAreBuiltAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	cfg := parse(t, example(t))
	mailer := &tagout.Agent{
		Name: "mailer", Title: "Lifecycle mailer", Owner: "mops", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
		Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "create_list": tagout.MediumRisk, "read_crm": tagout.LowRisk},
		Lease: 30 * time.Second, Fallback: "send the plain template, no personalisation", Canary: tagout.MustScope("mailer/sms/us"),
		Controls: []string{"webhook"}, Components: []string{"prompt", "policy", "model", "tools"}, KnownGoodAfter: 24 * time.Hour, RollbackWithin: time.Minute,
	}
	if got := cfg.Policy.Agents["mailer"]; !reflect.DeepEqual(got, mailer) {
		t.Errorf("mailer %+v", got)
	}
	if names := vendorNames(cfg.Controls["mailer"]); !slices.Equal(names, []string{"webhook"}) || len(cfg.Controls["researcher"]) != 0 {
		t.Errorf("controls %v", cfg.Controls)
	}
	route := cfg.Policy.Routes[1]
	if route.When != `alert.labels.severity == "warning"` || route.Severity != tagout.Sev2 || route.Class != "budget_drift" ||
		route.Threshold != (tagout.Threshold{Count: 3, Within: 5 * time.Minute}) || !strings.HasPrefix(route.Place, "tagout.yaml:") {
		t.Errorf("route %+v", route)
	}
	if p := cfg.Policy.People["U0PLATFORM"]; p.Email != "platform@example.com" || p.Phone != "+15550100" {
		t.Errorf("person %+v", p)
	}
	if p := cfg.Policy.People["U0LEGAL"]; p.ID != "U0LEGAL" {
		t.Error("a member without entry is nobody")
	}
	if r := cfg.Policy.Rotations["primary"]; !slices.Equal(r.Members, []tagout.UserID{"U0PLATFORM", "U0IC"}) || r.Timezone != "America/New_York" {
		t.Errorf("rotation %+v", r)
	}
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small+"routes: [{when: \"true\"}]\ndigests: [{name: d, schedule: \"@daily\"}]\ndrills: [{name: d, schedule: \"@monthly\", agent: Mailer}]\n")
	if cfg.Database != "sqlite://tagout.db" || cfg.Journal != "tagout.journal" || cfg.StaleAfter != 2*time.Minute || cfg.FlagdListen != "" || cfg.PublicURL != "" {
		t.Errorf("server %+v", cfg)
	}
	if s := cfg.Slack; s.Mode != "socket" || s.APIURL != "https://slack.com/api/" || s.Announce != "#incidents" || s.ChannelName == "" {
		t.Errorf("slack %+v", s)
	}
	row := cfg.Policy.Severities[tagout.Sev1]
	if !row.Contain.Agent || row.Resume.Expires != 24*time.Hour || row.Repeat != 0 || row.Deadlines != (tagout.Deadlines{Action: 336 * time.Hour}) {
		t.Errorf("sev1 %+v", row)
	}
	if c := cfg.Policy.Classes["judgment_error"]; c.Retry || c.RollbackWhen != "never" {
		t.Errorf("class %+v", c)
	}
	if a := cfg.Policy.Agents["mailer"]; a.Lease != 30*time.Second {
		t.Errorf("lease %s", a.Lease)
	}
	if r := cfg.Policy.Routes[0]; r.Severity != tagout.Sev2 || r.Class != "judgment_error" {
		t.Errorf("route %+v", r)
	}
	if d := cfg.Digests[0]; d.Timezone != "UTC" || d.Channel != "#incidents" || d.Window != 168*time.Hour || d.Charts != "auto" {
		t.Errorf("digest %+v", d)
	}
	if d := cfg.Policy.Drills.Plans[0]; d.Agent != "mailer" || d.Action != "kill" || d.Timezone != "UTC" {
		t.Errorf("drill %+v", d)
	}
}

func TestAnySeverityButTheWorstMayHoldNothing(t *testing.T) {
	t.Parallel()
	cfg := parse(t, strings.Replace(small, "contain: {mode: paused, scope: shard}", "contain: {mode: running}", 1))
	if cfg.Policy.Severities[tagout.Sev2].Holds() || !cfg.Policy.Severities[tagout.Sev1].Holds() {
		t.Errorf("%+v", cfg.Policy.Severities[tagout.Sev2].Contain)
	}
}

func TestNamesOfAgentsAndTheirPartsAreReadInLowerCase(t *testing.T) {
	t.Parallel()
	cfg := parse(t, strings.Replace(small, "mailer: {channels: [email], tools: {send_email: high}}",
		"Mailer: {channels: [Email, SMS], regions: [EU], tools: {Send_Email: high}, canary: MAILER/Email/eu}", 1))
	a := cfg.Policy.Agents["mailer"]
	if a == nil || !slices.Equal(a.Channels, []string{"email", "sms"}) || !slices.Equal(a.Regions, []string{"eu"}) ||
		a.Tools["send_email"] != tagout.HighRisk || a.Canary.String() != "mailer/email/eu" {
		t.Errorf("agent %+v", a)
	}
}

func TestReferencesAreExpandedAfterParsing(t *testing.T) {
	t.Parallel()
	env := world(map[string]string{
		"BOT": "xoxb-1", "APP": "xapp-1", "COUNT": "3", "TIME": "90s", "YES": "true", "EMPTY": "",
		"YAML": "a: [b", "/run/secrets/token": "from-a-file\n",
	})
	cfg, err := config.Parse("tagout.yaml", []byte(strings.Replace(small, "generic: {kind: generic}", `
  a: {kind: generic, token: "${file:/run/secrets/token}"}
  b: {kind: generic, token: '${EMPTY:-default}-${NONE:-}-$${NAME} $5 ${YAML}'}
routes:
  - {when: "true", threshold: {count: "${COUNT}", within: "${TIME}"}}
gate:
  stale_after: ${NONE:-45s}
api: {tokens: [{name: x, token: "${EMPTY}", may: [read]}, {name: y, token: "${COUNT}", may: [stop]}]}`, 1)+"\n"), env)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.SourceToken["a"]; got != "from-a-file" {
		t.Errorf("from a file: %q", got)
	}
	if got := cfg.SourceToken["b"]; got != "default--${NAME} $5 a: [b" {
		t.Errorf("composed: %q", got)
	}
	if r := cfg.Policy.Routes[0]; r.Threshold != (tagout.Threshold{Count: 3, Within: 90 * time.Second}) || cfg.StaleAfter != 45*time.Second {
		t.Errorf("threshold %+v, stale after %s", r.Threshold, cfg.StaleAfter)
	}
	if len(cfg.Tokens) != 1 || cfg.Tokens[0].Name != "y" || cfg.Tokens[0].Token != "3" {
		t.Errorf("tokens %+v", cfg.Tokens)
	}
}

func TestAdaptersReadTheirOwnSettings(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small+`pagers:
  - webhook: {url: "http://127.0.0.1/${APP}", secret: s, count: 2, on: true, every: 5s, headers: {a: b}, to: [x, y]}
  - webhook: {urll: x, secret: 5, every: soon}
  - email:
`)
	if names := vendorNames(cfg.Pagers); !slices.Equal(names, []string{"webhook", "webhook-2", "email"}) || cfg.Pagers[1].Kind != "webhook" {
		t.Errorf("pagers %q", names)
	}
	type settings struct {
		URL     string            `yaml:"url" need:"true"`
		Secret  string            `yaml:"secret"`
		Count   int               `yaml:"count"`
		On      bool              `yaml:"on"`
		Every   time.Duration     `yaml:"every"`
		Headers map[string]string `yaml:"headers"`
		To      []string          `yaml:"to"`
	}
	var got settings
	if err := cfg.Pagers[0].Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := settings{"http://127.0.0.1/xapp-1", "s", 2, true, 5 * time.Second, map[string]string{"a": "b"}, []string{"x", "y"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("settings %+v", got)
	}
	line := strings.Count(small, "\n") + 3
	err := cfg.Pagers[1].Decode(&got)
	if tagout.CodeOf(err) != tagout.Invalid {
		t.Fatalf("error %v", err)
	}
	for i, part := range []string{":5: `url` is missing.", ":15: The key `urll` is not known here. Fix: Did you mean `url`?", ":32: Text is needed here, not a number.", ":42: This is not a duration."} {
		if want := fmt.Sprintf("tagout.yaml:%d%s", line, part); !strings.Contains(err.Error(), want) {
			t.Errorf("problem %d: %q is not in\n%v", i, want, err)
		}
	}
	if err := cfg.Pagers[2].Decode(&struct{}{}); err != nil {
		t.Errorf("no settings: %v", err)
	}
	var none struct{}
	if err := cfg.Sources[0].Decode(&none); err != nil {
		t.Errorf("source: %v", err)
	}
	if err := cfg.Sources[0].Decode(none); tagout.CodeOf(err) != tagout.Internal {
		t.Errorf("not a pointer: %v", err)
	}
	if want := fmt.Sprintf("tagout.yaml:%d:5", line-1); cfg.Pagers[0].Place != want {
		t.Errorf("place %s, want %s", cfg.Pagers[0].Place, want)
	}
}

func TestARouteBehindOneThatAlwaysMatchesIsNoticed(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small+"routes: [{when: \" true \"}, {when: \"false\"}]\n")
	if len(cfg.Notices) != 1 || !strings.HasPrefix(cfg.Notices[0], "routes[1]: never used") {
		t.Errorf("notices %q", cfg.Notices)
	}
}

func TestAConfigurationShowsNothingOfItself(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small)
	if text := fmt.Sprintf("%v %s %+v", cfg, cfg, cfg.LogValue()); strings.Contains(text, "xoxb") || !strings.Contains(text, "tagout.yaml") {
		t.Error(text)
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := config.Load("none.yaml", world(nil)); tagout.CodeOf(err) != tagout.NotFound || !strings.Contains(err.Error(), "`none.yaml`") || !strings.Contains(err.Error(), "Fix: ") {
		t.Errorf("error %v", err)
	}
	if _, err := config.Load("none.yaml", config.Env{}); tagout.CodeOf(err) != tagout.Internal {
		t.Errorf("error %v", err)
	}
}

func TestAnEmptyWorldHasNoVariablesAndNoFiles(t *testing.T) {
	t.Parallel()
	text := strings.Replace(small, "${APP}", "${file:/app}", 1)
	_, err := config.Parse("tagout.yaml", []byte(text), config.Env{})
	if err == nil || !strings.Contains(err.Error(), "BOT is not set") || !strings.Contains(err.Error(), "`/app` cannot be read") {
		t.Errorf("error %v", err)
	}
}
