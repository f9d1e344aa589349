package commands

import "tagout"

// actionWords are those of corrective actions.
func (f floor) actionWords() map[tagout.EventKind]func(facts) string {
	of := func(d facts) string { return " corrective action " + d.text("action") }
	titled := func(d facts) string { return of(d) + d.after(": ", "title") }
	ticket := func(d facts) string { return "the ticket" + d.after(" ", "ticket") + " of" + of(d) }
	return map[tagout.EventKind]func(facts) string{
		tagout.EventActionAdded: func(d facts) string {
			return "added" + titled(d) + d.after(", owner @", "owner") + d.after(", due ", "due")
		},
		tagout.EventActionChanged: func(d facts) string {
			if d.text("again") == "true" {
				return "tries again to make the ticket of" + of(d)
			}
			return "changed" + titled(d) + d.after(", owner @", "owner") + d.after(", due ", "due")
		},
		tagout.EventActionDone: func(d facts) string {
			return "did" + titled(d) + d.after(", regression test ", "test") + d.after(", no regression test: ", "no_test") + d.after(", ticket closed by ", "closed_by")
		},
		tagout.EventActionDropped:  func(d facts) string { return "dropped" + titled(d) + d.after(". Why: ", "why") },
		tagout.EventActionReopened: func(d facts) string { return "sees " + ticket(d) + " opened again" },
		tagout.EventActionTicket: func(d facts) string {
			return "made ticket" + d.after(" ", "ticket") + d.after(" in ", "tracker") + " of" + of(d)
		},
		tagout.EventActionTicketFailed: func(d facts) string {
			if d.text("ticket") != "" {
				return "cannot follow " + ticket(d) + d.after(": ", "error")
			}
			return "could not make a ticket of" + of(d) + d.after(": ", "error")
		},
		tagout.EventActionTicketClosed: func(d facts) string {
			text := "sees " + ticket(d) + " closed" + d.after(" by ", "closed_by")
			if d.text("refused") == "true" {
				text += ", as not to be done"
			}
			return text
		},
		tagout.EventActionTicketGone: func(d facts) string { return "finds " + ticket(d) + " no more" + d.after(": ", "error") },
		tagout.EventActionTicketBack: func(d facts) string { return "finds " + ticket(d) + " again" },
		tagout.EventActionReminded: func(d facts) string {
			text := "reminded @" + d.text("to") + " of corrective action " + d.text("actions")
			if d.text("overdue") == "true" {
				text += ", overdue"
			}
			return text
		},
	}
}
