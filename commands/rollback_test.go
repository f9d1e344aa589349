package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestRollbackTakesAgentIncidentAndVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		here     tagout.IncidentID
		agent    string
		incident tagout.IncidentID
		to       string
	}{
		{"/rollback mailer prompt=v41", 0, "mailer", 0, "prompt v41"},
		{"/rollback mailer prompt", 0, "mailer", 0, "prompt "},
		{"/rollback prompt", 7, "mailer", 7, "prompt "},
		{"/rollback INC-7 prompt policy=p2", 0, "mailer", 7, "policy p2, prompt "},
		{"/rollback prompt=v41 policy=p2", 7, "mailer", 7, "policy p2, prompt v41"},
		{"/rollback Mailer Prompt=V41", 0, "mailer", 0, "prompt V41"},
		{"/rollback researcher prompt=r1", 7, "researcher", 0, "prompt r1"},
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		reply, err := b.typed(t, c.text, inChannelOf(c.here))
		must(t, reply, err)
		if len(b.orders) != 1 {
			t.Errorf("%s ordered nothing: %s", c.text, shown(reply))
			continue
		}
		if o := b.orders[0]; o.Agent != c.agent || o.Incident != c.incident || tagout.Pairs(o.To) != c.to || o.ID == "" || o.By != ic.Actor() {
			t.Errorf("%s ordered %+v", c.text, o)
		}
	}
	for text, word := range map[string]string{
		"/rollback": "Say which agent", "/rollback mialer prompt=v1": "mailer", "/rollback mailer v=": "prompt=v41", "/rollback prompt": "mailer",
		"/rollback mailer prompt=": "prompt=v41", "/rollback mailer prompt=1 prompt=2": "Two versions",
	} {
		b := newBench(t)
		_, err := b.typed(t, text)
		if err == nil || !strings.Contains(tagout.Sentence(err), word) || len(b.orders) > 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRollbackWithoutComponentsAsksAPersonAndObeysAProgram(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.known, b.incidents[7] = versions(), incident7()
	reply, err := b.typed(t, "/rollback", inChannelOf(7))
	if form := must(t, reply, err).Form; form == nil || form.State != "INC-7|mailer" || len(b.orders) > 0 {
		t.Fatalf("typed without components: %s", shown(reply))
	}
	reply, err = b.typed(t, "/rollback mailer", byToken)
	if must(t, reply, err).Form != nil || len(b.orders) != 1 || b.orders[0].To != nil || b.orders[0].By.Kind != tagout.ByToken {
		t.Fatalf("by a token: %s, %+v", shown(reply), b.orders)
	}
	_, err = b.typed(t, "/rollback researcher")
	wantCode(t, err, tagout.Conflict, "no control")
	b.known = tagout.AgentVersions{Agent: "mailer"}
	_, err = b.typed(t, "/rollback mailer")
	wantCode(t, err, tagout.Conflict, "No earlier version")
}

func TestTheRollbackFormOrdersWhatWasChosen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  string
		values map[string]string
		want   string
		inc    tagout.IncidentID
	}{
		"the proposal":           {"INC-7|mailer", map[string]string{"prompt": "v:v41", "policy": "v:p6", "model": "leave"}, "policy p6, prompt v41", 7},
		"another version":        {"|mailer", map[string]string{"prompt": "v:v40", "policy": "leave", "model": "leave"}, "prompt v40", 0},
		"an incident that ended": {"INC-8|mailer", map[string]string{"prompt": "v:v41"}, "prompt v41", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.known, b.incidents[7], b.incidents[8] = versions(), incident7(), incident7()
			b.incidents[8].State = tagout.StateResumed
			reply, err := b.sent(t, ic, "rollback", c.state, c.values)
			must(t, reply, err)
			if len(b.orders) != 1 || tagout.Pairs(b.orders[0].To) != c.want || b.orders[0].Incident != c.inc || b.orders[0].Agent != "mailer" {
				t.Errorf("ordered %+v", b.orders)
			}
		})
	}
	b := newBench(t)
	b.known = versions()
	reply, err := b.sent(t, ic, "rollback", "|mailer", map[string]string{"prompt": "leave", "policy": "leave", "model": "leave"})
	if must(t, reply, err); len(reply.Outcome.Problems) != 1 || reply.Outcome.Problems[0].Key != "prompt" || len(b.orders) > 0 {
		t.Errorf("with nothing chosen: %+v, ordered %+v", reply, b.orders)
	}
	_, err = b.sent(t, guest, "rollback", "|mailer", map[string]string{"prompt": "v:v41"})
	wantCode(t, err, tagout.Forbidden)
}

func TestALongVersionCanBeChosen(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("v", 200)
	b := newBench(t)
	b.incidents[7] = incident7()
	b.known = tagout.AgentVersions{Agent: "mailer", Components: []tagout.ComponentVersions{{Component: "prompt", Current: "v42", Previous: long,
		Known: []tagout.KnownVersion{{Version: "v42", Began: t0}, {Version: long, Began: t0.Add(-time.Hour)}}}}}
	reply, err := b.typed(t, "/rollback mailer")
	chosen := must(t, reply, err).Form.Fields[0].Value
	if len(chosen) > 150 {
		t.Fatalf("the choice has %d bytes", len(chosen))
	}
	reply, err = b.sent(t, ic, "rollback", "|mailer", map[string]string{"prompt": chosen})
	if must(t, reply, err); b.orders[0].To["prompt"] != long {
		t.Errorf("ordered %v", b.orders[0].To)
	}
}

func TestRetryingOrdersWhatFailed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	reply, err := b.pressed(t, ic, "rollback_retry", "INC-7")
	must(t, reply, err)
	if len(b.orders) != 1 || !b.orders[0].Retry || b.orders[0].Incident != 7 || b.orders[0].By != ic.Actor() {
		t.Errorf("ordered %+v", b.orders)
	}
	_, err = b.pressed(t, guest, "rollback_retry", "INC-7")
	wantCode(t, err, tagout.Forbidden)
}

// rolling is a rollback of the prompt, under way since t0.
func rolling() *tagout.Rollback {
	return &tagout.Rollback{At: t0, Agent: "mailer", Components: []tagout.ComponentRollback{
		{Component: "prompt", From: "v42", To: "v41", Basis: tagout.BasisKnownGood, State: tagout.RollbackRequested, RequestedAt: t0},
	}}
}

// halfRolled is a rollback that failed with one of two components.
func halfRolled() *tagout.Rollback {
	r := rolling()
	r.Components[0].State, r.Components[0].ConfirmedAt = tagout.RollbackConfirmed, t0.Add(310*time.Millisecond)
	r.Components[0].Reads = []tagout.VersionRead{{Control: "webhook", Version: "v41", Fresh: true}}
	r.Components = append(r.Components, tagout.ComponentRollback{Component: "policy", From: "p7", To: "p0", Basis: tagout.BasisUnseen, State: tagout.RollbackFailed,
		RequestedAt: t0, FailedAt: t0.Add(time.Minute), Failure: "no control reports policy."})
	r.FailedAt, r.Failure = t0.Add(time.Minute), "policy p0: no control reports policy."
	return r
}

func TestRollbackIsFollowedUntilItIsReadBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	begun, done := incident7(), incident7()
	begun.Rollback, done.Rollback = rolling(), rolling()
	done.Rollback.DoneAt = t0.Add(310 * time.Millisecond)
	b.incidents[7], b.changes = begun, []*tagout.Incident{begun, done}
	reply, err := b.typed(t, "/rollback mailer prompt")
	updates := collect(must(t, reply, err))
	if len(updates) != 1 || !strings.Contains(updates[0], "Read back after 0.31 s") {
		t.Errorf("updates are %q", updates)
	}
}
