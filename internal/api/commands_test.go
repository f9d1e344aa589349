package api

import (
	"context"
	"strings"
	"testing"

	"tagout"
)

func TestACommandAnswersWhatItDid(t *testing.T) {
	t.Parallel()
	b := newBench()
	got := b.do("POST", "/v1/commands/kill", `{"text":"mailer/email spike","why":"unknown keys are fine"}`, bearing(stopToken)).is(t, 200)
	want := `{"text":"done: mailer/email spike","incident":"INC-7","pending":false,"holds":[{"id":"h1","scope":"mailer/email","mode":"halted"}]}`
	if strings.TrimSpace(got.body) != want {
		t.Errorf("answered %s", got.body)
	}
	in := b.calls[0]
	if in.By != (tagout.Actor{Kind: tagout.ByToken, ID: "stopper"}) || in.User != (tagout.User{}) || !in.At.Equal(noon) || in.Channel != "" || in.ID == "" {
		t.Errorf("the command was called with %+v", in)
	}
}

func TestAPendingStopHasNoIncidentYet(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) {
		o.Commands = []tagout.Command{{Name: "kill", Right: tagout.MayStop, Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
			return tagout.Reply{Message: tagout.Say("held"), Outcome: tagout.Outcome{Pending: true}}, nil
		}}}
	})
	got := b.do("POST", "/v1/commands/kill", `{"text":"mailer"}`, bearing(stopToken)).is(t, 200)
	if strings.TrimSpace(got.body) != `{"text":"held","incident":null,"pending":true,"holds":[]}` {
		t.Errorf("answered %s", got.body)
	}
}

// Every command with every combination of rights: a token does what it may and nothing
// else, and what is for people is never done.
func TestNoTokenDoesMoreThanItMay(t *testing.T) {
	t.Parallel()
	rights := []tagout.Right{tagout.MayStop, tagout.MayRead, tagout.MayReport, tagout.MayNot, anyRight}
	for set := range 1 << len(rights) {
		var may []tagout.Right
		for n, right := range rights {
			if set>>n&1 == 1 {
				may = append(may, right)
			}
		}
		b := newBench(func(o *Options) { o.Tokens = []Token{{Name: "x", Secret: "s", May: may}} })
		for _, c := range b.commands()[:4] {
			b.calls = nil
			got := b.do("POST", "/v1/commands/"+c.Name, `{"text":"mailer"}`, bearing("s"))
			allowed := c.Right != tagout.MayNot && containsRight(may, c.Right)
			if allowed {
				got.is(t, 200)
			} else {
				got.isProblem(t, 403, tagout.Forbidden)
			}
			if (len(b.calls) == 1) != allowed {
				t.Errorf("%s ran %d times for a token that may %q", c.Name, len(b.calls), may)
			}
		}
	}
}

func containsRight(may []tagout.Right, right tagout.Right) bool {
	for _, m := range may {
		if m == right {
			return true
		}
	}
	return false
}

func TestRefusedCommandsSayWhy(t *testing.T) {
	t.Parallel()
	wrong := tagout.Errorf(tagout.Conflict, "It is closed.")
	for name, c := range map[string]struct {
		command string
		with    with
		status  int
		code    tagout.Code
		says    string
	}{
		"for people":     {"resume", bearing(allToken), 403, tagout.Forbidden, "A token may stop, read and report; resuming and approving need a person in Slack."},
		"missing right":  {"kill", bearing(readToken), 403, tagout.Forbidden, "may not stop"},
		"no token":       {"kill", header("X", "y"), 401, tagout.Unauthorized, "Bearer"},
		"switched off":   {"kill", bearing(""), 401, tagout.Unauthorized, "Bearer"},
		"source's token": {"kill", bearing(sourceToken), 401, tagout.Unauthorized, "Bearer"},
		"no such verb":   {"zebra", bearing(allToken), 404, tagout.NotFound, "kill, note"},
		"it asks back":   {"asks", bearing(allToken), 422, tagout.Invalid, "Nothing was done. Say which scope. Usage: asks SCOPE"},
		"it fails":       {"fails", bearing(allToken), 409, tagout.Conflict, "It is closed."},
		"it panics":      {"panics", bearing(allToken), 500, tagout.Internal, "log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(func(o *Options) {
				o.Commands = append(o.Commands,
					tagout.Command{Name: "fails", Right: tagout.MayStop, Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
						return tagout.Reply{}, wrong
					}},
					tagout.Command{Name: "panics", Right: tagout.MayStop, Run: func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
						panic(in.Text)
					}})
			})
			p := b.do("POST", "/v1/commands/"+c.command, `{"text":"mailer"}`, c.with).isProblem(t, c.status, c.code)
			if !strings.Contains(p.Detail, c.says) {
				t.Errorf("it says %q", p.Detail)
			}
			if strings.Contains(p.Detail, "zebra") {
				t.Errorf("it repeats what was asked: %q", p.Detail)
			}
		})
	}
}

func TestARepeatedCommandIsOneRequest(t *testing.T) {
	t.Parallel()
	b := newBench()
	kill := func(token, text, key string) string {
		more := []with{bearing(token)}
		if key != "" {
			more = append(more, header("Idempotency-Key", key))
		}
		b.do("POST", "/v1/commands/kill", `{"text":"`+text+`"}`, more...).is(t, 200)
		return b.calls[len(b.calls)-1].ID
	}
	first := kill(stopToken, "mailer", "k1")
	if again := kill(stopToken, "mailer", "k1"); again != first {
		t.Error("the same key and text made two requests")
	}
	for name, other := range map[string]string{
		"another key":   kill(stopToken, "mailer", "k2"),
		"another text":  kill(stopToken, "researcher", "k1"),
		"another token": kill(allToken, "mailer", "k1"),
		"no key":        kill(stopToken, "mailer", ""),
	} {
		if other == first {
			t.Errorf("%s made the same request", name)
		}
	}
	if one, other := kill(stopToken, "mailer", ""), kill(stopToken, "mailer", ""); one == other {
		t.Error("two requests without a key are one")
	}
}

func TestAStopIsObeyedAlthoughTheCallerHungUp(t *testing.T) {
	t.Parallel()
	var alive error
	b := newBench(func(o *Options) {
		o.Commands = []tagout.Command{{Name: "kill", Right: tagout.MayStop, Run: func(ctx context.Context, _ tagout.Invocation) (tagout.Reply, error) {
			alive = ctx.Err()
			return tagout.Reply{}, nil
		}}}
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	b.do("POST", "/v1/commands/kill", `{"text":"mailer"}`, bearing(stopToken), inContext(gone))
	if alive != nil {
		t.Errorf("the command ran in a context that had ended: %v", alive)
	}
}
