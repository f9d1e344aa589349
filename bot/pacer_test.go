package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"

	"tagout"
)

func TestTheMostUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		needs := []allowance{{key: "x", limit: 1, window: time.Second}}
		if err := p.wait(t.Context(), updatesLast, needs); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []priority
		var waiting sync.WaitGroup
		for _, urgency := range []priority{updatesLast, postsThen, pagesFirst, answersNext, pagesFirst} {
			waiting.Go(func() {
				if err := p.wait(t.Context(), urgency, needs); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, urgency)
			})
			synctest.Wait()
		}
		began := time.Now()
		waiting.Wait()
		if !slices.IsSorted(order) || time.Since(began) != 5*time.Second {
			t.Errorf("order %v after %s", order, time.Since(began))
		}
	})
}

// TestThePagesOfSomeIncidentsLeaveADecisionItsTurn: who signs waits for it.
func TestThePagesOfSomeIncidentsLeaveADecisionItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		began := time.Now()
		for n := range 50 {
			if err := p.wait(t.Context(), pagesFirst, allowances("chat.postMessage", Place{Channel: "U" + strconv.Itoa(n)})); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.wait(t.Context(), postsThen, allowances("chat.postMessage", Place{Channel: "C0ROOM"})); err != nil || time.Since(began) != 0 {
			t.Errorf("it waited %s: %v", time.Since(began), err)
		}
	})
}

func TestAClosedPacerLetsGoWhoeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		needs := []allowance{{key: "x", limit: 1, window: time.Hour}}
		if err := p.wait(t.Context(), pagesFirst, needs); err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() { waited <- p.wait(t.Context(), pagesFirst, needs) }()
		synctest.Wait()
		began := time.Now()
		p.close()
		if err := <-waited; tagout.CodeOf(err) != tagout.Unavailable || time.Since(began) != 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if err := p.wait(t.Context(), pagesFirst, []allowance{{key: "free", limit: 1, window: time.Hour}}); err != nil {
			t.Errorf("what need not wait was turned away: %v", err)
		}
		if len(p.waiting) != 0 {
			t.Errorf("%d calls still wait", len(p.waiting))
		}
	})
}

func TestAWindowIsNeverExceeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		needs := allowances("chat.postMessage", Place{Channel: "C1"})
		var starts []time.Time
		for range 20 {
			if err := p.wait(t.Context(), postsThen, needs); err != nil {
				t.Fatal(err)
			}
			starts = append(starts, time.Now())
		}
		for i := 3; i < len(starts); i++ {
			if starts[i].Sub(starts[i-3]) < 3*time.Second {
				t.Errorf("four posts within %s", starts[i].Sub(starts[i-3]))
			}
		}
	})
}

func TestABurstOfPostsLeavesRoomForPages(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"chat.postMessage", "conversations.open"} {
		synctest.Test(t, func(t *testing.T) {
			p := newPacer()
			ctx, cancel := context.WithCancel(t.Context())
			var burst sync.WaitGroup
			for n := range 100 {
				burst.Go(func() { _ = p.wait(ctx, postsThen, allowances(method, Place{Channel: fmt.Sprint("C", n)})) })
			}
			synctest.Wait()
			began := time.Now()
			for n := range 20 {
				if err := p.wait(t.Context(), pagesFirst, allowances(method, Place{Channel: fmt.Sprint("D", n)})); err != nil {
					t.Fatal(err)
				}
			}
			if waited := time.Since(began); waited != 0 {
				t.Errorf("%s: twenty pages waited %s behind a burst of posts", method, waited)
			}
			cancel()
			burst.Wait()
		})
	}
}

func TestOneChannelDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		p.pause(allowances("chat.postMessage", Place{Channel: "C1"})[:1], time.Hour)
		began := time.Now()
		if err := p.wait(t.Context(), updatesLast, allowances("chat.postMessage", Place{Channel: "C2"})); err != nil || time.Since(began) != 0 {
			t.Errorf("waited %s: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.wait(ctx, pagesFirst, allowances("chat.postMessage", Place{Channel: "C1"})); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// quietBot is a bot with nothing around it.
func quietBot() *Bot {
	base, cancel := context.WithCancel(context.Background())
	return &Bot{pacer: newPacer(), metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler), base: base, cancel: cancel}
}

func TestARateLimitIsWaitedOutEvenInA200(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]error{
		"429":                  &slack.RateLimitedError{RetryAfter: 17 * time.Second},
		"ratelimited in a 200": slack.SlackErrorResponse{Err: "ratelimited"},
		"a 429 without header": slack.StatusCodeError{Code: 429},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := quietBot()
				want := readFailure(limit).after
				began, calls := time.Now(), 0
				err := b.do(t.Context(), call{method: "chat.postMessage", once: true}, func(context.Context) error {
					if calls++; calls == 1 {
						return limit
					}
					return nil
				})
				if err != nil || calls != 2 || time.Since(began) < want {
					t.Errorf("%d calls after %s: %v", calls, time.Since(began), err)
				}
			})
		})
	}
}

func TestWhatMayHaveHappenedIsRepeatedOnlyIfThatIsHarmless(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		once  bool
		calls int
	}{
		"500, harmless":       {slack.StatusCodeError{Code: 500}, false, maxTries},
		"500, once":           {slack.StatusCodeError{Code: 500}, true, 1},
		"fatal_error, once":   {slack.SlackErrorResponse{Err: "fatal_error"}, true, 1},
		"refused":             {slack.SlackErrorResponse{Err: "is_archived"}, false, 1},
		"an error of our own": {tagout.Errorf(tagout.NotFound, "no"), true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, calls := quietBot(), 0
				err := b.do(t.Context(), call{method: "x", once: tt.once}, func(context.Context) error { calls++; return tt.err })
				if err == nil || calls != tt.calls {
					t.Errorf("%d calls: %v", calls, err)
				}
			})
		})
	}
}

func TestReadinessMeansRecentTraffic(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var h health
	h.useSockets()
	if ok, _ := h.ready(now); ok {
		t.Error("ready without any traffic")
	}
	h.answered(true, now)
	h.heard(now)
	if ok, why := h.ready(now.Add(10 * time.Second)); !ok {
		t.Error(why)
	}
	if ok, _ := h.ready(now.Add(silence)); ok {
		t.Error("ready though the sockets are silent")
	}
	h.heard(now.Add(50 * time.Second))
	h.answered(false, now.Add(51*time.Second))
	if ok, _ := h.ready(now.Add(52 * time.Second)); ok {
		t.Error("ready though the Web API does not answer")
	}
}

// TestWhatIsNotAnnouncedIsAnErrorUnlessTagoutStops: then it is announced after the next start.
func TestWhatIsNotAnnouncedIsAnErrorUnlessTagoutStops(t *testing.T) {
	t.Parallel()
	for _, stopping := range []bool{false, true} {
		var log strings.Builder
		b := &Bot{log: slog.New(slog.NewTextHandler(&log, nil))}
		b.draining.Store(stopping)
		b.unannounced(t.Context(), errors.New("gone"), "an incident", "incident", "INC-7")
		if got := log.String(); strings.Contains(got, "level=ERROR") == stopping || !strings.Contains(got, "an incident could not be announced") {
			t.Errorf("stopping %t: %s", stopping, got)
		}
	}
}
