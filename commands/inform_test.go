package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// audiences gives the desk's policy somebody to tell.
func audiences(d *desk) {
	d.policy.Inform = tagout.InformPolicy{Templates: map[string]*tagout.NoteTemplate{"internal": nil, "customer": nil}, Audiences: []tagout.Audience{
		{Key: "internal", Title: "Stakeholders", Channels: []string{"#stakeholders"}, Template: "internal"},
		{Key: "customer", Title: "Customers", Emails: []string{"customers@example.com"}, Approve: []string{"legal", "program"}, Template: "customer"},
		{Key: "regulator", Title: "Regulator", Emails: []string{"office@example.com"}, Severities: []tagout.Severity{tagout.Sev1}},
	}}
	d.policy.Severities[tagout.Sev2].Deadlines.Inform = time.Hour
}

// clocks gives an incident deadlines: one met, one missed, two to come.
func clocks(i *tagout.Incident) {
	row := &tagout.SeverityPolicy{Severity: tagout.Sev2, Deadlines: tagout.Deadlines{Acknowledge: time.Millisecond, Inform: time.Hour},
		Clocks: []tagout.RegulatoryClock{{Name: "Art. 73 report", Due: 360 * time.Hour, Owner: "legal"}}, Tell: []tagout.Telling{{Audience: "sales", Title: "Sales", Within: time.Hour}}}
	i.Terms = row.Terms()
	i.Told = map[string]tagout.Told{"internal": {Title: "Stakeholders", First: t0.Add(time.Millisecond), Last: t0.Add(time.Millisecond), Note: "n1", Next: t0.Add(2 * time.Hour)}}
}

func TestTheFormOfANoteSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	good := map[string]string{"audience": "internal", "template": "-", "known": "it is known", "doing": "we do", "next": t0.Add(time.Hour).Format(time.RFC3339)}
	for name, c := range map[string]struct{ key, value, says string }{
		"nobody":   {"audience", "", "who is told"},
		"nothing":  {"known", " \n", "Write it"},
		"too long": {"doing", strings.Repeat("x", 2001), "2,000"},
		"past":     {"next", t0.Add(-time.Hour).Format(time.RFC3339), "still to come"},
		"no time":  {"next", "soon", "still to come"},
	} {
		b := newBench(t)
		values := map[string]string{}
		for key, value := range good {
			values[key] = value
		}
		values[c.key] = c.value
		reply, err := b.command(t, "inform").Forms["inform"](t.Context(), tagout.Submission{ID: "S1", User: ic, State: "INC-7", Values: values})
		if err != nil || len(reply.Outcome.Problems) != 1 || reply.Outcome.Problems[0].Key != c.key || !strings.Contains(reply.Outcome.Problems[0].Message, c.says) || len(b.informed.notes) > 0 {
			t.Errorf("%s: %+v %v", name, reply.Outcome.Problems, err)
		}
	}
	b := newBench(t)
	b.incidents[7] = incident7()
	reply, err := b.command(t, "inform").Forms["inform"](t.Context(), tagout.Submission{ID: "S1", User: ic, State: "INC-7", Values: good})
	must(t, reply, err)
	if n := b.informed.notes; len(n) != 1 || n[0].Audience != "internal" || n[0].Template != "" || n[0].By != ic || n[0].Next.IsZero() || n[0].ID == "" {
		t.Errorf("%+v", n)
	}
}

func TestOnlyAudiencesOfTheSeverityAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	audiences(b.desk)
	b.incidents[7] = incident7()
	_, err := b.typed(t, "/inform INC-7 regulator")
	wantCode(t, err, tagout.Forbidden, "SEV-2")
	_, err = b.typed(t, "/inform INC-7 pope")
	wantCode(t, err, tagout.NotFound, "internal, customer, regulator")
}

func TestOfAPrivateIncidentOnlyItsPeopleWrite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	audiences(b.desk)
	b.incidents[7] = incident7()
	b.incidents[7].Private, b.incidents[7].Room = true, tagout.Room{Channel: "C0INC", Private: true}
	for _, text := range []string{"/inform INC-7", "/clock INC-7", `/clock INC-7 "x" done`} {
		_, err := b.typed(t, text)
		wantCode(t, err, tagout.Forbidden, "private")
	}
	_, err := b.typed(t, "/inform", inChannelOf(7))
	wantCode(t, err, tagout.Forbidden, "private: true")
	b.policy.Inform.Audiences[0].Private = true
	reply, err := b.typed(t, "/inform", inChannelOf(7))
	if must(t, reply, err); len(reply.Form.Fields[0].Options) != 1 {
		t.Errorf("offered: %+v", reply.Form.Fields[0].Options)
	}
}

func TestButtonsOfADraftSignExactlyWhatTheyCarry(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	c := b.command(t, "inform")
	if _, err := c.Clicks["note-go"](t.Context(), tagout.Click{User: legal, Value: "INC-7|n1|d1"}); err != nil {
		t.Fatal(err)
	}
	reply, err := c.Clicks["note-nogo"](t.Context(), tagout.Click{User: legal, Value: "INC-7|n1|d1"})
	if must(t, reply, err); reply.Form == nil || len(b.informed.votes) != 2 {
		t.Fatal("NO-GO waited for its reason")
	}
	if _, err := c.Forms["note-nogo"](t.Context(), tagout.Submission{User: legal, State: reply.Form.State, Values: map[string]string{"reason": "too early"}}); err != nil {
		t.Fatal(err)
	}
	if v := b.informed.votes; len(v) != 3 || v[0].Verdict != tagout.Go || v[0].Request != "n1" || v[0].Digest != "d1" || v[1].Verdict != tagout.NoGo || v[2].Verdict != tagout.NoGo || v[2].Reason != "too early" {
		t.Errorf("%+v", v)
	}
	for _, value := range []string{"", "INC-7", "INC-7|n1|", "x|n1|d1"} {
		_, err := c.Clicks["note-go"](t.Context(), tagout.Click{User: legal, Value: value})
		wantCode(t, err, tagout.Invalid)
	}
	if _, err := c.Clicks["note-again"](t.Context(), tagout.Click{User: legal, Value: "INC-7|n1|#a"}); err != nil || len(b.informed.again) != 1 {
		t.Errorf("again: %v %v", b.informed.again, err)
	}
}

func TestAClockIsNamedWithOrWithoutQuotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"Art. 73 report" done by courier`: "Art. 73 report|by courier", "Art. 73 report done": "Art. 73 report|", "‘art. 73’ Done": "art. 73|",
		`"Art. 73 report"`: "", "done": "", `"Art. 73 report done`: "", `"" done`: "", `"Art. 73 report" finished`: "",
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		clocks(b.incidents[7])
		_, err := b.typed(t, "/clock INC-7 "+text)
		if want == "" {
			wantCode(t, err, tagout.Invalid, "in quotes")
			continue
		}
		if err != nil || len(b.informed.stopped) != 1 || b.informed.stopped[0] != want {
			t.Errorf("%s: %q %v", text, b.informed.stopped, err)
		}
	}
}
