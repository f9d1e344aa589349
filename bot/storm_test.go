package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

// inside is a transport without a network, so that time stands still while nobody waits.
type inside struct{ handler http.Handler }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// weather is a bot and a strict workspace in a bubble of time.
type weather struct {
	*bot.Bot
	t     *testing.T
	slack *sandbox.Sandbox
	desk  *desk
	began time.Time
	jobs  sync.WaitGroup
}

// person is the ID of one of many people.
func person(n int) tagout.UserID { return tagout.UserID(fmt.Sprintf("U0P%04d", n)) }

// storm runs a story in a bubble of time, in a strict workspace with so many people, and
// checks at its end that the bot's manners were perfect.
func storm(t *testing.T, people int, story func(w *weather)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		users := sandbox.DefaultUsers()
		for n := range people {
			users = append(users, sandbox.User{ID: string(person(n)), Name: fmt.Sprint("p", n)})
		}
		w := &weather{t: t, desk: newDesk(), began: time.Now(), slack: sandbox.New(sandbox.Options{Strict: true, Users: users})}
		w.slack.SetBaseURL("http://slack.test")
		client := &http.Client{Transport: inside{w.slack.Handler()}}
		var err error
		w.Bot, err = bot.New(bot.Options{API: bot.NewAPI("xoxb-sandbox", "http://slack.test/api/", client), Desk: w.desk, Inbox: newMemory(), Announce: "#incidents"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		story(w)
		if m := w.slack.Manners(); len(m.Ignored) > 0 {
			t.Errorf("rate limits were ignored: %v", m.Ignored)
		}
		w.Drain(context.Background())
		w.slack.Close()
	})
}

// job does something as a durable job would, until it is done.
func (w *weather) job(what string, do func(ctx context.Context) error) {
	w.jobs.Go(func() {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			err := do(ctx)
			cancel()
			switch pause, postponed := tagout.Postponed(err); {
			case err == nil:
				return
			case tagout.IsFinal(err):
				w.t.Errorf("%s: %v", what, err)
				return
			case postponed:
				time.Sleep(pause)
			default:
				time.Sleep(500 * time.Millisecond)
			}
		}
	})
}

func (w *weather) effect(kind tagout.EffectKind, id tagout.IncidentID, key string, data any) {
	w.job(fmt.Sprint(kind, " of ", id), func(ctx context.Context) error {
		return w.Effects()[kind](ctx, tagout.NewEffect(kind, id, key, data))
	})
}

func (w *weather) page(id tagout.IncidentID, to tagout.UserID) {
	w.job("page", func(ctx context.Context) error {
		return w.Pager().Send(ctx, tagout.Page{ID: tagout.PageID(fmt.Sprint(id, "-", to)), Incident: id, To: tagout.Person{ID: to}, Message: tagout.Say("page of " + id.String())})
	})
}

// pages are the times, since the storm began, at which pages arrived for somebody.
func (w *weather) pages(to tagout.UserID) (at []time.Duration) {
	for _, c := range w.slack.Calls() {
		if c.Method == "chat.postMessage" && c.Error == "" && c.Args["channel"] == string(to) && strings.Contains(c.Args["text"]+c.Args["blocks"], "page of") {
			at = append(at, c.At.Sub(w.began))
		}
	}
	return at
}

func TestInAStormPagesGoAtOnceAndNothingIsLost(t *testing.T) {
	t.Parallel()
	const incidents = 60
	storm(t, incidents, func(w *weather) {
		for n := range incidents {
			id := tagout.IncidentID(n + 1)
			inc := tagout.Incident{ID: id, Class: "policy_violation", Severity: "sev1", Title: "Complaints", Scope: tagout.MustScope(fmt.Sprintf("agent-%d", n))}
			w.desk.add(inc)
			w.effect(tagout.EffectAnnounce, id, "", nil)
			w.effect(tagout.EffectOpenChannel, id, "", nil)
			w.effect(tagout.EffectPost, id, "note", tagout.PostNote{Message: tagout.Say("note of " + id.String() + ".")})
			for m := range 3 {
				w.effect(tagout.EffectDirect, id, fmt.Sprint(m), tagout.DirectNote{To: person(n), Message: tagout.Say(fmt.Sprintf("for you: %s, %d.", id, m))})
			}
		}
		synctest.Wait() // everything else has used up what there is
		for n := range incidents {
			w.page(tagout.IncidentID(n+1), person(n))
		}
		w.jobs.Wait()
		for n := range incidents {
			if at := w.pages(person(n)); len(at) != 1 || at[0] != 0 {
				t.Errorf("%s was paged at %v, not at once", person(n), at)
			}
		}
		time.Sleep(time.Hour) // until all is quiet
		for n := range incidents {
			id := tagout.IncidentID(n + 1)
			room := w.desk.room(id)
			if w.count(room.Channel, "Card of "+id.String()) != 1 || w.count("#incidents", id.String()+" is open:") != 1 || w.count(room.Channel, "note of "+id.String()+".") != 1 || w.count(w.slack.DM(string(person(n))), "for you: "+id.String()+",") != 3 {
				t.Errorf("of %s something is missing or twice: %+v", id, room)
			}
		}
	})
}

// count is how many messages of a channel, "" for any, hold a text.
func (w *weather) count(channel, text string) (n int) {
	for _, ch := range w.slack.Channels() {
		if channel != "" && ch.ID != channel && "#"+ch.Name != channel {
			continue
		}
		for _, m := range w.slack.Messages(ch.ID) {
			if strings.Contains(m.Visible(), text) {
				n++
			}
		}
	}
	return n
}

func TestManyPagesForOneKeepNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	storm(t, 2, func(w *weather) {
		const many = 200
		workers := make(chan struct{}, 16) // as few as those of a queue
		for n := range many {
			w.jobs.Go(func() {
				for pause := time.Duration(0); ; time.Sleep(pause) {
					workers <- struct{}{}
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					err := w.Pager().Send(ctx, tagout.Page{ID: tagout.PageID(fmt.Sprint(n)), To: tagout.Person{ID: person(0)}, Message: tagout.Say("page of INC-7")})
					cancel()
					<-workers
					var postponed bool
					if pause, postponed = tagout.Postponed(err); !postponed {
						if err != nil {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		synctest.Wait()
		if len(workers) == cap(workers) {
			t.Error("the pages of one person keep every worker busy")
		}
		w.page(8, person(1))
		w.jobs.Wait()
		if at := w.pages(person(1)); len(at) != 1 || at[0] != 0 {
			t.Errorf("the other one was paged at %v", at)
		}
		at := w.pages(person(0))
		if len(at) != many {
			t.Fatalf("%d of %d pages", len(at), many)
		}
		if last, fair := slices.Max(at), many*3200*time.Millisecond/3; last > fair+20*time.Second {
			t.Errorf("the last of %d pages came after %s; Slack takes them in %s", many, last, fair)
		}
	})
}

func TestALimitOfOneChannelLeavesTheOthersAloneAndOneOfTwoMeansAll(t *testing.T) {
	t.Parallel()
	storm(t, 5, func(w *weather) {
		w.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: sandbox.RateLimited(6 * time.Second)})
		w.page(1, person(0))
		synctest.Wait()
		w.page(2, person(1))
		synctest.Wait()
		if at := w.pages(person(1)); len(at) != 1 || at[0] != 0 {
			t.Errorf("a limit of one channel held up another: %v", at)
		}
		time.Sleep(time.Second)
		w.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: sandbox.RateLimited(6 * time.Second)})
		w.page(3, person(2))
		synctest.Wait()
		w.page(4, person(3))
		w.jobs.Wait()
		if at := w.pages(person(3)); len(at) != 1 || at[0] < 7*time.Second {
			t.Errorf("Slack limits all channels, but a page was tried: %v", at)
		}
		if at := w.pages(person(0)); len(at) != 1 || at[0] > 8*time.Second {
			t.Errorf("the first came at %v", at)
		}
	})
}

func TestACardIsEditedAtMostOnceASecondAndShowsTheLastState(t *testing.T) {
	t.Parallel()
	storm(t, 0, func(w *weather) {
		w.desk.add(tagout.Incident{ID: 7})
		w.effect(tagout.EffectAnnounce, 7, "", nil)
		w.effect(tagout.EffectOpenChannel, 7, "", nil)
		w.jobs.Wait()
		for n := range 3000 { // ten seconds of a storm
			w.desk.say(7, fmt.Sprintf("alert %d.", n))
			w.Changed(7)
			time.Sleep(time.Second / 300)
		}
		time.Sleep(3 * time.Minute)
		last := map[string]time.Time{}
		for _, c := range w.slack.Calls() {
			if c.Method != "chat.update" || c.Error != "" {
				continue
			}
			if before := last[c.Args["ts"]]; c.At.Sub(before) < time.Second {
				t.Errorf("a message was edited again after %s", c.At.Sub(before))
			}
			last[c.Args["ts"]] = c.At
		}
		if w.count(w.desk.room(7).Channel, "alert 2999.") != 1 || w.count("#incidents", "alert 2999.") != 1 {
			t.Error("the last state is not shown")
		}
		if n := len(w.slack.Messages(w.desk.room(7).Channel)); n != 1 {
			t.Errorf("one storm made %d messages in its channel", n)
		}
	})
}

func TestAPageToAClosedAccountFailsForGoodAndSaysWhy(t *testing.T) {
	t.Parallel()
	storm(t, 1, func(w *weather) {
		w.slack.Deactivate(string(person(0)))
		err := w.Pager().Send(context.Background(), tagout.Page{ID: "p", Incident: 7, To: tagout.Person{ID: person(0)}, Message: tagout.Say("page of INC-7")})
		if !tagout.IsFinal(err) || !strings.Contains(tagout.Sentence(err), "deactivated") {
			t.Errorf("got %v", err)
		}
	})
}
