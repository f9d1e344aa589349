package commands_test

import (
	"strings"
	"testing"

	"tagout"
)

// flagged3 is a bench with FLAG-3 about the mailer's e-mail.
func flagged3(t *testing.T, scope string) bench {
	t.Helper()
	b := newBench(t)
	f := &tagout.Flag{ID: 3}
	r := tagout.FlagReport{ID: "r", By: "U0OUTSIDER", Words: "It promised a refund\nto everybody", Affected: "EMEA"}
	if scope != "" {
		r.Scope = tagout.MustScope(scope)
	}
	f.Raise(r, &tagout.Quote{Channel: "C0GENERAL", TS: "1.2"}, t0)
	b.flagged.flags = map[tagout.FlagID]*tagout.Flag{3: f}
	b.incidents[7] = incident7()
	return b
}

func TestTheFormsOfTriageSayWhatTheyDo(t *testing.T) {
	t.Parallel()
	for action, value := range map[string]string{"flag-promote": "FLAG-3", "flag-dismiss": "FLAG-3", "flag-duplicate": "FLAG-3", "flag-stop": "FLAG-3", "flag-more": "C0GENERAL/1.2"} {
		b := flagged3(t, "mailer/email")
		reply, err := b.pressed(t, ic, action, value)
		golden(t, "testdata/triage-"+action+".txt", shown(must(t, reply, err)))
	}
}

func TestEachFormOfTriageDecidesOnce(t *testing.T) {
	t.Parallel()
	for form, c := range map[string]struct {
		values map[string]string
		did    string
		says   string
	}{
		"flag-promote":   {map[string]string{"title": "Wrong promises", "severity": "sev2", "class": "judgment_error"}, "promoted FLAG-3", "is INC-7 now"},
		"flag-dismiss":   {map[string]string{"why": "A planned change"}, "dismissed FLAG-3", "is not an incident"},
		"flag-duplicate": {map[string]string{"incident": "inc-7"}, "duplicate FLAG-3", "belongs to INC-7"},
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			b := flagged3(t, "mailer")
			reply, err := b.sent(t, ic, form, "FLAG-3", c.values)
			if err != nil || !strings.Contains(reply.Message.String(), c.says) || len(b.flagged.did) != 1 || !strings.HasPrefix(b.flagged.did[0], c.did) {
				t.Fatalf("%s: %v, did %q", reply.Message, err, b.flagged.did)
			}
			_, err = b.sent(t, ic, form, "FLAG-3", c.values)
			wantCode(t, err, tagout.Conflict, "FLAG-3")
			for _, action := range []string{"flag-promote", "flag-dismiss", "flag-duplicate"} {
				_, err := b.pressed(t, ic, action, "FLAG-3")
				wantCode(t, err, tagout.Conflict, "decided already")
			}
			_, err = b.pressed(t, ic, form, "FLAG-9")
			wantCode(t, err, tagout.NotFound)
		})
	}
}

func TestWhatIsMissingInAFormOfTriageIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	for form, c := range map[string]struct {
		values map[string]string
		key    string
	}{
		"flag-dismiss":   {map[string]string{"why": "  "}, "why"},
		"flag-duplicate": {map[string]string{"incident": "INC-99"}, "incident"},
		"flag-promote":   {map[string]string{"title": ""}, "title"},
	} {
		b := flagged3(t, "")
		reply, err := b.sent(t, ic, form, "FLAG-3", c.values)
		if err != nil || !strings.Contains(keys(reply.Outcome.Problems), c.key) {
			t.Errorf("%s: %v, problems %v", form, err, reply.Outcome.Problems)
		}
		if b.flagged.flags[3].State != tagout.FlagOpen {
			t.Errorf("%s decided", form)
		}
	}
}

func TestStopNowHaltsWhatWasFlaggedOrAsksWhich(t *testing.T) {
	t.Parallel()
	b := flagged3(t, "mailer/email")
	if _, err := b.pressed(t, guest, "flag-stop", "FLAG-3|mailer/email"); err != nil || len(b.stops) != 1 {
		t.Fatalf("%v, %d stops", err, len(b.stops))
	}
	if s := b.stops[0]; s.Hold.Scope.String() != "mailer/email" || s.Hold.Mode != tagout.Halted || s.Flag != 3 {
		t.Errorf("%+v", s)
	}
	if _, err := b.sent(t, guest, "kill", "FLAG-3", map[string]string{"scope": "mailer", "reason": "odd"}); err != nil || len(b.stops) != 2 || b.stops[1].Flag != 3 {
		t.Errorf("by the form: %v, %+v", err, b.stops)
	}
}
