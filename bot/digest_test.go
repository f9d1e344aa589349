package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

// DigestMessage is what the test says; a full one otherwise.
func (d *desk) DigestMessage(_ context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder, v tagout.Viewer) (tagout.Message, error) {
	if v.User.ID != "" {
		return tagout.Message{}, tagout.Errorf(tagout.Internal, "what is posted is read by everybody")
	}
	return bot.SampleDigest(), nil
}

// drawing is an edge that draws charts, and has a digest to post.
func drawing(t *testing.T, change ...func(*setup)) *edge {
	t.Helper()
	s := setup{idle: true, draw: func(list []tagout.Chart) ([]byte, error) { return []byte("PNG of " + list[0].Title), nil }}
	for _, f := range change {
		f(&s)
	}
	return open(t, s)
}

func weekly(channel string) tagout.RoutineTurn {
	turn := tagout.AskedDigest(tagout.DigestOrder{Name: "weekly", Window: 7 * 24 * time.Hour, Channel: channel}, time.Now())
	turn.Routine = "digest weekly"
	return turn
}

// digests counts the digests and the pictures in a channel.
func (e *edge) digests(channel string) (messages, charts, pictures int) {
	for _, m := range e.slack.Messages(channel) {
		if strings.Contains(m.Text, "Weekly digest") && len(m.Files) == 0 {
			messages++
		}
		charts += strings.Count(string(m.Blocks), `"data_visualization"`)
		pictures += len(m.Files)
	}
	return messages, charts, pictures
}

func TestADigestIsPostedOnceWithItsCharts(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.FaultKind{"a repeat": "", "a reply that is lost": sandbox.LostReply, "Slack is busy": sandbox.RateLimited(time.Second)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := drawing(t)
			if fault != "" {
				e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Kind: fault, Times: 1})
			}
			for range 2 {
				if err := e.effect(tagout.EffectDigest, 0, "weekly:1", weekly("#incidents")); err != nil {
					t.Fatal(err)
				}
			}
			if messages, charts, pictures := e.digests("#incidents"); messages != 1 || charts != 2 || pictures != 0 {
				t.Errorf("%d messages, %d charts, %d pictures", messages, charts, pictures)
			}
		})
	}
}

func TestWhereChartsAreRefusedAPictureIsPostedAndThatIsRemembered(t *testing.T) {
	t.Parallel()
	e := drawing(t)
	e.slack.RefuseCharts(true)
	e.slack.Fault(sandbox.Fault{Method: "files.completeUploadExternal", Kind: sandbox.LostReply, Times: 1})
	for range 2 {
		if err := e.effect(tagout.EffectDigest, 0, "weekly:1", weekly("#incidents")); err != nil {
			t.Fatal(err)
		}
	}
	if messages, charts, pictures := e.digests("#incidents"); messages != 1 || charts != 0 || pictures != 1 {
		t.Errorf("%d messages, %d charts, %d pictures", messages, charts, pictures)
	}
	for _, m := range e.slack.Messages("#incidents") {
		for _, f := range m.Files {
			if !strings.Contains(f.AltText, "SEV-1 1") || f.Mimetype != "image/png" {
				t.Errorf("the picture is %+v", f)
			}
		}
	}
	if !strings.Contains(e.log.String(), "this workspace shows no charts") {
		t.Error("nothing says that charts are refused")
	}
	refused := len(e.refusals("chat.postMessage", "invalid_blocks"))
	if err := e.effect(tagout.EffectDigest, 0, "weekly:2", weekly("#incidents")); err != nil {
		t.Fatal(err)
	}
	if n := len(e.refusals("chat.postMessage", "invalid_blocks")); n != refused || refused == 0 {
		t.Errorf("the second digest is tried with charts: %d refusals, then %d", refused, n)
	}
	if messages, _, pictures := e.digests("#incidents"); messages != 2 || pictures != 2 {
		t.Errorf("%d messages, %d pictures", messages, pictures)
	}
}

// refusals are the calls of a method that were answered with this error.
func (e *edge) refusals(method, name string) (list []sandbox.Call) {
	for _, c := range e.slack.Calls() {
		if c.Method == method && c.Error == name {
			list = append(list, c)
		}
	}
	return list
}

func TestADigestThatWasBegunIsLookedForFirst(t *testing.T) {
	t.Parallel()
	e := drawing(t)
	effect := tagout.NewEffect(tagout.EffectDigest, 0, "weekly:1", weekly("#incidents"))
	if err := e.Effects()[tagout.EffectDigest](t.Context(), effect); err != nil {
		t.Fatal(err)
	}
	e.slack.RefuseCharts(true) // and another digest finds that out before this one is repeated
	if err := e.effect(tagout.EffectDigest, 0, "weekly:2", weekly("#incidents")); err != nil {
		t.Fatal(err)
	}
	effect.Again = true
	if err := e.Effects()[tagout.EffectDigest](t.Context(), effect); err != nil {
		t.Fatal(err)
	}
	if messages, charts, pictures := e.digests("#incidents"); messages != 2 || charts != 2 || pictures != 1 {
		t.Errorf("%d messages, %d charts, %d pictures", messages, charts, pictures)
	}
}

func TestADigestWhoseChannelIsGoneStandsInTheAnnounceChannel(t *testing.T) {
	t.Parallel()
	e := drawing(t)
	for range 2 {
		if err := e.effect(tagout.EffectDigest, 0, "weekly:1", weekly("#gone")); err != nil {
			t.Fatal(err)
		}
	}
	messages, charts, _ := e.digests("#incidents")
	if messages != 1 || charts != 2 || !strings.Contains(e.slack.Messages("#incidents")[0].Text, "cannot post in #gone") {
		t.Errorf("%d messages: %+v", messages, e.slack.Messages("#incidents"))
	}
}

func TestWhoHadADigestPostedLearnsWhyItWasNot(t *testing.T) {
	t.Parallel()
	e := drawing(t)
	turn := tagout.AskedDigest(tagout.DigestOrder{Window: time.Hour, Channel: "C0GONE", By: "U0IC"}, time.Now())
	if err := e.effect(tagout.EffectDigest, 0, "asked", turn); err != nil {
		t.Fatal(err)
	}
	told := e.slack.Messages(e.slack.DM("U0IC"))
	if len(told) != 1 || !strings.Contains(told[0].Text, "could not be posted") || !strings.Contains(told[0].Text, "/invite @Tagout") {
		t.Errorf("told %+v", told)
	}
}

func TestAnAnswerWhoseChartsAreRefusedGoesWithoutThem(t *testing.T) {
	t.Parallel()
	e := open(t, setup{commands: []tagout.Command{{Name: "digest", Summary: "s", Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		return tagout.Reply{Message: bot.SampleDigest()}, nil
	}}}})
	e.slack.RefuseCharts(true)
	if err := e.slack.Command(t.Context(), "U0IC", "#general", "/digest", ""); err != nil {
		t.Fatal(err)
	}
	m := e.whispered("U0IC", "shows no charts in answers")
	if !strings.Contains(m.Text, "Weekly digest") {
		t.Error(m.Text)
	}
}
