package story_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
)

// findings are what people write into the review's form beside what the record tells.
func findings() map[string]any {
	return map[string]any{
		"impact": "212 people got a mail that they had not asked for.", "gaps": "No test sends to somebody who unsubscribed.",
		"layer_tool_permissions": "Missing: the tool sends to any list.", "layer_evaluation_coverage": "Missing: no such case.",
		"layer_acceptance_criteria": "Held.", "layer_review_gate": "Failed: the diff did not show it.",
		"went_well": "It was stopped within a second.", "lessons": "A prompt asks, a permission decides.",
	}
}

// corrects adds a corrective action.
func (w *world) corrects(user, room, title, layer string) {
	w.t.Helper()
	w.types(user, room, "/action "+title)
	w.fills(user, map[string]any{"owner": "U0MOPS", "due": time.Now().Add(48 * time.Hour), "layer": layer})
}

func TestAnIncidentIsClosedByAReviewThatSomebodyElseApproves(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.presses("U0IC", room, "Acknowledge")
		w.types("U0IC", room, "/close it is over")
		w.reads("U0IC", room, "still holds mailer")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.state(id, tagout.StateResumed)
		w.reads("U0IC", room, "State\\W+resumed.*review by.*Write the review")
		if w.hasButton("U0IC", room, "Request resume") {
			t.Errorf("a resumption is offered although nothing is held\n%s", w.scene())
		}
		w.opensHome("U0IC")
		w.seesHome("U0IC", "Reviews.*INC-1 SEV-1.*to be written.*due by.*Write the review")

		w.types("U0GUEST", room, "/review")
		w.reads("U0GUEST", room, "Guests can stop")
		w.presses("U0IC", room, "Write the review")
		w.eventually("the form is filled with what the record tells", func() bool {
			views := w.slack.Views("U0IC")
			return len(views) > 0 && strings.Contains(string(views[0].Blocks), "Prompt v42 dropped the unsubscribe filter")
		})
		w.fills("U0IC", map[string]any{"gaps": "No test sends to somebody who unsubscribed."})
		w.reads("U0IC", room, "Review of INC-1 SEV-1: draft.*Version 1, written by @U0IC.*Still missing: Impact; Tool permission.*no corrective action.*Contained.*since detected.*Edit review")
		w.presses("U0IC", room, "Edit review")
		w.fills("U0IC", findings())
		w.corrects("U0IC", room, "Say it in the prompt", "prompt")
		w.types("U0IC", room, "/review submit")
		w.reads("U0IC", room, "cannot be submitted yet.*a prompt alone is no answer")
		w.corrects("U0IC", room, "Let the tool refuse lists without consent", "tool_permissions")
		w.reads("U0IC", room, "Review of INC-1.*Version 2.*INC-1/2.*Let the tool refuse.*Tool permission boundary.*Submit for approval")
		w.presses("U0IC", room, "Submit for approval")
		w.isPaged("U0ENG", "review of INC-1 waits for your approval; @U0IC submitted it")
		w.opensHome("U0ENG")
		w.seesHome("U0ENG", "Reviews.*INC-1 SEV-1.*waits for your approval")

		w.stops()
		w.starts()
		w.presses("U0IC", room, "Approve")
		w.reads("U0IC", room, "You wrote a part of this review")
		w.presses("U0LEGAL", room, "Approve")
		w.reads("U0LEGAL", room, "Only the RCA facilitator approves")
		w.presses("U0ENG", room, "Send back")
		w.fills("U0ENG", map[string]any{"reason": "Which test?"})
		w.isPaged("U0IC", "@U0ENG sent the review of INC-1 back: Which test")
		w.presses("U0IC", room, "Edit review")
		w.fills("U0IC", map[string]any{"lessons": "A prompt asks, a permission decides. The test is TestConsent."})
		w.reads("U0IC", room, "Review of INC-1 SEV-1: draft.*Version 3")
		w.presses("U0IC", room, "Submit for approval")
		w.reads("U0IC", room, "Review of INC-1 SEV-1: submitted.*To approve it, or send it back: @U0ENG")
		w.presses("U0ENG", room, "Approve")
		w.state(id, tagout.StateClosed)
		w.reads("U0IC", room, "State\\W+closed")
		w.reads("U0OUTSIDER", "#incidents", "INC-1 SEV-1.*closed")
		w.reads("U0IC", room, "INC-1 is closed: its review is approved")
		w.happens(id, tagout.EventReviewRefused, 2)
		status, text, err := w.try(http.MethodGet, "/v1/incidents/INC-1/review", "read-token", nil)
		if err != nil || status != http.StatusOK || !strings.Contains(string(text), "approved by U0ENG") || !strings.Contains(string(text), "TestConsent") {
			t.Errorf("the document: %d %v %s", status, err, text)
		}

		w.types("U0IC", room, "/review")
		w.reads("U0IC", room, "was approved by.*It stays as it is")
		w.types("U0IC", room, "/note it held for a week")
		w.happens(id, tagout.EventNote, 1)
		w.types("U0IC", room, "/kill mailer it is back")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.reads("U0IC", "#incidents", "INC-2.*it is back")
		w.state(id, tagout.StateClosed)
		w.verifies()
	})
}

func TestAFalseAlarmIsCancelledOnceItsHoldsAreSignedOff(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.types("U0IC", room, "/cancel it was the load test")
		w.reads("U0IC", room, "@U0IC calls INC-1 a false alarm: it was the load test.*Everything stays held")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.asksToResume("U0IC", room, deliverables)
		w.reads("U0LEGAL", room, "Resume mailer.*It is called a false alarm: it was the load test.*no review is owed")
		w.presses("U0LEGAL", room, "GO")
		w.state(id, tagout.StateCancelled)
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.reads("U0OUTSIDER", "#incidents", "INC-1 SEV-1.*cancelled")
		w.types("U0IC", room, "/review")
		w.reads("U0IC", room, "was a false alarm; there is nothing to review")
		w.verifies()
	})
}
