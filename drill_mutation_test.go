package tagout_test

import "testing"

// checkedByDrills are the functions that decide whether a drill may lift its hold, and whether
// a lifting was that of a drill.
func checkedByDrills() []string {
	return []string{"Incident.disturbed", "DrillFacts.busy", "Drill.hung", "toldDrill.lift"}
}

// harmlessInDrills are the conditions that can be lost without a drill lifting what it may not,
// with why.
func harmlessInDrills() map[string]string {
	return map[string]string{
		"toldDrill.lift: err != nil never":                           "then it names no hold",
		"toldDrill.lift: t.drill == nil never":                       "then no hold is its own",
		"toldDrill.lift: t.holds != 1 never":                         "another hold makes it real already",
		"toldDrill.lift: said.Hold != t.own.ID never":                "the same as its ID",
		"toldDrill.lift: said.Hold != DrillHold(t.drill.ID) never":   "the same as its own",
		"Incident.disturbed: !at.Before(d.At.Add(DrillLimit)) never": "the drill looks at the time itself",
		"DrillFacts.busy: h.Drill != \"\" never":                     "what it is called",
		"DrillFacts.busy: h.Drill != \"\" always":                    "as above",
		"DrillFacts.busy: i.Private never":                           "as above",
		"DrillFacts.busy: i.Private always":                          "as above",
		"DrillFacts.busy: len(i.ActiveHolds()) == 0 never":           "as above",
		"DrillFacts.busy: len(i.ActiveHolds()) == 0 always":          "as above",
		"DrillFacts.busy: p.Incident != own always":                  "stricter: its own pins count, too",
	}
}

// TestEveryCheckOfADrillIsNeeded breaks the conditions of the rule one by one, and requires that
// the checks of the drills notice.
func TestEveryCheckOfADrillIsNeeded(t *testing.T) {
	t.Parallel()
	s := &surgeon{functions: checkedByDrills(), harmless: harmlessInDrills()}
	s.breaks(t, "return checkDrills() == nil", "drill_rule_test.go")
}
