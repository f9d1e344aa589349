package commands_test

import (
	"testing"
	"time"

	"tagout"
)

// deployed are changes of the mailer and of another agent.
func deployed(d *desk) {
	d.incidents[7] = incident7(halted("mailer/email"))
	d.deployed = []tagout.Deployment{
		{ID: "1", Agent: "mailer", Component: "prompt", From: "v41", To: "v42", By: "github:stranger", URL: "https://github.com/acme/mailer/deployments", At: t0.Add(-12 * time.Minute)},
		{ID: "2", Agent: "researcher", Component: "model", To: "m-2 <!channel>", By: "U0ENG", At: t0.Add(-time.Hour)},
	}
}

func TestChangesAreListed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	deployed(b.desk)
	for name, text := range map[string]string{"changes": "/changes", "changes-agent": "/changes Mailer", "changes-incident": "/changes INC-7", "kind": "/kind INC-7"} {
		reply, err := b.typed(t, text)
		golden(t, "testdata/"+name+".txt", shown(must(t, reply, err)))
	}
	_, err := b.typed(t, "/changes maler")
	wantCode(t, err, tagout.NotFound, "Did you mean mailer")
	b.desk.deployed = nil
	reply, err := b.typed(t, "/changes mailer", byToken)
	golden(t, "testdata/changes-none.txt", shown(must(t, reply, err)))
}

func TestTheKindIsCorrectedByMembersWithAReason(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	deployed(b.desk)
	_, err := b.typed(t, "/kind INC-7 systemic")
	wantCode(t, err, tagout.Invalid, "Say why")
	_, err = b.typed(t, "/kind INC-7 strange because")
	wantCode(t, err, tagout.Invalid, "local, systemic or rollout")
	_, err = b.typed(t, "/kind INC-7 local because", as(tagout.User{ID: "U0GUEST", Guest: true}))
	wantCode(t, err, tagout.Forbidden)
	if b.desk.incidents[7].Kind != nil {
		t.Fatal("a refused correction was kept")
	}
	reply, err := b.typed(t, "/kind Systemic: the tool fails for all", inChannelOf(7))
	golden(t, "testdata/kind-corrected.txt", shown(must(t, reply, err)))
	if k := b.desk.incidents[7].Kind; k == nil || k.Why != "the tool fails for all" || k.By != ic.Actor() {
		t.Errorf("%+v", k)
	}
}
