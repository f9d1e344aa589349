package story_test

import (
	"strings"
	"testing"

	"tagout"
)

// foreign is what somebody pastes into a request: mentions, links, and as long as it may be.
var foreign = strings.Repeat("<!channel> <@U0LEGAL> <https://evil.example|GO> *bold* & `code` ", 60)[:3000]

// TestSignersSignInTurnAndTheCanaryIsAPartOfTheAgent: Legal before Privacy, then one region
// runs with the only tool that was validated, and another tool needs signatures of its own.
func TestSignersSignInTurnAndTheCanaryIsAPartOfTheAgent(t *testing.T) {
	tellWith(t, bothStores, func(p *params) {
		p.Signoffs, p.Ordered = "[{role: legal}, {role: privacy}]", true
		p.Stages = "[{mode: canary, scope: mailer/sms/us, for: 4h, validated: [read_crm]}, {mode: running}]"
	}, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		w.state(id, tagout.StateContained)
		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0PRIVACY", room, "GO")
		w.reads("U0PRIVACY", room, "not your turn yet: Legal signs before Privacy")
		w.presses("U0LEGAL", room, "GO")
		w.reads("U0LEGAL", room, "Still needed: GO of Privacy")
		w.presses("U0LEGAL", room, "GO")
		w.reads("U0LEGAL", room, "You signed GO for Legal already")
		w.agentSees("mailer", smsUS(), tagout.Halted)
		w.presses("U0PRIVACY", room, "GO")
		with := func(tool string, of map[string]string) map[string]string {
			return map[string]string{"channel": of["channel"], "region": of["region"], "tool": tool}
		}
		w.eventually("the canary reads", func() bool { return w.mayUse("mailer", with("read_crm", smsUS())) })
		if w.mayUse("mailer", with("send_email", smsUS())) || w.mayUse("mailer", with("read_crm", emailUS())) {
			t.Error("more runs than was signed")
		}

		w.types("U0IC", room, "/stage validate send_email")
		w.reads("U0IC", room, "stays disabled until it is signed")
		w.eventually("the second request is shown", func() bool { return w.events(id, tagout.EventRequested) == 2 && w.hasButton("U0LEGAL", room, "GO") })
		w.eventually("Legal signs it", func() bool {
			w.presses("U0LEGAL", room, "GO")
			return w.eventsWith(id, tagout.EventSigned, "role", "legal") == 2
		})
		if w.mayUse("mailer", with("send_email", smsUS())) {
			t.Error("the tool is enabled after one of two signatures")
		}
		w.presses("U0PRIVACY", room, "GO")
		w.eventually("the canary sends", func() bool { return w.mayUse("mailer", with("send_email", smsUS())) })
		if w.mayUse("mailer", with("send_email", emailUS())) {
			t.Error("what is no canary sends")
		}

		w.types("U0IC", "#general", "/kill researcher odd")
		second := w.room("inc-2-")
		w.asksToResume("U0IC", second, map[string]any{"fix": foreign})
		if shown := w.valueOf(second, "go"); !strings.HasPrefix(shown, "INC-2|") {
			t.Errorf("the button carries %q", shown)
		}
		w.presses("U0PROGRAM", second, "GO")
		w.reads("U0PROGRAM", second, "Still needed")
		w.presses("U0PROGRAM", second, "GO")
		w.reads("U0PROGRAM", second, "You signed GO for Program lead already")
		w.agentSees("researcher", nil, tagout.Halted)
		w.presses("U0REVOPS", second, "GO")
		w.agentSees("researcher", nil, tagout.Running)
		w.verifies()
	})
}

// mayUse asks whether an agent may do something.
func (w *world) mayUse(agent string, asked map[string]string) bool {
	var answer struct {
		Value bool `json:"value"`
	}
	w.call("POST", "/ofrep/v1/evaluate/flags/"+agent+".allowed", "", map[string]any{"context": asked}, &answer)
	return answer.Value
}
