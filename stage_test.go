package tagout_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

const plan = "review 2h\ncanary 10% 4h validated=read_crm\nrunning"

// stagedRow is a severity whose resumption goes by stages.
func stagedRow(t *testing.T, text string) *tagout.SeverityPolicy {
	t.Helper()
	row := *sev1
	stages, err := tagout.ParseStages(text)
	if err != nil {
		t.Fatal(err)
	}
	row.Resume.Stages = stages
	return &row
}

var stagedAgents = tagout.Registry{"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
	Tools: map[string]tagout.Risk{"send_email": "high", "read_crm": "low"}, Canary: tagout.MustScope("mailer/sms/us")}}

// life is an incident with its whole timeline.
type life struct {
	t        *testing.T
	incident *tagout.Incident
	events   []tagout.Event
	effects  []tagout.Effect
	at       time.Time
	agents   tagout.Registry // as configured now
}

// restarts reads the incident again as the database gives it back.
func (l *life) restarts() {
	l.t.Helper()
	text, err := json.Marshal(l.incident)
	again := &tagout.Incident{}
	if err == nil {
		err = json.Unmarshal(text, again)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	again.ID, again.Head, again.Holds = l.incident.ID, l.incident.Head, slices.Clone(l.incident.Holds) // which have rows of their own
	l.incident = again
}

// reconfigured are configurations with which Tagout may be started again: as it was, with a
// part of the agent, with none of it, and with more.
func reconfigured() []tagout.Registry {
	changed := func(change func(*tagout.Agent)) tagout.Registry {
		a := *stagedAgents["mailer"]
		change(&a)
		return tagout.Registry{"mailer": &a}
	}
	return []tagout.Registry{
		stagedAgents, {},
		changed(func(a *tagout.Agent) { a.Channels, a.Regions = []string{"email"}, []string{"us"} }),
		changed(func(a *tagout.Agent) { a.Tools = map[string]tagout.Risk{"send_email": "low"} }),
		changed(func(a *tagout.Agent) { a.Canary = tagout.MustScope("mailer/email") }),
		changed(func(a *tagout.Agent) { a.Channels, a.Regions = append(a.Channels, "fax"), append(a.Regions, "apac") }),
	}
}

func (l *life) take(c tagout.Change, err error) error {
	if err != nil {
		return err
	}
	for _, e := range c.Events {
		l.incident.Head = e.Seal(l.incident.ID, l.incident.Head)
		l.events = append(l.events, e)
	}
	l.effects = append(l.effects, c.Effects...)
	return nil
}

func (l *life) must(c tagout.Change, err error) {
	l.t.Helper()
	if err := l.take(c, err); err != nil {
		l.t.Fatal(err)
	}
}

// approvedPlan is an incident whose staged resumption was signed at noon.
func approvedPlan(t *testing.T, text string) *life {
	t.Helper()
	row := stagedRow(t, text)
	l := &life{t: t, incident: &tagout.Incident{ID: 7}, at: noon, agents: stagedAgents}
	l.must(l.incident.Open(tagout.Opening{Title: "x", Scope: tagout.MustScope("mailer"), Row: row}, noon))
	l.must(l.incident.Hang(hold("h1", "mailer", tagout.Halted, noon), stagedAgents, noon))
	l.must(l.incident.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, row, stagedAgents, nil, noon))
	_, c, err := l.incident.Sign(signing(l.incident, legal, "legal"), stagedAgents, noon)
	l.must(c, err)
	return l
}

func (l *life) decide(tool, key string) tagout.Decision {
	return tagout.Evaluate("mailer", stagedAgents["mailer"], l.incident.ActiveHolds(), tagout.Attributes{Channel: "sms", Region: "us", Tool: tool, Key: key})
}

func (l *life) advance(by tagout.User, roles ...string) error {
	_, c, err := l.incident.Advance(tagout.Pressing{User: by, HomeTeam: "T1", Roles: roles}, l.agents, l.at)
	return l.take(c, err)
}

func (l *life) setback(id string) {
	l.must(l.incident.FallBack(tagout.Setback{ID: id, Scope: tagout.MustScope("mailer/sms"), Reason: "a new alert came on its scope", By: tagout.Tagout}, l.agents, l.at), nil)
}

// share counts how many of a thousand instances may do something.
func (l *life) share(tool string) (allowed int) {
	for n := range 1000 {
		if l.decide(tool, fmt.Sprintf("mailer-%d", n)).Allowed {
			allowed++
		}
	}
	return allowed
}

func TestAPlanGoesFromReviewToCanaryToRunning(t *testing.T) {
	l := approvedPlan(t, plan)
	if d := l.decide("read_crm", "mailer-1"); d.Mode != tagout.Review || !slices.Equal(d.DisabledTools, []string{"read_crm", "send_email"}) {
		t.Errorf("at first %s without %v", d.Mode, d.DisabledTools)
	}
	l.at = noon.Add(2*time.Hour - time.Second)
	if err := l.advance(legal, "legal"); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("before its time: %v", err)
	}
	l.at = noon.Add(2 * time.Hour)
	if err := l.advance(tagout.User{ID: "U0NOBODY", Team: "T1"}); tagout.CodeOf(err) != tagout.Forbidden {
		t.Errorf("by somebody else: %v", err)
	}
	if err := l.advance(legal, "legal"); err != nil {
		t.Fatal(err)
	}
	if n := l.share("read_crm"); n < 60 || n > 140 {
		t.Errorf("%d of 1000 instances run as canaries of 10%%", n)
	}
	if n := l.share("send_email"); n != 0 {
		t.Errorf("%d instances may use a tool that nobody validated", n)
	}
	if d := l.decide("read_crm", ""); d.Mode != tagout.Review || d.CanaryShare != 0.1 {
		t.Errorf("who does not say who it is gets %s, share %v", d.Mode, d.CanaryShare)
	}
	l.at = noon.Add(6 * time.Hour)
	if err := l.advance(legal, "legal"); err != nil {
		t.Fatal(err)
	}
	if n := l.share("send_email"); n != 1000 || l.incident.State != tagout.StateResumed {
		t.Errorf("at last %d of 1000 run, and the incident is %s", n, l.incident.State)
	}
	if err := l.incident.Audit(l.events); err != nil {
		t.Error(err)
	}
}

func TestAnAlertTakesAPlanBackAndMakesTheRestVoid(t *testing.T) {
	l := approvedPlan(t, plan)
	l.at = noon.Add(2 * time.Hour)
	if err := l.advance(legal, "legal"); err != nil {
		t.Fatal(err)
	}
	l.at = l.at.Add(time.Minute)
	l.setback("a1")
	l.setback("a1") // again
	if n := l.share("read_crm"); n != 0 || l.decide("", "mailer-1").Mode != tagout.Review {
		t.Errorf("after an alert in the canary %d run, the mode is %s", n, l.decide("", "mailer-1").Mode)
	}
	l.at = l.at.Add(24 * time.Hour)
	if err := l.advance(legal, "legal"); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("a plan that fell back went on: %v", err)
	}
	l.setback("a2")
	if d := l.decide("", "mailer-1"); d.Mode != tagout.Halted {
		t.Errorf("after an alert in the first stage %s, want what was held at first", d.Mode)
	}
	if err := l.incident.Audit(l.events); err != nil {
		t.Error(err)
	}
}

func TestAToolThatWasNotSignedNeedsTheGoOfTheRule(t *testing.T) {
	l := approvedPlan(t, plan)
	l.at = noon.Add(2 * time.Hour)
	if err := l.advance(legal, "legal"); err != nil {
		t.Fatal(err)
	}
	c, err := l.incident.RequestValidation(tagout.ResumeDraft{ID: "v1", By: requester}, []string{"send_email"}, nil, nil, l.at)
	l.must(c, err)
	for _, kind := range []tagout.EffectKind{tagout.EffectDecision, tagout.EffectSigners, tagout.EffectExpire} {
		if !hasEffect(c, kind) {
			t.Errorf("no %s: signers are not told and reminded as of any request", kind)
		}
	}
	if n := l.share("send_email"); n != 0 {
		t.Errorf("%d instances use the tool before it is signed", n)
	}
	_, c, err = l.incident.Sign(signing(l.incident, legal, "legal"), stagedAgents, l.at)
	l.must(c, err)
	if n := l.share("send_email"); n < 60 || n > 140 {
		t.Errorf("%d of 1000 instances use the tool once it is signed", n)
	}
	if err := l.incident.Audit(l.events); err != nil {
		t.Error(err)
	}
	l.at = l.at.Add(3 * time.Hour)
	if err := l.advance(legal, "legal"); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("the time of the stage did not begin again: %v", err)
	}
}

func TestPlansMayBeMadeStricterOnly(t *testing.T) {
	for text, fits := range map[string]bool{
		plan:                               true,
		"review 3h\ncanary 5% 4h\nrunning": true,
		"review 2h\ncanary 5% 1h\ncanary 10% 4h\ncanary 50% 4h\nrunning": true,
		"review 1h\ncanary 10% 4h\nrunning":                              false,
		"review 2h\nrunning":                                             false,
		"canary 10% 4h\nrunning":                                         false,
		"review 2h\ncanary 20% 4h\nrunning":                              false,
		"canary 10% 4h\nreview 2h\ncanary 10% 4h\nrunning":               false,
		"review 2h\ncanary mailer 4h\ncanary 10% 4h\nrunning":            false,
		"review 2h\ncanary 10% 4h auto\nrunning":                         false,
		"review 2h\ncanary 10% 4h":                                       false,
	} {
		stages, err := tagout.ParseStages(text)
		if err == nil {
			policy, _ := tagout.ParseStages(plan)
			err = stages.Meets(policy)
		}
		if (err == nil) != fits {
			t.Errorf("%s: %v", strings.ReplaceAll(text, "\n", " → "), err)
		}
	}
}

// TestNoLifeLetsMoreHappenThanWasSigned lets random alerts, presses, severities and
// configurations happen to plans, and holds what the agent may do against the stage.
func TestNoLifeLetsMoreHappenThanWasSigned(t *testing.T) {
	plans := []string{plan, "review 1h\nrunning", "canary 25% 1h validated=*\ncanary 50% 1h\nrunning",
		"review 1h validated=@low\ncanary canary 1h\ncanary 10% 1h validated=*\nrunning"}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := approvedPlan(t, plans[r.IntN(len(plans))])
		began, stage, void := noon, 0, false
		for step := range 12 {
			l.at = l.at.Add(time.Duration(r.IntN(200)) * time.Minute)
			switch r.IntN(4) {
			case 0:
				l.restarts()
			case 1:
				l.agents = reconfigured()[r.IntN(len(reconfigured()))]
			}
			switch r.IntN(6) {
			case 0:
				l.setback(fmt.Sprint("a", step))
				if stage >= 0 && l.incident.Staging.State != tagout.StagingDone {
					stage, void = stage-1, true
				}
			case 1:
				_ = l.take(l.incident.ChangeSeverity(&tagout.SeverityPolicy{Severity: tagout.Sev3}, nil, "x", tagout.Tagout, l.at))
			case 2:
				_ = l.advance(tagout.User{ID: "U0NOBODY", Team: "T1"}, "mops")
				if void { // asked and signed again
					id := fmt.Sprint("again", step)
					row := stagedRow(t, plans[r.IntN(len(plans))])
					draft := tagout.ResumeDraft{ID: id, By: requester, Target: tagout.Running, Stages: row.Resume.Stages, Deliverables: complete}
					l.incident.Stages = nil // of a severity that asks for none; any plan will do
					if l.take(l.incident.RequestResume(draft, nil, l.agents, nil, l.at)) != nil {
						break // with this configuration nobody can ask for that
					}
					_, c, err := l.incident.Sign(signing(l.incident, legal, "legal"), l.agents, l.at)
					l.must(c, err)
					began, stage, void = l.at, 0, false
				}
			default:
				stages := l.incident.Staging.Stages
				was := stage
				if l.advance(legal, "legal") == nil {
					if void || l.at.Before(began.Add(stages[was].For)) {
						t.Fatalf("seed %d: a stage began though void is %v, %s after the one before", seed, void, l.at.Sub(began))
					}
					stage, began = was+1, l.at
				}
			}
			checkStage(t, seed, l, stage)
		}
		if err := l.incident.Audit(l.events); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// checkStage compares what instances may do with what stage n was signed for.
func checkStage(t *testing.T, seed uint64, l *life, n int) {
	t.Helper()
	stages := l.incident.Staging.Stages
	for k := range 20 {
		key := fmt.Sprint("mailer-", k)
		d := l.decide("send_email", key)
		loosest := tagout.Halted
		switch {
		case n >= 0 && stages[n].Mode == tagout.StageRunning:
			loosest = tagout.Running
		case n >= 0 && stages[n].Mode == tagout.StageCanary && (stages[n].Own || tagout.InCanary("mailer", l.incident.Staging.Plan, key, stages[n].Share)):
			loosest = tagout.Running
		case n >= 0 && stages[0].Mode == tagout.StageReview:
			loosest = tagout.Review
		}
		if !d.Mode.AtLeast(loosest) {
			t.Fatalf("seed %d: %s may do %s in stage %d of %v", seed, key, d.Mode, n, stages)
		}
	}
}

func TestAStageThatNobodySignedIsFoundOnTheTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*life)
		says   string
	}{
		"its record is further": {func(l *life) { l.incident.Staging.Stage++ }, "at another stage"},
		"its time is shorter": {func(l *life) {
			l.incident.Staging.Stages = slices.Clone(l.incident.Staging.Stages)
			l.incident.Staging.Stages[1].For = 1
		}, "at another stage"},
		"a void plan is called live": {func(l *life) { l.setback("a1"); l.incident.Staging.State = tagout.StagingRuns }, "at another stage"},
		"the share is larger": {func(l *life) {
			for n := range l.incident.Holds {
				if h := &l.incident.Holds[n]; h.Active() && h.CanaryShare > 0 {
					h.CanaryShare = 0.9
				}
			}
		}, "but the timeline says"},
		"the stage is out of turn": {func(l *life) {
			l.incident.Staging.Stage, l.incident.Staging.Until = 0, l.at // forged, and pressed again
			if err := l.advance(legal, "legal"); err != nil {
				l.t.Fatal(err)
			}
		}, "out of turn"},
		"the time was forged": {func(l *life) {
			l.incident.Staging.Until = l.at
			if err := l.advance(legal, "legal"); err != nil {
				l.t.Fatal(err)
			}
		}, "before the time"},
	} {
		t.Run(name, func(t *testing.T) {
			l := approvedPlan(t, plan)
			l.at = noon.Add(2 * time.Hour)
			if err := l.advance(legal, "legal"); err != nil {
				t.Fatal(err)
			}
			if err := l.incident.Audit(l.events); err != nil {
				t.Fatal(err)
			}
			c.change(l)
			if err := l.incident.Audit(l.events); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}
