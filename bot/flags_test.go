package bot_test

import (
	"context"
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

var _ bot.Flags = (*desk)(nil)
