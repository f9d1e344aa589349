package commands_test

import (
	"strings"
	"testing"

	"tagout"
)

func TestARoleIsGivenToThePersonThatWasNamed(t *testing.T) {
	t.Parallel()
	for text, given := range map[string]string{
		"/role INC-7 ic <@U0ENG|enzo>": "ic U0ENG", "/role inc-7: RCA U0ENG": "rca U0ENG", "/handover INC-7 <@U0ENG>": "handover U0ENG",
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		reply, err := b.typed(t, text)
		if must(t, reply, err); len(b.given) != 1 || b.given[0] != given {
			t.Errorf("%s gave %q", text, b.given)
		}
	}
	for text, word := range map[string]string{
		"/role INC-7 king <@U0ENG>": "is not a role", "/role INC-7 ic": "Say who", "/role INC-7 ic enzo": "is not a person", "/role INC-7 ic @enzo": "Slack sent the name",
		"/role INC-7 ic <@U0ENG> now": "was not understood", "/handover INC-7": "Say to whom", "/handover INC-7 enzo": "is not a person", "/role": "/role INC-7",
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		_, err := b.typed(t, text)
		if wantCode(t, err, tagout.Invalid, word); len(b.given) > 0 {
			t.Errorf("%s gave %q", text, b.given)
		}
	}
}

func TestTheRolesOfAPrivateIncidentAreShownToItsPeopleOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.incidents[7].Private = true
	b.incidents[7].Room = tagout.Room{Channel: "C0INC", Private: true}
	_, err := b.typed(t, "/role INC-7")
	wantCode(t, err, tagout.Forbidden, "private")
	if _, err := b.typed(t, "/role", inChannelOf(7)); err != nil {
		t.Error(err)
	}
}

func TestATrialTellsWhatEachPagerSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reply, err := b.typed(t, "/page-test Email")
	updates := collect(must(t, reply, err))
	if last := updates[len(updates)-1]; !strings.Contains(last, "slack: *received* after 4 s") || !strings.Contains(last, "email: *failed*: The mail server refused it.") {
		t.Errorf("updates %q", updates)
	}
	if b.trials[0].Pager != "email" || b.trials[0].By != ic || b.trials[0].ID == "" {
		t.Errorf("tried %+v", b.trials)
	}
	reply, err = b.pressed(t, ic, "page-test", "slack|1|T1")
	if told := must(t, reply, err).Message.String(); !strings.Contains(told, "slack reached you after 4 s") {
		t.Errorf("told %q", told)
	}
	_, err = b.pressed(t, ic, "page-test", "INC-7")
	wantCode(t, err, tagout.Invalid)
	_, err = b.typed(t, "/page-test email now")
	wantCode(t, err, tagout.Invalid, "now")
}
