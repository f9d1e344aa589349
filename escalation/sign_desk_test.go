package escalation_test

import (
	"context"
	"testing"
	"time"

	"tagout"
)

// delegates lets somebody sign for a role in somebody's place, for a day.
func (w *world) delegates(role string, by, to tagout.UserID) {
	w.t.Helper()
	now := w.clock.Now()
	d := tagout.Delegation{ID: string(by + to), Role: role, By: by, To: to, From: now, Until: now.Add(24 * time.Hour)}
	if _, err := w.store.AddDelegation(w.t.Context(), d, nil); err != nil {
		w.t.Fatal(err)
	}
}

func TestADelegateSignsWhileAMemberLetsThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world)
		counts bool
	}{
		"a delegate of a member":         {func(w *world) { w.delegates("program", "U0PROGRAM", "U0EXEC") }, true},
		"somebody else's delegate":       {func(w *world) { w.delegates("program", "U0PROGRAM", "U0MOPS") }, false},
		"of somebody who is no member":   {func(w *world) { w.delegates("program", "U0LEGAL", "U0EXEC") }, false},
		"of a role that is not needed":   {func(w *world) { w.delegates("legal", "U0LEGAL", "U0EXEC") }, false},
		"of a role that there is not":    {func(w *world) { w.delegates("gone", "U0PROGRAM", "U0EXEC") }, false},
		"once it has ended":              {func(w *world) { w.delegates("program", "U0PROGRAM", "U0EXEC"); w.clock.Pass(24 * time.Hour) }, false},
		"of who is no member any longer": {func(w *world) { w.delegates("program", "U0PROGRAM", "U0EXEC"); w.policy.Roles["program"].Members = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop(t, "h1", "mailer", tagout.Halted)
			c.change(w)
			_, err := w.press("U0EXEC", w.ask(t, 1), tagout.Go)
			if c.counts && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !c.counts {
				refused(t, err, tagout.Forbidden, "You are not a signer")
			}
			if lifted := w.gate.mode("mailer", "", "") == tagout.Running; lifted != c.counts {
				t.Errorf("lifted: %v", lifted)
			}
		})
	}
}

func TestWhatCannotBeReadLetsNobodySign(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"delegations", "incident", "changes", "news"} {
		w := newWorld(t)
		w.stop(t, "h1", "mailer", tagout.Halted)
		i := w.ask(t, 1)
		w.store.before = func(_ context.Context, what string) error {
			if what == op {
				return tagout.Errorf(tagout.Unavailable, "The database does not answer.")
			}
			return nil
		}
		_, err := w.press("U0PROGRAM", i, tagout.Go)
		refused(t, err, tagout.Unavailable, "")
		if w.gate.mode("mailer", "", "") != tagout.Halted {
			t.Errorf("%s cannot be read, and the agent runs", op)
		}
	}
}

func TestAPressWithoutARequestSignsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	_, err := w.desk.Sign(t.Context(), 1, tagout.Signing{User: tagout.User{ID: "U0PROGRAM", Team: home}, Verdict: tagout.Go, Request: "r1", Digest: "d"})
	refused(t, err, tagout.Conflict, "not the current one")
}

func TestAGroupSignsForItsMembersAsSlackSaysNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	d := draft("r1")
	d.By.ID = "U0ASKER"
	i, err := w.desk.RequestResume(t.Context(), 1, d)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.press("U0EXEC", i, tagout.Go) // the group is known, and does not hold them
	refused(t, err, tagout.Forbidden, "You are not a signer")
	w.desk.Connect(groups{}, func() string { return home })
	w.clock.Pass(2 * time.Hour)
	_, err = w.press("U0GROUPIE", i, tagout.Go) // they were in it when it could be read
	refused(t, err, tagout.Forbidden, "You are not a signer")
}
