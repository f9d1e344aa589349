package escalation_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/escalation"
)

// router compiles rules over the test's policy.
func router(t *testing.T, routes ...tagout.Route) *escalation.Router {
	t.Helper()
	p := matrix()
	p.Routes = routes
	r, err := escalation.NewRouter(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRulesDecideSeverityClassAndThreshold(t *testing.T) {
	t.Parallel()
	value := func(v float64) tagout.Alert { return tagout.Alert{Name: "n", Value: &v} }
	report := func(r tagout.FailureReport) tagout.Alert { return tagout.Alert{Source: "failures", Report: &r} }
	many := "[" + strings.Repeat("1, ", 39) + "1]"
	hit := tagout.Route{Severity: "sev3", Class: "budget_drift", Threshold: tagout.Threshold{Count: 3}}
	for name, c := range map[string]struct {
		when  string
		alert tagout.Alert
		hits  bool
	}{
		"a label":                            {`alert.labels.severity == "critical"`, tagout.Alert{Labels: map[string]string{"severity": "critical"}}, true},
		"another value":                      {`alert.labels.severity == "critical"`, tagout.Alert{Labels: map[string]string{"severity": "warning"}}, false},
		"a missing key is no match":          {`alert.labels.severity != "critical"`, tagout.Alert{Labels: map[string]string{"agent": "mailer"}}, false},
		"no labels at all":                   {`alert.labels.severity != "critical"`, tagout.Alert{}, false},
		"a missing key can be asked for":     {`!has(alert.labels.severity)`, tagout.Alert{}, true},
		"or saves from a missing key":        {`alert.labels.severity == "critical" || true`, tagout.Alert{}, true},
		"source and name":                    {`alert.source == "am" && alert.name.startsWith("Spend")`, tagout.Alert{Source: "am", Name: "SpendHigh"}, true},
		"summary":                            {`alert.summary.contains("refund")`, tagout.Alert{Summary: "many refunds"}, true},
		"annotation":                         {`alert.annotations["team"] == "x"`, tagout.Alert{Annotations: map[string]string{"team": "x"}}, true},
		"status":                             {`alert.status == "firing"`, tagout.Alert{Status: tagout.Firing}, true},
		"value above a whole number":         {`alert.value > 1`, value(1.5), true},
		"value below a whole number":         {`alert.value > 1`, value(0.5), false},
		"value beside a fraction":            {`alert.value >= 0.98`, value(1), true},
		"no value is no match":               {`alert.value < 1.0`, tagout.Alert{}, false},
		"a value that is no number":          {`!(alert.value > 1.0)`, value(math.NaN()), false},
		"report":                             {`alert.report.class == "policy_violation" && alert.report.customers_affected > 10`, report(tagout.FailureReport{Class: "policy_violation", CustomersAffected: 11}), true},
		"report's retries":                   {`alert.report.retry_count >= 3`, report(tagout.FailureReport{RetryCount: 3}), true},
		"no report is no match":              {`alert.report.retry_count >= 0`, tagout.Alert{}, false},
		"no report can be asked for":         {`has(alert.report)`, tagout.Alert{}, false},
		"text where a condition should be":   {`alert.labels.severity`, tagout.Alert{Labels: map[string]string{"severity": "true"}}, false},
		"division by zero is no match":       {`1 / int(alert.value) == 0 || alert.value == 0.0 && 1 / int(alert.value) > 0`, value(0), false},
		"a number compared with a text":      {`alert.value > alert.name`, value(2), false},
		"what costs too much does not match": {many + `.all(a, ` + many + `.all(b, ` + many + `.all(c, ` + many + `.all(d, true)))) || true`, tagout.Alert{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route := hit
			route.When = c.when
			v := router(t, route).Route(c.alert)
			if got := v.Severity == "sev3" && (v.Threshold.Count == 3 || c.alert.Report != nil); got != c.hits {
				t.Errorf("%s: matched %t, want %t (%+v)", c.when, got, c.hits, v)
			}
			if !c.hits && (v.Severity != tagout.Sev2 || v.Class != "judgment_error" || v.Threshold.Count != 0) {
				t.Errorf("without a rule it is %s %s %+v, want sev2 and the default class", v.Severity, v.Class, v.Threshold)
			}
		})
	}
}

func TestTheFirstRuleThatMatchesWins(t *testing.T) {
	t.Parallel()
	r := router(t, tagout.Route{When: `alert.labels.missing == "x"`, Severity: "sev1", Class: "policy_violation"},
		tagout.Route{When: `true`, Severity: "sev3", Class: "budget_drift"}, tagout.Route{When: `true`, Severity: "sev1", Class: "policy_violation"})
	if v := r.Route(tagout.Alert{}); v.Severity != "sev3" {
		t.Errorf("got %s, want the second rule's sev3", v.Severity)
	}
}

func TestRulesThatCannotWorkAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		route tagout.Route
		words string
	}{
		"a number":          {tagout.Route{When: `1 + 1`}, "not true or false"},
		"a text":            {tagout.Route{When: `"sev1"`}, "not true or false"},
		"nothing":           {tagout.Route{When: ``}, "does not compile"},
		"not an expression": {tagout.Route{When: `alert.labels.severity ==`}, "Fix: Write a CEL expression"},
		"an unknown name":   {tagout.Route{When: `alrt.value > 1.0`}, "alrt"},
		"a bad scope":       {tagout.Route{When: `true`, Scope: "mailer/email/eu/x"}, "too many parts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := matrix()
			c.route.Place = "tagout.yaml:41:5"
			p.Routes = []tagout.Route{{When: "true"}, c.route}
			_, err := escalation.NewRouter(p)
			refused(t, err, tagout.Invalid, "tagout.yaml:41:5: routes[1].when")
			refused(t, err, tagout.Invalid, c.words)
		})
	}
}

func TestScopeComesFromLabelsUnlessTheRuleSetsIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for name, c := range map[string]struct {
		labels  map[string]string
		rule    string
		scope   string
		noAgent bool
	}{
		"all parts":                        {map[string]string{"agent": "mailer", "channel": "email", "region": "eu", "tool": "send_email"}, "", "mailer/email/eu tool:send_email", false},
		"any case, spare blanks":           {map[string]string{"agent": " Mailer", "channel": "EMAIL "}, "", "mailer/email", false},
		"a part that is no name is wider":  {map[string]string{"agent": "mailer", "channel": "e mail!", "region": "eu"}, "", "mailer/*/eu", false},
		"a part that is too long is wider": {map[string]string{"agent": "mailer", "channel": "email", "region": long}, "", "mailer/email", false},
		"a risk is not a tool's name":      {map[string]string{"agent": "mailer", "tool": "@high"}, "", "mailer", false},
		"no agent":                         {map[string]string{"channel": "email"}, "", "*/email", true},
		"an agent that is no name":         {map[string]string{"agent": "<!channel>", "channel": "email"}, "", "*/email", true},
		"no labels":                        {nil, "", "*", true},
		"the rule's scope wins":            {map[string]string{"agent": "mailer", "channel": "email"}, "mailer/sms", "mailer/sms", false},
		"the rule's scope gives an agent":  {nil, "researcher", "researcher", false},
		"the rule may mean everything":     {nil, "*", "*", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := router(t, tagout.Route{When: "true", Scope: c.rule, Severity: "sev3"}).Route(tagout.Alert{Labels: c.labels})
			if v.Scope.String() != c.scope || v.NoAgent != c.noAgent {
				t.Errorf("got %q, no agent %t; want %q, %t", v.Scope, v.NoAgent, c.scope, c.noAgent)
			}
		})
	}
}

func TestAFailureReportMayRaiseNeverLower(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		routed, said   string // class/severity
		class          string
		severity       tagout.Severity
		keepsThreshold bool
	}{
		"raises the severity":             {"budget_drift/sev3", "/sev1", "budget_drift", "sev1", false},
		"never lowers it":                 {"integration_failure/sev1", "integration_failure/sev3", "integration_failure", "sev1", true},
		"a severity that is not there":    {"integration_failure/sev2", "integration_failure/sev0", "integration_failure", "sev2", true},
		"names a class that stops":        {"budget_drift/sev2", "policy_violation/", "policy_violation", "sev2", false},
		"an unknown class":                {"integration_failure/sev2", "nonsense/", "integration_failure", "sev2", false},
		"never from stopping to retrying": {"budget_drift/sev2", "integration_failure/", "budget_drift", "sev2", false},
		"from retrying to stopping":       {"integration_failure/sev2", "budget_drift/", "budget_drift", "sev2", false},
		"stops by its class":              {"budget_drift/sev2", "/", "budget_drift", "sev2", false},
		"may try again":                   {"integration_failure/sev2", "integration_failure/", "integration_failure", "sev2", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			class, severity, _ := strings.Cut(c.routed, "/")
			saidClass, saidSeverity, _ := strings.Cut(c.said, "/")
			r := router(t, tagout.Route{When: "true", Severity: tagout.Severity(severity), Class: class, Threshold: tagout.Threshold{Count: 5}})
			v := r.Route(tagout.Alert{Report: &tagout.FailureReport{Agent: "mailer", Class: saidClass, Severity: tagout.Severity(saidSeverity)}})
			if v.Class != c.class || v.Severity != c.severity || v.Threshold.Count == 5 != c.keepsThreshold {
				t.Errorf("got %s %s, threshold %+v; want %s %s", v.Class, v.Severity, v.Threshold, c.class, c.severity)
			}
		})
	}
}

// TestAReportSaysItsClassWhereNoRuleDoes: the last rule of the example takes everything else for
// the default class.
func TestAReportSaysItsClassWhereNoRuleDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when, routed string
		class        string
	}{
		"no rule matches":               {"false", "budget_drift", "integration_failure"},
		"a rule that takes all":         {" true ", "judgment_error", "integration_failure"},
		"one that says another class":   {"true", "budget_drift", "budget_drift"},
		"one that looks at the alert":   {`alert.name != ""`, "judgment_error", "judgment_error"},
		"one that says the same itself": {`alert.report.class == "integration_failure"`, "integration_failure", "integration_failure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := matrix()
			p.DefaultClass, p.Routes = "judgment_error", []tagout.Route{{When: c.when, Severity: "sev3", Class: c.routed}}
			p.Classes["judgment_error"] = &tagout.FailureClass{Key: "judgment_error"}
			r, err := escalation.NewRouter(p)
			if err != nil {
				t.Fatal(err)
			}
			alert := tagout.Alert{Name: "failure report", Report: &tagout.FailureReport{Agent: "mailer", Class: "integration_failure"}}
			if v := r.Route(alert); v.Class != c.class {
				t.Errorf("taken for %s, want %s", v.Class, c.class)
			}
		})
	}
}

// TestAnAgentThatMayTryAgainOpensNoIncidentUntilNoRetryIsLeft: nothing would be left to try.
func TestAnAgentThatMayTryAgainOpensNoIncidentUntilNoRetryIsLeft(t *testing.T) {
	t.Parallel()
	p := matrix()
	p.Routes = []tagout.Route{{When: `alert.name == "once"`, Severity: "sev3", Class: "integration_failure", Threshold: tagout.Threshold{Count: 1}},
		{When: `alert.name == "grave"`, Severity: "sev1", Class: "integration_failure"}, {When: "true", Severity: "sev3", Class: "integration_failure"}}
	r, err := escalation.NewRouter(p)
	if err != nil {
		t.Fatal(err)
	}
	retries := p.Classes["integration_failure"].Retries
	for name, c := range map[string]struct {
		alert string
		tried int
		count int
		by    tagout.ThresholdBy
	}{
		"the first failure": {"report", 0, retries + 1, tagout.ThresholdRetry},
		"the last retry":    {"report", retries, 0, tagout.ThresholdStops},
		"the gravest":       {"grave", 0, 0, tagout.ThresholdNone},
		"a rule says once":  {"once", 0, 1, tagout.ThresholdRoute},
	} {
		report := &tagout.FailureReport{Agent: "mailer", Class: "integration_failure", RetryCount: c.tried}
		got := r.Explain(tagout.Alert{Name: c.alert, Report: report})
		if got.Verdict.Threshold.Count != c.count || got.ThresholdBy != c.by {
			t.Errorf("%s: %+v by %q, want a count of %d by %q", name, got.Verdict.Threshold, got.ThresholdBy, c.count, c.by)
		}
	}
	if got := r.Explain(tagout.Alert{Name: "an alert"}); got.Verdict.Threshold.Count != 0 {
		t.Errorf("an alert waits for %+v", got.Verdict.Threshold)
	}
}

// TestAThresholdOfTheClassCountsWhereTheRuleHasNone: also of the class that a report names.
func TestAThresholdOfTheClassCountsWhereTheRuleHasNone(t *testing.T) {
	t.Parallel()
	p := matrix()
	five := tagout.Threshold{Count: 5, Within: time.Minute}
	p.Classes["policy_violation"].Threshold, p.Classes["integration_failure"].Threshold = five, five
	p.Routes = []tagout.Route{{When: `alert.labels.severity == "critical"`, Severity: "sev1", Class: "policy_violation"},
		{When: `alert.labels.severity == "odd"`, Severity: "sev2", Class: "policy_violation"}, {When: `alert.labels.severity == "other"`, Severity: "sev2", Class: "budget_drift"},
		{When: "true", Severity: "sev2", Class: "integration_failure"}}
	r, err := escalation.NewRouter(p)
	if err != nil {
		t.Fatal(err)
	}
	report := func(severity tagout.Severity) tagout.Alert {
		return tagout.Alert{Report: &tagout.FailureReport{Agent: "mailer", Class: "policy_violation", Severity: severity}}
	}
	if got := r.Explain(tagout.Alert{Labels: map[string]string{"severity": "odd"}}); got.Verdict.Threshold != five || got.ThresholdBy != tagout.ThresholdClass {
		t.Errorf("an alert: %+v", got)
	}
	if got := r.Explain(report("")); got.Verdict.Threshold.Count != 0 || got.ThresholdBy != tagout.ThresholdStops || !got.Raised {
		t.Errorf("a report whose agent must stop: %+v", got)
	}
	again := tagout.Alert{Report: &tagout.FailureReport{Agent: "mailer", Class: "integration_failure"}}
	if got := r.Explain(again); got.Verdict.Threshold != five || got.ThresholdBy != tagout.ThresholdClass {
		t.Errorf("a report whose agent may try again: %+v", got)
	}
	again.Report.RetryCount = 99
	if got := r.Explain(again); got.Verdict.Threshold.Count != 0 || got.ThresholdBy != tagout.ThresholdStops {
		t.Errorf("a report whose agent has tried often enough: %+v", got)
	}
	if got := r.Explain(report("sev1")); got.Verdict.Threshold.Count != 0 || got.ThresholdBy != tagout.ThresholdRaised {
		t.Errorf("a report that asks for SEV-1: %+v", got)
	}
	if got := r.Explain(tagout.Alert{Labels: map[string]string{"severity": "critical"}}); got.Verdict.Threshold.Count != 0 || got.ThresholdBy != tagout.ThresholdGrave {
		t.Errorf("SEV-1: %+v", got)
	}
	if got := r.Explain(tagout.Alert{Labels: map[string]string{"severity": "other"}}); got.Verdict.Threshold.Count != 0 || got.ThresholdBy != tagout.ThresholdNone {
		t.Errorf("another class: %+v", got)
	}
}
