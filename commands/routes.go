package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// RouteTeller is what telling how alerts are routed needs.
type RouteTeller interface {
	Seer
	// LastAlerts lists the alerts that were accepted last, newest first, of the incidents
	// that see lets through.
	LastAlerts(ctx context.Context, limit int, see func(*tagout.Incident) bool) ([]tagout.RoutedAlert, error)
	// Refusals lists what this replica did not take of what sources posted, the newest first.
	Refusals() []tagout.Refusal
	// Foresee tells what would become of an alert that opened an incident now.
	Foresee(ctx context.Context, a tagout.Alert) (tagout.Foresight, error)
}

const (
	lastAlerts    = 5  // shown unless somebody asks for more
	mostAlerts    = 20 // shown at most
	routesButtons = 5
	rulesShown    = 6 // of one alert: the one that matched, and those right before it
)

// routes tells how the last alerts were routed, and why.
func routes(f floor, d RouteTeller) tagout.Command {
	r := router{f, d}
	return tagout.Command{
		Name: "routes", Summary: "Show how the last alerts were routed, and by which rule.", Usage: "[N|INC-n]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/routes", "/routes 20", "/routes INC-7"},
			"Of an incident it shows the newest alert: the rule that matched, why those before it did not, and what a like alert would do now.",
			"On a machine with the configuration, tagout route tells the same of an alert in a file, before anything is connected.",
			"Alerts of private incidents are shown to their people only."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			v := viewerOf(in.User, in.Channel)
			word := bare(strings.TrimSpace(line(in.Text)))
			if looksLikeIncident(word) {
				id, err := tagout.ParseIncidentID(strings.TrimRight(word, "."))
				if err != nil {
					return tagout.Reply{}, err
				}
				return r.ofIncident(ctx, id, v)
			}
			limit := lastAlerts
			if word != "" {
				n, err := strconv.Atoi(word)
				if err != nil || n < 1 {
					return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
						"%q is no number of alerts and no incident. Write /tagout routes, /tagout routes 10 or /tagout routes INC-7.",
						clip(word))
				}
				limit = min(n, mostAlerts)
			}
			return r.last(ctx, limit, v)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"routes": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, err := tagout.ParseIncidentID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return r.ofIncident(ctx, id, viewerOf(c.User, c.Channel))
			},
		},
	}
}

type router struct {
	floor
	desk RouteTeller
}

// last tells of the alerts that came last, a paragraph each.
func (r router) last(ctx context.Context, limit int, v tagout.Viewer) (tagout.Reply, error) {
	list, err := r.desk.LastAlerts(ctx, limit, func(i *tagout.Incident) bool { return r.desk.Sees(ctx, i, v) })
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "How the last alerts were routed"}
	if len(list) == 0 {
		m = m.Para("No alert was accepted lately. To see what one would do: ",
			tagout.Fixed("tagout route --source NAME < body.json"), " where the configuration is.")
	}
	shown := map[tagout.IncidentID]bool{}
	for _, a := range list {
		m = m.Para(r.oneLine(a))
		if a.Incident != 0 && !shown[a.Incident] && len(m.Buttons) < routesButtons {
			shown[a.Incident] = true
			m.Buttons = append(m.Buttons, tagout.Button{Action: "routes", Label: "Why " + a.Incident.String(), Value: a.Incident.String()})
		}
	}
	m.Body = append(m.Body, r.refused()...)
	m.Footer = tagout.T("Newest first, as decided when they came. Repeats are counted with the first.")
	return tagout.Reply{Message: m}, nil
}

// refused tells of sources whose alerts come to nothing, a paragraph each.
func (r router) refused() (told []tagout.Text) {
	for n, one := range r.desk.Refusals() {
		if n == 0 {
			told = append(told, tagout.T(tagout.Bold("Not taken"), ", since this replica began:"))
		}
		told = append(told, tagout.T("• "+one.Source+": ", tagout.Bold(strconv.Itoa(one.Count)), ", last ", one.At, ". "+one.Why))
	}
	return told
}

func (r router) oneLine(a tagout.RoutedAlert) tagout.Text {
	v := a.Verdict
	t := tagout.T("• ", a.At, " "+a.Alert.Source+": ", tagout.Bold(line(r.policy.Redaction.Cut(a.Alert.Name, 80))))
	if a.Alert.Status == tagout.Resolved {
		t = append(t, tagout.T(", resolved")...)
	}
	t = append(t, tagout.T(" → "+v.Severity.Label()+", "+r.policy.ClassTitle(v.Class)+", ", scopeText(v))...)
	switch {
	case a.Incident == 0 && a.Silence != nil && a.Counted:
		return append(t, tagout.T(" → no incident: silenced, "+a.Silence.ID.String())...)
	case a.Incident == 0 && v.Threshold.Count < 2: // the end of what never began here
		return append(t, tagout.T(" → no incident")...)
	case a.Incident == 0:
		return append(t, tagout.T(" → no incident: fewer than "+strconv.Itoa(v.Threshold.Count)+" within "+tagout.Elapsed(v.Threshold.Within))...)
	}
	return append(t, tagout.T(" → "+a.Incident.String())...)
}

func scopeText(v tagout.Verdict) tagout.Text {
	if v.NoAgent {
		return tagout.T("no agent named")
	}
	return tagout.T(tagout.Fixed(v.Scope.String()))
}

// ofIncident tells of the newest alert of an incident: what it was taken for, and what the
// like would do now.
func (r router) ofIncident(ctx context.Context, id tagout.IncidentID, v tagout.Viewer) (tagout.Reply, error) {
	if _, err := r.desk.Incident(ctx, id); err != nil {
		return tagout.Reply{}, err
	}
	list, err := r.desk.LastAlerts(ctx, mostAlerts, func(i *tagout.Incident) bool { return i.ID == id && r.desk.Sees(ctx, i, v) })
	if err != nil {
		return tagout.Reply{}, err
	}
	out := tagout.Outcome{Incident: id}
	var newest *tagout.RoutedAlert
	for n, a := range list {
		if a.Incident == id && (newest == nil || newest.Alert.Status == tagout.Resolved && a.Alert.Status != tagout.Resolved) {
			newest = &list[n]
		}
	}
	if newest == nil {
		return tagout.Reply{Message: tagout.Say(id.String() + " was not opened by an alert, and none has joined it lately."), Outcome: out}, nil
	}
	alert := newest.Alert
	alert.Status = tagout.Firing // how it ended is not what is asked
	f, err := r.desk.Foresee(ctx, alert)
	if err != nil {
		return tagout.Reply{}, err
	}
	earlier := 0
	if n := len(f.Tried) - rulesShown; n > 0 {
		f.Tried, earlier = f.Tried[n:], n
	}
	m := ForesightMessage(r.policy, f)
	if earlier > 0 {
		m = m.Para(count(earlier, "rule") + " before these did not match either; tagout route tells of each.")
	}
	m.Title = "How " + id.String() + "'s newest alert was routed: " + line(r.policy.Redaction.Cut(newest.Alert.Name, 80))
	if then, now := newest.Verdict, f.Verdict; then != now {
		m.Tone = tagout.ToneWarning
		changed := tagout.T(tagout.Bold("The rules have changed since"),
			": when it came it was "+then.Severity.Label()+", "+r.policy.ClassTitle(then.Class)+", ", scopeText(then),
			". What follows is what they say today.")
		m.Body = append([]tagout.Text{changed}, m.Body...)
	}
	return tagout.Reply{Message: m, Outcome: out}, nil
}
