// Package integrations lists the adapters to the world outside: sources of alerts, pagers,
// controls and trackers. Adding one is a folder, a line in a list and a row in the conformance test.
package integrations

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"tagout"
	"tagout/integrations/alertmanager"
	"tagout/integrations/cloudevents"
	"tagout/integrations/datadog"
	"tagout/integrations/email"
	"tagout/integrations/generic"
	"tagout/integrations/github"
	"tagout/integrations/goalert"
	"tagout/integrations/grafana"
	"tagout/integrations/httpcontrol"
	"tagout/integrations/jira"
	"tagout/integrations/kubernetes"
	"tagout/integrations/oncall"
	"tagout/integrations/pagerduty"
	"tagout/integrations/sentry"
	"tagout/integrations/shoutrrr"
	"tagout/integrations/twilio"
	"tagout/integrations/webhook"
)

// Deps is what adapters need from their surroundings.
type Deps struct {
	HTTP   *http.Client
	Clock  tagout.Clock
	Logger *slog.Logger
}

// Sources lists the kinds of alert source. What they make keeps to the limits of this
// package and never panics.
func Sources() map[string]func(tagout.Vendor) (tagout.Source, error) {
	return map[string]func(tagout.Vendor) (tagout.Source, error){
		"alertmanager": func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(alertmanager.New(v)) },
		"cloudevents":  func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(cloudevents.New(v)) },
		"datadog":      func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(datadog.New(v)) },
		"generic":      func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(generic.New(v)) },
		"grafana":      func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(grafana.New(v)) },
		"pagerduty":    func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(pagerduty.NewSource(v)) },
		"sentry":       func(v tagout.Vendor) (tagout.Source, error) { return guard(v)(sentry.New(v)) },
	}
}

// Pagers lists the kinds of pager beside Slack.
func Pagers(d Deps) map[string]func(tagout.Vendor) (tagout.Pager, error) {
	d = d.withDefaults()
	return map[string]func(tagout.Vendor) (tagout.Pager, error){
		"email":     func(v tagout.Vendor) (tagout.Pager, error) { return some[tagout.Pager](email.New(v, d.Clock)) },
		"goalert":   func(v tagout.Vendor) (tagout.Pager, error) { return some[tagout.Pager](goalert.NewPager(v, d.HTTP)) },
		"pagerduty": func(v tagout.Vendor) (tagout.Pager, error) { return some[tagout.Pager](pagerduty.NewPager(v, d.HTTP)) },
		"shoutrrr":  func(v tagout.Vendor) (tagout.Pager, error) { return some[tagout.Pager](shoutrrr.NewPager(v, d.HTTP)) },
		"twilio":    func(v tagout.Vendor) (tagout.Pager, error) { return some[tagout.Pager](twilio.NewPager(v, d.HTTP)) },
		"webhook": func(v tagout.Vendor) (tagout.Pager, error) {
			return some[tagout.Pager](webhook.NewPager(v, d.HTTP, d.Clock))
		},
	}
}

// Controls lists the kinds of enforcement point.
func Controls(d Deps) map[string]func(tagout.Vendor) (tagout.Control, error) {
	d = d.withDefaults()
	return map[string]func(tagout.Vendor) (tagout.Control, error){
		"http": func(v tagout.Vendor) (tagout.Control, error) {
			return some[tagout.Control](httpcontrol.New(v, d.HTTP, d.Clock))
		},
		"kubernetes": func(v tagout.Vendor) (tagout.Control, error) { return some[tagout.Control](kubernetes.New(v)) },
		"webhook": func(v tagout.Vendor) (tagout.Control, error) {
			return some[tagout.Control](webhook.NewControl(v, d.HTTP, d.Clock))
		},
	}
}

// Trackers lists the kinds of tracker for corrective actions.
func Trackers(d Deps) map[string]func(tagout.Vendor) (tagout.Tracker, error) {
	d = d.withDefaults()
	return map[string]func(tagout.Vendor) (tagout.Tracker, error){
		"github": func(v tagout.Vendor) (tagout.Tracker, error) {
			return some[tagout.Tracker](github.NewTracker(v, d.HTTP))
		},
		"jira": func(v tagout.Vendor) (tagout.Tracker, error) { return some[tagout.Tracker](jira.NewTracker(v, d.HTTP)) },
	}
}

// Schedules lists the services whose on-call schedules can be read.
func Schedules(d Deps) map[string]func(tagout.Vendor) (tagout.Schedule, error) {
	d = d.withDefaults()
	return map[string]func(tagout.Vendor) (tagout.Schedule, error){
		"goalert": func(v tagout.Vendor) (tagout.Schedule, error) {
			return some[tagout.Schedule](oncall.NewGoAlert(v, d.HTTP))
		},
		"pagerduty": func(v tagout.Vendor) (tagout.Schedule, error) {
			return some[tagout.Schedule](oncall.NewPagerDuty(v, d.HTTP))
		},
	}
}

// NewSchedule makes a configured schedule. It returns Invalid as [NewSource] does.
func NewSchedule(v tagout.Vendor, d Deps) (tagout.Schedule, error) {
	return build("on-call schedule", Schedules(d), v)
}

// NewSource makes a configured alert source. It returns Invalid, with the place and the
// fix, for an unknown kind or settings that cannot work.
func NewSource(v tagout.Vendor) (tagout.Source, error) { return build("alert source", Sources(), v) }

// NewPager makes a configured pager. It returns Invalid as [NewSource] does.
func NewPager(v tagout.Vendor, d Deps) (tagout.Pager, error) { return build("pager", Pagers(d), v) }

// NewControl makes a configured control. It returns Invalid as [NewSource] does.
func NewControl(v tagout.Vendor, d Deps) (tagout.Control, error) {
	return build("control", Controls(d), v)
}

// NewTracker makes a configured tracker. It returns Invalid as [NewSource] does.
func NewTracker(v tagout.Vendor, d Deps) (tagout.Tracker, error) {
	return build("tracker", Trackers(d), v)
}

// ChangeKinds lists the kinds of source of changes.
func ChangeKinds() map[string]func(tagout.ChangeSource) tagout.ChangeInbox {
	return map[string]func(tagout.ChangeSource) tagout.ChangeInbox{
		"github": func(s tagout.ChangeSource) tagout.ChangeInbox { return github.NewChanges(s) },
	}
}

func build[T any](what string, kinds map[string]func(tagout.Vendor) (T, error), v tagout.Vendor) (T, error) {
	if make, ok := kinds[v.Kind]; ok {
		return make(v)
	}
	var known []string
	for kind := range kinds {
		known = append(known, kind)
	}
	slices.Sort(known)
	var none T
	return none, tagout.Errorf(tagout.Invalid, "%s: There is no such kind of %s. Fix: Use %s.", v.Place, what, strings.Join(known, " or "))
}

// guard wraps what a constructor returns.
func guard(v tagout.Vendor) func(tagout.Source, error) (tagout.Source, error) {
	return func(inner tagout.Source, err error) (tagout.Source, error) {
		if err != nil {
			return nil, err
		}
		return guarded{v.Name, inner}, nil
	}
}

// some widens a constructor's result to the interface, without making a nil look like one.
func some[T, V any](made V, err error) (T, error) {
	var out T
	if err == nil {
		out = any(made).(T)
	}
	return out, err
}

func (d Deps) withDefaults() Deps {
	if d.HTTP == nil {
		d.HTTP = &http.Client{}
	}
	if d.Clock == nil {
		d.Clock = tagout.SystemClock{}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d
}
