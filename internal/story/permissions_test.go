package story_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/cmd/tagout/app"
)

// tokens are those of the story's configuration, with what they may.
var tokens = map[string][]tagout.Right{
	"breakglass-token":  {tagout.MayStop, tagout.MayRead, tagout.MayReport},
	"stop-token":        {tagout.MayStop},
	"read-token":        {tagout.MayRead},
	"report-token":      {tagout.MayReport},
	"stop-read-token":   {tagout.MayStop, tagout.MayRead},
	"stop-report-token": {tagout.MayStop, tagout.MayReport},
	"read-report-token": {tagout.MayRead, tagout.MayReport},
	// a source's own token is for its alerts, and nothing here knows the others
	"generic-token": nil,
	"wrong-token":   nil,
	"":              nil,
}

// arguments are what commands are tried with, if they need any others than an incident.
var arguments = map[string]string{
	"/kill": "researcher odd", "/pause": "researcher odd", "/hold": "researcher review odd", "/status": "mailer", "/timeline": "INC-1", "/help": "", "/who": "sev1", "/silences": "", "/health": "", "/recurring": "", "/digest": "",
}

// permitsOf are those whose thing begins so.
func permitsOf(prefix string) []tagout.Permit {
	return slices.DeleteFunc(app.Permits(), func(p tagout.Permit) bool { return !strings.HasPrefix(p.Thing, prefix) })
}

func TestATokenDoesWhatItMayAndNothingElse(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		w.state("INC-1", tagout.StateContained)
		w.room("inc-1-")
		w.reads("U0IC", w.room("inc-1-"), "1 of 1 confirmed")
		w.reads("U0IC", w.room("inc-1-"), "Rollback failed for mailer") // nobody knows of an earlier version
		w.eventually("the e-mail pages arrive", func() bool { return w.events("INC-1", tagout.EventPaged) >= 4 })

		commands := slices.DeleteFunc(permitsOf("/"), func(p tagout.Permit) bool { return strings.Contains(p.Thing, " ") })
		if len(commands) != len(w.app.Commands()) {
			t.Errorf("%d commands, %d of them with a permit", len(w.app.Commands()), len(commands))
		}
		call := func(c tagout.Permit, token string) int {
			text, given := arguments[c.Thing]
			if !given {
				text = "INC-1"
			}
			return w.call(http.MethodPost, "/v1/commands/"+c.Thing[1:], token, map[string]string{"text": text}, nil)
		}
		before := w.everything()
		for _, c := range commands {
			for token, may := range tokens {
				want := http.StatusForbidden
				if may == nil {
					want = http.StatusUnauthorized
				}
				if c.AllowsToken(may...) {
					continue
				}
				if status := call(c, token); status != want {
					t.Errorf("%s with %q was answered with %d, want %d", c.Thing, token, status, want)
				}
			}
		}
		for _, name := range []string{"tagout", "go", "sign", "approve", "lift"} {
			if status := w.call(http.MethodPost, "/v1/commands/"+name, "breakglass-token", map[string]string{"text": "INC-1"}, nil); status != http.StatusNotFound {
				t.Errorf("/%s was answered with %d, want 404", name, status)
			}
		}
		if after := w.everything(); after != before {
			t.Errorf("refused commands changed something:\n%s\nbefore:\n%s", after, before)
		}
		for _, c := range commands {
			for token, may := range tokens {
				if !c.AllowsToken(may...) {
					continue
				}
				if status := call(c, token); status != http.StatusOK {
					t.Errorf("%s with %q was answered with %d, want 200", c.Thing, token, status)
				}
			}
		}
		w.agentSees("researcher", nil, tagout.Halted)
		w.agentSees("mailer", emailEU(), tagout.Halted)
	})
}

func TestAPathAsksForItsRight(t *testing.T) {
	bodies := map[string]any{
		"POST /v1/failures":                   map[string]any{"agent": "researcher", "summary": "odd"},
		"POST /v1/alerts/{source}":            map[string]any{"name": "X", "labels": map[string]string{"agent": "researcher", "severity": "info"}},
		"POST /v1/versions":                   map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v9"}},
		"POST /v1/changes":                    map[string]any{"agent": "mailer", "component": "prompt", "from": "v8", "to": "v9", "summary": "x"},
		"POST /ofrep/v1/evaluate/flags/{key}": map[string]any{"context": emailEU()}, "POST /ofrep/v1/evaluate/flags": map[string]any{"context": emailEU()},
	}
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill researcher")
		w.reads("U0IC", "#general", "INC-1")
		for _, p := range slices.Concat(permitsOf("GET "), permitsOf("POST ")) {
			method, path, _ := strings.Cut(p.Thing, " ")
			if path == "/ofrep/v1/events" || path == "/v1/commands/{name}" || path == "/v1/pagers/{pager}" || path == "/v1/trackers/{tracker}" || path == "/v1/changes/{source}" {
				continue // it streams; the commands are tried one by one; no pager and no tracker listens here
			}
			path = strings.NewReplacer("{id}", "INC-1", "{agent}", "mailer", "{source}", "generic", "{key}", "mailer.mode", "{sha256}", strings.Repeat("0", 64), "{token}", "x").Replace(path)
			for token, may := range tokens {
				status := w.call(method, path, token, bodies[p.Thing], nil)
				allowed := p.AllowsToken(may...) || token == "generic-token" && strings.HasSuffix(path, "/generic") ||
					may == nil && path == "/v1/failures" // open to programs on this machine while Tagout listens on loopback only
				refused := status == http.StatusForbidden || status == http.StatusUnauthorized
				unserved := status == http.StatusNotFound && (strings.HasPrefix(path, "/slack/") && w.setting.slack == "socket" || strings.HasPrefix(path, "/v1/replicas/") && w.setting.database == "sqlite")
				switch {
				case unserved:
				case allowed == refused:
					t.Errorf("%s with %q was answered with %d", p.Thing, token, status)
				case !allowed && may == nil && status != http.StatusUnauthorized:
					t.Errorf("%s with %q was answered with %d, want 401", p.Thing, token, status)
				}
			}
		}
	})
}

// everything is what the API shows of incidents, timelines and agents.
func (w *world) everything() string {
	w.t.Helper()
	var all strings.Builder
	for _, path := range []string{"/v1/incidents", "/v1/incidents/INC-1/timeline", "/v1/agents/mailer/gate", "/v1/agents/researcher/gate"} {
		status, text, err := w.try(http.MethodGet, path, "breakglass-token", nil)
		if err != nil || status != http.StatusOK {
			w.t.Fatalf("%s: %d %v", path, status, err)
		}
		all.Write(text)
	}
	return all.String()
}
