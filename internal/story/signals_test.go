package story_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"tagout"
)

// TestATerminationUnderLoadLosesNothing: the real binary is told to end while alerts pour
// in. It ends by itself, and every alert that was answered with 202 is in the database.
func TestATerminationUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	for _, s := range bothStores {
		t.Run(s.database, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			p := w.launches("")
			load := w.pours(4)
			w.eventually("alerts pour in", func() bool { return load.count.Load() >= 40 })
			if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			w.eventually("the process ends", p.dead)
			accepted := load.ends()
			if code := p.command.ProcessState.ExitCode(); code != 0 {
				t.Errorf("the process ended with %d, want 0", code)
			}

			w.launches("")
			_, timeline, err := w.try(http.MethodGet, "/v1/incidents/INC-1/timeline", "breakglass-token", nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range accepted {
				if !strings.Contains(string(timeline), name) {
					t.Errorf("%s was answered with 202 and is lost", name)
				}
			}
			w.agentSees("mailer", emailEU(), tagout.Halted)
			w.state("INC-1", tagout.StateContained)
			w.eventually("Legal is paged", func() bool { return w.mails.count("legal@example.com", "INC-1") >= 1 })
			w.verifies()
		})
	}
}

// load is alerts that are posted one after the other, by several senders at once.
type load struct {
	count    atomic.Int64 // accepted so far
	over     atomic.Bool
	senders  sync.WaitGroup
	mu       sync.Mutex
	accepted []string
}

// pours begins to post alerts for the mailer, each with a name of its own.
func (w *world) pours(senders int) *load {
	l := &load{}
	for s := range senders {
		l.senders.Go(func() {
			for n := 0; !l.over.Load(); n++ {
				name := fmt.Sprintf("alert-%d-%d.", s, n)
				status, _, err := w.try(http.MethodPost, "/v1/alerts/generic", "generic-token", map[string]any{"name": name, "labels": critical})
				if err != nil {
					return // nobody answers any more
				}
				if status != http.StatusAccepted {
					continue // a real sender would come back with it
				}
				l.count.Add(1)
				l.mu.Lock()
				l.accepted = append(l.accepted, name)
				l.mu.Unlock()
			}
		})
	}
	return l
}

// ends stops the senders and lists the alerts that were answered with 202.
func (l *load) ends() []string {
	l.over.Store(true)
	l.senders.Wait()
	return l.accepted
}
