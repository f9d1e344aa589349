package escalation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

func TestAnAlertThatFiresAgainIsContainedAgainAfterItsHoldWasLifted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := alert("A", "mailer/email", "minor")
	opened(t, w.accept(a))
	w.accept(alert("B", "mailer/sms", "minor")) // keeps the incident open
	a.Status = tagout.Resolved
	w.accept(a)
	d := draft("r1")
	email := tagout.MustScope("mailer/email")
	d.Scope = &email
	i, err := w.desk.RequestResume(t.Context(), 1, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.press("U0MOPS", i, tagout.Go); err != nil {
		t.Fatal(err)
	}
	if got := w.gate.mode("mailer", "email", "eu"); got != tagout.Running {
		t.Fatalf("email is %s after the GO", got)
	}
	a.Status = tagout.Firing // of the same start, as from a sender that does not know when it began
	w.accept(a)
	if got := w.gate.mode("mailer", "email", "eu"); got != tagout.Review {
		t.Errorf("email is %s although its alert fires again; held is %q", got, held(w.incident(1)))
	}
}

func TestResumingOneIncidentLeavesTheVersionsThatAnotherPinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	w.stop(t, "h2", "mailer/sms", tagout.Halted) // an incident of its own
	if _, err := w.desk.Rollback(t.Context(), tagout.RollbackOrder{ID: "b1", Incident: 2, Agent: "mailer", By: responder.Actor()}); err != nil {
		t.Fatal(err)
	}
	w.approve(t, 1)
	if tagout.Pairs(w.gate.pins["mailer"]) != "prompt v41" {
		t.Errorf("INC-2 rolled the agent back, and INC-1 let go of it: %v", w.gate.pins)
	}
	w.approve(t, 2)
	if len(w.gate.pins) > 0 {
		t.Errorf("still pinned: %v", w.gate.pins)
	}
}

func TestAModeThatNobodyKnowsIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.desk.Stop(t.Context(), tagout.StopRequest{Hold: tagout.Hold{ID: "h1", Scope: tagout.MustScope("mailer"), Mode: "frozen", By: responder.Actor()}})
	refused(t, err, tagout.Invalid, "needs a mode")
	if len(w.gate.Holds()) != 0 {
		t.Error("it was hung with a mode that cannot be read back")
	}
}

func TestAlertsWhoseSenderHungUpAreContainedAtOnceAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.stop(t, "h1", "mailer/email", tagout.Halted)
		w.ask(t, 1)
		release := make(chan struct{})
		w.store.before = func(_ context.Context, op string) error {
			if op == "fold" {
				<-release
			}
			return nil
		}
		ctx, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		_, err := w.desk.Accept(ctx, []tagout.Alert{alert("A", "mailer", "critical")})
		refused(t, err, tagout.Unavailable, "Send them again")
		close(release)
		synctest.Wait()
		if got := w.gate.mode("mailer", "sms", "eu"); got != tagout.Halted {
			t.Errorf("the agent is %s, though the alert is stored", got)
		}
		if state := w.incident(1).Request.State; state != tagout.RequestVoid {
			t.Errorf("the other incident's request is %s after a new alert on its scope", state)
		}
	})
}

func TestAnAlertOnWhatTheConfigurationDoesNotKnowIsContainedWider(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"mailer/email/eu-west-1": "mailer/email review",
		"mailer/e-mail/eu":       "mailer/*/eu review",
		"mailer/fax":             "mailer review",
		"ghost/fax":              "ghost/fax review",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := opened(t, w.accept(alert("A", path, "minor")))
			same(t, "held", held(i), []string{want})
		})
	}
}

func TestAStopWhoseRecordingPanicsStandsAndStaysPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.before = func(_ context.Context, op string) error {
			if op == "join" {
				panic("a defect")
			}
			return nil
		}
		result, err := w.desk.Stop(t.Context(), tagout.StopRequest{Hold: tagout.Hold{ID: "h1", Scope: tagout.MustScope("mailer"), Mode: tagout.Halted, By: responder.Actor()}})
		if err != nil || !result.Pending || w.gate.mode("mailer", "email", "eu") != tagout.Halted || w.desk.PendingStops() != 1 {
			t.Errorf("%+v, %v, %d pending", result, err, w.desk.PendingStops())
		}
	})
}
