package escalation

import (
	"fmt"
	"math"
	"strings"

	"cel.dev/cel-go/cel"

	"tagout"
)

// maxRuleCost bounds one evaluation of a rule, in CEL's cost units, so that no alert can
// make a rule run away.
const maxRuleCost = 1_000_000

// Router decides what an alert means: severity, class and scope. It is made once, from the
// rules of the configuration.
type Router struct {
	policy *tagout.Policy
	rules  []rule
}

type rule struct {
	route   tagout.Route
	program cel.Program
	scope   *tagout.Scope
}

// NewRouter compiles the rules. It returns Invalid with the place of a rule that does not
// compile or does not give true or false.
func NewRouter(p *tagout.Policy) (*Router, error) {
	env, err := cel.NewEnv(cel.Variable("alert", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, fmt.Errorf("prepare rules: %w", err)
	}
	r := &Router{policy: p}
	for n, route := range p.Routes {
		compiled, err := compile(env, route)
		if err != nil {
			return nil, tagout.Errorf(tagout.Invalid, "%s: routes[%d].when does not compile: %w\nFix: Write a CEL expression that is true or false, such as alert.labels.severity == \"critical\".", route.Place, n, err)
		}
		r.rules = append(r.rules, compiled)
	}
	return r, nil
}

func compile(env *cel.Env, route tagout.Route) (rule, error) {
	ast, issues := env.Compile(route.When)
	if issues.Err() != nil {
		return rule{}, issues.Err()
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return rule{}, fmt.Errorf("it gives %s, not true or false", t)
	}
	program, err := env.Program(ast, cel.CostLimit(maxRuleCost))
	if err != nil {
		return rule{}, err
	}
	compiled := rule{route: route, program: program}
	if route.Scope != "" {
		scope, err := tagout.ParseScope(route.Scope)
		if err != nil {
			return rule{}, err
		}
		compiled.scope = &scope
	}
	return compiled, nil
}

// Route decides what an alert means. The first rule that matches wins; a rule that fails,
// for example over a label that is not there, does not match; without any rule it is SEV-2.
// A severity or class in a failure report may raise, never lower; its class counts where no rule
// says more than the default.
func (r *Router) Route(a tagout.Alert) tagout.Verdict {
	return r.route(a, nil).Verdict
}

// Explain is [Router.Route] with how it came to its verdict.
func (r *Router) Explain(a tagout.Alert) tagout.Routing {
	var routing tagout.Routing
	found := r.route(a, func(tried tagout.RuleTried) { routing.Tried = append(routing.Tried, tried) })
	found.Tried = routing.Tried
	return found
}

// route decides, and tells of each rule that it tries unless told is nil.
func (r *Router) route(a tagout.Alert, told func(tagout.RuleTried)) tagout.Routing {
	v := tagout.Verdict{Severity: tagout.Sev2, Class: r.policy.DefaultClass}
	decided := false // what kind of failure it is
	input := map[string]any{"alert": facts(a)}
	var scope *tagout.Scope
	for n, candidate := range r.rules {
		out, _, err := candidate.program.Eval(input)
		matched := err == nil && out.Value() == true
		if told != nil {
			told(tagout.RuleTried{Number: n, When: candidate.route.When, Place: candidate.route.Place, Matched: matched, Why: whyNot(matched, err)})
		}
		if !matched {
			continue
		}
		v.Severity, v.Class, v.Threshold = candidate.route.Severity, candidate.route.Class, candidate.route.Threshold
		scope = candidate.scope
		decided = strings.TrimSpace(candidate.route.When) != "true" || v.Class != r.policy.DefaultClass
		break
	}
	if scope == nil {
		fromLabels, ok := scopeOf(a.Labels)
		v.NoAgent = !ok
		scope = &fromLabels
	}
	v.Scope = *scope
	routed := v
	r.raise(&v, a.Report, decided)
	out := tagout.Routing{Raised: v != routed, ThresholdBy: tagout.ThresholdRaised}
	switch {
	case v.Severity != routed.Severity:
	case a.Report != nil:
		v.Threshold, out.ThresholdBy = r.policy.ReportThreshold(a.Report, routed.Threshold, v.Severity, v.Class)
	default:
		v.Threshold, out.ThresholdBy = r.policy.Threshold(routed.Threshold, v.Severity, v.Class)
	}
	out.Verdict = v
	return out
}

// whyNot says why a rule did not match.
func whyNot(matched bool, err error) string {
	switch {
	case matched:
		return ""
	case err != nil:
		return err.Error()
	}
	return "it is false"
}

// raise takes from a failure report what is not milder. decided reports whether the rules said
// what kind of failure it is: a last rule that takes everything for the default class did not.
func (r *Router) raise(v *tagout.Verdict, report *tagout.FailureReport, decided bool) {
	if report == nil {
		return
	}
	if class, known := r.policy.Classes[report.Class]; known {
		routed := r.policy.Classes[v.Class]
		if !class.Retry || !decided || routed == nil || routed.Retry { // never from stopping to retrying
			v.Class = report.Class
		}
	}
	if _, known := r.policy.Severities[report.Severity]; known && report.Severity.Worse(v.Severity) {
		v.Severity = report.Severity
		v.Threshold = tagout.Threshold{}
	}
}

// scopeOf reads agent, channel, region and tool from the labels. A part that is not a name
// counts as not given, so that the stop is wider rather than missing; without an agent
// there is no scope.
func scopeOf(labels map[string]string) (tagout.Scope, bool) {
	part := func(key string) string {
		name, err := tagout.CanonicalName(labels[key])
		if err != nil {
			return ""
		}
		return name
	}
	s := tagout.Scope{Agent: part("agent"), Channel: part("channel"), Region: part("region"), Tool: part("tool")}
	return s, s.Agent != ""
}

// facts is the alert as rules see it. Absent labels are absent keys.
func facts(a tagout.Alert) map[string]any {
	m := map[string]any{
		"source": a.Source, "name": a.Name, "summary": a.Summary, "status": string(a.Status),
		"labels": a.Labels, "annotations": a.Annotations,
	}
	if a.Labels == nil {
		m["labels"] = map[string]string{}
	}
	if a.Annotations == nil {
		m["annotations"] = map[string]string{}
	}
	if a.Value != nil && !math.IsNaN(*a.Value) {
		m["value"] = *a.Value
	}
	if report := a.Report; report != nil {
		m["report"] = map[string]any{
			"agent": report.Agent, "class": report.Class, "severity": string(report.Severity), "workflow": report.Workflow,
			"reason_code": report.ReasonCode, "retry_count": report.RetryCount, "approval_state": report.ApprovalState,
			"customers_affected": report.CustomersAffected, "implies": report.Implies, "tool": report.Tool,
		}
	}
	return m
}
