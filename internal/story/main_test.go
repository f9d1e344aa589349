package story_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"tagout"
)

func jsonInto(data []byte, into any) error { return json.Unmarshal(data, into) }

func TestFromAnAlertToAStoppedAgentToASignedResume(t *testing.T) {
	tell(t, everywhere, func(t *testing.T, w *world) {
		w.agentSees("mailer", emailEU(), tagout.Running)

		id := w.alarm("MailToUnsubscribed", critical)
		w.agentSees("mailer", emailEU(), tagout.Halted)
		room := w.room("inc-" + number(id) + "-mailer-policy-violation")
		w.reads("U0OUTSIDER", "#incidents", id+" SEV-1 mailer")
		w.isPaged("U0LEGAL", id+" SEV-1.*MailToUnsubscribed")
		w.isPaged("U0PLATFORM", "Immediate halt and rollback")
		w.eventually("the e-mail page arrives", func() bool { return w.mails.count("legal@example.com", id) == 1 })
		w.state(id, tagout.StateContained)
		w.reads("U0IC", room, "mailer by webhook: requested .* accepted .* observed")

		w.presses("U0PLATFORM", room, "Acknowledge")
		w.reads("U0IC", room, "@U0PLATFORM acknowledged")

		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0IC", room, "GO")
		w.reads("U0IC", room, "somebody else has to sign")
		w.presses("U0OUTSIDER", room, "GO")
		w.reads("U0OUTSIDER", room, "not a signer.*Legal")
		if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
			t.Fatalf("after two clicks that do not count the mailer is %s", got)
		}

		w.presses("U0LEGAL", room, "GO")
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.state(id, tagout.StateResumed)
		w.reads("U0IC", room, "GO by @U0LEGAL for Legal: mailer goes to ● running")
		w.types("U0IC", room, "/timeline")
		w.reads("U0IC", room, "mailer.*halted.*GO")
		if got := w.events(id, tagout.EventRefused); got != 2 {
			t.Errorf("%d refused clicks on the timeline, want 2", got)
		}
	})
}

func TestAResponderKillsAndReadsWhatConfirmedIt(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email/eu complaint spike")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.reads("U0IC", "#general", "halted.*mailer/email/eu.*INC-1")
		w.reads("U0IC", "#general", "observed.*1 of 1|1 of 1.*observed")
		if got := w.mode("mailer", emailUS()); got != string(tagout.Running) {
			t.Errorf("email/us is %s, but only email/eu was stopped", got)
		}
		if i := w.incident("INC-1"); len(i.Holds) != 1 || i.Holds[0].Scope != "mailer/email/eu" {
			t.Errorf("holds %+v", i.Holds)
		}
	})
}

func TestThreePeopleWhoStopTheSameAgentMakeOneIncident(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		done := make(chan error, 3)
		for _, user := range []string{"U0IC", "U0ENG", "U0MOPS"} {
			go func() { done <- w.tries(user, "#general", "/kill mailer") }()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		w.eventually("all three stops are recorded", func() bool {
			all := w.incidents()
			return len(all) == 1 && len(all[0].Holds) == 3
		})
	})
}

func TestAnUnknownAgentIsStoppedAllTheSame(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mialer")
		w.reads("U0IC", "#general", "mialer.*mailer")
		w.agentSees("mialer", nil, tagout.Halted)
	})
}

func TestWithoutArgumentsKillOpensAForm(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill")
		w.fills("U0IC", map[string]any{"scope": "researcher", "reason": "odd"})
		w.agentSees("researcher", nil, tagout.Halted)
	})
}

func TestGuestsMayStopButNeverSign(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0GUEST", "#general", "/kill researcher")
		w.agentSees("researcher", nil, tagout.Halted)
		w.types("U0GUEST", "#general", "/resume INC-1")
		w.eventually("the guest is refused", func() bool {
			if len(w.slack.Views("U0GUEST")) > 0 {
				problems := w.triesForm("U0GUEST", map[string]any{"fix": "x"})
				return len(problems) > 0
			}
			for _, m := range w.visible("U0GUEST", "#general") {
				if containsAny(plain(m), "full member", "uests") {
					return true
				}
			}
			return false
		})
	})
}

func TestTheAnswerToAWrongSpellingOfTheContextIsStrict(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email")
		for _, asked := range []map[string]string{{"channel": "Email"}, {"channel": " EMAIL "}, {}, {"channel": "fax"}} {
			w.agentSees("mailer", asked, tagout.Halted)
		}
		w.agentSees("mailer", smsUS(), tagout.Running)
	})
}

func TestTokensMayStopButNeverResumeOrApprove(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		var out said
		if status := w.call(http.MethodPost, "/v1/commands/kill", "breakglass-token", map[string]string{"text": "mailer spike"}, &out); status != http.StatusOK || out.Incident != "INC-1" {
			t.Fatalf("kill by token: %d %+v", status, out)
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)
		for _, name := range []string{"resume", "ack", "rollback", "severity"} {
			if status := w.call(http.MethodPost, "/v1/commands/"+name, "breakglass-token", map[string]string{"text": "INC-1"}, nil); status != http.StatusForbidden {
				t.Errorf("/%s by token was answered with %d, want 403", name, status)
			}
		}
		if status := w.call(http.MethodPost, "/v1/commands/kill", "wrong", map[string]string{"text": "mailer"}, nil); status != http.StatusUnauthorized {
			t.Errorf("a wrong token was answered with %d, want 401", status)
		}
	})
}

func TestCappedDisablesToolsAndSaysHowMuchMayBeSpent(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/hold mailer capped cap=500/day tool:send_email too expensive")
		w.agentSees("mailer", emailEU(), tagout.Capped)
		var answer struct {
			Value    bool           `json:"value"`
			Metadata map[string]any `json:"metadata"`
		}
		w.call(http.MethodPost, "/ofrep/v1/evaluate/flags/mailer.allowed", "", map[string]any{"context": emailEU()}, &answer)
		if answer.Value || answer.Metadata["spendCap"] != float64(500) || answer.Metadata["spendCapPer"] != "day" {
			t.Errorf("allowed with a disabled tool: %+v", answer)
		}
		w.call(http.MethodPost, "/ofrep/v1/evaluate/flags/mailer.allowed", "", map[string]any{"context": map[string]string{"channel": "email", "region": "eu", "tool": "read_crm"}}, &answer)
		if !answer.Value {
			t.Error("an enabled tool of a capped agent is refused")
		}
	})
}
