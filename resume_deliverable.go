package tagout

import (
	"slices"
	"strings"
)

// DeliverableLabels names what a resume request can be asked to bring along, and what else it
// may hold.
var DeliverableLabels = map[string]string{
	"cause":             "Documented cause",
	"control_changes":   "Specific control changes",
	"verified":          "How each change was verified against the cause",
	"verified_against":  "Verified against which cause",
	"review_scheduled":  "When the review takes place",
	"fix":               "What was fixed",
	"alerting":          "Which alert would catch it again",
	"impact":            "Impact: people and outputs affected",
	"remediation":       "Remediation",
	"corrective_action": "Corrective action",
}

// Deliverables lists their keys in the order in which they are read.
func Deliverables() []string {
	return []string{
		"impact", "cause", "control_changes", "verified", "verified_against", "fix", "remediation",
		"corrective_action", "alerting", "review_scheduled",
	}
}

// MissingLogs are what a request says when its cause could not be found out since the logs
// needed for that did not exist: this is the cause then, and what is to be done about it.
const (
	MissingLogs       = "Root cause: the logs needed to investigate did not exist."
	MissingLogsAction = "Write and keep the logs that were missing, and test that such a failure can be investigated with them."
)

// Remedy is one item of the remediation checklist.
type Remedy struct{ Key, Label string }

// Remedies is the remediation checklist. Each item is done, or it is said why not.
func Remedies() []Remedy {
	return []Remedy{
		{"side_effects", "Data side effects were checked"},
		{"records", "Wrong records were corrected"},
		{"people", "Impacted people are listed"},
		{"journeys", "Key journeys were confirmed"},
	}
}

// Remediation is the checklist in words, with what was done and why the rest was not.
func Remediation(done []string, why string) string {
	var yes, no []string
	for _, r := range Remedies() {
		if slices.Contains(done, r.Key) {
			yes = append(yes, r.Label)
		} else {
			no = append(no, r.Label)
		}
	}
	var parts []string
	if len(yes) > 0 {
		parts = append(parts, "Done: "+strings.Join(yes, "; ")+".")
	}
	if len(no) > 0 {
		parts = append(parts, "Not done: "+strings.Join(no, "; ")+". Why: "+why)
	} else if why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, "\n")
}
