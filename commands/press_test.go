package commands_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// pressed is a button pressed by u.
func (b bench) pressed(t *testing.T, u tagout.User, action, value string) (tagout.Reply, error) {
	t.Helper()
	for _, c := range b.list {
		if f := c.Clicks[action]; f != nil {
			return f(t.Context(), tagout.Click{ID: "K1", User: u, Action: action, Value: value, Channel: "C0INC", At: t0})
		}
	}
	t.Fatalf("nothing handles the button %q", action)
	return tagout.Reply{}, nil
}

// sent is a form sent by u.
func (b bench) sent(t *testing.T, u tagout.User, form, state string, values map[string]string) (tagout.Reply, error) {
	t.Helper()
	for _, c := range b.list {
		if f := c.Forms[form]; f != nil {
			return f(t.Context(), tagout.Submission{ID: "S1", User: u, Form: form, State: state, Values: values, Channel: "C0GENERAL", At: t0})
		}
	}
	t.Fatalf("nothing handles the form %q", form)
	return tagout.Reply{}, nil
}

func keys(problems []tagout.FieldProblem) string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Key)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

func TestEveryButtonAndFormHasOneHandler(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, c := range newBench(t).list {
		for action := range c.Clicks {
			if before := owner["button "+action]; before != "" {
				t.Errorf("button %s belongs to %s and %s", action, before, c.Name)
			}
			owner["button "+action] = c.Name
		}
		for form := range c.Forms {
			if before := owner["form "+form]; before != "" {
				t.Errorf("form %s belongs to %s and %s", form, before, c.Name)
			}
			owner["form "+form] = c.Name
		}
	}
	for _, action := range []string{"ack", "go", "nogo", "resume", "timeline", "kill"} {
		if owner["button "+action] == "" {
			t.Errorf("nothing handles the button %s", action)
		}
	}
}

func TestGoSignsAtOnceWhatTheButtonShowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = askedFor()
	reply, err := b.pressed(t, legal, "go", "INC-7|R1|digest")
	told := must(t, reply, err).Message.String()
	s := b.signings[0]
	if s.User != legal || s.Verdict != tagout.Go || s.Request != "R1" || s.Digest != "digest" || len(s.Roles) > 0 || s.HomeTeam != "" {
		t.Errorf("signed %+v", s)
	}
	if reply.Public || !strings.Contains(told, "Everything stays held. Still needed: GO of Program lead or RevOps") {
		t.Errorf("told %q", told)
	}
	b.incidents[7].Request.State = tagout.RequestApproved
	reply, err = b.pressed(t, legal, "go", "INC-7|R1|digest")
	if told := must(t, reply, err).Message.String(); !strings.Contains(told, "mailer/email goes to ● running") || !strings.Contains(told, "still holds 1 scope") {
		t.Errorf("told %q", told)
	}
}

func TestNoGoSignsAtOnceAndThenAsksWhy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = askedFor()
	reply, err := b.pressed(t, legal, "nogo", "INC-7|R1|digest")
	form := must(t, reply, err).Form
	if form == nil || len(b.signings) != 1 {
		t.Fatalf("no form, or not signed: %+v", b.signings)
	}
	if s := b.signings[0]; s.Verdict != tagout.NoGo || s.Reason != "" || s.Request != "R1" || s.Digest != "digest" || s.User != legal {
		t.Errorf("signed %+v", s)
	}
	if unopened := form.Unopened.String(); !strings.Contains(unopened, "is recorded") || !strings.Contains(unopened, "Everything stays held") {
		t.Errorf("if the form cannot be opened they read %q", unopened)
	}
	b.signings = nil
	reply, err = b.sent(t, legal, form.ID, form.State, map[string]string{"reason": "  "})
	if must(t, reply, err); keys(reply.Outcome.Problems) != "reason" || len(b.signings) != 0 {
		t.Errorf("an empty reason: %+v", reply.Outcome)
	}
	reply, err = b.sent(t, legal, form.ID, form.State, map[string]string{"reason": "the policy is not fixed"})
	told := must(t, reply, err).Message.String()
	if s := b.signings[0]; s.Verdict != tagout.NoGo || s.Reason != "the policy is not fixed" || s.Request != "R1" || s.Digest != "digest" || s.User != legal {
		t.Errorf("signed %+v", s)
	}
	if !strings.Contains(told, "Everything stays held") {
		t.Errorf("told %q", told)
	}
}

func TestAButtonThatSaysNothingSignsNothing(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "INC-7", "INC-7|R1", "INC-7||d", "INC-7|R1|", "x|R1|d", "INC-7|R1|d|e"} {
		b := newBench(t)
		for _, action := range []string{"go", "nogo"} {
			_, err := b.pressed(t, legal, action, value)
			wantCode(t, err, tagout.Invalid)
		}
		_, err := b.sent(t, legal, "nogo", value, map[string]string{"reason": "r"})
		wantCode(t, err, tagout.Invalid)
		if len(b.signings) > 0 {
			t.Errorf("%q signed", value)
		}
	}
	for _, action := range []string{"ack", "timeline", "resume"} {
		b := newBench(t)
		_, err := b.pressed(t, legal, action, "nonsense")
		wantCode(t, err, tagout.Invalid)
	}
}

func TestTheResumeFormAsksForTheDeliverablesOfTheHighestSeverity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := askedFor()
	i.HighestSeverity, i.Require = tagout.Sev1, []string{"cause", "alerting"}
	b.incidents[7] = i
	reply, err := b.pressed(t, ic, "resume", "INC-7")
	form := must(t, reply, err).Form
	var asked []string
	for _, f := range form.Fields {
		asked = append(asked, f.Key)
	}
	if got := strings.Join(asked, " "); got != "cause no_logs alerting control_changes verified verified_against review_scheduled scope target versions" {
		t.Errorf("the form asks for %s", got)
	}
	if intro := form.Intro[1].String(); !strings.Contains(intro, "Legal") || !strings.Contains(intro, "Program lead or RevOps") {
		t.Errorf("the form names as signers: %s", intro)
	}

	reply, err = b.sent(t, ic, form.ID, form.State, map[string]string{"cause": "a template", "scope": "mailer/email/us/x", "target": "flying"})
	if must(t, reply, err); keys(reply.Outcome.Problems) != "alerting,control_changes,review_scheduled,scope,target,verified,verified_against" || len(b.drafts) > 0 {
		t.Errorf("problems are %v, drafts %v", reply.Outcome.Problems, b.drafts)
	}
	complete := map[string]string{"cause": "a template", "alerting": "a", "control_changes": "c", "verified": "v", "verified_against": "it", "review_scheduled": "2099-11-24T10:00:00Z", "scope": "mailer/email/us", "target": "review"}
	reply, err = b.sent(t, ic, form.ID, form.State, complete)
	must(t, reply, err)
	d := b.drafts[0]
	if d.By != ic || d.Scope == nil || d.Scope.String() != "mailer/email/us" || d.Target != tagout.Review || d.Deliverables["cause"] != "a template" || len(d.Deliverables) != 6 || d.ID == "" {
		t.Errorf("draft is %+v", d)
	}
	if told := reply.Message.String(); !strings.Contains(told, "Program lead or RevOps") || !strings.Contains(told, "30 min without a new alert") {
		t.Errorf("told %q", told)
	}
	complete["scope"], complete["target"] = "", ""
	reply, err = b.sent(t, ic, form.ID, form.State, complete)
	if must(t, reply, err); b.drafts[1].Scope != nil || b.drafts[1].Target != tagout.Running {
		t.Errorf("draft is %+v", b.drafts[1])
	}
	_, err = b.sent(t, guest, form.ID, form.State, complete)
	wantCode(t, err, tagout.Forbidden)
}

func TestThereIsNothingToResumeWhereNothingIsHeld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	_, err := b.pressed(t, ic, "resume", "INC-7")
	wantCode(t, err, tagout.Conflict, "/tagout status")
}

func TestStopFormsStopAndKeepWhatIsWrongOnTheForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form     string
		values   map[string]string
		problem  string
		hold     string
		severity tagout.Severity
		reason   string
	}{
		{"kill", map[string]string{"scope": "mailer/email", "severity": "sev1", "class": "policy_violation", "reason": "spike"}, "", "mailer/email ■ halted", tagout.Sev1, "spike"},
		{"kill", map[string]string{"scope": "*"}, "", "* ■ halted", "", ""},
		{"kill", map[string]string{"scope": "mailer complaint", "reason": "spike"}, "", "mailer ■ halted", "", "complaint spike"},
		{"kill", map[string]string{"scope": "mailer", "severity": "sev9", "class": "x"}, "", "mailer ■ halted", "", ""},
		{"kill", map[string]string{"scope": ""}, "scope", "", "", ""},
		{"pause", map[string]string{"scope": "@mailer"}, "scope", "", "", ""},
		{"pause", map[string]string{"scope": "mailer"}, "", "mailer ▮▮ paused", "", ""},
		{"hold", map[string]string{"scope": "mailer", "mode": "review"}, "", "mailer ◆ review", "", ""},
		{"hold", map[string]string{"scope": "mailer", "mode": "capped", "cap": "500 / day", "tools": "send_email, tool:@low"}, "", "mailer ▲ capped at 500/day without send_email, @low", "", ""},
		{"hold", map[string]string{"scope": "mailer", "mode": "capped"}, "cap", "", "", ""},
		{"hold", map[string]string{"scope": "", "mode": "capped", "cap": "1/day"}, "scope", "", "", ""},
	} {
		b := newBench(t)
		reply, err := b.sent(t, ic, c.form, "", c.values)
		must(t, reply, err)
		if got := keys(reply.Outcome.Problems); got != c.problem {
			t.Errorf("%s %v: problems %q, want %q", c.form, c.values, got, c.problem)
		}
		switch {
		case c.problem != "" && len(b.stops) > 0:
			t.Errorf("%s %v stopped", c.form, c.values)
		case c.problem != "":
		case len(b.stops) != 1:
			t.Errorf("%s %v: %d stops", c.form, c.values, len(b.stops))
		case b.stops[0].Hold.String() != c.hold || b.stops[0].Severity != c.severity || b.stops[0].Hold.Reason != c.reason || b.stops[0].Hold.By != ic.Actor():
			t.Errorf("%s %v hung %s %q %q", c.form, c.values, b.stops[0].Hold, b.stops[0].Severity, b.stops[0].Hold.Reason)
		}
	}
}

func TestStopMoreOpensTheFormWithItsScope(t *testing.T) {
	t.Parallel()
	for value, scope := range map[string]string{"INC-7": "mailer/email", "mailer/sms": "mailer/sms", "INC-8": ""} {
		b := newBench(t)
		b.incidents[7] = incident7()
		reply, err := b.pressed(t, guest, "kill", value)
		form := must(t, reply, err).Form
		if form.ID != "kill" || form.Fields[0].Value != scope {
			t.Errorf("%s opens %s with %q", value, form.ID, form.Fields[0].Value)
		}
	}
}

func TestDeclaringOpensAnIncidentWithOrWithoutAStop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7(halted("mailer/email"))
	reply, err := b.sent(t, guest, "incident", "", map[string]string{"title": "odd discounts", "summary": "since\nnoon", "scope": "mailer/email", "severity": "sev1", "class": "policy_violation", "stop": "halted"})
	told := must(t, reply, err).Message.String()
	d := b.declared[0]
	if d.Title != "odd discounts" || d.Summary != "since\nnoon" || d.Scope.String() != "mailer/email" || d.Severity != tagout.Sev1 || d.Class != "policy_violation" || d.Stop != tagout.Halted || d.By != guest.Actor() || d.ID == "" {
		t.Errorf("declared %+v", d)
	}
	if !strings.Contains(told, "Held: mailer/email ■ halted") || !strings.Contains(told, "webhook: requested 10:04:05.123 UTC, no answer yet") || len(reply.Outcome.Holds) != 1 {
		t.Errorf("told %q", told)
	}
	b.incidents[7] = incident7()
	reply, err = b.sent(t, ic, "incident", "", map[string]string{"title": "odd", "stop": "no"})
	told = must(t, reply, err).Message.String()
	if d := b.declared[1]; d.Scope != nil || d.Stop != "" || d.Severity != tagout.Sev2 || d.Class != "judgment_error" {
		t.Errorf("declared %+v", d)
	}
	if !strings.Contains(told, "Nothing is held") {
		t.Errorf("told %q", told)
	}
	for problem, values := range map[string]map[string]string{
		"title":       {"scope": "mailer"},
		"scope":       {"title": "odd", "stop": "halted"},
		"stop":        {"title": "odd", "scope": "mailer", "stop": "running"},
		"scope,title": {"scope": "@mailer"},
	} {
		reply, err := b.sent(t, ic, "incident", "", values)
		if must(t, reply, err); keys(reply.Outcome.Problems) != problem || len(b.declared) != 2 {
			t.Errorf("%v: problems %v", values, reply.Outcome.Problems)
		}
	}
}

func TestWhoPressesForADrillThatIsRealNowIsAskedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	drill := incident7(halted("mailer/email"))
	drill.Drill = true
	b.incidents[7] = drill
	shown := drill.AckButton()
	reply, err := b.pressed(t, legal, "ack", shown.Value)
	if told := must(t, reply, err).Message.String(); len(b.acks) != 1 || !strings.Contains(told, "You acknowledged INC-7") {
		t.Errorf("of the drill: %s", told)
	}

	b.acks, drill.Drill = nil, false
	reply, err = b.pressed(t, legal, "ack", shown.Value)
	m := must(t, reply, err).Message
	if told := m.String(); len(b.acks) != 0 || !strings.Contains(told, "This is no drill anymore: INC-7 is real.") || !strings.Contains(told, "You have not acknowledged it yet.") {
		t.Errorf("%d acknowledged, told: %s", len(b.acks), told)
	}
	if len(m.Buttons) != 1 || m.Buttons[0].Label != "Acknowledge INC-7" {
		t.Fatalf("%+v", m.Buttons)
	}
	reply, err = b.pressed(t, legal, m.Buttons[0].Action, m.Buttons[0].Value)
	if told := must(t, reply, err).Message.String(); len(b.acks) != 1 || !strings.Contains(told, "You acknowledged INC-7") {
		t.Errorf("pressed again: %s", told)
	}

	for name, change := range map[string]func(i *tagout.Incident){
		"It is closed by now": func(i *tagout.Incident) { i.State = tagout.StateClosed },
		"It was acknowledged by @U0ENG": func(i *tagout.Incident) {
			i.AcknowledgedBy, i.Milestones = tagout.User{ID: "U0ENG"}.Actor(), map[tagout.Milestone]time.Time{tagout.Acknowledged: t0}
		},
	} {
		b.incidents[7] = incident7(halted("mailer/email"))
		change(b.incidents[7])
		reply, err = b.pressed(t, legal, "ack", shown.Value)
		if m = must(t, reply, err).Message; len(m.Buttons) > 0 || !strings.Contains(m.String(), "INC-7 is real.") || !strings.Contains(m.String(), name) {
			t.Errorf("%s: %s", name, m)
		}
	}
}
