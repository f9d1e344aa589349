package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// silence records a silence of an agent.
func silence(t *testing.T, s *store.Store, agent string, length time.Duration) *tagout.Silence {
	t.Helper()
	o := tagout.SilenceOrder{ID: agent, Scope: tagout.Scope{Agent: agent}, For: length, Reason: "a test", By: tagout.User{ID: "U1"}}
	set, err := s.SetSilence(t.Context(), "request:"+agent, func(q *tagout.Silence, now time.Time) ([]tagout.Effect, error) { return q.Begin(o, 0, now) })
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// quiet is an alert under a silence.
func quiet(id, agent string, q *tagout.Silence, counted bool) tagout.Incoming {
	in := alert(id, agent, tagout.Firing)
	in.Silence, in.Counted = q, counted
	return in
}

// quietly opens incidents as their silences say.
func quietly(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
	if i.State != "" {
		return i.TakeAlert(in, nil, now), nil
	}
	c, err := i.Open(tagout.Opening{Title: in.Alert.Name, Scope: in.Verdict.Scope, Class: in.Verdict.Class, By: in.Alert.Actor(), Row: sev1, Hush: tagout.HushOf(in.Silence)}, now)
	return c.And(i.TakeAlert(in, nil, now)), err
}

func mustFoldQuietly(t *testing.T, s *store.Store, in ...tagout.Incoming) []tagout.Folded {
	t.Helper()
	out, err := s.Fold(t.Context(), in, quietly)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestASilenceIsOneForEachRequestAndListedUntilItsEnd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		first := silence(t, s, "mailer", time.Hour)
		if again := silence(t, s, "mailer", time.Hour); again.ID != first.ID || again.Version != first.Version {
			t.Errorf("the same request made %+v", again)
		}
		longer := silence(t, s, "researcher", 2*time.Hour)
		list, err := s.Silences(t.Context())
		if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != longer.ID || list[0].Scope.Agent != "mailer" || !list[0].Until.Equal(first.Until) {
			t.Fatalf("%+v, %v", list, err)
		}
		failing := tagout.Errorf(tagout.Invalid, "no")
		_, err = s.SetSilence(t.Context(), "request:x", func(*tagout.Silence, time.Time) ([]tagout.Effect, error) { return nil, failing })
		wantCode(t, err, tagout.Invalid)
		_, err = s.ChangeSilence(t.Context(), first.ID, func(q *tagout.Silence, now time.Time) ([]tagout.Effect, error) { return q.End(ic, now) })
		if err != nil {
			t.Fatal(err)
		}
		again := open(t, url, store.Options{Clock: c})
		if list, err := again.Silences(t.Context()); err != nil || len(list) != 1 || list[0].ID != longer.ID {
			t.Errorf("%+v, %v", list, err)
		}
		if q, err := again.Silence(t.Context(), first.ID); err != nil || q.EndedBy != ic {
			t.Errorf("%+v, %v", q, err)
		}
		_, err = s.Silence(t.Context(), 99)
		wantCode(t, err, tagout.NotFound)
		_, err = s.ChangeSilence(t.Context(), 99, func(*tagout.Silence, time.Time) ([]tagout.Effect, error) { return nil, nil })
		wantCode(t, err, tagout.NotFound)
	})
}

func TestASilencedAlertIsKeptCountedAndNeverQuiet(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		q := silence(t, s, "mailer", time.Hour)
		below := quiet("b", "mailer", q, true) // what is counted does not count towards a threshold
		below.Verdict.Threshold = tagout.Threshold{Count: 2, Within: time.Hour}
		for n, f := range mustFoldQuietly(t, s, quiet("a", "mailer", q, true), quiet("a", "mailer", q, true), below, below, below) {
			if f.Incident != nil || !f.Silenced || f.Err != nil {
				t.Errorf("alert %d: %+v", n, f)
			}
		}
		gone := quiet("b", "mailer", q, true)
		gone.Alert.Status = tagout.Resolved
		mustFoldQuietly(t, s, gone)
		if tally, err := s.Silenced(t.Context(), q.ID); err != nil || tally.Alerts != 2 || len(tally.Incidents) != 0 {
			t.Errorf("%+v, %v", tally, err)
		}
		if quiet, err := s.QuietOn(t.Context(), tagout.MustScope("mailer"), noon.Add(-time.Minute)); err != nil || quiet.Firing != 1 || quiet.LastAt.IsZero() {
			t.Errorf("a silence counts as quiet: %+v, %v", quiet, err)
		}
		still, err := s.StillFiring(t.Context(), q.ID, 10)
		if err != nil || len(still) != 1 || still[0].ID != "a" || len(still[0].Alert.Raw) == 0 {
			t.Fatalf("%+v, %v", still, err)
		}
		if err := s.LetGo(t.Context(), q.ID, []string{"a"}); err != nil {
			t.Fatal(err)
		}
		if still, err := s.StillFiring(t.Context(), q.ID, 10); err != nil || len(still) != 0 {
			t.Errorf("%+v, %v", still, err)
		}
		if out := mustFold(t, s, alert("a", "mailer", tagout.Firing)); !out[0].Fresh {
			t.Errorf("what fires on opens nothing: %+v", out[0])
		}
		if list, err := s.Alerts(t.Context(), 0, 10); err != nil || len(list) != 2 || list[0].Silence == nil || list[0].Silence.ID != q.ID {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestWhatHoldsSomethingOpensQuietlyAndASilenceThatIsOverSilencesNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		q := silence(t, s, "mailer", time.Hour)
		early := alert("k", "mailer", tagout.Firing) // came before, below its threshold
		early.Verdict.Threshold = tagout.Threshold{Count: 2, Within: time.Hour}
		mustFoldQuietly(t, s, early)
		in := quiet("a", "mailer", q, false)
		in.Verdict.Threshold = early.Verdict.Threshold
		out := mustFoldQuietly(t, s, in, quiet("b", "mailer", q, false))
		if !out[0].Fresh || out[0].Incident.Hush == nil || out[0].Incident.Hush.Silence != q.ID || out[1].Fresh {
			t.Fatalf("%+v", out)
		}
		tally, err := s.Silenced(t.Context(), q.ID)
		if err != nil || tally.Alerts != 3 || len(tally.Incidents) != 1 || tally.Incidents[0] != out[0].Incident.ID {
			t.Errorf("%+v, %v", tally, err)
		}
		if i := mustRead(t, s, out[0].Incident.ID); i.Hush == nil || i.Alerts.Distinct != 3 {
			t.Errorf("%+v", i)
		}
		other := silence(t, s, "researcher", time.Hour)
		c.Pass(time.Hour)
		for n, f := range mustFoldQuietly(t, s, quiet("c", "researcher", other, true)) { // whoever sent it believed that it is in force
			if !f.Fresh || f.Silenced || f.Incident.Hush != nil {
				t.Errorf("alert %d under a silence that is over: %+v", n, f)
			}
		}
	})
}

// TestASilencesEndLosesNoAlert: however alerts and the end race, each is counted and let go, or
// opens what it opens.
func TestASilencesEndLosesNoAlert(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		q := silence(t, s, "mailer", time.Hour)
		const alerts = 40
		counted, loud := make(chan string, alerts), make(chan string, alerts)
		done := make(chan error, alerts)
		for n := range alerts {
			go func() {
				out, err := s.Fold(t.Context(), []tagout.Incoming{quiet("a"+strconv.Itoa(n), "mailer", q, true)}, quietly)
				switch {
				case err != nil:
				case out[0].Silenced:
					counted <- fmt.Sprint("a", n)
				case out[0].Incident != nil:
					loud <- fmt.Sprint("a", n)
				}
				done <- err
			}()
			if n == alerts/2 {
				go func() {
					_, err := s.ChangeSilence(t.Context(), q.ID, func(q *tagout.Silence, now time.Time) ([]tagout.Effect, error) { return q.End(ic, now) })
					done <- err
				}()
			}
		}
		for range alerts + 1 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		still, err := s.StillFiring(t.Context(), q.ID, 2*alerts)
		if err != nil || len(still) != len(counted) || len(counted)+len(loud) != alerts {
			t.Errorf("%d counted, %d loud, %d to let go, %v", len(counted), len(loud), len(still), err)
		}
	})
}

func TestWhatASettledSilenceKeptQuietIsForgottenAWeekAfterItsEnd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		settle := func(q *tagout.Silence) {
			t.Helper()
			kept, err := s.Silenced(t.Context(), q.ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.ChangeSilence(t.Context(), q.ID, func(q *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
				q.Pass(now)
				return q.Settle(kept), nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		kept := func(q *tagout.Silence) int {
			t.Helper()
			tally, err := s.Silenced(t.Context(), q.ID)
			if err != nil {
				t.Fatal(err)
			}
			return tally.Alerts
		}
		old, waits := silence(t, s, "mailer", time.Hour), silence(t, s, "researcher", time.Hour)
		mustFoldQuietly(t, s, quiet("a", "mailer", old, true), quiet("b", "researcher", waits, true))
		c.Pass(time.Hour)
		settle(old)
		if _, err := s.ChangeSilence(t.Context(), waits.ID, func(q *tagout.Silence, now time.Time) ([]tagout.Effect, error) { return q.Pass(now), nil }); err != nil {
			t.Fatal(err) // over, but whoever lets go of what it kept quiet is down
		}
		c.Pass(7*24*time.Hour - time.Minute)
		recent := silence(t, s, "billing", time.Minute)
		mustFoldQuietly(t, s, quiet("c", "billing", recent, true))
		settle(recent)
		if kept(old) != 1 {
			t.Error("it is forgotten within the week")
		}
		c.Pass(2 * time.Minute)
		settle(recent)
		if kept(old) != 0 || kept(waits) != 1 || kept(recent) != 1 {
			t.Errorf("%d of the old one, %d of the one that waits, %d of the recent one", kept(old), kept(waits), kept(recent))
		}
		if q, err := s.Silence(t.Context(), old.ID); err != nil || q.Kept.Alerts != 1 {
			t.Errorf("how many there were is forgotten: %+v, %v", q, err)
		}
		if list, err := s.Alerts(t.Context(), 0, 10); err != nil || len(list) != 3 {
			t.Errorf("alerts are forgotten: %d, %v", len(list), err)
		}
	})
}
