package story_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gate "tagout/docs/examples/go"
)

// deed is what an agent is to do through the example middleware.
type deed struct {
	ID       int         `json:"id"`
	Release  int         `json:"release,omitempty"`
	Action   actionFacts `json:"action"`
	Approves bool        `json:"approves"`
	Spent    float64     `json:"spent"`
	Hold     bool        `json:"hold"`
}

type actionFacts struct {
	Channel string  `json:"channel"`
	Region  string  `json:"region"`
	Tool    string  `json:"tool"`
	Cost    float64 `json:"cost"`
}

// outcome is what became of a deed: started, worked, dropped, or the mode and the fallback.
type outcome struct {
	ID  int    `json:"id"`
	Did string `json:"did"`
}

// guarded is an agent that acts through one of the examples.
type guarded interface {
	does(deed)
	releases(id int)
	outcomes() <-chan outcome
}

// TestTheExampleMiddlewareObeysEveryMode: what an agent builder pastes does what the modes mean.
func TestTheExampleMiddlewareObeysEveryMode(t *testing.T) {
	for name, employ := range map[string]func(*world) guarded{"go": employGo, "node": employNode} {
		t.Run(name, func(t *testing.T) {
			tell(t, []setting{{"sqlite", "socket"}}, func(t *testing.T, w *world) { w.obeysEveryMode(employ(w)) })
		})
	}
}

func (w *world) obeysEveryMode(agent guarded) {
	sends := func(channel, region string, cost float64) actionFacts {
		return actionFacts{channel, region, "send_email", cost}
	}
	expect := func(what string, d deed, want string) {
		w.t.Helper()
		agent.does(d)
		w.hears(agent, what, d.ID, want)
	}
	expect("nothing holds", deed{ID: 1, Action: sends("sms", "us", 1)}, "worked")

	w.commands("hold", "mailer/email/us review tone")
	expect("approved", deed{ID: 2, Action: sends("email", "us", 1), Approves: true}, "worked")
	expect("not approved", deed{ID: 3, Action: sends("email", "us", 1)}, "review: send the plain template")

	w.commands("hold", "mailer/email/eu capped cap=500/day tool:read_crm spend")
	expect("within the cap", deed{ID: 4, Action: sends("email", "eu", 10), Spent: 490}, "worked")
	expect("above the cap", deed{ID: 5, Action: sends("email", "eu", 10), Spent: 491}, "capped: send the plain template")
	expect("a disabled tool", deed{ID: 6, Action: actionFacts{"email", "eu", "read_crm", 0}}, "capped: send the plain template")

	expect("under way", deed{ID: 7, Action: sends("sms", "us", 1), Hold: true}, "started")
	expect("under way as well", deed{ID: 8, Action: sends("sms", "us", 1), Hold: true}, "started")
	w.commands("pause", "mailer/sms/us complaints")
	expect("paused", deed{ID: 9, Action: sends("sms", "us", 1)}, "paused: send the plain template")
	agent.releases(7)
	w.hears(agent, "a pause lets it finish", 7, "worked")
	w.commands("kill", "mailer/sms/us complaints")
	w.hears(agent, "a halt drops it", 8, "dropped")
	expect("halted", deed{ID: 10, Action: sends("sms", "us", 1)}, "halted: send the plain template")

	expect("elsewhere", deed{ID: 11, Action: sends("sms", "eu", 1)}, "worked")
	w.stops()
	expect("with Tagout gone", deed{ID: 12, Action: sends("sms", "eu", 1)}, "halted: ")
}

// commands stops something through the API.
func (w *world) commands(name, text string) {
	w.t.Helper()
	var answer any
	if status := w.call(http.MethodPost, "/v1/commands/"+name, "breakglass-token", map[string]string{"text": text}, &answer); status != http.StatusOK {
		w.t.Fatalf("%s %s answered %d: %v", name, text, status, answer)
	}
}

// hears waits for the next outcome.
func (w *world) hears(agent guarded, what string, id int, want string) {
	w.t.Helper()
	select {
	case got := <-agent.outcomes():
		if got != (outcome{id, want}) {
			w.t.Errorf("%s: %+v, want %d %q", what, got, id, want)
		}
	case <-time.After(patience):
		w.t.Fatalf("%s: nothing happened", what)
	}
}

// gopher acts through the Go example.
type gopher struct {
	w       *world
	url     string
	came    chan outcome
	mu      sync.Mutex
	release map[int]chan bool
}

func employGo(w *world) guarded {
	return &gopher{w: w, url: "http://" + w.address, came: make(chan outcome, 10), release: map[int]chan bool{}}
}

func (g *gopher) outcomes() <-chan outcome { return g.came }

func (g *gopher) releases(id int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.release[id])
}

func (g *gopher) does(d deed) {
	middleware := gate.Gate{
		URL: g.url, Agent: "mailer", Instance: "mailer-1", Every: 20 * time.Millisecond,
		Approve: func(context.Context, gate.Action, gate.Verdict) (bool, error) { return d.Approves, nil },
		Spent:   func(context.Context, string) (float64, error) { return d.Spent, nil },
	}
	released := make(chan bool)
	g.mu.Lock()
	g.release[d.ID] = released
	g.mu.Unlock()
	did := "worked"
	work := func(ctx context.Context) error {
		if !d.Hold {
			return nil
		}
		g.came <- outcome{d.ID, "started"}
		select {
		case <-released:
		case <-ctx.Done():
			if did = "ended"; errors.Is(context.Cause(ctx), gate.ErrDropped) {
				did = "dropped"
			}
		}
		return nil
	}
	instead := func(_ context.Context, v gate.Verdict) error {
		did = v.Mode + ": " + v.Fallback
		return nil
	}
	go func() {
		_ = middleware.Do(g.w.ctx, gate.Action{Channel: d.Action.Channel, Region: d.Action.Region, Tool: d.Action.Tool, Cost: d.Action.Cost}, work, instead)
		g.came <- outcome{d.ID, did}
	}()
}

// noder acts through the Node example.
type noder struct {
	w    *world
	in   io.Writer
	came chan outcome
}

func employNode(w *world) guarded {
	w.t.Helper()
	needs(w.t, "node")
	example, err := filepath.Abs("../../docs/examples/node/gate.mjs")
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.CommandContext(w.ctx, "node", "testdata/acts.mjs", example, "http://"+w.address)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	n := &noder{w, in, make(chan outcome, 10)}
	read := make(chan bool)
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var o outcome
			if json.Unmarshal(lines.Bytes(), &o) == nil {
				n.came <- o
			}
		}
	}()
	w.t.Cleanup(func() {
		in.Close() // it ends at the end of its input
		<-read
		_ = command.Wait()
	})
	return n
}

func (n *noder) outcomes() <-chan outcome { return n.came }
func (n *noder) does(d deed)              { n.writes(d) }
func (n *noder) releases(id int)          { n.writes(deed{Release: id}) }

func (n *noder) writes(d deed) {
	n.w.t.Helper()
	line, err := json.Marshal(d)
	if err == nil {
		_, err = n.in.Write(append(line, '\n'))
	}
	if err != nil {
		n.w.t.Fatal(err)
	}
}
