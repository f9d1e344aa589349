package story_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// deploys records deployments of a component of the mailer, as "v41" so many hours ago.
func (w *world) deploys(component string, versions ...string) {
	w.t.Helper()
	for n, version := range versions {
		at := time.Now().Add(-time.Duration(48*(len(versions)-n)-47) * time.Hour) // the newest an hour ago
		body := map[string]any{"agent": "mailer", "component": component, "to": version, "by": "ci", "at": at.Format(time.RFC3339Nano)}
		if status := w.call(http.MethodPost, "/v1/changes", "breakglass-token", body, nil); status != http.StatusAccepted {
			w.t.Fatalf("recording a deployment was answered with %d", status)
		}
	}
}

// rolledBack is the rollback of an incident as the API shows it: "prompt v41 confirmed, …".
func (w *world) rolledBack(id string) string {
	var i struct {
		Rollback *struct {
			Components []struct{ Component, To, State string } `json:"components"`
		} `json:"rollback"`
	}
	if w.get("/v1/incidents/"+id, &i) != http.StatusOK || i.Rollback == nil {
		return ""
	}
	var parts []string
	for _, c := range i.Rollback.Components {
		parts = append(parts, c.Component+" "+c.To+" "+c.State)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func TestAResponderReadsWhatARollbackWouldChangeAndSendsIt(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.mailer.set(func(m *machine) { m.versions["policy"] = "p7" })
		w.deploys("prompt", "v40", "v41", "v42")
		w.deploys("policy", "p6", "p7")
		w.types("U0IC", "#general", "/status mailer")
		w.reads("U0IC", "#general", "prompt v42 since .*last known good v41")

		w.types("U0IC", "#general", "/kill mailer wrong discount")
		room := w.room("inc-1-")
		w.types("U0IC", room, "/rollback")
		w.eventually("the form shows what would change", func() bool {
			views := w.slack.Views("U0IC")
			return len(views) > 0 && containsAny(string(views[0].Raw), "prompt v42 → v41") && containsAny(string(views[0].Raw), "policy p7 → p6")
		})
		w.fills("U0IC", map[string]any{"policy": "leave"})
		w.reads("U0IC", room, "Rolled back mailer to prompt v41.*prompt.*v42 → v41 .last known good.: read back by webhook")
		if w.mailer.version("prompt") != "v41" || w.mailer.version("policy") != "p7" {
			t.Errorf("the control runs prompt %s, policy %s", w.mailer.version("prompt"), w.mailer.version("policy"))
		}
		w.happens("INC-1", tagout.EventRollbackSucceeded, 1)
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.keptWhatRan("INC-1", "v42")

		w.asksToResume("U0IC", room, map[string]any{"fix": "went back to v41"})
		w.reads("U0PROGRAM", room, "Versions.*prompt v41")
		w.presses("U0PROGRAM", room, "GO")
		w.state("INC-1", tagout.StateResumed)
		w.eventually("the control is asked for no version any more", func() bool { return len(w.mailer.isAsked()) == 0 })
		if w.mailer.version("prompt") != "v41" {
			t.Error("letting go of the version changed what runs")
		}
	})
}

// keptWhatRan checks that the evidence from before the rollback is there, whole, and names
// the version that ran.
func (w *world) keptWhatRan(id, version string) {
	w.t.Helper()
	var list struct {
		Kept []struct{ Path, SHA256, Name string }
	}
	w.get("/v1/incidents/"+id+"/evidence", &list)
	if len(list.Kept) != 1 {
		w.t.Fatalf("kept is %+v", list.Kept)
	}
	var kept struct {
		Components []struct{ Component, Current string }
		Controls   []struct{ Versions map[string]string }
		Holds      []any
	}
	w.get(list.Kept[0].Path, &kept)
	if kept.Components[0].Current != version || kept.Controls[0].Versions["prompt"] != version || len(kept.Holds) != 1 {
		w.t.Errorf("kept %+v", kept)
	}
	var timeline struct {
		Events []struct {
			Kind string
			Data map[string]any
		}
	}
	w.get("/v1/incidents/"+id+"/timeline", &timeline)
	at := func(kind tagout.EventKind) int {
		for n, e := range timeline.Events {
			if e.Kind == string(kind) {
				return n
			}
		}
		return -1
	}
	kept1, began := at(tagout.EventEvidence), at(tagout.EventRollback)
	if kept1 < 0 || kept1 > began || timeline.Events[kept1].Data["sha256"] != list.Kept[0].SHA256 {
		w.t.Errorf("evidence is event %d of the timeline, the rollback %d", kept1, began)
	}
}

func TestAComponentThatFailsIsNamedPagedAndTriedAgain(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.RollbackWithin = "2s" }, func(t *testing.T, w *world) {
		w.deploys("prompt", "v41", "v42")
		w.deploys("policy", "p6", "p7") // which no control reports
		w.types("U0IC", "#general", "/kill mailer odd")
		room := w.room("inc-1-")
		w.types("U0IC", room, "/rollback mailer prompt policy")
		w.reads("U0IC", room, "Rolled back in part.*1 of 2 components failed.*no control reports policy")
		w.reads("U0IC", room, "policy p7 → p6: failed: no control reports policy")
		w.isPaged("U0PLATFORM", "the rollback of mailer failed: policy p6: no control reports policy")
		if got := w.rolledBack("INC-1"); got != "policy p6 failed, prompt v41 confirmed" {
			t.Errorf("the rollback is %s", got)
		}
		w.mailer.set(func(m *machine) { m.versions["policy"] = "p7" }) // somebody has put the control right
		w.presses("U0ENG", room, "Retry what failed")
		w.eventually("the policy is read back too", func() bool { return w.rolledBack("INC-1") == "policy p6 confirmed, prompt v41 confirmed" })
		w.happens("INC-1", tagout.EventRollbackSucceeded, 1)
		w.presses("U0GUEST", room, "Timeline") // whoever looks back reads all of it
		w.types("U0IC", room, "/timeline")
		w.reads("U0IC", room, "mailer policy p6 was not read back: no control reports policy.*mailer policy p6 read back by webhook")
	})
}

func TestAnUnknownComponentIsNamedAndNothingHappens(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.deploys("prompt", "v41", "v42")
		w.types("U0IC", "#general", "/rollback mailer promt=v41")
		w.reads("U0IC", "#general", `mailer has no component "promt", so nothing was rolled back. Did you mean prompt`)
		if got := len(w.incidents()); got != 0 {
			t.Errorf("%d incidents were opened", got)
		}
	})
}

func TestSev1RollsBackOnArrivalToTheLastKnownGood(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.deploys("prompt", "v40", "v41", "v42")
		// v42 has just been replaced by v43: the version before is not the last that was good
		w.call(http.MethodPost, "/v1/versions", "breakglass-token", map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v43"}}, nil)
		id := w.alarm("MailToUnsubscribed", critical)
		w.happens(id, tagout.EventRollbackSucceeded, 1)
		if got := w.mailer.version("prompt"); got != "v41" {
			t.Errorf("the control runs prompt %s, want v41", got)
		}
		w.reads("U0IC", w.room("inc-1-"), "prompt v43 → v41: read back by webhook")
	})
}

func TestARollbackThatCannotRunIsSaidInTheChannel(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.reads("U0IC", room, "Rollback failed for mailer: No earlier version of mailer is known")
		w.deploys("prompt", "v41", "v42") // the pipeline remembers
		w.presses("U0IC", room, "Try the rollback again")
		w.happens("INC-1", tagout.EventRollbackSucceeded, 1)
	})
}

func TestPinnedVersionsStayAsTheyAreWhileTheIncidentIsOpen(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Pin = true }, func(t *testing.T, w *world) {
		w.deploys("prompt", "v41", "v42")
		id := w.alarm("OddWording", harmless)
		room := w.room("inc-" + number(id) + "-")
		w.happens(id, tagout.EventPinned, 1)
		w.eventually("the control is asked to stay", func() bool { return w.mailer.isAsked()["prompt"] == "v42" })

		change := map[string]any{"agent": "mailer", "component": "prompt", "from": "v42", "to": "v43", "by": "ci"}
		var refusal struct{ Detail string }
		if status := w.call(http.MethodPost, "/v1/changes", "breakglass-token", change, &refusal); status != http.StatusConflict ||
			!strings.Contains(refusal.Detail, id+" (SEV-3) is open") || !strings.Contains(refusal.Detail, "GO of MOPs or Engineering") {
			t.Errorf("the change was answered with %d: %s", status, refusal.Detail)
		}
		var gate struct {
			Frozen   bool
			FrozenBy []string `json:"frozen_by"`
		}
		w.eventually("a pipeline that asks is told why", func() bool { // which a slow database leaves out
			if w.get("/v1/agents/mailer/gate?for=change", &gate); !gate.Frozen {
				t.Fatalf("a pipeline that asks is told %+v", gate)
			}
			return slices.Equal(gate.FrozenBy, []string{id})
		})
		w.types("U0IC", room, "/timeline")
		w.reads("U0IC", room, "breakglass +was refused a change of mailer: prompt from v42 to v43 by ci")

		w.call(http.MethodPost, "/v1/versions", "breakglass-token", map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v43"}}, nil)
		w.reads("U0IC", room, "Drift: agent mailer does not run the pinned versions: the agent says it runs prompt v43 instead of v42")
		w.isPaged("U0MOPS", "drift: mailer does not run the pinned versions")
		w.reads("U0IC", room, "mailer prompt pinned to v42 — .*drift.*: the agent says it runs v43")

		w.asksToResume("U0IC", room, map[string]any{"alerting": "wording alert"})
		w.presses("U0MOPS", room, "GO")
		w.state(id, tagout.StateResumed)
		w.eventually("the change is taken", func() bool {
			return w.call(http.MethodPost, "/v1/changes", "breakglass-token", change, nil) == http.StatusAccepted
		})
	})
}
