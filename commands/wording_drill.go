package commands

import "tagout"

// drillWords are those of drills and of silences: what is practised, and what was kept quiet.
func (f floor) drillWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventDrillBegan: func(d facts) string {
			return "began a drill: " + d.text("action") + " of " + d.text("scope") + d.after(": ", "reason")
		},
		tagout.EventDrillLifted: func(d facts) string {
			return "lifted the drill's own hold of " + d.text("scope") + ", " + d.mode("mode")
		},
		tagout.EventDrillEnded: func(d facts) string { return "ended the drill: " + d.text("result") + d.after(": ", "why") },
		tagout.EventDrillReal: func(d facts) string {
			return "made it a real incident: drill " + d.text("result") + d.after(": ", "why")
		},
		tagout.EventHushed: func(d facts) string {
			return "paged nobody: silenced by " + d.text("silence") + " until " + d.time("until") + d.after(": ", "reason")
		},
		tagout.EventUnhushed: func(d facts) string {
			return "ended its silence" + d.after(" ", "silence") + d.after(": ", "why")
		},
	}
}
