package escalation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// pinning makes SEV-3 pin versions.
func pinning(w *world) { w.policy.Severities["sev3"].Pin = true }

func deployment(component, to string) tagout.Deployment {
	return tagout.Deployment{ID: "d1", Agent: "mailer", Component: component, To: to, By: "ci", At: noon.Add(time.Minute)}
}

func pipeline() tagout.Actor { return tagout.Actor{Kind: tagout.ByToken, ID: "ci"} }

func TestAPinningSeverityPinsWhatRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		controls []tagout.ControlState
		want     string
	}{
		"as reported":             {nil, "model m1, prompt v42"},
		"as read back":            {[]tagout.ControlState{{Observed: tagout.Observed{Versions: map[string]string{"prompt": "v43"}}}}, "model m1, prompt v43"},
		"where controls disagree": {[]tagout.ControlState{{Observed: tagout.Observed{Versions: map[string]string{"prompt": "v43"}}}, {Observed: tagout.Observed{Versions: map[string]string{"prompt": "v42"}}}}, "model m1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoVersions, pinning)
			w.gate.controls = c.controls
			w.accept(alert("A", "mailer/email/eu", "minor"))
			w.ring()
			if got := tagout.Pairs(w.gate.pins["mailer"]); got != c.want {
				t.Errorf("pinned %q, want %q", got, c.want)
			}
			w.approve(t, 1)
			if len(w.gate.pins) > 0 || w.count(1, tagout.EventUnpinned) != 1 {
				t.Errorf("after the resume still pinned: %v", w.gate.pins)
			}
		})
	}
}

func TestWhileVersionsArePinnedAChangeIsRefusedOnceOnTheTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	before := len(w.store.versions)
	for range 2 { // before what runs was pinned, and after
		err := w.desk.RecordChange(t.Context(), deployment("prompt", "v43"), pipeline())
		refused(t, err, tagout.Conflict, "INC-1 (SEV-3) is open, and pins the versions of mailer until it is resumed. That needs GO of MOPs")
		w.ring()
	}
	if w.count(1, tagout.EventChangeRefused) != 1 || len(w.store.versions) != before {
		t.Errorf("%d refusals on the timeline; versions %v", w.count(1, tagout.EventChangeRefused), w.store.versions[before:])
	}
	for name, d := range map[string]tagout.Deployment{"what is pinned": deployment("prompt", "v42"), "of before": {Agent: "mailer", Component: "prompt", To: "v42b", At: noon.Add(-time.Hour)}} {
		if err := w.desk.RecordChange(t.Context(), d, pipeline()); err != nil {
			t.Errorf("a deployment %s is refused: %v", name, err)
		}
	}
	w.approve(t, 1)
	if err := w.desk.RecordChange(t.Context(), deployment("prompt", "v43"), pipeline()); err != nil {
		t.Errorf("after the resume: %v", err)
	}
}

func TestOfAPrivateIncidentARefusalTellsOnlyTheID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	_, err := w.store.Update(t.Context(), 1, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		i.Private = true
		return tagout.Change{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.desk.RecordChange(t.Context(), deployment("prompt", "v43"), pipeline())
	refused(t, err, tagout.Conflict, "INC-1 is open, and pins the versions of mailer")
	if text := tagout.Sentence(err); strings.Contains(text, "SEV") || strings.Contains(text, "MOPs") {
		t.Errorf("it tells %q", text)
	}
}

func TestAnotherVersionThanThePinnedOneIsDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	w.ask(t, 1)
	w.slack.sent = nil
	said := func(version string) {
		t.Helper()
		if err := w.desk.SawVersions(t.Context(), "mailer", map[string]string{"prompt": version}, w.clock.Now(), pipeline()); err != nil {
			t.Fatal(err)
		}
		w.ring()
	}
	said("v42")
	if n := w.count(1, tagout.EventVersionDrift); n != 0 {
		t.Fatal("the pinned version is drift")
	}
	said("v43")
	said("v43")
	w.reads(t, "webhook", map[string]string{"prompt": "v44"})
	w.ring()
	if n := w.count(1, tagout.EventVersionDrift); n != 2 {
		t.Errorf("told %d times of two drifts", n)
	}
	if paged := w.slack.to(); !slices.Contains(paged, "U0PLATFORM") || !slices.Contains(paged, "U0MOPS") {
		t.Errorf("paged %q", paged)
	}
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || !strings.Contains(card.String(), "mailer prompt pinned to v42 — drift: the agent says it runs v43, webhook reads v44") {
		t.Errorf("the card is %s, %v", card, err)
	}
	if r := w.incident(1).Request; r.State != tagout.RequestVoid {
		t.Errorf("the request that named v42 is %s", r.State)
	}
	said("v42")
	w.reads(t, "webhook", map[string]string{"prompt": "v42"})
	if drifts := w.incident(1).Pins; w.count(1, tagout.EventVersionBack) != 2 || len(drifts[1].Drifts) != 0 {
		t.Errorf("pins %+v", drifts)
	}
}

func TestWhatIsOnItsWayBackIsNotDriftAndAnOlderPinDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	w.stop(t, "h2", "mailer/sms", tagout.Halted)
	w.clock.Pass(time.Second)
	o := rollbackOf("mailer", nil)
	o.Incident = 2
	if _, err := w.desk.Rollback(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.readBack(t, "v42")
	w.readBack(t, "v41")
	if n := w.count(1, tagout.EventVersionDrift) + w.count(2, tagout.EventVersionDrift); n != 0 {
		t.Errorf("%d drifts: %+v %+v", n, w.incident(1).Pins, w.incident(2).Pins)
	}
	w.readBack(t, "v42")
	if w.count(1, tagout.EventVersionDrift) != 0 || w.count(2, tagout.EventVersionDrift) != 1 {
		t.Errorf("drift of what was rolled back: %d and %d", w.count(1, tagout.EventVersionDrift), w.count(2, tagout.EventVersionDrift))
	}
}

func TestRaisingTheSeverityNeverEndsTheFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	_, err := w.store.Update(t.Context(), 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.ChangeSeverity(w.policy.Severities["sev1"], nil, "worse", tagout.Tagout, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.desk.RecordChange(t.Context(), deployment("prompt", "v43"), pipeline())
	refused(t, err, tagout.Conflict, "INC-1 (SEV-1) is open")
}

func TestAnOldFreezeIsNotMissedAmongThousandsOfIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions, pinning)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	old := w.store.incidents[1]
	for id := tagout.IncidentID(2); id <= 1500; id++ { // of another agent
		w.store.incidents[id] = &tagout.Incident{ID: id, State: tagout.StateOpen, Severity: old.Severity, Scope: tagout.MustScope("researcher")}
	}
	w.store.last = 1500
	frozen, err := w.desk.FrozenBy(t.Context(), "mailer")
	if err != nil || len(frozen) != 1 || frozen[0].ID != 1 {
		t.Errorf("frozen by %d incidents, %v", len(frozen), err)
	}
}
