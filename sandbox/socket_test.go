package sandbox_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

func TestCommandReachesTheAppAndItsAnswerIsShownToTheTyperOnly(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := make(chan slack.SlashCommand, 1)
	w.answering(t, func(e socketmode.Event) any {
		got <- e.Data.(slack.SlashCommand)
		return map[string]any{"text": "Stopped mailer/email."}
	})
	if err := w.Command(soon(t), "U0IC", "#incidents", "/kill", "mailer/email spike"); err != nil {
		t.Fatal(err)
	}
	c := wait(t, got)
	want := slack.SlashCommand{
		Token: c.Token, TeamID: "T0SANDBOX", TeamDomain: "sandbox", ChannelID: "C0INCIDENTS", ChannelName: "incidents",
		UserID: "U0IC", UserName: "iris", Command: "/kill", Text: "mailer/email spike", APIAppID: "A0TAGOUT",
		ResponseURL: c.ResponseURL, TriggerID: c.TriggerID,
	}
	if c != want || c.ResponseURL == "" || c.TriggerID == "" {
		t.Errorf("command is %+v", c)
	}
	if whispers := w.Ephemerals("U0IC"); len(whispers) != 1 || whispers[0].Text != "Stopped mailer/email." {
		t.Errorf("the typer sees %+v", whispers)
	}
	if len(w.Ephemerals("U0LEGAL")) != 0 || len(w.Messages("#incidents")) != 0 {
		t.Error("others see the answer too")
	}
}

func TestCommandAnswerInChannelIsSeenByAll(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.answering(t, func(socketmode.Event) any {
		return map[string]any{"response_type": "in_channel", "text": "Stopped."}
	})
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", "*"); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages("#incidents"); len(m) != 1 || m[0].Text != "Stopped." {
		t.Errorf("channel shows %+v", m)
	}
}

func TestCommandAnswerThatSlackWouldRefuseIsDroppedAndOnRecord(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.answering(t, func(socketmode.Event) any {
		return map[string]any{"blocks": []any{map[string]any{"type": "header"}}}
	})
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", "*"); err != nil {
		t.Fatal(err)
	}
	if len(w.Ephemerals("U0IC")) != 0 {
		t.Error("a broken message was shown")
	}
	calls := w.Calls()
	if last := calls[len(calls)-1]; last.Method != "ack:slash_commands" || last.Error != "invalid_blocks" {
		t.Errorf("last call is %+v", last)
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	commands := []sandbox.Command{{Command: "/kill"}}
	for _, tt := range []struct {
		name, user, channel, command string
		want                         sandbox.Error
	}{
		{"without an app", "U0IC", "incidents", "/kill", sandbox.DispatchFailed},
		{"of a stranger", "U0NOBODY", "incidents", "/kill", "user_not_found"},
		{"in no channel", "U0IC", "nowhere", "/kill", "channel_not_found"},
		{"in somebody else's DM", "U0IC", "D0LEGAL", "/kill", "channel_not_found"},
		{"in an archived channel", "U0IC", "sales", "/kill", "is_archived"},
		{"that is not registered", "U0IC", "incidents", "/pause", "invalid_command"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, sandbox.Options{Commands: commands})
			w.Archive("sales")
			w.DM("U0LEGAL")
			if err := w.Command(soon(t), tt.user, tt.channel, tt.command, ""); !errors.Is(err, tt.want) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
		})
	}
}

func TestCommandWithoutAcknowledgementTimesOut(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{AckTimeout: 20 * time.Millisecond})
	w.dial(t)
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); !errors.Is(err, sandbox.OperationTimeout) {
		t.Errorf("error is %v", err)
	}
}

func TestCommandFromAForeignTeamSaysSo(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := make(chan string, 1)
	w.answering(t, func(e socketmode.Event) any {
		got <- e.Data.(slack.SlashCommand).TeamID
		return nil
	})
	in := sandbox.Invocation{User: "U0IC", Channel: "incidents", Command: "/kill", Team: "T0EVIL"}
	if err := w.CommandAs(soon(t), in); err != nil {
		t.Fatal(err)
	}
	if team := wait(t, got); team != "T0EVIL" {
		t.Errorf("team is %s", team)
	}
}

func TestEnvelopesGoRoundOverConnections(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	used := make(chan int, 2)
	for i := range 2 {
		l := w.dial(t)
		go func() {
			var f frame
			for l.conn.ReadJSON(&f) == nil {
				used <- i
				_ = l.conn.WriteJSON(map[string]string{"envelope_id": f.EnvelopeID})
			}
		}()
	}
	for range 2 {
		if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := wait(t, used), wait(t, used); a == b {
		t.Errorf("both envelopes went over connection %d", a)
	}
}

func TestEnvelopeMovesToAnotherConnectionWhenItsOwnDrops(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	first := w.dial(t)
	done := background(func() error { return w.Command(soon(t), "U0IC", "incidents", "/kill", "") })
	lost := first.read()
	second := w.dial(t)
	_ = first.conn.Close()
	again := second.read()
	if again.EnvelopeID != lost.EnvelopeID || again.RetryAttempt != 1 || string(again.Payload) != string(lost.Payload) {
		t.Errorf("first %+v, then %+v", lost, again)
	}
	second.ack(again.EnvelopeID, nil)
	wantError(t, wait(t, done), "")
}

func TestEnvelopeWaitsForAReconnect(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	first := w.dial(t)
	done := background(func() error { return w.Command(soon(t), "U0IC", "incidents", "/kill", "") })
	lost := first.read()
	_ = first.conn.Close()
	w.until(t, "the drop", func(s *sandbox.Sandbox) bool { return s.Connections() == 0 })
	second := w.dial(t)
	if again := second.read(); again.EnvelopeID != lost.EnvelopeID {
		t.Errorf("got %+v", again)
	}
	second.ack(lost.EnvelopeID, nil)
	wantError(t, wait(t, done), "")
}

func TestDuplicateDeliversTheSameEnvelopeTwice(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	l := w.dial(t)
	w.Duplicate(1)
	done := background(func() error { return w.Command(soon(t), "U0IC", "incidents", "/kill", "") })
	a, b := l.read(), l.read()
	if a.EnvelopeID != b.EnvelopeID || string(a.Payload) != string(b.Payload) {
		t.Errorf("got %+v and %+v", a, b)
	}
	l.ack(a.EnvelopeID, map[string]string{"text": "first"})
	l.ack(a.EnvelopeID, map[string]string{"text": "second"})
	wantError(t, wait(t, done), "")
	if got := w.Ephemerals("U0IC"); len(got) != 1 || got[0].Text != "first" {
		t.Errorf("shown: %+v", got)
	}
	done = background(func() error { return w.Command(soon(t), "U0IC", "incidents", "/kill", "") })
	l.ack(l.read().EnvelopeID, nil)
	wantError(t, wait(t, done), "")
}

func TestNoMoreThanTenConnections(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	for range 10 {
		w.dial(t)
	}
	l, first := w.dialRaw(t)
	if first.Type != "disconnect" || first.Reason != "too_many_websockets" {
		t.Errorf("eleventh connection got %+v", first)
	}
	l.ended()
	if n := w.Connections(); n != 10 {
		t.Errorf("%d connections", n)
	}
}

func TestDisconnectFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		reason string
		stays  bool
	}{{"warning", true}, {"refresh_requested", false}, {"link_disabled", false}} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			w := open(t, sandbox.Options{})
			l := w.dial(t)
			w.Disconnect(tt.reason)
			if f := l.read(); f.Type != "disconnect" || f.Reason != tt.reason {
				t.Errorf("got %+v", f)
			}
			if stays := w.Connections() == 1; stays != tt.stays {
				t.Errorf("connection stays: %v", stays)
			}
			if !tt.stays {
				l.ended()
			}
		})
	}
}

func TestClientReconnectsAfterARefresh(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.answering(t, func(socketmode.Event) any { return nil })
	w.Disconnect("refresh_requested")
	w.until(t, "a new connection", func(s *sandbox.Sandbox) bool { return s.Connections() == 1 })
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); err != nil {
		t.Error(err)
	}
}

func TestSocketTicketWorksOnce(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	_, address, err := w.API.StartSocketModeContext(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if got := dials(t, address); got != want {
			t.Errorf("dial %d: %v", i+1, got)
		}
	}
}

func TestDownClosesAndRefusesEverything(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	l := w.dial(t)
	_, address, err := w.API.StartSocketModeContext(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	w.Down(true)
	l.ended()
	if dials(t, address) {
		t.Error("a socket was accepted")
	}
	_, err = w.API.AuthTestContext(soon(t))
	var status slack.StatusCodeError
	if !errors.As(err, &status) || status.Code != 503 {
		t.Errorf("API answered %v", err)
	}
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); !errors.Is(err, sandbox.DispatchFailed) {
		t.Errorf("command: %v", err)
	}
	w.Down(false)
	if _, err := w.API.AuthTestContext(soon(t)); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

func TestEventsAreRetriedOverTheSocket(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{AckTimeout: 30 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	l := w.dial(t)
	ts, err := w.Say(soon(t), "U0IC", "incidents", "hello & <bye>")
	if err != nil {
		t.Fatal(err)
	}
	for attempt := range 4 {
		f := l.read()
		var p struct {
			Type  string `json:"type"`
			Event struct{ Type, Text, TS, Channel, User string }
		}
		if err := json.Unmarshal(f.Payload, &p); err != nil {
			t.Fatal(err)
		}
		e := p.Event
		if f.Type != "events_api" || f.RetryAttempt != attempt || p.Type != "event_callback" ||
			e.Type != "message" || e.Text != "hello &amp; &lt;bye&gt;" || e.TS != ts || e.Channel != "C0INCIDENTS" || e.User != "U0IC" {
			t.Errorf("attempt %d: %+v %s", attempt, f, f.Payload)
		}
	}
}
