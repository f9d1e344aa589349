package bot_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"tagout"
	"tagout/bot"
)

func TestAReactionWithAnotherEmojiFlagsNothing(t *testing.T) {
	t.Parallel()
	var flagged atomic.Int32
	command := tagout.Command{
		Name: "flag", Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) { return tagout.Reply{}, nil },
		Reacted: func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
			flagged.Add(1)
			return tagout.Reply{Message: tagout.Say("flagged ", in.About.Key())}, nil
		},
	}
	e := open(t, setup{commands: []tagout.Command{command}, emoji: "octagonal_sign"})
	ts, err := e.slack.Say(soon(t), "U0EXEC", "incidents", "odd")
	if err != nil {
		t.Fatal(err)
	}
	for _, emoji := range []string{"eyes", "octagonal_sign"} {
		if err := e.slack.React(soon(t), "U0IC", "incidents", ts, emoji); err != nil {
			t.Fatal(err)
		}
	}
	e.whispered("U0IC", "flagged C0INCIDENTS/"+ts)
	if n := flagged.Load(); n != 1 {
		t.Errorf("flagged %d times", n)
	}
}

// flagger is a command that a reaction runs; it remembers the messages, and may fail.
func flagger(ran *[]string, mu *sync.Mutex, fail func() error) tagout.Command {
	return tagout.Command{
		Name: "flag", Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) { return tagout.Reply{}, nil },
		Reacted: func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
			mu.Lock()
			defer mu.Unlock()
			*ran = append(*ran, string(in.User.ID)+" "+in.ID)
			return tagout.Reply{Message: tagout.Say("flagged ", in.About.Key())}, fail()
		},
	}
}

func TestAReactionThatSlackDeliversAgainFlagsOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ran []string
	e := open(t, setup{commands: []tagout.Command{flagger(&ran, &mu, func() error { return nil })}, emoji: "octagonal_sign"})
	ts, err := e.slack.Say(soon(t), "U0EXEC", "incidents", "odd")
	if err != nil {
		t.Fatal(err)
	}
	e.slack.Duplicate(3)
	if err := e.slack.React(soon(t), "U0IC", "incidents", ts, "octagonal_sign"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "flagged C0INCIDENTS/"+ts)
	e.slack.Duplicate(0)
	if err := e.slack.React(soon(t), "U0LEGAL", "incidents", ts, "octagonal_sign"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0LEGAL", "flagged")
	mu.Lock()
	defer mu.Unlock()
	if len(ran) != 2 || ran[0] == ran[1] {
		t.Errorf("ran %q", ran)
	}
}

func TestAReactionThatIsRefusedTellsWhoReacted(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ran []string
	e := open(t, setup{commands: []tagout.Command{flagger(&ran, &mu, func() error { return tagout.Errorf(tagout.Unavailable, "The flag could not be recorded.") })}, emoji: "octagonal_sign"})
	ts, err := e.slack.Say(soon(t), "U0EXEC", "incidents", "odd")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.slack.React(soon(t), "U0IC", "incidents", ts, "octagonal_sign"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "could not be recorded")
}

var _ bot.Flags = (*desk)(nil)
