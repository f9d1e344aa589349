package story_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/cmd/tagout/app"
)

// people are who tries everything, one in each capacity.
var people = map[tagout.Capacity]tagout.User{
	tagout.AsGuest: {ID: "U0GUEST", Team: "T0SANDBOX", Guest: true}, tagout.AsMember: {ID: "U0ENG", Team: "T0SANDBOX"},
	tagout.AsSigner: {ID: "U0LEGAL", Team: "T0SANDBOX"}, tagout.AsRequester: {ID: "U0IC", Team: "T0SANDBOX"},
	tagout.AsCommander: {ID: "U0PLATFORM", Team: "T0SANDBOX"}, tagout.AsBot: {ID: "U0BOT", Team: "T0SANDBOX", Bot: true},
}

// trialsOf are what things are tried with, where INC-2 alone will not do. INC-1 is at the first
// stage of its plan; INC-2 has a request and a note that wait to be signed.
func (w *world) trialsOf(room string) map[string]string {
	decision, note := w.valueOf(room, "go"), w.valueOf(room, "note-go")
	return map[string]string{
		"/kill": "elsewhere odd", "/pause": "elsewhere odd", "/hold": "elsewhere review odd",
		"button go": decision, "button nogo": decision, "form nogo": decision, "button ask": decision, "form ask": decision, "button answered": decision, "form answered": decision,
		"button review-go": "INC-2|review-INC-2|digest", "button review-nogo": "INC-2|review-INC-2|digest", "form review-nogo": "INC-2|review-INC-2|digest",
		"button action-change": "INC-2|1", "button action-done": "INC-2|1", "form action-done": "INC-2|1", "button action-drop": "INC-2|1", "form action-drop": "INC-2|1", "button action-ticket": "INC-2|1",
		"/flag": "list", "form flag": "", "button flag-more": "C0GENERAL/1.2", "button flag-stop": "FLAG-1|elsewhere", "button flag-promote": "FLAG-1", "form flag-promote": "FLAG-1",
		"button flag-dismiss": "FLAG-1", "form flag-dismiss": "FLAG-1", "button flag-duplicate": "FLAG-1", "form flag-duplicate": "FLAG-1",
		"button note-go": note, "button note-nogo": note, "form note-nogo": note, "button note-again": "INC-2|n|#general",
		"/incident INC-n private": "INC-99 private", "/oncall": "", "/drill": "", "/drill kill AGENT": "kill mailer", "/oncall override @PERSON 4h": "override <@U0ENG> 4h", "/delegate": "",
		"/role INC-n ROLE @PERSON": "INC-2 comms <@U0ENG>", "/delegate ROLE @PERSON 24h": "legal <@U0ENG> 24h", "/delegate revoke ROLE @PERSON": "revoke legal <@U0MOPS>",
		"/silence": "researcher class=cost_runaway 1h why", "/silences": "", "/unsilence": "SIL-99", "button silence-longer": "SIL-99", "button unsilence": "SIL-99",
		"/kind INC-n KIND reason": "INC-2 local only here", "/milestone INC-n NAME WHEN reason": "INC-2 onset 5m ago because", "/stage INC-n advance": "INC-1 advance", "button stage": "INC-1", "/stage INC-n validate TOOL": "INC-1 validate send_email",
	}
}

// valueOf is what a button of the newest message that has it carries.
func (w *world) valueOf(room, action string) string {
	w.t.Helper()
	value := ""
	find := regexp.MustCompile(`"action_id":"` + action + `(?::[^"]*)?"[^{}]*(?:\{[^{}]*\}[^{}]*)*?"value":"([^"]*)"`)
	w.eventually("the button "+action+" is there", func() bool {
		for _, m := range w.visible("U0IC", room) {
			if found := find.FindSubmatch(m.Blocks); found != nil {
				value = string(found[1])
			}
		}
		return value != ""
	})
	return value
}

// entryOf runs a shortcut of a command; nil if it has none of that name.
func entryOf(c tagout.Command, name string) func(context.Context, tagout.Invocation) (tagout.Reply, error) {
	for _, entry := range c.Shortcuts {
		if entry.ID == name {
			return entry.Run
		}
	}
	return nil
}

// used is what comes of somebody using a thing.
func (w *world) used(thing, with string, by tagout.User) error {
	kind, name, _ := strings.Cut(thing, " ")
	for _, c := range w.app.Commands() {
		var err error
		switch {
		case kind == "button" && c.Clicks[name] != nil:
			_, err = c.Clicks[name](w.ctx, tagout.Click{ID: "c" + string(by.ID), User: by, Action: name, Value: with, At: time.Now()})
		case kind == "form" && c.Forms[name] != nil:
			_, err = c.Forms[name](w.ctx, tagout.Submission{ID: "s" + string(by.ID), User: by, Form: name, State: with, Values: map[string]string{"reason": "x", "question": "x", "answer": "x"}, At: time.Now()})
		case kind == "reaction" && c.Reacted != nil:
			_, err = c.Reacted(w.ctx, tagout.Invocation{ID: "r" + string(by.ID), User: by, By: by.Actor(), About: &tagout.Quote{Channel: "C0GENERAL", TS: "1.2"}, At: time.Now()})
		case kind == "shortcut" && entryOf(c, name) != nil:
			_, err = entryOf(c, name)(w.ctx, tagout.Invocation{ID: "m" + string(by.ID), User: by, By: by.Actor(), At: time.Now()})
		case kind == "/"+c.Name:
			_, err = c.Run(w.ctx, tagout.Invocation{ID: "i" + string(by.ID), User: by, By: by.Actor(), Text: with, At: time.Now()})
		default:
			continue
		}
		return err
	}
	w.t.Errorf("there is no %s", thing)
	return nil
}

// TestEverybodyMayWhatTheTableSaysAndNothingElse walks the whole table of permissions, in every
// capacity: first all that must be refused, then all that must not be.
func TestEverybodyMayWhatTheTableSaysAndNothingElse(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Stages = "[{mode: review, for: 1h}, {mode: running}]" }, func(t *testing.T, w *world) {
		w.log.expect("command", "request")
		w.alarm("MailToUnsubscribed", critical)
		first := w.room("inc-1-")
		w.state("INC-1", tagout.StateContained)
		w.presses("U0PLATFORM", first, "Acknowledge")
		w.reads("U0IC", first, "@U0PLATFORM acknowledged")
		w.asksToResume("U0IC", first, deliverables)
		w.presses("U0LEGAL", first, "GO")
		w.agentSees("mailer", emailEU(), tagout.Review)
		w.types("U0LEGAL", "#general", "/delegate legal <@U0MOPS|mops> 24h")
		w.types("U0IC", "#general", "/kill researcher sev1 odd")
		room := w.room("inc-2-")
		w.presses("U0PLATFORM", room, "Acknowledge")
		w.types("U0IC", room, "/inform INC-2")
		w.fills("U0IC", note("customer"))
		w.asksToResume("U0IC", room, deliverables)
		w.types("U0IC", room, "/action narrow the mail tool")
		w.fills("U0IC", map[string]any{"owner": "U0FINANCE"})
		w.types("U0IC", room, "/role INC-2 rca <@U0FINANCE|finance>") // who tries nothing
		w.eventually("they have the role", func() bool { return w.eventsWith("INC-2", tagout.EventRole, "to", "U0FINANCE") == 1 })

		with := w.trialsOf(room)
		try := func(p tagout.Permit, as tagout.Capacity) error {
			text, given := with[p.Thing]
			if !given {
				text = "INC-2"
			}
			return w.used(p.Thing, text, people[as])
		}
		walk := func(visit func(p tagout.Permit, as tagout.Capacity, allowed bool)) {
			for _, p := range app.Permits() {
				stop := p.Right == tagout.MayStop || strings.HasSuffix(p.Thing, " kill") || p.Thing == "button flag-stop" || strings.HasSuffix(p.Thing, " pause") || strings.HasSuffix(p.Thing, " hold")
				for _, as := range tagout.Capacities() {
					if p.For != "" && !(stop && as == tagout.AsBot) { // the Slack edge refuses bots; nothing behind it may refuse a stop
						visit(p, as, p.Allows(as))
					}
				}
			}
		}
		walk(func(p tagout.Permit, as tagout.Capacity, allowed bool) {
			if allowed {
				return
			}
			if err := try(p, as); tagout.CodeOf(err) != tagout.Forbidden {
				t.Errorf("%s by a %s: %v, want a refusal", p.Thing, as, err)
			}
		})
		for _, kind := range []tagout.EventKind{tagout.EventSigned, tagout.EventLifted, tagout.EventSeverity, tagout.EventNoteReleased} {
			if n := w.events("INC-2", kind); n > 0 {
				t.Errorf("what was refused left %d events %s", n, kind)
			}
		}
		w.agentSees("mailer", emailEU(), tagout.Review)
		w.agentSees("researcher", nil, tagout.Halted)
		for _, signs := range []bool{false, true} { // the sign-offs of the signer come last, since they end the requests
			walk(func(p tagout.Permit, as tagout.Capacity, allowed bool) {
				if !allowed || signs != (as == tagout.AsSigner) {
					return
				}
				if err := try(p, as); err != nil && tagout.CodeOf(err) == tagout.Forbidden {
					t.Errorf("%s by a %s was refused: %v", p.Thing, as, err)
				}
			})
		}
	})
}
