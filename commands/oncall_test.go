package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestAnOverrideIsReadAsItIsSaid(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, newYork).UTC()
	}
	now := inForce.Add(time.Second) // the 21st, 5:04 in New York
	for text, want := range map[string]tagout.OverrideOrder{
		"<@U0ENG|enzo> 4h":                                    {Person: "U0ENG", Until: now.Add(4 * time.Hour)},
		"<@U0ENG> 1h30m primary dentist at noon":              {Person: "U0ENG", Until: now.Add(90 * time.Minute), Rotation: "primary", Why: "dentist at noon"},
		"U0ENG until 18:00":                                   {Person: "U0ENG", Until: at(21, 18, 0)},
		"<@U0ENG|enzo> until 03:00":                           {Person: "U0ENG", Until: at(22, 3, 0)},
		"<@U0ENG|enzo> from 22:00 until 06:00 primary":        {Person: "U0ENG", From: at(21, 22, 0), Until: at(22, 6, 0), Rotation: "primary"},
		"<@U0ENG|enzo>, from 2026-11-23T09:00 2d":             {Person: "U0ENG", From: at(23, 9, 0), Until: at(25, 9, 0)},
		"<@U0ENG|enzo> until 2026-11-30t18:00 because of <b>": {Person: "U0ENG", Until: at(30, 18, 0), Why: "because of <b>"},
	} {
		b := newBench(t)
		reply, err := b.typed(t, "/oncall override "+text)
		must(t, reply, err)
		want.ID, want.By = "T1", ic
		if len(b.overrides) != 1 || b.overrides[0] != want || !reply.Public {
			t.Errorf("%s: got %+v, want %+v; public %t", text, b.overrides, want, reply.Public)
		}
	}
}

func TestAnOverrideThatCannotBeMeantIsRefusedWithWhatToWrite(t *testing.T) {
	t.Parallel()
	for text, word := range map[string]string{
		"override":                         "how long",
		"override @enzo 4h":                "Pick the person",
		"override tomorrow 4h":             "is not a person",
		"override <@U0ENG>":                "how long or until when",
		"override <@U0ENG> 4h until 18:00": "how long or until when",
		"override <@U0ENG> until":          "A time is missing",
		"override <@U0ENG> until noonish":  "is not a time",
		"override <@U0ENG> -4h":            "how long or until when",
		"overide <@U0ENG> 4h":              "/tagout oncall override",
		"override cancel secondary":        "was not understood",
		"override cancel @enzo":            "Pick the person",
	} {
		b := newBench(t)
		_, err := b.typed(t, "/oncall "+text)
		wantCode(t, err, tagout.Invalid, word)
		if len(b.overrides)+len(b.ends) > 0 {
			t.Errorf("%s had an effect", text)
		}
	}
}

func TestAnOverrideIsCancelledByPersonRotationOrNeither(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.OverrideEnd{
		"": {By: ic}, " <@U0ENG|enzo>": {Person: "U0ENG", By: ic}, " Primary": {Rotation: "primary", By: ic}, " <@U0ENG> primary": {Person: "U0ENG", Rotation: "primary", By: ic},
	} {
		b := newBench(t)
		reply, err := b.typed(t, "/oncall override cancel"+text)
		must(t, reply, err)
		if len(b.ends) != 1 || b.ends[0] != want {
			t.Errorf("cancel%s: %+v", text, b.ends)
		}
	}
}

func TestWhoIsAskedAboutASeverityAnAgentARoleOrAnIncident(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.WhoQuery{
		"sev1":                          {Severity: "sev1"},
		"SEV-1 mailer policy_violation": {Severity: "sev1", Agent: "mailer", Class: "policy_violation"},
		"mailer":                        {Severity: "sev2", Agent: "mailer", Class: "judgment_error"},
		"mailer/email":                  {Severity: "sev2", Agent: "mailer", Class: "judgment_error"},
		"policy_violation":              {Severity: "sev2", Class: "policy_violation"},
		"Legal":                         {Role: "legal"},
		"inc-7":                         {Incident: 7},
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		reply, err := b.typed(t, "/who "+text)
		must(t, reply, err)
		if len(b.asked) != 1 || b.asked[0] != want {
			t.Errorf("who %s asked %+v, want %+v", text, b.asked, want)
		}
	}
	b := newBench(t)
	if _, err := b.typed(t, "/who", inChannelOf(7)); err != nil || b.asked[0].Incident != 7 {
		t.Errorf("in its channel: %v, %+v", err, b.asked)
	}
	for _, text := range []string{"", "sev9", "legal sev1", "inc-7 sev1", "everybody"} {
		_, err := newBench(t).typed(t, "/who "+text)
		wantCode(t, err, tagout.Invalid)
	}
}

func TestWhoIsPagedForAPrivateIncidentIsToldToItsPeopleOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.incidents[7].Private, b.incidents[7].Room = true, tagout.Room{Channel: "C0INC", Private: true}
	for _, text := range []string{"/who INC-7", "/who policy_violation inc-7"} {
		_, err := b.typed(t, text)
		wantCode(t, err, tagout.Forbidden, "private")
	}
	if len(b.asked) > 0 {
		t.Error("it was asked all the same")
	}
	if _, err := b.typed(t, "/who", inChannelOf(7)); err != nil {
		t.Error(err)
	}
}

// onDuty are two rotations: one with an override, one that cannot be read.
func onDuty(d *desk) {
	v := tagout.Override{ID: "o1", Rotation: "primary", Person: "U0ENG", From: t0, Until: t0.Add(4 * time.Hour), By: ic.Actor(), At: t0, Why: "dentist"}
	d.duties = []tagout.Duty{
		{Rotation: "primary", Until: v.Until, Next: []tagout.Person{{ID: "U0PLATFORM"}}, Overrides: []tagout.Override{v},
			People: []tagout.Called{{Person: tagout.Person{ID: "U0ENG"}, Reasons: []tagout.Reason{{Via: tagout.ViaOverride, By: ic.Actor(), Until: v.Until}}}}},
		{Rotation: "secondary", Source: "PagerDuty schedule PABC123",
			Doubts: []tagout.Doubt{{Via: tagout.ViaSchedule, Source: "secondary", Problem: "PagerDuty refused the token.", Blind: true}}},
	}
}

// callsForSev1 is who would be paged for a SEV-1.
func callsForSev1(d *desk) {
	pat := tagout.Person{ID: "U0PLATFORM", Email: "pat@example.com", Roles: []string{"legal"}}
	jane := tagout.Person{Name: "Jane Doe", Email: "jane@example.com", Roles: []string{"program"}}
	r := tagout.Roster{At: t0, Roles: []string{"legal", "program"}, Instead: []string{"revops"},
		People: []tagout.Called{
			{Person: pat, Reasons: []tagout.Reason{{Role: "legal", Via: tagout.ViaMember}, {Role: "legal", Via: tagout.ViaGroup, Source: "S0LEGAL", AsOf: t0.Add(-2 * time.Hour)}}},
			{Person: jane, Reasons: []tagout.Reason{{Role: "program", Via: tagout.ViaSchedule, Source: "secondary", AsOf: t0, Until: t0.Add(time.Hour)}}},
		},
		Doubts: []tagout.Doubt{{Role: "legal", Via: tagout.ViaGroup, Source: "S0LEGAL", Problem: "Slack does not answer.", AsOf: t0.Add(-2 * time.Hour), Blind: true}}}
	d.paged = tagout.WhoIsPaged{At: t0, Repeat: time.Minute,
		Steps: []tagout.PagingStep{
			{Roster: r, Pages: []tagout.PlannedPage{{To: pat, Pager: "slack"}, {To: pat, Pager: "email"}, {To: jane, Pager: "email"}, {Pager: "pagerduty"}}},
			{After: 5 * time.Minute, Roster: tagout.Roster{At: t0, Roles: []string{"revops"}}},
		},
		Signers: []tagout.Signers{{Roles: []string{"legal"}, People: []tagout.UserID{"U0LEGAL"}, Unknown: []string{"S0LEGAL"}}}}
}

func TestOnCallSaysAloudWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	onDuty(b.desk)
	reply, err := b.typed(t, "/oncall")
	if told := must(t, reply, err).Message.String(); !strings.Contains(told, "PagerDuty refused the token") || reply.Message.Tone != tagout.ToneDanger {
		t.Errorf("told %s", told)
	}
}
