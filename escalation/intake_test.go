package escalation_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

// jam lets every transaction of the intake wait until it is opened.
func (w *world) jam() (open func()) {
	gate := make(chan struct{})
	w.store.before = func(_ context.Context, op string) error {
		if op == "fold" {
			<-gate
		}
		return nil
	}
	return func() { close(gate) }
}

// taken is what became of one request of alerts.
type taken struct {
	folded []tagout.Folded
	err    error
}

func (w *world) send(ctx context.Context, alerts ...tagout.Alert) <-chan taken {
	done := make(chan taken, 1)
	go func() {
		folded, err := w.desk.Accept(ctx, alerts)
		done <- taken{folded, err}
	}()
	return done
}

func TestArrivalsOfTheSameTimeShareATransactionAndEachGetsItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		open := w.jam()
		var answers []<-chan taken
		answers = append(answers, w.send(t.Context(), alert("First", "first", "minor")))
		synctest.Wait() // its transaction is under way
		for n := range 20 {
			agent := fmt.Sprintf("agent%d", n)
			answers = append(answers, w.send(t.Context(), alert("A", agent, "minor"), alert("B", agent+"/email", "minor")))
		}
		synctest.Wait()
		open()
		for n, answer := range answers {
			got := <-answer
			want := "first"
			if n > 0 {
				want = fmt.Sprintf("agent%d", n-1)
			}
			if got.err != nil || len(got.folded) == 0 || got.folded[0].Incident.Scope.Agent != want || !got.folded[0].Fresh {
				t.Fatalf("request %d of %s got %+v, %v", n, want, got.folded, got.err)
			}
			if n > 0 && (len(got.folded) != 2 || got.folded[1].Fresh || got.folded[1].Incident.ID != got.folded[0].Incident.ID) {
				t.Errorf("request %d: the second result is not its own: %+v", n, got.folded)
			}
		}
		synctest.Wait()
		largest := 0
		for _, batch := range w.store.folds {
			largest = max(largest, len(batch))
		}
		if n := len(w.store.folds); n != 2 || largest != 40 {
			t.Errorf("%d transactions for 21 requests, the largest of %d alerts; want one and one for all that waited", n, largest)
		}
	})
}

func TestTooManyWaitingAlertsAreSentBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		w.store.before = func(context.Context, string) error {
			<-release
			return tagout.Errorf(tagout.Unavailable, "The database is down.")
		}
		batch := make([]tagout.Alert, 5000)
		waiting := w.send(t.Context(), batch...) // alone it is never too large
		synctest.Wait()
		_, err := w.desk.Accept(t.Context(), batch[:1])
		refused(t, err, tagout.Unavailable, "Too many alerts are waiting")
		close(release)
		refused(t, (<-waiting).err, tagout.Unavailable, "The database is down.")
		synctest.Wait()
		_, err = w.desk.Accept(t.Context(), batch[:1])
		refused(t, err, tagout.Unavailable, "The database is down.")
	})
}

func TestASenderWhoDoesNotWaitIsToldToComeBackAndLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		open := w.jam()
		ctx, cancel := context.WithCancel(t.Context())
		answer := w.send(ctx, alert("A", "mailer/email/eu", "warning"))
		synctest.Wait()
		cancel()
		refused(t, (<-answer).err, tagout.Unavailable, "not stored in time")
		open()
		synctest.Wait()
		if folded := w.accept(alert("A", "mailer/email/eu", "warning")); !folded[0].Repeat {
			t.Errorf("sent again it is %+v, want a repeat", folded[0])
		}
		w.ring() // the effect brings the stop into the gate
		if mode := w.gate.mode("mailer", "email", "eu"); mode != tagout.Paused {
			t.Errorf("the mailer is %s, want paused", mode)
		}
	})
}

func TestADefectOrAnOutageWhileStoringAnswersEverybody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func() error
		code    tagout.Code
	}{
		"a panic":   {func() error { panic("nil map") }, tagout.Internal},
		"an outage": {func() error { return tagout.Errorf(tagout.Unavailable, "The database is down.") }, tagout.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				release := make(chan struct{})
				w.store.before = func(_ context.Context, op string) error {
					if op != "fold" {
						return nil
					}
					<-release
					return c.happens()
				}
				var answers []<-chan taken
				for n := range 12 {
					answers = append(answers, w.send(t.Context(), alert("A", fmt.Sprint("agent", n), "minor")))
				}
				synctest.Wait()
				close(release)
				for _, answer := range answers {
					if got := <-answer; tagout.CodeOf(got.err) != c.code || got.folded != nil {
						t.Errorf("got %+v, %v; want %s", got.folded, got.err, c.code)
					}
				}
				synctest.Wait()
				w.store.before = nil
				if folded := w.accept(alert("A", "agent1", "minor")); !folded[0].Fresh {
					t.Errorf("afterwards an alert became %+v", folded[0])
				}
			})
		})
	}
}

func TestNoAlertsAreNoWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if folded, err := w.desk.Accept(t.Context(), nil); folded != nil || err != nil || len(w.store.folds) != 0 {
		t.Errorf("got %+v, %v", folded, err)
	}
}

func TestMomentaryAlertsAreToldApartByTheirTimeAndFiringOnesByTheirLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	momentary := tagout.Alert{Source: "generic", Name: "Flag", Labels: map[string]string{"agent": "mailer", "severity": "minor"}}
	w.accept(momentary)
	w.clock.Pass(1)
	w.clock.Pass(1000)
	if folded := w.accept(momentary); folded[0].Repeat {
		t.Error("another momentary alert counts as a repeat")
	}
	firing := alert("Rate", "mailer/email", "minor")
	w.accept(firing)
	firing.Labels["region"] = "eu"
	if folded := w.accept(firing); folded[0].Repeat {
		t.Error("an alert with other labels counts as a repeat")
	}
	if folded := w.accept(firing); !folded[0].Repeat {
		t.Error("the same alert does not count as a repeat")
	}
}

func TestWhatTheDatabaseRefusesHarmsNoOtherRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		folds := 0
		w.store.before = func(_ context.Context, op string) error {
			if op != "fold" {
				return nil
			}
			<-release
			switch folds++; folds {
			case 2, 5: // all that waited together, and one of them alone
				return tagout.Errorf(tagout.Conflict, "This is on record already.")
			}
			return nil
		}
		var answers []<-chan taken
		for n := range 12 {
			answers = append(answers, w.send(t.Context(), alert("A", fmt.Sprint("agent", n), "minor")))
			synctest.Wait()
		}
		close(release)
		var refused int
		for _, answer := range answers {
			switch got := <-answer; {
			case tagout.CodeOf(got.err) == tagout.Conflict:
				refused++
			case got.err != nil || len(got.folded) != 1 || !got.folded[0].Fresh:
				t.Errorf("got %+v, %v", got.folded, got.err)
			}
		}
		if refused != 1 || folds != 13 {
			t.Errorf("%d of 12 were refused, in %d transactions", refused, folds)
		}
	})
}

// In a storm of senders who come again once they are answered, all of them are stored together,
// or if they are a great many one half while the other half comes back. Nobody waits for anybody
// who does not come.
func TestInAStormThoseWhoComeBackAreStoredTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ senders, least, most int }{{24, 20, 24}, {64, 56, 64}, {100, 50, 70}, {200, 80, 120}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			const rounds = 10
			w.store.before = func(_ context.Context, op string) error {
				if op == "fold" {
					time.Sleep(4 * time.Millisecond) // what a transaction takes
				}
				return nil
			}
			began := time.Now()
			var all sync.WaitGroup
			for n := range c.senders {
				all.Go(func() {
					for round := range rounds {
						time.Sleep(100*time.Microsecond + time.Duration(n)*10*time.Microsecond) // until it has come again
						got := <-w.send(t.Context(), alert(fmt.Sprint(n, "/", round), "mailer", "minor"))
						if got.err != nil {
							t.Error(got.err)
						}
					}
				})
			}
			all.Wait()
			took := time.Since(began) / rounds
			batches := len(w.store.folds)
			if each := c.senders * rounds / batches; each < c.least || each > c.most {
				t.Errorf("%d senders: %d transactions, %d alerts in each", c.senders, batches, each)
			}
			if took > 10*time.Millisecond {
				t.Errorf("a round of %d senders took %s", c.senders, took)
			}
			if got := <-w.send(t.Context(), alert("last", "mailer", "minor")); got.err != nil {
				t.Error(got.err)
			}
		})
	}
}

func TestTheTextsOfAnAlertAreCutBeforeItsIncidentIsLocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := alert("Rate", "mailer", "minor")
	a.Summary = "before"
	w.accept(a)
	in := w.store.folds[0][0]
	in.Alert.Summary = "anew"
	title, summary := in.Opening()
	told := (&tagout.Incident{ID: 2}).TakeAlert(in, nil, w.clock.Now()).Events[0].Data
	if title != "before" || summary != "before" || strings.Contains(told, "anew") {
		t.Errorf("%q, %q and %s", title, summary, told)
	}
}
