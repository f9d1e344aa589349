package story_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tagout"
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

// forTokens are the only commands that a program may run; everything else is for people.
var forTokens = map[string]tagout.Right{
	"kill": tagout.MayStop, "pause": tagout.MayStop, "hold": tagout.MayStop,
	"status": tagout.MayRead, "timeline": tagout.MayRead, "help": tagout.MayRead, "who": tagout.MayRead,
}

// arguments are what each command is tried with; they would work for a person.
var arguments = map[string]string{
	"kill": "researcher odd", "pause": "researcher odd", "hold": "researcher review odd",
	"status": "mailer", "timeline": "INC-1", "help": "",
	"ack": "INC-1", "incident": "mailer odd", "severity": "INC-1 sev3 not so bad", "note": "INC-1 seen",
	"stage": "INC-1 advance", "who": "sev1", "oncall": "override <@U0ENG> 4h",
	"role": "INC-1 comms <@U0ENG>", "handover": "INC-1 <@U0ENG>", "page-test": "",
	"rollback": "mailer", "resume": "INC-1", "delegate": "legal U0LEGAL 24h", "inform": "INC-1 internal", "clock": `INC-1 "EU AI Act Art. 73 report" done`,
}

func TestATokenDoesWhatItMayAndNothingElse(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		w.state("INC-1", tagout.StateContained)
		w.room("inc-1-")
		w.reads("U0IC", w.room("inc-1-"), "1 of 1 confirmed")
		w.eventually("the e-mail pages arrive", func() bool { return w.events("INC-1", tagout.EventPaged) >= 4 })

		before := w.everything()
		for _, c := range w.app.Commands() {
			if _, tried := arguments[c.Name]; !tried {
				t.Errorf("say in this story how a token tries /%s", c.Name)
			}
			for token, may := range tokens {
				right, open := forTokens[c.Name]
				if open && slices.Contains(may, right) {
					continue
				}
				want := http.StatusForbidden
				if may == nil {
					want = http.StatusUnauthorized
				}
				body := map[string]string{"text": arguments[c.Name]}
				if status := w.call(http.MethodPost, "/v1/commands/"+c.Name, token, body, nil); status != want {
					t.Errorf("/%s with %q was answered with %d, want %d", c.Name, token, status, want)
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
		for name, right := range forTokens {
			for token, may := range tokens {
				if !slices.Contains(may, right) {
					continue
				}
				if status := w.call(http.MethodPost, "/v1/commands/"+name, token, map[string]string{"text": arguments[name]}, nil); status != http.StatusOK {
					t.Errorf("/%s with %q was answered with %d, want 200", name, token, status)
				}
			}
		}
		w.agentSees("researcher", nil, tagout.Halted)
		w.agentSees("mailer", emailEU(), tagout.Halted)
	})
}

func TestAnEndpointAsksForItsRight(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill researcher")
		w.reads("U0IC", "#general", "INC-1")
		for _, e := range []struct {
			method, path string
			right        tagout.Right
			body         any
			status       int
		}{
			{http.MethodGet, "/v1/incidents", tagout.MayRead, nil, http.StatusOK},
			{http.MethodGet, "/v1/incidents/INC-1", tagout.MayRead, nil, http.StatusOK},
			{http.MethodGet, "/v1/incidents/INC-1/timeline", tagout.MayRead, nil, http.StatusOK},
			{http.MethodGet, "/v1/incidents/INC-1/evidence", tagout.MayRead, nil, http.StatusOK},
			{http.MethodGet, "/v1/agents", tagout.MayRead, nil, http.StatusOK},
			{http.MethodGet, "/v1/agents/mailer/gate", tagout.MayRead, nil, http.StatusOK},
			{http.MethodPost, "/v1/failures", tagout.MayReport, map[string]any{"agent": "researcher", "summary": "odd"}, http.StatusAccepted},
			{http.MethodPost, "/v1/alerts/generic", tagout.MayReport, map[string]any{"name": "X", "labels": map[string]string{"agent": "researcher", "severity": "info"}}, http.StatusAccepted},
			{http.MethodPost, "/v1/versions", tagout.MayReport, map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v9"}}, 0},
			{http.MethodPost, "/v1/changes", tagout.MayReport, map[string]any{"agent": "mailer", "component": "prompt", "from": "v8", "to": "v9", "summary": "x"}, 0},
		} {
			for token, may := range tokens {
				status := w.call(e.method, e.path, token, e.body, nil)
				allowed := slices.Contains(may, e.right) || token == "generic-token" && strings.HasSuffix(e.path, "/generic") ||
					may == nil && e.path == "/v1/failures" // open to programs on this machine while Tagout listens on loopback only
				switch {
				case allowed && (status == http.StatusForbidden || status == http.StatusUnauthorized || e.status != 0 && status != e.status):
					t.Errorf("%s %s with %q was answered with %d", e.method, e.path, token, status)
				case !allowed && may != nil && status != http.StatusForbidden:
					t.Errorf("%s %s with %q was answered with %d, want 403", e.method, e.path, token, status)
				case !allowed && may == nil && status != http.StatusUnauthorized:
					t.Errorf("%s %s with %q was answered with %d, want 401", e.method, e.path, token, status)
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
