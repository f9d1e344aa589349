package tagout

// RuleTried is one rule of the routes, and what it said of an alert.
type RuleTried struct {
	Number  int    // in the order of the configuration, from 0
	When    string // the CEL expression
	Place   string // file:line:column
	Matched bool
	Why     string // why it did not match; "" if it did
}

// Routing is what the rules make of an alert, and how they came to it.
type Routing struct {
	Verdict Verdict
	Tried   []RuleTried // in order; nothing after the one that matched was asked
	Raised  bool        // by what the failure report says itself

	ThresholdBy ThresholdBy // why the verdict has that threshold, or none
}

// Foresight is what would become of an alert that opened an incident now. It is found out by
// what deals with alerts, without doing any of it.
type Foresight struct {
	Routing
	Alert    Alert
	Row      *SeverityPolicy
	Holds    []Hold // the containment that was decided in advance; without IDs
	Rollback bool   // the agent goes back to its last known good versions
	Who      WhoIsPaged
	Silence  *Silence // that would keep people quiet now; nil: none
	Counted  bool     // then no incident would open
}

// RoutedAlert is an alert that was accepted, with what the rules made of it then.
type RoutedAlert struct {
	Incoming
	Incident IncidentID // 0: it is below its threshold
}
