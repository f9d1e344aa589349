package commands_test

import (
	"context"
	"strings"
	"testing"

	"tagout"
	"tagout/commands"
)

func TestOnlyPeopleUseWhatIsForPeople(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"ack": "INC-7", "note": "INC-7 text", "severity": "INC-7 sev1", "resume": "INC-7", "delegate": "legal <@U0ENG> 24h", "stage": "INC-7 advance", "incident": "something is off", "oncall": "",
		"inform": "INC-7", "page-test": "", "role": "INC-7 ic <@U0ENG>", "handover": "INC-7 <@U0ENG>", "clock": "INC-7", "evidence": "INC-7", "runbook": "INC-7 done 1",
		"silence": "mailer 2h why", "unsilence": "SIL-3", "review": "INC-7", "close": "INC-7 over", "cancel": "INC-7 none", "action": "INC-7", "kind": "INC-7", "milestone": "INC-7", "flag": "odd"}
	for _, c := range newBench(t).list {
		text, listed := texts[c.Name]
		if (c.Right == tagout.MayNot) != listed {
			t.Errorf("%s has the right %q", c.Name, c.Right)
		}
		if !listed {
			continue
		}
		for who, change := range map[string]func(*tagout.Invocation){"token": byToken, "bot": as(bot)} {
			b := newBench(t)
			b.incidents[7] = askedFor()
			_, err := b.typed(t, "/"+c.Name+" "+text, change)
			if tagout.CodeOf(err) != tagout.Forbidden {
				t.Errorf("%s by a %s: %v", c.Name, who, err)
			}
			if len(b.acks)+len(b.notes)+len(b.severity)+len(b.orders)+len(b.drafts)+len(b.declared)+len(b.given)+len(b.trials)+len(b.pressedBy) > 0 {
				t.Errorf("%s by a %s had an effect", c.Name, who)
			}
		}
	}
}

func TestGuestsStopFlagAskAndAcknowledgeButChangeNothingElse(t *testing.T) {
	t.Parallel()
	for text, allowed := range map[string]bool{
		"/kill mailer": true, "/pause mailer": true, "/hold mailer review": true, "/status": true, "/timeline INC-7": true,
		"/ack INC-7": true, "/note INC-7 seen": true, "/incident odd": true, "/help": true, "/oncall": true, "/who sev1": true, "/oncall override <@U0ENG> 4h": false, "/oncall override cancel": false,
		"/resume INC-7": false, "/severity INC-7 sev3": false, "/rollback mailer": false, "/role INC-7": true, "/page-test": true, "/runbook INC-7": true, "/role INC-7 ic <@U0ENG>": false, "/handover INC-7 <@U0ENG>": false, "/inform INC-7": false, "/clock INC-7": false,
		"/kind INC-7": true, "/kind INC-7 local only here": false, "/milestone INC-7": true, "/milestone INC-7 onset 5m ago x": false, "/changes": true, "/silence mailer 2h why": false, "/silences": true, "/unsilence SIL-3": false,
	} {
		b := newBench(t)
		b.incidents[7] = askedFor()
		_, err := b.typed(t, text, as(guest))
		if allowed && err != nil || !allowed && tagout.CodeOf(err) != tagout.Forbidden {
			t.Errorf("%s by a guest: %v", text, err)
		}
	}
}

func TestNothingIsDoneWhileNobodyKnowsWhoseChannelItIs(t *testing.T) {
	t.Parallel()
	unsure := func(in *tagout.Invocation) { in.Unsure = true }
	for text, want := range map[string]tagout.Code{"/ack": tagout.Unavailable, "/note seen": tagout.Unavailable, "/severity sev1": tagout.Unavailable, "/ack INC-7": ""} {
		b := newBench(t)
		b.incidents[7] = askedFor()
		_, err := b.typed(t, text, unsure)
		if tagout.CodeOf(err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheIncidentIsNamedOrThatOfTheChannel(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"ack", "note", "severity", "resume", "timeline"} {
		rest := map[string]string{"note": " text", "severity": " sev1"}[verb]
		b := newBench(t)
		b.incidents[7] = askedFor()
		b.incidents[8] = incident7()
		b.incidents[8].ID = 8
		_, err := b.typed(t, "/"+verb+rest)
		wantCode(t, err, tagout.Invalid, "/"+verb+" INC-7")
		if _, err := b.typed(t, "/"+verb+rest, inChannelOf(7)); err != nil {
			t.Errorf("/%s in its channel: %v", verb, err)
		}
		if _, err := b.typed(t, "/"+verb+" inc-7:"+rest, inChannelOf(8)); err != nil {
			t.Errorf("/%s inc-7: %v", verb, err)
		}
		_, err = b.typed(t, "/"+verb+" INC-99"+rest)
		wantCode(t, err, tagout.NotFound)
		_, err = b.typed(t, "/"+verb+" INC-99999999999999999999"+rest)
		wantCode(t, err, tagout.Invalid)
	}
}

func TestNotesKeepTheirLinesAndAreShownInTheirChannelOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	reply, err := b.typed(t, "/note 7 people saw it\r\n<!channel>\x00", inChannelOf(7))
	if must(t, reply, err); b.notes[0] != "7 people saw it\n<!channel>" || !reply.Public {
		t.Errorf("noted %q, public %v", b.notes[0], reply.Public)
	}
	reply, err = b.typed(t, "/note INC-7 elsewhere")
	if must(t, reply, err); reply.Public {
		t.Error("a note from elsewhere is shown there")
	}
	_, err = b.typed(t, "/note", inChannelOf(7))
	wantCode(t, err, tagout.Invalid)
}

func TestSeverityRefusesWhatIsNotConfigured(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	for text, word := range map[string]string{"/severity INC-7": "sev1, sev2, sev3", "/severity INC-7 sev9 x": "Nothing was changed"} {
		_, err := b.typed(t, text)
		wantCode(t, err, tagout.Invalid, word)
	}
	reply, err := b.typed(t, "/severity INC-7 SEV-1, now")
	if must(t, reply, err); len(b.severity) != 1 || b.severity[0] != tagout.Sev1 {
		t.Errorf("changed to %v", b.severity)
	}
}

func TestPrivateIncidentsAreToldOfToTheirPeopleOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	secret := askedFor()
	secret.Private, secret.Title = true, "a named customer complains"
	secret.Holds[0].Reason, secret.Holds[0].Private = "a named customer complains", true
	secret.Room = tagout.Room{Channel: "C0INC", Private: true}
	b.incidents[7], b.holds, b.events = secret, secret.Holds, story()
	for _, text := range []string{"/status", "/status mailer", "/status mailer/email", "/status *"} {
		reply, err := b.typed(t, text)
		if told := must(t, reply, err).Message.String(); strings.Contains(told, "named customer") || !strings.Contains(told, "INC-7") {
			t.Errorf("%s elsewhere tells %s", text, told)
		}
		reply, err = b.typed(t, text, inChannelOf(7))
		if told := must(t, reply, err).Message.String(); !strings.Contains(told, "named customer") {
			t.Errorf("%s in its channel does not tell: %s", text, told)
		}
	}
	for _, text := range []string{"/status INC-7", "/timeline INC-7", "/ack INC-7", "/note INC-7 hello", "/severity INC-7 sev1", "/resume INC-7"} {
		reply, err := b.typed(t, text)
		wantCode(t, err, tagout.Forbidden, "INC-7 is private")
		if reply.Outcome.Incident != 0 || len(b.acks)+len(b.notes)+len(b.severity) > 0 {
			t.Errorf("%s did something", text)
		}
	}
	if _, err := b.typed(t, "/timeline", inChannelOf(7)); err != nil {
		t.Error(err)
	}
	b.holds, secret.Holds = nil, nil // now nothing tells any more which agent it is about
	reply, err := b.typed(t, "/status mailer")
	if told := must(t, reply, err).Message.String(); strings.Contains(told, "INC-7") {
		t.Errorf("the status of its agent tells %s", told)
	}
}

func TestStatusNamesAgentsThatAreHeldButNotDeclared(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	capped := tagout.Hold{ID: "c", Scope: tagout.MustScope("mailer"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 500, Per: "day"}, At: t0}
	looser := tagout.Hold{ID: "d", Scope: tagout.MustScope("researcher/crm"), Mode: tagout.Review, At: t0}
	b.holds = []tagout.Hold{halted("mialer"), capped, halted("researcher"), looser}
	reply, err := b.typed(t, "/status")
	told := shown(must(t, reply, err))
	for _, want := range []string{"mialer (not declared): *■ halted*", "mailer: *▲ capped* at 500/day", "researcher: *■ halted*\n"} {
		if !strings.Contains(told, want) {
			t.Errorf("status does not say %q:\n%s", want, told)
		}
	}
	_, err = b.typed(t, "/status not/a/scope/at/all")
	wantCode(t, err, tagout.Invalid)
}

func TestHelpKnowsEveryCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reply, err := b.typed(t, "/help")
	all := must(t, reply, err).Message.String()
	for _, c := range b.list {
		if !strings.Contains(all, "/"+c.Name) || c.Summary == "" || c.Run == nil {
			t.Errorf("%s is not explained", c.Name)
		}
		reply, err := b.typed(t, "/help /"+c.Name)
		if one := must(t, reply, err).Message.String(); !strings.Contains(one, "Who may:") || !strings.Contains(one, "Example: /"+c.Name) {
			t.Errorf("help of %s is %s", c.Name, one)
		}
	}
	_, err = b.typed(t, "/help fly")
	wantCode(t, err, tagout.NotFound, "kill")
}

func TestReadingFailsLoudlyAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.err = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	for _, text := range []string{"/ack INC-7", "/note INC-7 x", "/severity INC-7 sev1", "/timeline INC-7", "/resume INC-7", "/rollback mailer", "/status INC-7"} {
		_, err := b.typed(t, text)
		wantCode(t, err, tagout.Unavailable)
	}
	if _, err := b.command(t, "kill").Run(context.Background(), tagout.Invocation{ID: "T1", Text: "mailer", Incident: 7}); err != nil {
		t.Errorf("a stop needs no database: %v", err)
	}
}

func TestTheListNeedsNoDeskToBeRead(t *testing.T) {
	t.Parallel()
	if list := commands.All(nil, policy()); len(list) != len(newBench(t).list) {
		t.Errorf("%d commands", len(list))
	}
}
