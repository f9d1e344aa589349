package story_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tagout"
)

// TestAStopIsObeyedWhileTheDatabaseIsAway: agents stop at once, the record follows.
func TestAStopIsObeyedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o.setting)
			db := w.arranges(o)
			w.starts()
			w.agentSees("mailer", emailEU(), tagout.Running)

			db.goes()
			w.types("U0IC", "#general", "/kill mailer sev1 wrong people")
			w.agentSees("mailer", emailEU(), tagout.Halted)
			answer := w.reads("U0IC", "#general", "halted.*mailer.*INC pending.*recorded when it returns")
			w.eventually("the control is told", func() bool { return w.mailer.holding("mailer") })

			db.returns()
			w.recordedOnce("mailer")
			w.eventually("the answer catches up", func() bool {
				text := w.textOf("#general", answer.TS)
				return strings.Contains(text, "INC-1") && !strings.Contains(text, "pending")
			})
			w.agentSees("mailer", emailEU(), tagout.Halted)
		})
	}
}

// TestAStopOutlivesACrashWhileTheDatabaseIsAway: the real binary is killed before it could
// record the stop, and finds it in its journal.
func TestAStopOutlivesACrashWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o.setting)
			db := w.arranges(o)
			p := w.launches("")

			db.goes()
			w.types("U0IC", "#general", "/kill mailer/email sev1 wrong people")
			w.agentSees("mailer", emailEU(), tagout.Halted)
			p.command.Process.Kill()
			if !p.killed() {
				t.Fatal("the process ended in another way")
			}

			w.launches("")
			if got := w.standing("mailer"); len(got) != 1 || got[0] != "mailer/email halted" {
				t.Errorf("after the crash, with the database still away, the gate holds %q", got)
			}
			db.returns()
			w.recordedOnce("mailer/email")
			w.agentSees("mailer", smsUS(), tagout.Running) // the holds are known again, and the rest is not held
			w.agentSees("mailer", emailEU(), tagout.Halted)
			w.verifies()
		})
	}
}

// TestTheDatabaseIsAwayAtTheStart: Tagout starts, agents are halted, stops are taken and
// nothing is resumed; all is well without a restart when the database returns.
func TestTheDatabaseIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	for _, o := range []outage{unmounted, stopped} {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o.setting)
			db := w.arranges(o)
			w.starts()
			w.agentSees("researcher", nil, tagout.Running)
			w.alarm("MailToUnsubscribed", critical)
			room := w.room("inc-1-")
			w.asksToResume("U0IC", room, deliverables)
			w.stops()

			db.goes()
			w.starts()
			if got := w.degraded(); !strings.Contains(got, "database") || !strings.Contains(got, "holds") {
				t.Errorf("/readyz lists %s, want database and holds", got)
			}
			for _, agent := range []string{"mailer", "researcher"} {
				if d := w.asks(agent); d.Value != string(tagout.Halted) || !strings.Contains(fmt.Sprint(d.Metadata["reason"]), "holds unknown") {
					t.Errorf("%s is told %+v", agent, d)
				}
			}
			w.types("U0IC", "#general", "/kill researcher odd")
			w.reads("U0IC", "#general", "halted.*researcher.*INC pending")
			alert := map[string]any{"name": "ToneScore", "labels": map[string]string{"agent": "researcher", "severity": "info"}}
			w.refusesForNow("/v1/alerts/generic", "generic-token", alert)
			w.refusesForNow("/v1/failures", "breakglass-token", map[string]any{"agent": "researcher", "summary": "odd"})
			w.presses("U0LEGAL", room, "GO")
			w.reads("U0LEGAL", room, "nothing was changed")
			w.types("U0LEGAL", room, "/ack INC-1")
			w.reads("U0LEGAL", room, "nothing was changed.*Stops still work")

			db.returns()
			w.eventually("Tagout is well", func() bool { return w.degraded() == "[]" })
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Fatalf("the mailer is %s, but nobody has signed", got)
			}
			w.eventually("the stop is recorded", func() bool { return len(w.incidents()) == 2 })
			if i := w.incidents()[0]; len(i.Holds) != 1 || i.Holds[0].Scope != "researcher" || i.Holds[0].Mode != "halted" {
				t.Errorf("the stop made %+v", i)
			}
			if status := w.call(http.MethodPost, "/v1/alerts/generic", "generic-token", alert, nil); status != http.StatusAccepted {
				t.Errorf("the alert that came again was answered with %d", status)
			}
			w.insists("U0LEGAL", room, "GO")
			w.state("INC-1", tagout.StateResumed)
			w.agentSees("researcher", nil, tagout.Halted)
		})
	}
}

// recordedOnce waits for the one incident of a stop, and checks that everything that
// follows from it was done, once.
func (w *world) recordedOnce(scope string) {
	w.t.Helper()
	w.eventually("the stop is recorded", func() bool { return w.recorded() })
	w.state("INC-1", tagout.StateContained)
	room := w.room("inc-1-")
	w.isPaged("U0LEGAL", "INC-1")
	w.eventually("the e-mail pages arrive", func() bool {
		return w.mails.count("legal@example.com", "INC-1") >= 1 && w.mails.count("platform@example.com", "INC-1") >= 1
	})
	w.reads("U0IC", "#incidents", "INC-1 SEV-1")
	w.reads("U0IC", room, "1 of 1 confirmed")

	i := w.incident("INC-1")
	if len(i.Holds) != 1 || i.Holds[0].Scope != scope || len(w.incidents()) != 1 {
		w.t.Errorf("%d incidents, the first with %+v", len(w.incidents()), i.Holds)
	}
	for kind, want := range map[tagout.EventKind]int{tagout.EventOpened: 1, tagout.EventHeld: 1, tagout.EventContained: 1} {
		if got := w.events("INC-1", kind); got != want {
			w.t.Errorf("%d × %s on the timeline, want %d", got, kind, want)
		}
	}
	if got := w.mails.count("legal@example.com", "INC-1"); got != 1 {
		w.t.Errorf("Legal got %d mails, want 1", got)
	}
	announced := 0
	for _, m := range w.slack.Messages("#incidents") {
		announced += strings.Count(plain(m), "INC-1 SEV-1")
	}
	if announced != 1 {
		w.t.Errorf("announced %d times, want once", announced)
	}
}

// recorded reports whether INC-1 can be read.
func (w *world) recorded() bool {
	status, _, err := w.try(http.MethodGet, "/v1/incidents/INC-1", "breakglass-token", nil)
	return err == nil && status == http.StatusOK
}

// standing lists what the gate holds of an agent, as the API shows it.
func (w *world) standing(agent string) []string {
	w.t.Helper()
	var out struct {
		Holds []struct{ Scope, Mode string } `json:"holds"`
	}
	w.get("/v1/agents/"+agent+"/gate", &out)
	var holds []string
	for _, h := range out.Holds {
		holds = append(holds, h.Scope+" "+h.Mode)
	}
	return holds
}

// degraded is what /readyz says is missing.
func (w *world) degraded() string {
	w.t.Helper()
	var out struct {
		Degraded json.RawMessage `json:"degraded"`
	}
	if status := w.call(http.MethodGet, "/readyz", "", nil, &out); status != http.StatusOK {
		w.t.Errorf("/readyz answered %d, want 200", status)
	}
	return string(out.Degraded)
}

// refusesForNow expects a 503 that tells the sender when to come back.
func (w *world) refusesForNow(path, token string, body any) {
	w.t.Helper()
	response := w.sends(http.MethodPost, path, token, body)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		w.t.Errorf("%s answered %d with Retry-After %q, want 503 and when to come back", path, response.StatusCode, response.Header.Get("Retry-After"))
	}
}
