package tagout

import (
	"slices"
	"strings"
)

// Retry is what was decided in advance about trying again after a failure: how many retries
// are left, and why there are none. class is what the failure was taken for besides what the
// report says, "" for nothing, and failed how often the run has failed before. Everything that
// is not known speaks for stopping. Whether the scope is held is not asked here.
func (p *Policy) Retry(f *FailureReport, class string, failed int) (left int, whyStop string) {
	classes := p.classesOf(f, class)
	left = retriesLeft(classes, f.RetryCount)
	if f.RetryCount >= 0 { // an agent that miscounts does not retry for ever
		left = retriesLeft(classes, max(f.RetryCount, failed))
	}
	name, err := CanonicalName(f.Agent)
	switch {
	case len(classes) == 0:
		whyStop = "The failure class is not known, so nothing allows a retry."
	case slices.ContainsFunc(classes, func(c *FailureClass) bool { return !c.Retry }):
		whyStop = p.whoSaysStop(f, class)
	case len(f.Unread) > 0:
		whyStop = "The report could not be read in full: /" + strings.Join(f.Unread, ", /") + "."
	case left <= 0:
		whyStop = "No retry is left."
	case denied(f.Transient):
		whyStop = "The step would fail again: it is said not to be transient."
	case denied(f.Idempotent):
		whyStop = "The step must not be done twice: it is said not to be idempotent."
	case err != nil || highRisk(p.Agents[name], f):
		whyStop = "A tool of high risk was called, or may have been."
	default:
		return left, ""
	}
	return 0, whyStop
}

// whoSaysStop names the class that allows no retry, and who took the failure for it: an agent
// that said something else could not know.
func (p *Policy) whoSaysStop(f *FailureReport, class string) string {
	if c := p.Classes[f.Class]; c != nil && !c.Retry || f.Class == class || p.Classes[class] == nil {
		return "The failure class says stop."
	}
	return "The rules of Tagout take it for " + p.ClassTitle(class) + ", and that class says stop."
}

// MustStop reports whether an agent that reports a failure is told to stop whatever else is
// going on: then its work waits for somebody, who has to hear of it.
func (p *Policy) MustStop(f *FailureReport, class string) bool {
	_, alone := p.Retry(f, "", 0) // which is all that is asked while no incident has it
	_, taken := p.Retry(f, class, 0)
	return alone != "" || taken != ""
}

// HandsTo is the role that takes over from an agent that reports a failure: that of the class,
// else the one that the agent asks for if there is such a role, else the agent's owner.
func (p *Policy) HandsTo(f *FailureReport, class string) string {
	for _, c := range p.classesOf(f, class) {
		if c.Handoff != "" {
			return c.Handoff
		}
	}
	if p.Roles[f.Handoff] != nil {
		return f.Handoff
	}
	if name, err := CanonicalName(f.Agent); err == nil && p.Agents[name] != nil {
		return p.Agents[name].Owner
	}
	return ""
}

// classesOf are the configured classes of a failure: what the report says, and what it was
// taken for. All of them must allow a retry.
func (p *Policy) classesOf(f *FailureReport, class string) []*FailureClass {
	var classes []*FailureClass
	if c := p.Classes[f.Class]; c != nil {
		classes = append(classes, c)
	}
	if c := p.Classes[class]; c != nil && !slices.Contains(classes, c) {
		classes = append(classes, c)
	}
	return classes
}

// retriesLeft is the fewest retries that any of the classes leaves after count of them.
func retriesLeft(classes []*FailureClass, count int) int {
	if len(classes) == 0 || count < 0 {
		return 0
	}
	left := classes[0].Retries
	for _, c := range classes {
		if !c.Retry {
			return 0
		}
		left = min(left, c.Retries)
	}
	return left - count
}

// denied reports whether something was said not to be so.
func denied(said *bool) bool { return said != nil && !*said }

// highRisk reports whether a tool of high risk was called, or may have been: a tool that
// the agent does not declare, or a risk that is not one, counts as high.
func highRisk(a *Agent, f *FailureReport) bool {
	calls := f.ToolsCalled
	if f.Tool != "" {
		calls = append(slices.Clone(calls), ToolCall{Name: f.Tool})
	}
	return slices.ContainsFunc(calls, func(call ToolCall) bool {
		name, err := CanonicalName(call.Name)
		if err != nil || a == nil {
			return true
		}
		declared, ok := a.Tools[name]
		return !ok || !harmless(declared) || call.Risk != "" && !harmless(call.Risk)
	})
}

func harmless(r Risk) bool { return r == LowRisk || r == MediumRisk }
