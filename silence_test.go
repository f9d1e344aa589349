package tagout_test

import (
	"slices"
	"testing"
	"time"

	"tagout"
)

var (
	silencer = tagout.User{ID: "U0OPS"}
	at9      = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

func silenced(t *testing.T, change ...func(*tagout.SilenceOrder)) (*tagout.Silence, []tagout.Effect) {
	t.Helper()
	o := tagout.SilenceOrder{ID: "r1", Scope: tagout.MustScope("mailer"), For: 2 * time.Hour, Reason: "maintenance", By: silencer}
	for _, c := range change {
		c(&o)
	}
	s := &tagout.Silence{ID: 3}
	effects, err := s.Begin(o, 0, at9)
	if err != nil {
		t.Fatal(err)
	}
	return s, effects
}

func TestASilenceCoversWhatItNamesAndNeverTheGravest(t *testing.T) {
	t.Parallel()
	p := &tagout.Policy{
		Severities: map[tagout.Severity]*tagout.SeverityPolicy{"sev1": {Severity: "sev1"}, "sev2": {Severity: "sev2"}},
		Agents:     tagout.Registry{"mailer": {Name: "mailer", Tools: map[string]tagout.Risk{"send": tagout.HighRisk}}},
	}
	for name, c := range map[string]struct {
		scope, class string
		verdict      tagout.Verdict
		covers       bool
	}{
		"all of the agent":      {"mailer", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer/email")}, true},
		"the same":              {"mailer/email", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer/email")}, true},
		"SEV-1":                 {"mailer", "", tagout.Verdict{Severity: "sev1", Scope: tagout.MustScope("mailer")}, false},
		"what nobody knows":     {"mailer", "", tagout.Verdict{Severity: "sev9", Scope: tagout.MustScope("mailer")}, false},
		"more than is silenced": {"mailer/email", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer")}, false},
		"another channel":       {"mailer/email", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer/sms")}, false},
		"another agent":         {"mailer", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("researcher")}, false},
		"no agent":              {"mailer", "", tagout.Verdict{Severity: "sev2", NoAgent: true}, false},
		"the class":             {"mailer", "drift", tagout.Verdict{Severity: "sev2", Class: "drift", Scope: tagout.MustScope("mailer")}, true},
		"another class":         {"mailer", "drift", tagout.Verdict{Severity: "sev2", Class: "misuse", Scope: tagout.MustScope("mailer")}, false},
		"tools by risk":         {"mailer tool:@high", "", tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer tool:send")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &tagout.Silence{Scope: tagout.MustScope(c.scope), Class: c.class, From: at9, Until: at9.Add(time.Hour)}
			if got := s.Covers(c.verdict, p); got != c.covers {
				t.Errorf("covers %t, want %t", got, c.covers)
			}
			for after, in := range map[time.Duration]bool{-1: false, 0: c.covers, time.Hour - 1: c.covers, time.Hour: false} {
				if found := tagout.CoveringSilence([]*tagout.Silence{s}, c.verdict, p, at9.Add(after)); (found != nil) != in {
					t.Errorf("%s after its beginning: %v", after, found)
				}
			}
		})
	}
	short, long := &tagout.Silence{ID: 1, Scope: tagout.MustScope("mailer"), From: at9, Until: at9.Add(time.Hour)}, &tagout.Silence{ID: 2, Scope: tagout.MustScope("mailer"), From: at9, Until: at9.Add(2 * time.Hour)}
	v := tagout.Verdict{Severity: "sev2", Scope: tagout.MustScope("mailer")}
	if found := tagout.CoveringSilence([]*tagout.Silence{short, long}, v, p, at9); found.ID != 2 {
		t.Error("the one that ends last counts")
	}
	long.EndedAt = at9
	if found := tagout.CoveringSilence([]*tagout.Silence{short, long}, v, p, at9); found.ID != 1 {
		t.Error("one that has ended counts")
	}
}

func TestASilenceAlwaysEnds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*tagout.SilenceOrder){
		"for ever":   func(o *tagout.SilenceOrder) { o.For = 10000 * time.Hour },
		"no time":    func(o *tagout.SilenceOrder) { o.For = 0 },
		"backwards":  func(o *tagout.SilenceOrder) { o.For = -time.Hour },
		"everything": func(o *tagout.SilenceOrder) { o.Scope = tagout.Scope{} },
		"no reason":  func(o *tagout.SilenceOrder) { o.Reason = " \n " },
		"next year":  func(o *tagout.SilenceOrder) { o.From = at9.Add(365 * 24 * time.Hour) },
	} {
		o := tagout.SilenceOrder{ID: "r", Scope: tagout.MustScope("mailer"), For: time.Hour, Reason: "x", By: silencer}
		change(&o)
		if _, err := new(tagout.Silence).Begin(o, 0, at9); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, effects := silenced(t)
	var due []time.Duration
	for _, e := range effects {
		if e.Kind == tagout.EffectSilence && !e.Due.IsZero() {
			due = append(due, e.Due.Sub(at9))
		}
	}
	if want := []time.Duration{110 * time.Minute, 2 * time.Hour}; !slices.Equal(due, want) {
		t.Errorf("it looks again after %v, want %v", due, want)
	}
	if len(s.Pass(at9.Add(2*time.Hour-1))) > 0 || len(s.Pass(at9.Add(2*time.Hour))) == 0 || !s.EndedAt.Equal(s.Until) || s.EndedBy != tagout.Tagout {
		t.Errorf("%+v", s)
	}
	if len(s.Pass(at9.Add(3*time.Hour))) > 0 {
		t.Error("it ends twice")
	}
	if _, err := s.Extend("x", at9.Add(4*time.Hour), 0, silencer.Actor(), at9.Add(3*time.Hour)); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("extended when it is over: %v", err)
	}
	if kept := (tagout.SilenceTally{Alerts: 2, Incidents: []tagout.IncidentID{4}}); len(s.Settle(kept)) != 2 || len(s.Settle(kept)) != 0 {
		t.Error("it is settled once, and its maker told")
	}
}

func TestExtendingAgainAndAgainIsBoundedFromNow(t *testing.T) {
	t.Parallel()
	s, _ := silenced(t)
	if _, err := s.Extend("a", at9.Add(24*time.Hour), 0, silencer.Actor(), at9); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Extend("b", at9.Add(25*time.Hour), 0, silencer.Actor(), at9); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("longer than a day from now: %v", err)
	}
	if _, err := s.Extend("c", at9.Add(25*time.Hour), 0, silencer.Actor(), at9.Add(2*time.Hour)); err != nil || len(s.Longer) != 2 {
		t.Errorf("%v %+v", err, s.Longer)
	}
}

func TestAQuietIncidentPagesOnceItIsNotQuietAnyMore(t *testing.T) {
	t.Parallel()
	row := &tagout.SeverityPolicy{Severity: "sev2", Page: []string{"ops"}, Escalate: []tagout.Rung{{After: time.Minute, To: []string{"exec"}}}, Deadlines: tagout.Deadlines{Contain: time.Minute}}
	open := func() *tagout.Incident {
		i := &tagout.Incident{ID: 7}
		s, _ := silenced(t)
		c, err := i.Open(tagout.Opening{Title: "x", Row: row, Page: row.Page, By: tagout.Tagout, Hush: tagout.HushOf(s)}, at9)
		if err != nil {
			t.Fatal(err)
		}
		kinds := effectKinds(c)
		if slices.Contains(kinds, tagout.EffectPage) || slices.Contains(kinds, tagout.EffectAnnounce) || !slices.Contains(kinds, tagout.EffectOpenChannel) || !slices.Contains(kinds, tagout.EffectContainDue) {
			t.Errorf("a quiet one has %v", kinds)
		}
		return i
	}
	i := open()
	kinds := effectKinds(i.Unhush(row, row.Page, "it is over", tagout.Tagout, at9))
	for _, want := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectPage, tagout.EffectOpenChannel, tagout.EffectPost} {
		if !slices.Contains(kinds, want) {
			t.Errorf("%v has no %s", kinds, want)
		}
	}
	if !i.Unhush(row, row.Page, "again", tagout.Tagout, at9).IsEmpty() {
		t.Error("it is not quiet twice")
	}
	i = open()
	if _, err := i.TakeOn(tagout.Answer{By: silencer.Actor()}, at9); err != nil {
		t.Fatal(err)
	}
	if kinds := effectKinds(i.Unhush(row, row.Page, "it is over", tagout.Tagout, at9)); slices.Contains(kinds, tagout.EffectPage) || !slices.Contains(kinds, tagout.EffectAnnounce) {
		t.Errorf("somebody answers for it: %v", kinds)
	}
	i = open()
	i.State = tagout.StateCancelled
	if c := i.Unhush(row, row.Page, "it is over", tagout.Tagout, at9); len(c.Effects) > 0 || i.Hush != nil {
		t.Errorf("it has ended: %v", effectKinds(c))
	}
}

func effectKinds(c tagout.Change) []tagout.EffectKind {
	var kinds []tagout.EffectKind
	for _, e := range c.Effects {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
