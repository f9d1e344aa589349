package commands_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestASilenceIsSetListedAndEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.silenced.tally = tagout.SilenceTally{Alerts: 14, Incidents: []tagout.IncidentID{7}}
	var told strings.Builder
	for _, text := range []string{"/silences", "/silence mailer/email 2h maintenance of the CRM", "/silence researcher class=judgment_error from 22:00 for 90m new model", "/silences", "/status mailer", "/unsilence SIL-3", "/unsilence researcher", "/silence"} {
		reply, err := b.typed(t, text)
		told.WriteString("> " + text + "\n" + shown(must(t, reply, err)) + "\n")
	}
	golden(t, "testdata/silences.txt", told.String())
}

func TestWhatASilenceSays(t *testing.T) {
	t.Parallel()
	now := inForce.Add(time.Second)
	for text, want := range map[string]struct {
		scope, class, reason string
		from                 time.Time
		length               time.Duration
	}{
		"mailer 2h maintenance":                                   {"mailer", "", "maintenance", time.Time{}, 2 * time.Hour},
		"mailer/email, for 1h30m the CRM for 2 hours":             {"mailer/email", "", "the CRM for 2 hours", time.Time{}, 90 * time.Minute},
		"mailer tool:send_email class=judgment_error 1d why":      {"mailer tool:send_email", "judgment_error", "why", time.Time{}, 24 * time.Hour},
		"mailer until 18:00 why":                                  {"mailer", "", "why", time.Time{}, time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC).Sub(now)},
		"mailer from 22:00 until 23:30 move":                      {"mailer", "", "move", time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC), 90 * time.Minute},
		"mailer from 2026-11-30T22:00 for 2h move":                {"mailer", "", "move", time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC), 2 * time.Hour},
		"mailer 2h from the vendor: 22:00 until they are done":    {"mailer", "", "from the vendor: 22:00 until they are done", time.Time{}, 2 * time.Hour},
		"mailer 30m class=judgment_error from 22:00 and so forth": {"mailer", "judgment_error", "and so forth", time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC), 30 * time.Minute},
	} {
		b := newBench(t)
		b.policy.Rotations = nil
		_, err := b.typed(t, "/silence "+text)
		if err != nil || len(b.silenced.all) != 1 {
			t.Errorf("%s: %v", text, err)
			continue
		}
		s := b.silenced.all[0]
		from := want.from
		if from.IsZero() {
			from = t0
		}
		if s.Scope.String() != want.scope || s.Class != want.class || s.Reason != want.reason || !s.From.Equal(tagout.Moment(from)) || s.Until.Sub(s.From) != want.length {
			t.Errorf("%s: %s class %q for %s from %s: %q", text, s.Scope, s.Class, s.Until.Sub(s.From), s.From, s.Reason)
		}
	}
}

func TestASilenceThatCannotBeMeantIsRefusedWithTheFix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		code  tagout.Code
		words string
	}{
		"mailer maintenance":        {tagout.Invalid, "for how long"},
		"mailer 2h":                 {tagout.Invalid, "Say why"},
		"mailer 2h until 18:00 why": {tagout.Invalid, "for how long"},
		"mailer 25h why":            {tagout.Invalid, "at most 24 h at"},
		"mailer 10s why":            {tagout.Invalid, "30m or 2h"},
		"* 2h why":                  {tagout.Invalid, "names an agent"},
		"mailr 2h why":              {tagout.NotFound, "Did you mean mailer"},
		"mailer/fax 2h why":         {tagout.NotFound, "fax"},
		"mailer from 99:00 2h why":  {tagout.Invalid, "not a time"},
	} {
		b := newBench(t)
		_, err := b.typed(t, "/silence "+text)
		if tagout.CodeOf(err) != want.code || !strings.Contains(tagout.Sentence(err), want.words) || len(b.silenced.all) > 0 {
			t.Errorf("%s: %v (%s), want %s with %q", text, err, tagout.CodeOf(err), want.code, want.words)
		}
	}
	b := newBench(t)
	_, err := b.typed(t, "/unsilence mailer")
	wantCode(t, err, tagout.NotFound, "/silences")
	_, err = b.typed(t, "/unsilence SIL-9")
	wantCode(t, err, tagout.NotFound, "SIL-9")
	_, err = b.typed(t, "/unsilence")
	wantCode(t, err, tagout.Invalid, "SIL-3")
}

func TestASilenceIsExtendedAndEndedByItsButtons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must2 := func(reply tagout.Reply, err error) tagout.Reply { return must(t, reply, err) }
	must2(b.typed(t, "/silence mailer 2h why"))
	press := func(command, action, value string) (tagout.Reply, error) {
		return b.command(t, command).Clicks[action](t.Context(), tagout.Click{ID: "c" + strconv.Itoa(len(b.silenced.all[0].Asked)), User: ic, Action: action, Value: value, At: t0})
	}
	must2(press("silence", "silence-longer", "SIL-3"))
	if s := b.silenced.all[0]; s.Until.Sub(s.From) != 3*time.Hour || s.Longer[0].By != ic.Actor() {
		t.Errorf("%+v", s)
	}
	must2(press("unsilence", "unsilence", "SIL-3"))
	if b.silenced.all[0].EndedAt.IsZero() {
		t.Error("it was not ended")
	}
	_, err := press("unsilence", "unsilence", "SIL-3")
	wantCode(t, err, tagout.Conflict, "over already")
	_, err = press("silence", "silence-longer", "SIL-3")
	wantCode(t, err, tagout.Conflict, "is over")
}

func TestRoutesSayWhatIsSilencedAndWhichThresholdCounts(t *testing.T) {
	t.Parallel()
	s := &tagout.Silence{ID: 3}
	if _, err := s.Begin(tagout.SilenceOrder{ID: "x", Scope: tagout.MustScope("mailer"), For: time.Hour, Reason: "maintenance", By: ic}, 0, t0); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(d *desk){
		"so the incident would open quietly": func(d *desk) { d.foreseen.Silence = s },
		"so it would only be counted":        func(d *desk) { d.foreseen.Silence, d.foreseen.Counted = s, true },
		"alert 3 within 5 min, as its class Policy violation says": func(d *desk) {
			d.foreseen.ThresholdBy, d.foreseen.Verdict.Threshold = tagout.ThresholdClass, tagout.Threshold{Count: 3, Within: 5 * time.Minute}
		},
		"alert 3 within 5 min, as its rule says": func(d *desk) {
			d.foreseen.ThresholdBy, d.foreseen.Verdict.Threshold = tagout.ThresholdRoute, tagout.Threshold{Count: 3, Within: 5 * time.Minute}
		},
		"SEV-1 never waits": func(d *desk) { d.foreseen.ThresholdBy = tagout.ThresholdGrave },
	} {
		b := newBench(t)
		routedTwice(b.desk)
		change(b.desk)
		if reply, err := b.typed(t, "/routes INC-7"); err != nil || !strings.Contains(reply.Message.String(), want) {
			t.Errorf("%s: %s, %v", want, reply.Message, err)
		}
		b.routed[1].Silence, b.routed[1].Counted, b.routed[1].Alert.Status = s, true, tagout.Firing
		if reply, err := b.typed(t, "/routes"); err != nil || !strings.Contains(reply.Message.String(), "no incident: silenced, SIL-3") {
			t.Errorf("%s, %v", reply.Message, err)
		}
	}
}
