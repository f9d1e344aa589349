package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestCallersThatAreTakenTogetherDoNotHarmEachOther(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		var log safeBuffer
		s := open(t, url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		mustJoin(t, s, tagout.Match{}, stopping("taken", "elsewhere"))
		stealing := func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
			c, err := taking(i, in, now)
			i.Holds = append(i.Holds, tagout.Hold{ID: "taken", Scope: in.Verdict.Scope, Mode: tagout.Halted, By: ic, At: now}) // the database refuses it
			return c, err
		}
		panicking := func(*tagout.Incident, tagout.Incoming, time.Time) (tagout.Change, error) { panic("oops") }
		var wait sync.WaitGroup
		for n := range 30 {
			wait.Go(func() {
				in := []tagout.Incoming{alert(fmt.Sprint(n), fmt.Sprint("agent", n%3), tagout.Firing)}
				switch n % 3 {
				case 0:
					out, err := s.Fold(soon(t), in, taking)
					if err != nil || out[0].Err != nil || out[0].Incident.Scope.Agent != "agent0" {
						t.Error(out, err)
					}
				case 1:
					_, err := s.Fold(soon(t), in, stealing)
					if tagout.CodeOf(err) != tagout.Conflict {
						t.Error(err)
					}
				case 2:
					out, err := s.Fold(soon(t), in, panicking)
					if err != nil || tagout.CodeOf(out[0].Err) != tagout.Internal {
						t.Error(out, err)
					}
				}
			})
		}
		wait.Wait()
		list, err := s.Incidents(t.Context(), tagout.IncidentQuery{Agent: "agent0"})
		if err != nil || len(list) != 1 || list[0].Alerts.Distinct != 10 {
			t.Fatal(list, err)
		}
		mustVerify(t, s, list[0].ID)
		if all, err := s.Incidents(t.Context(), tagout.IncidentQuery{}); err != nil || len(all) != 2 {
			t.Fatal(len(all), err)
		}
		if !strings.Contains(log.String(), "folding an alert panicked") {
			t.Error("the panic was not logged")
		}
	})
}

func TestAnAlertWithoutAnIDIsRefusedAlone(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		out, err := s.Fold(t.Context(), []tagout.Incoming{alert("", "mailer", tagout.Firing), alert("a", "mailer", tagout.Firing)}, taking)
		if err != nil || tagout.CodeOf(out[0].Err) != tagout.Invalid || out[1].Err != nil {
			t.Fatal(out, err)
		}
		if out, err = s.Fold(t.Context(), nil, taking); err != nil || len(out) != 0 {
			t.Fatal(out, err)
		}
	})
}

func TestFoldGivesUpWhenItsCallerDoes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		inside, release := make(chan struct{}), make(chan struct{})
		slow := func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
			close(inside)
			<-release
			return taking(i, in, now)
		}
		finished := make(chan error, 1)
		go func() {
			_, err := s.Fold(context.Background(), []tagout.Incoming{alert("a", "mailer", tagout.Firing)}, slow)
			finished <- err
		}()
		select {
		case <-inside:
		case err := <-finished:
			t.Fatal("it ended early:", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() {
			_, err := s.Fold(ctx, []tagout.Incoming{alert("b", "mailer", tagout.Firing)}, taking)
			waiting <- err
		}()
		cancel()
		err := receive(t, waiting)
		wantCode(t, err, tagout.Unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(release)
		if err := receive(t, finished); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnAlertThatAnotherProcessRecordsMeanwhileIsARepeat(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	here, there := open(t, url, store.Options{}), open(t, url, store.Options{})
	inside, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
		once.Do(func() { close(inside); <-release })
		return taking(i, in, now)
	}
	answered := make(chan []tagout.Folded, 1)
	go func() {
		out, err := here.Fold(soon(t), []tagout.Incoming{alert("same", "mailer", tagout.Firing), alert("other", "mailer", tagout.Firing)}, slow)
		if err != nil {
			t.Error(err)
		}
		answered <- out
	}()
	receive(t, inside)
	mustFold(t, there, alert("same", "researcher", tagout.Firing)) // under another agent's locks
	close(release)
	out := receive(t, answered)
	if len(out) != 2 || !out[0].Repeat || out[0].Incident.Scope.Agent != "researcher" || !out[1].Fresh || out[1].Incident.Scope.Agent != "mailer" {
		t.Fatalf("%+v", out)
	}
	mustVerify(t, here, out[0].Incident.ID)
	mustVerify(t, here, out[1].Incident.ID)
}
