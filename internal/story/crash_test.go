package story_test

import (
	"net/http"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/crashpoint"
	"tagout/sandbox"
)

// TestACrashBetweenAnyTwoStepsLosesNothing lets the real binary kill itself at every crash
// point that the code names, somewhere on the way of a stop, its pages and its sign-off.
func TestACrashBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	t.Parallel()
	points, err := crashpoint.Names("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(points) < 10 {
		t.Fatalf("only %d crash points: %v", len(points), points)
	}
	for _, point := range points {
		if strings.HasPrefix(point, "drill.") {
			continue // TestACrashInADrillEndsItOrKeepsItsHold dies there
		}
		if quietPoints(point) {
			continue // TestACrashWhileASilenceEndsOrAFlagIsRaisedLosesNothing dies there
		}
		if digestPoints(point) {
			continue // TestACrashBetweenADigestAndItsPictureLosesNeither dies there
		}
		if point == "alert.folded" {
			continue // TestAGoDoesNotCountAfterAnAlertOfAnotherIncidentWhoseProcessDied dies there
		}
		if point == "ticket.made" {
			continue // TestACorrectiveActionIsFollowedToClosure dies there
		}
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(point+"/"+database, func(t *testing.T) {
				t.Parallel()
				crash(newMortalWorld(t, database), point)
			})
		}
	}
}

// survivor goes through the story; when the process dies it starts again, and the people do
// again what they saw fail.
type survivor struct {
	*world
	point   string
	process *process
	crashed bool
}

func crash(w *world, point string) {
	w.log.expect("") // a crash may be noticed as any error
	s := &survivor{world: w, point: point}
	staged := strings.HasPrefix(point, "stage.")
	if staged {
		w.params.Stages = "[{mode: review, for: 1s}, {mode: running}]"
	}
	s.process = w.launches(point)
	s.revive()

	s.stopsTheMailer()
	s.settles("the e-mail page goes out", func() bool { return w.mails.count("legal@example.com", "INC-1") >= 1 })
	s.settles("the direct message goes out", func() bool { return s.paged("U0LEGAL") })
	s.settles("the stop is observed and recorded", func() bool { return s.has(tagout.EventContained) >= 1 })
	s.settles("the room exists", func() bool { return s.roomName() != "" })
	room := s.roomName()

	s.settles("the rollback is read back", func() bool {
		if s.has(tagout.EventRollbackSucceeded) == 0 && s.has(tagout.EventRollback) == 0 {
			s.does(func() error { return w.tries("U0IC", room, "/rollback mailer prompt=v41") })
		}
		return s.has(tagout.EventRollbackSucceeded) > 0
	})
	var has map[tagout.EventKind]int // of one moment: it may crash between two looks
	s.settles("the timeline is read", func() (known bool) {
		has, known = s.counts()
		return known
	})
	if has[tagout.EventEvidence] != has[tagout.EventRollback] {
		w.t.Errorf("%d rollbacks, %d pieces of evidence", has[tagout.EventRollback], has[tagout.EventEvidence])
	}

	if strings.HasPrefix(point, "delegate.") {
		s.does(func() error { return w.tries("U0LEGAL", room, "/delegate legal <@U0ENG|eng> 24h on leave") })
		s.settles("the delegation is told", func() bool { return s.has(tagout.EventDelegated) > 0 && s.told("U0ENG", "lets you sign for") > 0 })
	}
	s.settles("a note stands on the timeline", func() bool {
		if s.has(tagout.EventNote) == 0 {
			s.does(func() error { return w.tries("U0IC", room, "/note customers called") })
		}
		return s.has(tagout.EventNote) > 0
	})
	s.settles("customers are told what was signed", func() bool { return s.informs(room) })
	s.settles("what the crash interrupted is taken up", s.tookUp()) // a rollback after the GO would be another incident's
	s.settles("the request stands", func() bool { return s.asks(room) })
	if strings.HasPrefix(point, "signers.") {
		s.settles("the signer is asked", func() bool { return s.told("U0LEGAL", "Your GO or NO-GO is asked for") > 0 })
	}
	if strings.HasPrefix(point, "ask.") {
		s.settles("the question stands", func() bool { return s.wonders(room) })
	}
	s.settles("the agent runs again", func() bool {
		if w.hasButton("U0LEGAL", room, "GO") {
			s.does(func() error { return w.slack.Click(w.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}) })
		}
		if staged && s.has(tagout.EventStage) == 1 {
			s.does(func() error { return w.tries("U0LEGAL", room, "/stage advance") })
		}
		return w.mode("mailer", emailEU()) == string(tagout.Running)
	})
	s.settles("the incident is resumed", func() bool { return s.has(tagout.EventResumed) == 1 })
	if strings.HasPrefix(point, "review.") {
		s.reviews(room)
	}
	s.settles("the crash point "+point+" is passed", func() bool { return s.crashed })
	s.concludes()
}

// stopsTheMailer has a person stop the mailer. A stop is acknowledged to Slack after a moment, however
// far it is: whoever hears no more of it, since the process died, types it again.
func (s *survivor) stopsTheMailer() {
	kill := func() error { return s.tries("U0IC", "#general", "/kill mailer sev1 wrong people") }
	acknowledged := s.does(kill)
	s.settles("the stop stands", func() bool {
		var gate struct{ Holds []struct{ Scope string } }
		status, data, err := s.try(http.MethodGet, "/v1/agents/mailer/gate", "breakglass-token", nil)
		stands := err == nil && status == http.StatusOK && jsonInto(data, &gate) == nil && len(gate.Holds) > 0
		if !stands && s.crashed && acknowledged {
			acknowledged = false
			s.does(kill)
		}
		return stands
	})
	s.agentSees("mailer", emailEU(), tagout.Halted)
}

// reviews writes the review and has it approved, which closes the incident.
func (s *survivor) reviews(room string) {
	s.types("U0IC", room, "/review")
	s.settles("the form of the review is open", func() bool {
		views := s.slack.Views("U0IC")
		return len(views) > 0 && strings.Contains(string(views[0].Blocks), "lessons")
	})
	s.fills("U0IC", findings())
	s.corrects("U0IC", room, "Let the tool refuse lists without consent", "tool_permissions")
	s.types("U0IC", room, "/review submit")
	s.settles("the review is approved", func() bool {
		if s.hasButton("U0ENG", room, "Approve") {
			s.does(func() error {
				return s.slack.Click(s.ctx, sandbox.Click{User: "U0ENG", Channel: room, Label: "Approve"})
			})
		}
		return s.has(tagout.EventClosed) == 1
	})
}

// concludes checks what must hold whatever happened on the way.
func (s *survivor) concludes() {
	if got := s.has(tagout.EventSigned); got != 1 {
		s.t.Errorf("%d sign-offs counted, want 1", got)
	}
	if got := s.has(tagout.EventLifted); got != s.has(tagout.EventHeld) {
		s.t.Errorf("%d holds lifted of %d", got, s.has(tagout.EventHeld))
	}
	if asked, delegated := s.has(tagout.EventAsked), s.has(tagout.EventDelegated); asked > 1 || delegated > 1 {
		s.t.Errorf("%d questions and %d delegations on the timeline, want one", asked, delegated)
	}
	if n := s.told("U0ENG", "lets you sign for"); n > 1 {
		s.t.Errorf("the delegate is told %d times", n)
	}
	if n := s.told("U0LEGAL", "Your GO or NO-GO is asked for"); n > 1 {
		s.t.Errorf("the signer is asked %d times, want once at most: a GO may be quicker", n)
	}
	if got := len(s.incidents()); got != 1 {
		s.t.Errorf("%d incidents, want 1", got)
	}
	if got := s.posted("#general", "AI system"); got != 1 {
		s.t.Errorf("the signed note stands in the channel %d times, want once", got)
	}
	s.settles("no version is pinned any more", func() bool { return len(s.mailer.isAsked()) == 0 })
	if got := s.mailer.version("prompt"); got != "v41" {
		s.t.Errorf("the control runs prompt %s, want v41", got)
	}
	rooms := 0
	for _, c := range s.slack.Channels() {
		if len(c.Name) > 4 && c.Name[:4] == "inc-" {
			rooms++
		}
	}
	if rooms != 1 {
		s.t.Errorf("%d incident channels, want 1", rooms)
	}
	s.verifies()
}

// wonders asks a signer's question until it stands on the timeline.
func (s *survivor) wonders(room string) bool {
	switch counts, known := s.counts(); {
	case !known:
	case counts[tagout.EventAsked] > 0:
		return true
	case len(s.slack.Views("U0LEGAL")) == 0:
		s.does(func() error { return s.slack.Click(s.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "ASK"}) })
	default:
		s.submits("U0LEGAL", map[string]any{"question": "Who else got it?"})
	}
	return false
}

// submits sends the form that a person sees: that one, since another may have been opened before it
// by a press that seemed to do nothing.
func (s *survivor) submits(user string, values map[string]any) {
	views := s.slack.Views(user)
	form := views[len(views)-1].ID
	s.does(func() error {
		_, err := s.slack.Submit(s.ctx, sandbox.Submission{User: user, ViewID: form, Values: values})
		return err
	})
}

// told counts the direct messages to somebody that say so.
func (s *survivor) told(user, words string) (n int) {
	for _, m := range s.slack.Messages(s.slack.DM(user)) {
		if containsAny(plain(m), words) {
			n++
		}
	}
	return n
}

// revive starts the binary again if it has killed itself.
func (s *survivor) revive() bool {
	if !s.process.dead() {
		return false
	}
	if s.crashed || !s.process.killed() {
		s.t.Fatalf("the process ended by itself, not at its crash point\n%s", s.scene())
	}
	s.crashed = true
	s.process = s.launches("")
	return true
}

// tookUp tells whether everything that Slack delivered was worked to its end.
func (s *survivor) tookUp() func() bool {
	db := s.opens()
	return func() bool {
		var open int
		err := db.QueryRow("SELECT count(*) FROM deliveries WHERE finished_at IS NULL AND key NOT LIKE 'slack:intent:%'").Scan(&open)
		return err == nil && open == 0
	}
}

// does carries out a person's step. If the process dies meanwhile and the person saw it
// fail, the person does it once more. It reports whether the first try was acknowledged.
func (s *survivor) does(step func() error) bool {
	err := step()
	if err != nil && !s.crashed { // the connection is gone before the process is seen to be; if it is there, the step was refused
		s.eventually("it is known whether the process lives", func() bool { return s.process.dead() || s.slack.Connections() > 0 })
	}
	if !s.revive() || err == nil {
		return err == nil
	}
	if again := step(); again != nil {
		s.t.Logf("the step failed again: %v", again)
	}
	return false
}

// settles waits until ok holds, starting the process again when it dies.
func (s *survivor) settles(what string, ok func() bool) {
	s.t.Helper()
	s.eventually(what, func() bool {
		s.revive()
		return ok()
	})
}

func (s *survivor) paged(user string) bool {
	for _, m := range s.slack.Messages(s.slack.DM(user)) {
		if containsAny(plain(m), "You are paged") {
			return true
		}
	}
	return false
}

// has counts events of INC-1; 0 while the process cannot be asked.
func (s *survivor) has(kind tagout.EventKind) int {
	counts, _ := s.counts()
	return counts[kind]
}

// counts counts the events of INC-1 by kind; it is false while the process cannot be asked.
func (s *survivor) counts() (map[tagout.EventKind]int, bool) {
	var out struct {
		Events []struct {
			Kind tagout.EventKind `json:"kind"`
		} `json:"events"`
	}
	status, data, err := s.try(http.MethodGet, "/v1/incidents/INC-1/timeline", "breakglass-token", nil)
	if err != nil || status != http.StatusOK || jsonInto(data, &out) != nil {
		return nil, false
	}
	counts := map[tagout.EventKind]int{}
	for _, e := range out.Events {
		counts[e.Kind]++
	}
	return counts, true
}

func (s *survivor) roomName() string {
	for _, c := range s.slack.Channels() {
		if len(c.Name) > 6 && c.Name[:6] == "inc-1-" && len(c.Pinned) > 0 {
			return c.Name
		}
	}
	return ""
}

// informs goes through the form of a note to customers and its GO, until it has arrived. It
// does nothing while it is not known how far that got: another form would be another note.
func (s *survivor) informs(room string) bool {
	switch has, known := s.counts(); {
	case !known:
	case has[tagout.EventNoteReleased] > 0:
		return s.posted("#general", "AI system") > 0 && s.mails.count("customers@example.com", "AI system") > 0 && has[tagout.EventNoteDelivered] == 2
	case has[tagout.EventNoteDrafted] > 0:
		if s.hasButton("U0LEGAL", room, "GO") {
			s.does(func() error { return s.slack.Click(s.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}) })
		}
	case len(s.slack.Views("U0IC")) == 0:
		s.does(func() error { return s.tries("U0IC", room, "/inform") })
	default:
		s.submits("U0IC", note("customer"))
	}
	return false
}

// asks goes through the resume form until the request stands.
func (s *survivor) asks(room string) bool {
	if s.has(tagout.EventRequested) > 0 {
		return s.hasButton("U0LEGAL", room, "GO")
	}
	views := s.slack.Views("U0IC")
	if len(views) > 0 && strings.HasPrefix(views[0].Title, "Status note") { // its submission was taken, but not answered
		_ = s.slack.CloseView(s.ctx, "U0IC", views[0].ID)
		return false
	}
	if len(views) == 0 {
		s.does(func() error { return s.tries("U0IC", room, "/resume") })
		return false
	}
	s.does(func() error {
		_, err := s.slack.Submit(s.ctx, sandbox.Submission{User: "U0IC", Values: deliverables})
		return err
	})
	return false
}
