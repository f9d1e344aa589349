package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

// straight calls a handler without a network, so that a test's clock can be moved by hand.
type straight struct{ handler http.Handler }

func (s straight) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

const crowd, paged = 500, 20

// crowded is an edge with many open incidents, each with its channel and card, in a workspace
// that enforces Slack's limits. It must run under a clock that the test moves.
func crowded(t *testing.T) *edge {
	t.Helper()
	o := sandbox.Options{Strict: true, Channels: sandbox.DefaultChannels(), Users: sandbox.DefaultUsers()}
	for n := range paged {
		o.Users = append(o.Users, sandbox.User{ID: fmt.Sprintf("U0P%d", n), Name: fmt.Sprint("p", n)})
	}
	for n := 1; n <= crowd; n++ {
		o.Channels = append(o.Channels, sandbox.Channel{ID: fmt.Sprintf("C0INC%d", n), Name: fmt.Sprint("inc-", n), IsMember: true, Members: []string{sandbox.BotUserID}, Creator: sandbox.BotUserID})
	}
	e := &edge{t: t, desk: newDesk(), inbox: newMemory(), log: &journal{}, slack: sandbox.New(o)}
	api := bot.NewAPI("xoxb-sandbox", "http://slack.test/api/", &http.Client{Transport: straight{e.slack.Handler()}})
	for n := tagout.IncidentID(1); n <= crowd; n++ {
		at, err := api.Post(t.Context(), fmt.Sprintf("C0INC%d", n), bot.Content{Text: "the card"})
		if err != nil {
			t.Fatal(err)
		}
		e.desk.add(tagout.Incident{ID: n, State: tagout.StateOpen, Room: tagout.Room{Channel: at.Channel, Card: at.TS}})
		e.desk.say(n, "before.")
	}
	made, err := bot.New(bot.Options{API: api, Desk: e.desk, Inbox: e.inbox, Announce: "#incidents"})
	if err != nil {
		t.Fatal(err)
	}
	e.Bot = made
	if err := made.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// everythingChanges makes every card stale, several times over.
func (e *edge) everythingChanges(to string) {
	for _, state := range []string{"a while", "soon", to} {
		for n := tagout.IncidentID(1); n <= crowd; n++ {
			e.desk.say(n, state+".")
			e.Changed(n)
		}
	}
}

// notes posts something in every channel, as effects do, and returns what waits for all.
func (e *edge) notes(ctx context.Context, text string) (all *sync.WaitGroup) {
	e.t.Helper()
	all = &sync.WaitGroup{}
	for n := tagout.IncidentID(1); n <= crowd; n++ {
		all.Go(func() {
			effect := tagout.NewEffect(tagout.EffectPost, n, text, tagout.PostNote{Message: tagout.Say(text)})
			if err := e.Effects()[tagout.EffectPost](ctx, effect); err != nil {
				e.t.Error(err)
			}
		})
	}
	return all
}

// pages wakes everybody and returns how long the last of them waited.
func (e *edge) pages(round string) time.Duration {
	e.t.Helper()
	began := time.Now()
	var sending sync.WaitGroup
	for n := range paged {
		sending.Go(func() {
			page := tagout.Page{ID: tagout.PageID(fmt.Sprint(round, n)), Incident: 1, To: tagout.Person{ID: tagout.UserID(fmt.Sprintf("U0P%d", n))}, Message: tagout.Say("wake up, " + round)}
			if err := e.Pager().Send(e.t.Context(), page); err != nil {
				e.t.Error(err)
			}
		})
	}
	sending.Wait()
	return time.Since(began)
}

// fresh counts the cards that show a state.
func (e *edge) fresh(state string) int {
	n := 0
	for id := 1; id <= crowd; id++ {
		n += e.count(fmt.Sprintf("C0INC%d", id), "state: "+state+".")
	}
	return n
}

// limited lists the calls that the workspace answered with a 429, and checks that none of
// that method came before its time.
func (e *edge) limited(method string, pause time.Duration) (n int) {
	e.t.Helper()
	var at, until time.Time
	for _, c := range e.slack.Calls() {
		switch {
		case c.Method != method:
		case c.At.After(at) && c.At.Before(until): // what was on its way at that very moment could not know
			e.t.Errorf("%s was called %s before its time", method, until.Sub(c.At))
		case c.Error == "ratelimited" || c.Error == string(sandbox.RateLimited(pause)):
			at, until = c.At, c.At.Add(pause)
			n++
		}
	}
	return n
}

func TestFiveHundredOpenIncidentsMakeNoPageWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := crowded(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer func() { cancel(); e.Drain(ctx); e.slack.Close(); synctest.Wait() }()

		e.everythingChanges("first")
		notes := e.notes(ctx, "a note to all")
		synctest.Wait() // as many updates and notes are out as Slack takes, and the rest waits
		if waited := e.pages("one"); waited != 0 {
			t.Errorf("pages waited %s behind cards", waited)
		}
		if n := e.fresh("first"); n > 60 {
			t.Fatalf("%d cards were fresh at once: nothing had to wait", n)
		}
		time.Sleep(3 * time.Minute)
		e.everythingChanges("second")
		if waited := e.pages("two"); waited != 0 {
			t.Errorf("pages waited %s behind cards", waited)
		}
		time.Sleep(14 * time.Minute)
		if n := e.fresh("second"); n != crowd {
			t.Errorf("%d of %d cards show their last state", n, crowd)
		}
		notes.Wait()
		for id := 1; id <= crowd; id++ {
			if n := e.count(fmt.Sprintf("C0INC%d", id), "a note to all"); n != 1 {
				t.Errorf("the channel of INC-%d has its note %d times", id, n)
			}
		}
		// The first change was shown by those whose turn came before the second.
		if n := e.calls("chat.update"); n > crowd+4*50 {
			t.Errorf("%d updates for %d cards", n, crowd)
		}
		for n := range paged {
			if got := e.count(e.slack.DM(fmt.Sprintf("U0P%d", n)), "wake up"); got != 2 {
				t.Errorf("person %d has %d of 2 pages", n, got)
			}
		}
		for _, c := range e.slack.Calls() {
			if c.Error != "" {
				t.Errorf("%s was answered %s", c.Method, c.Error)
			}
		}
	})
}

func TestNoRateLimitIsIgnoredAndNothingIsLostToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := crowded(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer func() { cancel(); e.Drain(ctx); e.slack.Close(); synctest.Wait() }()

		const pause = 20 * time.Second
		e.slack.Fault(sandbox.Fault{Method: "chat.update", Times: 1, Kind: sandbox.RateLimited(pause)})
		e.everythingChanges("first")
		synctest.Wait()
		time.Sleep(90 * time.Second)
		if n := e.limited("chat.update", pause); n != 1 {
			t.Errorf("%d updates were limited", n)
		}
		e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: sandbox.RateLimited(pause)})
		e.pages("one")
		for n := range paged {
			if got := e.count(e.slack.DM(fmt.Sprintf("U0P%d", n)), "wake up"); got != 1 {
				t.Errorf("person %d has %d pages", n, got)
			}
		}
		time.Sleep(14 * time.Minute)
		if n := e.fresh("first"); n != crowd {
			t.Errorf("%d of %d cards show their last state", n, crowd)
		}
	})
}
