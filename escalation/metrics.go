package escalation

import (
	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// metrics count what the desk did. All of them work without a registerer.
type metrics struct {
	incidents *prometheus.CounterVec
	alerts    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	stops     *prometheus.CounterVec
	pages     *prometheus.CounterVec
	reports   *prometheus.CounterVec
	unreached *prometheus.CounterVec
	deadlines *prometheus.CounterVec
	notes     *prometheus.CounterVec
	stages    *prometheus.CounterVec
	drills    *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		incidents: counter("tagout_incidents_opened_total", "Incidents opened, by severity and failure class.", "severity", "class"),
		alerts:    counter("tagout_alerts_total", "Alerts taken, by outcome: opened, folded, repeat, below_threshold, silenced, failed.", "outcome"),
		refused:   counter("tagout_alerts_refused_total", "Requests of alert sources and reporting agents that were not taken, by source and code: unauthorized, invalid, too_large, ….", "source", "code"),
		stops:     counter("tagout_stops_total", "Stops by hand, by mode.", "mode"),
		pages:     counter("tagout_pages_total", "Pages that ended, by pager and outcome: sent, failed, or dropped since somebody had answered.", "pager", "outcome"),
		unreached: counter("tagout_pages_unreached_total", "Rounds of pages that reached nobody by any pager, by severity.", "severity"),
		reports:   counter("tagout_control_reports_total", "News of enforcement points, by kind: accepted, observed, drift, failed.", "kind"),
		deadlines: counter("tagout_deadlines_total", "Deadlines that were reminded of or missed, by kind and outcome: reminded, missed.", "kind", "outcome"),
		notes:     counter("tagout_status_notes_total", "Recipients of status notes, by audience and outcome: delivered, failed.", "audience", "outcome"),
		stages:    counter("tagout_resume_stages_total", "Stages of resumptions, by what became of them: began, fell_back.", "outcome"),
		drills:    counter("tagout_drills_total", "Drills that came to an end, by action and result: passed, failed, interrupted.", "action", "result"),
	}
	if r != nil {
		r.MustRegister(m.incidents, m.alerts, m.refused, m.stops, m.pages, m.reports, m.unreached, m.deadlines, m.notes, m.stages, m.drills)
	}
	return m
}

// opened counts an incident; of a private one the class is not told.
func (m *metrics) opened(i *tagout.Incident) {
	class := i.Class
	if i.Private {
		class = "private"
	}
	m.incidents.WithLabelValues(string(i.Severity), class).Inc()
}

func (m *metrics) stopped(mode tagout.Mode) { m.stops.WithLabelValues(string(mode)).Inc() }

func (m *metrics) alert(f tagout.Folded) {
	outcome := "folded"
	switch {
	case f.Err != nil:
		outcome = "failed"
	case f.Silenced:
		outcome = "silenced"
	case f.Repeat:
		outcome = "repeat"
	case f.Incident == nil:
		outcome = "below_threshold"
	case f.Fresh:
		outcome = "opened"
	}
	m.alerts.WithLabelValues(outcome).Inc()
}

func (m *metrics) paged(p tagout.Page, failure error) {
	outcome := "sent"
	if failure != nil {
		outcome = "failed"
	}
	m.pages.WithLabelValues(p.Pager, outcome).Inc()
}

// missed counts the rounds that reached nobody.
func (m *metrics) missed(i *tagout.Incident, c tagout.Change) {
	for _, e := range c.Events {
		if e.Kind == tagout.EventUnreached {
			m.unreached.WithLabelValues(string(i.Severity)).Inc()
		}
	}
}

func (m *metrics) control(r tagout.ControlReport) {
	for kind, is := range map[string]bool{"accepted": r.Accepted, "observed": r.Observed, "drift": r.Drift, "failed": r.Error != ""} {
		if is {
			m.reports.WithLabelValues(kind).Inc()
		}
	}
}

// drilled counts a drill that has just come to its end.
func (m *metrics) drilled(d *tagout.Drill) {
	if d != nil && !d.Running() {
		m.drills.WithLabelValues(string(d.Action), string(d.Result)).Inc()
	}
}
