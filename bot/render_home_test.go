package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tagout"
)

func inWorkspace() renderer {
	return renderer{prefix: "ai-", workspace: func() string { return "https://acme.slack.com/" }}
}

func TestAppHomeAsItIsRendered(t *testing.T) {
	t.Parallel()
	paged := tagout.Say(tagout.Bold("INC-7 SEV-1"), " ", tagout.Fixed("mailer"), " "+evil+" — ", tagout.ChannelLink("C0INC7"))
	paged.Buttons = []tagout.Button{{Action: "ack", Label: "Acknowledge", Value: "INC-7", Tone: tagout.ToneGood}, {Action: "kill", Label: "Stop more", Value: "INC-7", Tone: tagout.ToneDanger}}
	agents := tagout.Message{}.Fact("mailer", tagout.Halted.Coloured()).Fact("researcher", tagout.Running.Coloured())
	agents.Buttons = []tagout.Button{{Action: "kill", Label: "Stop…", Tone: tagout.ToneDanger}}
	practised := tagout.Say(tagout.Bold("[DRILL] INC-9"), " game day of mailer on ", tagout.Fixed("mailer/sms/us"), " — ", tagout.Bold("running, waiting for an answer: observed stopped in 0.8 s")).
		Para("mailer by webhook: observed after 0.8 s").Para("Talk about it in ", tagout.ChannelLink("C0INC9"))
	next := tagout.Message{}.Fact("Next: monthly "+evil, tagout.T("kill drill of mailer at ", night))
	next.Buttons = []tagout.Button{{Action: "drill", Label: "Drill…"}}
	h := tagout.Home{
		Sections: []tagout.HomeSection{
			{Title: "You are paged for", Items: []tagout.Message{paged}, Empty: "Nothing."},
			{Title: "Waits for your signature", Items: []tagout.Message{tagout.Say("INC-7 ", tagout.MessageLink("C0INC7", "1700000000.000100", "Read and sign"), " before ", night)}},
			{Title: "Open incidents", Empty: "None that you can see."},
			{Title: "Left out"},
			{Title: "Agents", Items: []tagout.Message{agents}},
			{Title: "Drills", Items: []tagout.Message{practised, next}},
		},
		Footer: tagout.T("Type ", tagout.Typed("status"), "."),
	}
	golden(t, "home.view", inWorkspace().home(h))
}

func TestAHugeAppHomeKeepsToTheLimits(t *testing.T) { // the workspace's own checks read what is recorded
	t.Parallel()
	var items []tagout.Message
	for n := range 300 {
		long := 1
		if n == 0 {
			long = 4000
		}
		m := tagout.Say(fmt.Sprintf("INC-%d %s", n, strings.Repeat("ü𝄞", long))).Fact("Next", strings.Repeat("x", long))
		m.Buttons = []tagout.Button{{Action: "ack", Label: "Acknowledge", Value: fmt.Sprint("INC-", n)}}
		items = append(items, m)
	}
	s := tagout.HomeSection{Title: strings.Repeat("T", 400), Items: items}
	h := tagout.Home{Sections: []tagout.HomeSection{s, s, {Title: "Agents", Items: []tagout.Message{tagout.Say("mailer is held")}}}, Footer: tagout.T("the end")}
	view := inWorkspace().home(h)
	golden(t, "home-huge.view", view)
	raw, err := json.Marshal(view)
	if err != nil || len(view.Blocks.BlockSet) > maxViewBlocks {
		t.Fatalf("%d blocks: %v", len(view.Blocks.BlockSet), err)
	}
	for _, want := range []string{"mailer is held", "the end", "and 2"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%q is lost", want)
		}
	}
}

func TestALinkToAMessageLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		r    renderer
		span tagout.Span
		want string
	}{
		"a message":             {inWorkspace(), tagout.MessageLink("C0INC7", "1700000000.000100", "x"), "https://acme.slack.com/archives/C0INC7/p1700000000000100"},
		"no workspace yet":      {renderer{workspace: func() string { return "" }}, tagout.MessageLink("C0INC7", "1700000000.000100", "x"), ""},
		"never a workspace":     {renderer{}, tagout.MessageLink("C0INC7", "1700000000.000100", "x"), ""},
		"not a channel":         {inWorkspace(), tagout.MessageLink("../evil", "1", "x"), ""},
		"not a timestamp":       {inWorkspace(), tagout.MessageLink("C0INC7", "1?x=y", "x"), ""},
		"a link":                {inWorkspace(), tagout.Link("https://wiki.example.com/a", "x"), "https://wiki.example.com/a"},
		"a link to a script":    {inWorkspace(), tagout.Link("javascript:alert(1)", "x"), ""},
		"not a link or message": {inWorkspace(), tagout.Mention("U0IC"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.r.url(tt.span); got != tt.want {
				t.Errorf("it leads to %q", got)
			}
		})
	}
}
