package commands_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
)

var update = flag.Bool("update", false, "write testdata and docs/commands.md anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if string(want) != text {
		t.Errorf("%s differs (run the test with -update and read the difference).\ngot:\n%s\nwant:\n%s", file, text, want)
	}
}

// shown is all of a reply that a person can see.
func shown(r tagout.Reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "public: %v\n", r.Public)
	b.WriteString(message(r.Message))
	if f := r.Form; f != nil {
		fmt.Fprintf(&b, "form %s %q submit %q\n", f.ID, f.Title, f.Submit)
		for _, intro := range f.Intro {
			fmt.Fprintf(&b, "  %s\n", spans(intro))
		}
		for _, field := range f.Fields {
			fmt.Fprintf(&b, "  %s: %s %q value %q optional %v\n", field.Key, field.Kind, field.Label, field.Value, field.Optional)
			for _, o := range field.Options {
				fmt.Fprintf(&b, "    %s = %s\n", o.Value, o.Label)
			}
		}
	}
	for _, p := range r.Outcome.Problems {
		fmt.Fprintf(&b, "problem %s: %s\n", p.Key, p.Message)
	}
	return b.String()
}

func message(m tagout.Message) string {
	var b strings.Builder
	if m.Tone != "" {
		fmt.Fprintf(&b, "tone: %s\n", m.Tone)
	}
	if m.Title != "" {
		fmt.Fprintf(&b, "# %s\n", m.Title)
	}
	for _, p := range m.Body {
		fmt.Fprintf(&b, "%s\n", spans(p))
	}
	for _, f := range m.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", f.Label, spans(f.Value))
	}
	for _, l := range m.Lines {
		fmt.Fprintf(&b, "| %s\n", l)
	}
	for _, item := range m.Items {
		b.WriteString("* " + message(item))
	}
	for _, button := range m.Buttons {
		fmt.Fprintf(&b, "[%s](%s %s)\n", button.Label, button.Action, button.Value)
	}
	if len(m.Footer) > 0 {
		fmt.Fprintf(&b, "_%s_\n", spans(m.Footer))
	}
	return b.String()
}

func spans(t tagout.Text) string {
	var b strings.Builder
	for _, s := range t {
		text := tagout.Text{s}.String()
		switch s.Kind {
		case tagout.SpanBold:
			text = "*" + text + "*"
		case tagout.SpanCode, tagout.SpanCommand:
			text = "`" + text + "`"
		}
		b.WriteString(text)
	}
	return b.String()
}

func TestAnswersReadAsTheyShould(t *testing.T) {
	t.Parallel()
	observed := func(h tagout.Hold) *tagout.Incident {
		i := incident7(h)
		i.Controls[0].AcceptedAt, i.Controls[0].ObservedAt = t0.Add(20*time.Millisecond), t0.Add(310*time.Millisecond)
		i.State = tagout.StateContained
		return i
	}
	answer := func(change func(*tagout.StopResult)) func(*desk) {
		return func(d *desk) {
			d.result = func(s tagout.StopRequest) tagout.StopResult {
				r := tagout.StopResult{Incident: incident7(s.Hold), Hold: s.Hold, Fresh: true}
				change(&r)
				return r
			}
		}
	}
	mailerHeld := func(d *desk) {
		d.holds = []tagout.Hold{halted("mailer/email")}
		d.incidents[7] = askedFor()
	}
	for _, c := range []struct {
		name, text string
		arrange    func(*desk)
		change     []func(*tagout.Invocation)
	}{
		{"kill", "/kill mailer/email sev2 complaint spike", nil, nil},
		{"kill-observed", "/kill mailer/email", func(d *desk) {
			d.result = func(s tagout.StopRequest) tagout.StopResult {
				return tagout.StopResult{Incident: observed(s.Hold), Hold: s.Hold}
			}
		}, nil},
		{"kill-by-lease", "/kill researcher", answer(func(r *tagout.StopResult) {
			r.Incident.Controls = []tagout.ControlStatus{{Agent: "researcher", RequestedAt: t0, LeaseUntil: t0.Add(30 * time.Second)}}
		}), nil},
		{"kill-everything", "/kill * all is wrong", answer(func(r *tagout.StopResult) {
			r.Incident.Controls = append(r.Incident.Controls, tagout.ControlStatus{Agent: "researcher", RequestedAt: t0, LeaseUntil: t0.Add(30 * time.Second)})
		}), nil},
		{"kill-pending", "/kill mailer", answer(func(r *tagout.StopResult) { r.Incident, r.Pending = nil, true }), nil},
		{"kill-not-journaled", "/kill mailer", answer(func(r *tagout.StopResult) {
			r.Incident, r.Pending, r.Warning = nil, true, "The journal could not be written."
		}), nil},
		{"kill-repeat", "/kill mailer", answer(func(r *tagout.StopResult) { r.Fresh, r.Repeat = false, true }), nil},
		{"kill-undeclared", "/kill mialer sev9 class=nonsense tool:x", answer(func(r *tagout.StopResult) {
			r.Undeclared, r.Near = []string{`agent "mialer"`}, []string{"mailer"}
		}), nil},
		{"kill-failing-control", "/kill mailer", answer(func(r *tagout.StopResult) { r.Incident.Controls[0].Error = "connection refused" }), nil},
		{"kill-form", "/kill", nil, nil},
		{"pause", "/pause mailer/sms", nil, nil},
		{"hold-review", "/hold mailer/email review odd wording", nil, nil},
		{"hold-capped", "/hold mailer capped cap=500/day tool:send_email overspend", nil, nil},
		{"hold-form", "/hold", nil, nil},
		{"ack", "/ack INC-7", mailerHeld, nil},
		{"oncall", "/oncall", onDuty, nil},
		{"oncall-none", "/oncall", nil, nil},
		{"oncall-override", "/oncall override <@U0ENG|enzo> until 18:00 dentist", nil, nil},
		{"oncall-cancel", "/oncall override cancel <@U0ENG|enzo>", nil, nil},
		{"who", "/who sev1", callsForSev1, nil},
		{"roles", "/role", func(d *desk) {
			mailerHeld(d)
			d.incidents[7].Roles = map[string]tagout.UserID{"ic": "U0IC", "domain": "U0MOPS"}
		}, []func(*tagout.Invocation){inChannelOf(7)}},
		{"role-given", "/role INC-7 comms <@U0ENG|enzo>", mailerHeld, nil},
		{"handover", "/handover INC-7 <@U0ENG|enzo>", func(d *desk) {
			mailerHeld(d)
			d.incidents[7].Milestones[tagout.Acknowledged], d.incidents[7].AcknowledgedBy = t0, ic.Actor()
		}, nil},
		{"page-test", "/page-test", nil, nil},
		{"note", "/note the template went to 212 people", mailerHeld, []func(*tagout.Invocation){inChannelOf(7)}},
		{"severity-lowered", "/severity INC-7 sev3 smaller than thought", func(d *desk) {
			mailerHeld(d)
			d.incidents[7].Severity = tagout.Sev3
		}, nil},
		{"incident-form", "/incident customers get the wrong discount", nil, nil},
		{"resume-form", "/resume INC-7 mailer/email/us", mailerHeld, nil},
		{"rollback", "/rollback mailer prompt", func(d *desk) { mailerHeld(d); d.incidents[7].Rollback = rolling() }, nil},
		{"rollback-in-part", "/rollback mailer prompt policy=p0", func(d *desk) { mailerHeld(d); d.incidents[7].Rollback = halfRolled() }, nil},
		{"rollback-form", "/rollback mailer", func(d *desk) { d.known = versions() }, nil},
		{"status-versions", "/status mailer", func(d *desk) {
			d.known = versions()
			d.known.Pinned = map[string]string{"policy": "p6"}
		}, nil},
		{"status-rolled-back", "/status INC-7", func(d *desk) { mailerHeld(d); d.incidents[7].Rollback = halfRolled() }, nil},
		{"status", "/status", mailerHeld, nil},
		{"status-scope", "/status mailer/email", mailerHeld, nil},
		{"status-agent", "/status mailer", mailerHeld, nil},
		{"status-heard", "/status mailer", func(d *desk) {
			mailerHeld(d)
			d.instances = []tagout.Instance{
				{Name: "mailer-1", AskedAt: t0, StoppedAt: t0, HeardAt: t0.Add(310 * time.Millisecond)},
				{Name: "<!channel>", AskedAt: t0.Add(-40 * time.Second), StoppedAt: t0},
			}
		}, nil},
		{"status-instances", "/status researcher", func(d *desk) { d.instances = []tagout.Instance{{Name: "r-1", AskedAt: t0}} }, nil},
		{"status-running", "/status researcher", mailerHeld, nil},
		{"status-unknown", "/status mialer", nil, nil},
		{"status-incident", "/status", mailerHeld, []func(*tagout.Invocation){inChannelOf(7)}},
		{"status-gate-empty", "/status", func(d *desk) { d.gate = tagout.GateStatus{} }, nil},
		{"status-database-down", "/status", func(d *desk) {
			d.holds = []tagout.Hold{halted("mailer")}
			d.holds[0].Incident = 0
			d.gate.ReadAt, d.gate.Pending = t0.Add(-130*time.Second), 1
			d.err = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
		}, nil},
		{"timeline", "/timeline INC-7", func(d *desk) { mailerHeld(d); d.events = story() }, nil},
		{"inform-form", "/inform INC-7 customer", func(d *desk) { mailerHeld(d); audiences(d) }, nil},
		{"inform-form-mute", "/inform INC-7", func(d *desk) { mailerHeld(d); audiences(d); d.informed.mute = true }, nil},
		{"clock", "/clock INC-7", func(d *desk) { mailerHeld(d); clocks(d.incidents[7]) }, nil},
		{"clock-stopped", "/clock INC-7 “Art. 73 report” done by courier", func(d *desk) { mailerHeld(d); clocks(d.incidents[7]) }, nil},
		{"clock-none", "/clock INC-7", mailerHeld, nil},
		{"cancel", "/cancel INC-7 it was the load test", mailerHeld, nil},
		{"cancel-nothing-held", "/cancel INC-7 it was the load test", nothingHeld, nil},
		{"cancel-form", "/cancel INC-7", mailerHeld, nil},
		{"close", "/close INC-7 the vendor mended it", nothingHeld, nil},
		{"close-owes-a-review", "/close INC-7 the vendor mended it", func(d *desk) { nothingHeld(d); owesReview(d.incidents[7]) }, nil},
		{"review-form", "/review INC-7", func(d *desk) {
			mailerHeld(d)
			d.incidents[7].Request.Deliverables = map[string]string{"cause": "Prompt v42"}
		}, nil},
		{"review-form-second", "/review INC-7", func(d *desk) { mailerHeld(d); d.incidents[7].Review = reviewOf(d.incidents[7]) }, nil},
		{"review-submit", "/review INC-7 submit", func(d *desk) { mailerHeld(d); d.incidents[7].Review = reviewOf(d.incidents[7]) }, nil},
		{"review-approved", "/review INC-7", func(d *desk) {
			mailerHeld(d)
			d.incidents[7].Review = reviewOf(d.incidents[7])
			approve(d.incidents[7])
		}, nil},
		{"actions", "/actions", func(d *desk) { mailerHeld(d); acting(d.incidents[7]) }, nil},
		{"actions-all", "/actions INC-7 all", func(d *desk) { mailerHeld(d); acting(d.incidents[7]) }, nil},
		{"actions-none", "/actions overdue", mailerHeld, nil},
		{"recurring", "/recurring mailer 30d", cameBack, nil},
		{"health", "/health", ailing, nil},
		{"health-agent", "/health mailer", func(d *desk) { ailing(d); d.readings = d.readings[1:4] }, nil},
		{"health-nothing", "/health", nil, nil},
		{"recurring-nothing", "/recurring", nil, nil},
		{"action-form", "/action INC-7 narrow the mail tool", func(d *desk) { mailerHeld(d); trackers(d) }, nil},
		{"help", "/help", nil, nil},
		{"help-kill", "/help kill", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.arrange != nil {
				c.arrange(b.desk)
			}
			reply, err := b.typed(t, c.text, c.change...)
			golden(t, filepath.Join("testdata", c.name+".txt"), "> "+c.text+"\n"+shown(must(t, reply, err)))
		})
	}
}
