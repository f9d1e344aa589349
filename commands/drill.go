package commands

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Driller is what practising needs.
type Driller interface {
	Follower
	// Drill practises a stop or a rollback on the canary of an agent. It returns Invalid or
	// NotFound for what cannot be drilled, and Conflict while something else goes on there.
	Drill(ctx context.Context, o tagout.DrillOrder) (*tagout.Incident, error)
	// Drills lists drills, newest first.
	Drills(ctx context.Context, q tagout.DrillQuery) ([]tagout.Drill, error)
	// NextDrills tells when the drills of the configuration come next, by name.
	NextDrills(ctx context.Context) (map[string]time.Time, error)
}

const (
	drillUsage  = "[kill|rollback|gameday AGENT [page] [sev1|sev2|sev3] [scenario=NAME] [reason…]]"
	shownDrills = 10 // how many one answer lists
)

// drills practises, and tells what came of it.
type drills struct {
	floor
	desk Driller
	may  permits
}

func drill(f floor, d Driller) tagout.Command {
	s := drills{f, d, newPermits()}
	return tagout.Command{
		Name: "drill", Summary: "Practise stopping or rolling back an agent, on its canary.", Usage: drillUsage, Right: tagout.MayDrill,
		Detail: detail("anyone may ask what was practised; full members practise, and API tokens that may drill.",
			[]string{
				"/drill", "/drill kill researcher", "/drill rollback mailer", "/drill gameday mailer sev1",
				"/drill kill mailer scenario=deaf-control",
			},
			"It stops the agent's canary (agents.*.canary) by its real controls, measures how long that takes, and lets it run again by itself. Nothing else is ever let go: if anything real comes meanwhile, or the drill fails, the canary stays held until it is signed for.",
			"Nobody is paged, unless you add page or practise a game day: then the pages are real, marked [DRILL], until somebody acknowledges."),
		Run:    s.run,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"drill": s.pressed},
		Forms:  map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"drill": s.filled},
	}
}

func (s drills) run(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	words := strings.Fields(line(in.Text))
	if len(words) == 0 {
		return s.list(ctx)
	}
	if in.By.Kind != tagout.ByToken {
		if err := s.may.admit("/drill kill AGENT", in.User); err != nil {
			return tagout.Reply{}, err
		}
	}
	o, err := s.order(words)
	if err != nil {
		return tagout.Reply{}, err
	}
	o.ID, o.By = tagout.DeriveID("drill", in.ID), in.By
	if in.User.ID != "" {
		o.By = in.User.Actor()
	}
	return s.begin(ctx, o)
}

func (s drills) begin(ctx context.Context, o tagout.DrillOrder) (tagout.Reply, error) {
	i, err := s.desk.Drill(ctx, o)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{
		Message: drillAnswer(i), Public: true, Outcome: tagout.Outcome{Incident: i.ID, Holds: i.ActiveHolds()},
		Updates: s.updates(ctx, i),
	}, nil
}

// order reads the arguments. It returns Invalid for what it does not understand, and then
// nothing is drilled.
func (s drills) order(words []string) (tagout.DrillOrder, error) {
	var o tagout.DrillOrder
	switch verb := strings.ToLower(bare(words[0])); verb {
	case "kill", "rollback":
		o.Action = tagout.DrillAction(verb)
	case "gameday", "game-day":
		o.Action, o.Page = tagout.DrillKill, true
	default:
		return o, tagout.Errorf(tagout.Invalid,
			"%q cannot be practised: write /tagout drill kill AGENT, rollback AGENT or gameday AGENT. Nothing was drilled.",
			clip(words[0]))
	}
	if len(words) < 2 {
		return o, tagout.Errorf(tagout.Invalid, "Say which agent to drill: /tagout drill %s AGENT, one of %s.",
			words[0], strings.Join(s.policy.Agents.Names(), ", "))
	}
	o.Agent = strings.ToLower(bare(words[1]))
	if s.policy.Agents[o.Agent] == nil {
		if near := s.policy.Agents.Near(o.Agent); len(near) > 0 {
			return o, tagout.Errorf(tagout.NotFound,
				"There is no agent %q in the configuration. Did you mean %s? Nothing was drilled.", clip(o.Agent),
				strings.Join(near, " or "))
		}
		return o, tagout.Errorf(tagout.NotFound,
			"There is no agent %q in the configuration. It has %s. Nothing was drilled.", clip(o.Agent),
			strings.Join(s.policy.Agents.Names(), ", "))
	}
	rest := words[2:]
	for len(rest) > 0 {
		word := strings.ToLower(bare(rest[0]))
		name, isScenario := strings.CutPrefix(word, "scenario=")
		switch {
		case isScenario:
			o.Scenario = name
		case word == "page":
			o.Page = true
		case s.policy.Severities[tagout.Severity(word)] != nil:
			o.Severity = tagout.Severity(word)
		default:
			o.Reason = strings.Join(rest, " ")
			return o, nil
		}
		rest = rest[1:]
	}
	return o, nil
}

// updates keep the answer up to date until the drill is over.
func (s drills) updates(ctx context.Context, i *tagout.Incident) iter.Seq[tagout.Message] {
	return func(yield func(tagout.Message) bool) {
		last := drillAnswer(i)
		for i := range follow(ctx, s.desk, i.ID, nil) {
			if m := drillAnswer(i); !reflect.DeepEqual(m, last) {
				if last = m; !yield(m) {
					return
				}
			}
			if !i.Exercise.Running() {
				return
			}
		}
	}
}

// drillAnswer says how far a drill has got.
func drillAnswer(i *tagout.Incident) tagout.Message {
	d := i.Exercise
	m := tagout.Message{Title: i.ID.String() + ": " + d.Title(), Tone: tagout.ToneNeutral}
	if i.Drill {
		m.Title = tagout.DrillMark + m.Title
	}
	m = m.Fact("Scope", tagout.Fixed(d.Scope.String())).Fact("Result", tagout.Bold(d.Verdict()))
	for _, c := range d.Controls {
		m = m.Fact(controlName(c), controlTimes(c))
	}
	switch d.Result {
	case tagout.DrillPassed:
		m.Tone = tagout.ToneGood
	case tagout.DrillFailed:
		m.Tone = tagout.ToneDanger
	case tagout.DrillInterrupted:
		m.Tone = tagout.ToneWarning
	default:
		m = m.Para("It ends by itself, and this message says how.")
	}
	if !i.Drill && len(i.ActiveHolds()) > 0 {
		m = m.Para(tagout.Bold("This is a real incident now."), " ", tagout.Fixed(d.Scope.String()),
			" stays held until it is signed for: ", tagout.Typed("resume "+i.ID.String()), ".")
	}
	return m
}

func controlName(c tagout.DrillControl) string {
	if c.Control == "" {
		return "By lease"
	}
	return "Control " + c.Control
}

func controlTimes(c tagout.DrillControl) string {
	if c.Observed == 0 {
		return "not observed stopped"
	}
	if c.Control == "" {
		return "not observed; its lease ended after " + tagout.Elapsed(c.Observed)
	}
	text := "observed stopped after " + tagout.Elapsed(c.Observed)
	if c.Accepted > 0 {
		text = "accepted after " + tagout.Elapsed(c.Accepted) + ", " + text
	}
	return text
}

// list tells of the last drills and of the next.
func (s drills) list(ctx context.Context) (tagout.Reply, error) {
	found, err := s.desk.Drills(ctx, tagout.DrillQuery{Limit: shownDrills})
	if err != nil {
		return tagout.Reply{}, err
	}
	next, err := s.desk.NextDrills(ctx)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Drills"}
	if len(found) == 0 {
		m = m.Para("Nothing was practised yet. ", tagout.Typed("drill kill AGENT"), " does, on the agent's canary.")
	}
	for _, d := range found {
		mark := "✅ "
		switch d.Result {
		case tagout.DrillFailed:
			mark = "🔴 "
		case tagout.DrillInterrupted:
			mark = "⚠️ "
		case tagout.DrillRunning:
			mark = "▶️ "
		}
		m = m.Para(mark, tagout.Bold(d.Incident.String()), " ", d.Title(), " at ", d.At, " — ", d.Verdict())
	}
	plans := slices.Clone(s.policy.Drills.Plans)
	slices.SortFunc(plans, func(a, b tagout.DrillPlan) int { return next[a.Name].Compare(next[b.Name]) })
	for _, p := range plans {
		if at := next[p.Name]; !at.IsZero() {
			m = m.Fact("Next: "+p.Name, tagout.T(string(p.Action)+" drill of "+p.Agent+" at ", at))
		}
	}
	return tagout.Reply{Message: m}, nil
}
