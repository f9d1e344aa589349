package tagout

import "time"

// Threshold is how many alerts within a window open an incident. With a count of none the first
// alert opens it; what was only counted within the window goes into the incident.
type Threshold struct {
	Count  int
	Within time.Duration
}

// ThresholdBy says why a threshold applies to an alert, or why none does.
type ThresholdBy string

// The reasons.
const (
	ThresholdNone   ThresholdBy = ""       // neither the rule nor the class has one
	ThresholdRoute  ThresholdBy = "route"  // the rule that matched says so
	ThresholdClass  ThresholdBy = "class"  // the failure class says so
	ThresholdGrave  ThresholdBy = "grave"  // the class has one, but the gravest severity waits only if its rule says so
	ThresholdRaised ThresholdBy = "raised" // the failure report itself asks for a worse severity
	ThresholdRetry  ThresholdBy = "retry"  // there is none, but the failure class lets the agent that reports the failure try again
	ThresholdStops  ThresholdBy = "stops"  // there is one, but the agent that reports the failure must stop: its work waits for somebody
)

// Threshold decides how many alerts an incident needs: the rule's own threshold wins over that
// of the failure class, and a rule may write a count of one to have none. The gravest severity
// never waits for the threshold of a class.
func (p *Policy) Threshold(route Threshold, s Severity, class string) (Threshold, ThresholdBy) {
	of := p.Classes[class]
	switch {
	case route.Count > 0:
		return route, ThresholdRoute
	case of == nil || of.Threshold.Count < 2:
		return Threshold{}, ThresholdNone
	case p.Gravest(s):
		return Threshold{}, ThresholdGrave
	}
	return of.Threshold, ThresholdClass
}

// retryWindow is within which the failures count whose agents may try again.
const retryWindow = time.Hour

// ReportThreshold is [Policy.Threshold] for a failure report. An agent that must stop waits for
// nothing. One that may try again opens no incident until its class has no retry left, so that
// nothing holds it meanwhile; a rule may write a count of one to hear of the first failure.
func (p *Policy) ReportThreshold(f *FailureReport, route Threshold, s Severity, class string) (Threshold, ThresholdBy) {
	limit, by := p.Threshold(route, s, class)
	of := p.Classes[class]
	if by == ThresholdNone && of != nil && of.Retry && !p.Gravest(s) {
		limit, by = Threshold{Count: of.Retries + 1, Within: retryWindow}, ThresholdRetry
	}
	if limit.Count > 1 && p.MustStop(f, class) {
		return Threshold{Within: limit.Within}, ThresholdStops // what it tried before belongs to the incident
	}
	return limit, by
}

// Gravest reports whether s is SEV-1, or what stands in its place: the worst severity there is,
// or one that nobody knows. Nothing puts it off.
func (p *Policy) Gravest(s Severity) bool {
	return s == Sev1 || p.Severities[s] == nil || p.SeverityPolicy("").Severity == s
}
