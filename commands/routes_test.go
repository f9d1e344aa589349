package commands_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tagout"
)

// LastAlerts is what the test says was routed.
func (d *desk) LastAlerts(_ context.Context, limit int, see func(*tagout.Incident) bool) ([]tagout.RoutedAlert, error) {
	var list []tagout.RoutedAlert
	for _, a := range d.routed {
		if i := d.incidents[a.Incident]; a.Incident == 0 || i != nil && see(i) {
			list = append(list, a)
		}
	}
	return list[:min(limit, len(list))], d.err
}

// Refusals is what the test says was not taken.
func (d *desk) Refusals() []tagout.Refusal { return d.refusals }

// Foresee is what the test says, of the alert that is asked about.
func (d *desk) Foresee(_ context.Context, a tagout.Alert) (tagout.Foresight, error) {
	f := d.foreseen
	f.Alert = a
	return f, d.err
}

// routedTwice are an alert of INC-7, and one below its threshold.
func routedTwice(d *desk) {
	d.incidents[7] = incident7(halted("mailer/email"))
	verdict := tagout.Verdict{Severity: tagout.Sev2, Class: "judgment_error", Scope: tagout.MustScope("mailer/email")}
	below := verdict
	below.Threshold = tagout.Threshold{Count: 3, Within: 5 * time.Minute}
	d.routed = []tagout.RoutedAlert{
		{Incoming: tagout.Incoming{Alert: tagout.Alert{Source: "grafana", Name: "Complaint rate <!channel>", Status: tagout.Firing}, Verdict: verdict, At: t0}, Incident: 7},
		{Incoming: tagout.Incoming{Alert: tagout.Alert{Source: "datadog", Name: "Bounces", Status: tagout.Resolved}, Verdict: below, At: t0.Add(-time.Minute)}},
	}
	d.refusals = []tagout.Refusal{{Source: "sentry", Count: 12, At: t0, Why: "Send the token of this source in the header Authorization, as Bearer TOKEN."}}
	paged := &desk{}
	callsForSev1(paged)
	row := d.policy.SeverityPolicy(tagout.Sev1)
	d.foreseen = tagout.Foresight{Row: row, Rollback: true, Who: paged.paged, Holds: []tagout.Hold{halted("mailer")}}
	d.foreseen.Verdict = tagout.Verdict{Severity: tagout.Sev1, Class: "policy_violation", Scope: tagout.MustScope("mailer/email")}
	d.foreseen.Tried = []tagout.RuleTried{
		{Number: 0, When: `alert.labels.team == "x"`, Place: "tagout.yaml:90:11", Why: "no such key: team"},
		{Number: 1, When: `alert.source == "grafana"`, Place: "tagout.yaml:93:11", Matched: true},
	}
}

func TestRoutesTellsHowTheLastAlertsWereRouted(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"routes": "/routes", "routes-incident": "/routes INC-7"} {
		b := newBench(t)
		routedTwice(b.desk)
		reply, err := b.typed(t, text)
		golden(t, "testdata/"+name+".txt", shown(must(t, reply, err)))
	}
	b := newBench(t)
	routedTwice(b.desk)
	if reply, err := b.typed(t, "/routes 1"); err != nil || strings.Contains(reply.Message.String(), "Bounces") {
		t.Errorf("one alert: %s, %v", reply.Message, err)
	}
	for n := range 40 { // more rules than anybody would read
		b.foreseen.Tried = append([]tagout.RuleTried{{Number: n, When: "false", Why: "it is false"}}, b.foreseen.Tried...)
	}
	if reply, err := b.typed(t, "/routes INC-7"); err != nil || strings.Count(reply.Message.String(), "• not routes") != 5 || !strings.Contains(reply.Message.String(), "36 rules before these did not match either") {
		t.Errorf("many rules: %s, %v", reply.Message, err)
	}
	for _, text := range []string{"0", "-1", "many", "1 2"} {
		_, err := newBench(t).typed(t, "/routes "+text)
		wantCode(t, err, tagout.Invalid)
	}
	if reply, err := newBench(t).typed(t, "/routes"); err != nil || !strings.Contains(reply.Message.String(), "No alert was accepted lately") {
		t.Errorf("none: %s, %v", reply.Message, err)
	}
}

func TestRoutesOfAPrivateIncidentAreToldToItsPeopleOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	routedTwice(b.desk)
	b.incidents[7].Private, b.incidents[7].Room = true, tagout.Room{Channel: "C0INC", Private: true}
	_, err := b.typed(t, "/routes INC-7")
	wantCode(t, err, tagout.Forbidden, "private")
	reply, err := b.typed(t, "/routes")
	if err != nil || strings.Contains(reply.Message.String(), "Complaint") || len(reply.Message.Buttons) > 0 {
		t.Errorf("an outsider reads %s, %v", reply.Message, err)
	}
	if reply, err := b.typed(t, "/routes", inChannelOf(7)); err != nil || !strings.Contains(reply.Message.String(), "Complaint") {
		t.Errorf("its people read %s, %v", reply.Message, err)
	}
}
