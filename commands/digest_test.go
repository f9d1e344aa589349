package commands_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tagout"
)

// AskDigest tells for what it was asked.
func (d *desk) AskDigest(_ context.Context, window time.Duration, v tagout.Viewer) (tagout.Message, error) {
	if window > 366*24*time.Hour {
		return tagout.Message{}, tagout.Errorf(tagout.Invalid, "too long")
	}
	return tagout.Say("The last " + window.String() + " for " + string(v.User.ID)), nil
}

// PostDigest remembers what was posted.
func (d *desk) PostDigest(_ context.Context, _ string, o tagout.DigestOrder) error {
	d.posted = append(d.posted, o)
	return nil
}

func TestADigestLooksBackAsFarAsSomebodySays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/digest": "168h0m0s", "/digest 24h": "24h0m0s", "/digest 7d": "168h0m0s", "/digest 4w": "672h0m0s", "/digest 30 d": "720h0m0s",
	} {
		b := newBench(t)
		reply, err := b.typed(t, text)
		m := must(t, reply, err).Message
		if !strings.Contains(m.String(), "The last "+want+" for ") || reply.Public {
			t.Errorf("%s shows %s", text, m)
		}
		if len(m.Buttons) != 1 || m.Buttons[0].Value != want {
			t.Errorf("%s has the buttons %+v", text, m.Buttons)
		}
	}
	for _, text := range []string{"/digest soon", "/digest -3d", "/digest 0h", "/digest d", "/digest 99999999999999999999d", "/digest 9999w", "/digest ÿ"} {
		b := newBench(t)
		if _, err := b.typed(t, text); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestADigestIsPostedInTheChannelWhereItsButtonIsPressed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	press := func(window string) (tagout.Reply, error) {
		return b.command(t, "digest").Clicks["digest-post"](t.Context(), tagout.Click{ID: "K1", User: ic, Action: "digest-post", Value: window, Channel: "C0GENERAL", At: t0})
	}
	reply, err := press("72h0m0s")
	if text := must(t, reply, err).Message.String(); !strings.Contains(text, "is being posted here") {
		t.Error(text)
	}
	if len(b.desk.posted) != 1 || b.desk.posted[0].Window != 72*time.Hour || b.desk.posted[0].Channel == "" || b.desk.posted[0].By == "" {
		t.Errorf("posted %+v", b.desk.posted)
	}
	if _, err := press("often"); tagout.CodeOf(err) != tagout.Invalid {
		t.Error(err)
	}
}
