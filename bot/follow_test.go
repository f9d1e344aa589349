package bot

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"

	"tagout"
)

// stubborn takes no update of a message for a while, or ever.
type stubborn struct {
	API
	fails int
	with  error
	calls int
	shown []string
}

// Update is chat.update.
func (s *stubborn) Update(_ context.Context, _ Place, c Content) error {
	if s.calls++; s.calls <= s.fails {
		return s.with
	}
	s.shown = append(s.shown, c.Text)
	return nil
}

// TestHowAnAnswerEndedIsShownOnceSlackTakesIt, and what Slack refuses is not tried again.
func TestHowAnAnswerEndedIsShownOnceSlackTakesIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slack stubborn
		shown []string
		calls int
	}{
		"at once":             {stubborn{}, []string{"stopped"}, 1},
		"away for a while":    {stubborn{fails: 7, with: errors.New("connection reset")}, []string{"stopped"}, 8},
		"away for good":       {stubborn{fails: 1000, with: errors.New("connection reset")}, nil, maxTries * (moreFollows + 1)},
		"the message is gone": {stubborn{fails: 1000, with: slack.SlackErrorResponse{Err: "message_not_found"}}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := quietBot()
				b.api = &c.slack
				news := newLatest(tagout.Say("waiting"))
				news.set(tagout.Say("stopped"))
				news.end()
				b.followMessage(Place{Channel: "C0X", TS: "1.2"}, news)
				if !slices.Equal(c.slack.shown, c.shown) || c.slack.calls != c.calls {
					t.Errorf("%q is shown after %d calls, want %q after %d", c.slack.shown, c.slack.calls, c.shown, c.calls)
				}
			})
		})
	}
	t.Run("while it drains", func(t *testing.T) {
		t.Parallel()
		b, away := quietBot(), &stubborn{fails: 1000, with: errors.New("connection reset")}
		b.api = away
		b.cancel()
		news := newLatest(tagout.Say("waiting"))
		news.set(tagout.Say("stopped"))
		news.end()
		if b.followMessage(Place{Channel: "C0X", TS: "1.2"}, news); away.calls > maxTries {
			t.Errorf("a drain waited for %d calls", away.calls)
		}
	})
}
