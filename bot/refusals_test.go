package bot_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

func TestWhatIsNotSignedByUsIsRefusedUnread(t *testing.T) {
	t.Parallel()
	const secret = "a-very-private-remark"
	for name, alter := range map[string]func(*edge, *sandbox.Delivery){
		"tampered body":   func(_ *edge, d *sandbox.Delivery) { d.Body = append(d.Body, "&text=other"...) },
		"stale":           func(e *edge, d *sandbox.Delivery) { e.slack.Resign(d, time.Now().Add(-6*time.Minute)) },
		"from the future": func(e *edge, d *sandbox.Delivery) { e.slack.Resign(d, time.Now().Add(6*time.Minute)) },
		"no signature":    func(_ *edge, d *sandbox.Delivery) { d.Header.Del("X-Slack-Signature") },
		"wrong signature": func(_ *edge, d *sandbox.Delivery) {
			d.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64))
		},
		"no timestamp": func(_ *edge, d *sandbox.Delivery) { d.Header.Del("X-Slack-Request-Timestamp") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			e := open(t, setup{http: true, commands: []tagout.Command{r.command("note", tagout.MayNot)}})
			if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", secret); err != nil {
				t.Fatal(err)
			}
			e.whispered("U0IC", "note was run")
			status, body, err := e.slack.Redeliver(soon(t), func(d *sandbox.Delivery) { alter(e, d) })
			if err != nil || status != http.StatusUnauthorized {
				t.Errorf("answered %d %v", status, err)
			}
			if len(r.ran()) != 1 || strings.Contains(e.log.String(), secret) || strings.Contains(string(body), secret) {
				t.Errorf("it ran %d times; log: %s; answer: %s", len(r.ran()), e.log, body)
			}
		})
	}
}

func TestARequestThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	e := open(t, setup{http: true, commands: []tagout.Command{(&recorder{}).command("note", tagout.MayNot)}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	status, _, err := e.slack.Redeliver(soon(t), func(d *sandbox.Delivery) {
		d.Body = append(d.Body, strings.Repeat("x", 2<<20)...)
		e.slack.Resign(d, time.Now())
	})
	if err == nil && status != http.StatusRequestEntityTooLarge {
		t.Errorf("answered %d", status)
	}
}

func TestForeignersAndBotsAreRefusedAndGuestsAreMarked(t *testing.T) {
	t.Parallel()
	var r recorder
	people := append(sandbox.DefaultUsers(),
		sandbox.User{ID: "U0GUEST1", Name: "guest", RealName: "Guest", IsUltraRestricted: true},
		sandbox.User{ID: "U0ROBOT1", Name: "robot", RealName: "Robot", IsBot: true})
	note := r.button(r.command("note", tagout.MayNot), "press")
	e := open(t, setup{sandbox: sandbox.Options{Users: people}, commands: []tagout.Command{note, r.command("kill", tagout.MayStop)}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/tagout", "help"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "Tagout commands") // by now it is known which workspace is ours; a stop would not wait for that
	refused := []sandbox.Invocation{
		{User: "U0IC", Channel: "#incidents", Command: "/note", Text: "x", Team: "T0FOREIGN"},
		{User: "U0IC", Channel: "#incidents", Command: "/kill", Text: "x", Team: "T0FOREIGN"},
		{User: "U0ROBOT1", Channel: "#incidents", Command: "/note", Text: "x"},
	}
	for _, in := range refused {
		if err := e.slack.CommandAs(soon(t), in); err != nil {
			t.Fatal(err)
		}
	}
	e.whispered("U0IC", "Only members of the workspace")
	e.whispered("U0ROBOT1", "Bots may not")
	if n := len(r.ran()); n != 0 {
		t.Errorf("%d commands ran", n)
	}
	if err := e.slack.Command(soon(t), "U0GUEST1", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0GUEST1", "note was run")
	if in := r.ran()[0]; !in.User.Guest {
		t.Errorf("the guest is %+v", in.User)
	}
}

func TestWhoCannotBeLookedUpCountsAsAGuest(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{commands: []tagout.Command{r.command("note", tagout.MayNot)}})
	e.slack.Fault(sandbox.Fault{Method: "users.info", Kind: sandbox.ServerError})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "note was run")
	if in := r.ran()[0]; !in.User.Guest {
		t.Errorf("the user is %+v", in.User)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	var r recorder
	twice := []tagout.Command{r.button(r.command("a", tagout.MayNot), "x"), r.button(r.command("b", tagout.MayNot), "x")}
	for name, o := range map[string]bot.Options{
		"no API":           {Desk: newDesk(), Inbox: newMemory()},
		"a shared button":  {API: bot.NewAPI("", "", nil), Desk: newDesk(), Inbox: newMemory(), Commands: twice},
		"a wrong template": {API: bot.NewAPI("", "", nil), Desk: newDesk(), Inbox: newMemory(), ChannelName: "{{.Nobody}}"},
	} {
		if _, err := bot.New(o); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
