package sandbox_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	limited := func(err error) bool {
		e, ok := errors.AsType[*slack.RateLimitedError](err)
		return ok && e.RetryAfter == 7*time.Second
	}
	status := func(err error) bool {
		e, ok := errors.AsType[slack.StatusCodeError](err)
		return ok && e.Code == 500
	}
	broken := func(err error) bool {
		_, slackError := errors.AsType[slack.SlackErrorResponse](err)
		return err != nil && !slackError
	}
	for _, tt := range []struct {
		kind   sandbox.FaultKind
		fits   func(error) bool
		posted int
	}{
		{sandbox.RateLimited(7 * time.Second), limited, 0},
		{sandbox.ServerError, status, 0},
		{sandbox.APIError("name_taken"), func(err error) bool { return err != nil && err.Error() == "name_taken" }, 0},
		{sandbox.DropConnection, broken, 0},
		{sandbox.LostReply, broken, 1},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			w := open(t, sandbox.Options{})
			w.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: tt.kind})
			if _, err := w.API.AuthTestContext(soon(t)); err != nil {
				t.Errorf("another method: %v", err)
			}
			_, _, err := w.API.PostMessageContext(soon(t), "C0SALES", slack.MsgOptionText("x", false))
			if !tt.fits(err) {
				t.Errorf("error is %v", err)
			}
			if n := len(w.Messages("sales")); n != tt.posted {
				t.Errorf("%d messages stand", n)
			}
			w.post(t, "C0SALES", slack.MsgOptionText("again", false))
		})
	}
}

func TestHangEndsWhenTheFaultIsRemovedOrTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	remove := w.Fault(sandbox.Fault{Method: "*", Kind: sandbox.Hang})
	ctx, cancel := context.WithCancel(soon(t))
	call := func(ctx context.Context) <-chan error {
		return background(func() error {
			_, err := w.API.AuthTestContext(ctx)
			return err
		})
	}
	first, second := call(ctx), call(soon(t))
	w.until(t, "both calls to hang", func(s *sandbox.Sandbox) bool { return len(s.Calls()) == 2 })
	cancel()
	if err := wait(t, first); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	remove()
	remove() // twice does no harm
	if wait(t, second) == nil {
		t.Error("a hung call was answered")
	}
	if _, err := w.API.AuthTestContext(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestWaitForNamesWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.WaitFor(ctx, "the pinned card", func(*sandbox.Sandbox) bool { return false })
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the pinned card") {
		t.Errorf("error is %v", err)
	}
	done := background(func() error {
		return w.WaitFor(soon(t), "a message", func(s *sandbox.Sandbox) bool { return len(s.Messages("sales")) == 1 })
	})
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
	wantError(t, wait(t, done), "")
}

func TestCallsRecordArgumentsWithoutTheToken(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
	c := w.Calls()[0]
	if c.Method != "chat.postMessage" || c.Args["channel"] != "C0SALES" || c.Args["text"] != "x" || c.Error != "" {
		t.Errorf("call is %+v", c)
	}
	for v := range maps.Values(c.Args) {
		if strings.HasPrefix(v, "xox") {
			t.Error("the token is on record")
		}
	}
}

func TestMannersTellOfEveryLimitThatWasIgnored(t *testing.T) {
	t.Parallel()
	clock := newHand()
	w := open(t, sandbox.Options{Strict: true, Now: clock.Now})
	post := func(channel, text string) error {
		_, _, err := w.API.PostMessageContext(soon(t), channel, slack.MsgOptionText(text, false))
		return err
	}
	dm := w.DM("U0IC")
	for range 3 {
		w.post(t, dm, slack.MsgOptionText("x", false))
	}
	if err := post("U0IC", "one more"); err == nil {
		t.Fatal("a person's channel has another limit under their ID")
	}
	if err := post(dm, "was on its way"); err == nil {
		t.Fatal("it went through")
	}
	if m := w.Manners(); m.Limited["chat.postMessage"] != 2 || len(m.Ignored) != 0 {
		t.Errorf("what was on its way counts as ignored: %+v", m)
	}
	_ = post("U0IC", "one more")
	clock.Pass(1100 * time.Millisecond)
	_ = post(dm, "another")
	if err := post("#sales", "elsewhere"); err != nil {
		t.Error(err)
	}
	if m := w.Manners(); len(m.Ignored) != 2 {
		t.Errorf("ignored: %v", m.Ignored)
	}
	clock.Pass(3 * time.Second)
	if err := post("U0IC", "one more"); err != nil {
		t.Error(err)
	}
	if m := w.Manners(); len(m.Ignored) != 2 {
		t.Errorf("ignored: %v", m.Ignored)
	}
}
