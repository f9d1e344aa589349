package commands

import (
	"maps"

	"tagout"
)

// wordings says each kind of event in words that follow the actor's name.
func (f floor) wordings() map[tagout.EventKind]func(facts) string {
	all := map[tagout.EventKind]func(facts) string{}
	for _, some := range []map[tagout.EventKind]func(facts) string{
		f.courseWords(), f.signalWords(), f.pagingWords(), f.enforcingWords(), f.versionsWords(), f.resumingWords(),
		f.informingWords(), f.endingWords(), f.actionWords(), f.failingWords(), f.drillWords(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// courseWords are those of how an incident goes.
func (f floor) courseWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventOpened: func(d facts) string {
			return "opened it: " + d.severity("severity") + " " + f.policy.ClassTitle(d.text("class")) + ", " + d.text("scope") + d.after(": ", "title")
		},
		tagout.EventAcknowledged: func(d facts) string { return "acknowledged" + d.after(" by ", "via") },
		tagout.EventUnattended: func(facts) string {
			return "saw nothing happen for too long after it was acknowledged: paging starts again"
		},
		tagout.EventHandover:       func(d facts) string { return "hands it over to @" + d.text("to") },
		tagout.EventHandoverTaken:  func(facts) string { return "took it over" },
		tagout.EventHandoverFailed: func(d facts) string { return "keeps it where it was: @" + d.text("to") + " did not take it over" },
		tagout.EventRole:           roleGiven,
		tagout.EventContained: func(d facts) string {
			text := "contained: " + d.text("observed") + " of " + d.text("controls") + " confirmed"
			if d.text("by_lease") == "true" {
				text += ", by lease, not all observed"
			}
			return text
		},
		tagout.EventUncontained: func(d facts) string {
			return "not contained any more: " + d.text("observed") + " of " + d.text("controls") + " confirmed"
		},
		tagout.EventMitigated: func(d facts) string { return "mitigated" + d.after(" by ", "by") },
		tagout.EventResumed: func(d facts) string {
			if what := d.text("what"); what != "" {
				return "says that it is over: " + what
			}
			return "resumed: no hold of it stands any more"
		},
		tagout.EventSeverity: func(d facts) string {
			return "changed the severity from " + d.severity("from") + " to " + d.severity("to") + d.after(": ", "reason")
		},
		tagout.EventKindCorrected: func(d facts) string {
			return "calls it " + tagout.Kind(d.text("to")).Label() + ", not " + tagout.Kind(d.text("from")).Label() + d.after(": ", "reason")
		},
		tagout.EventMilestone: func(d facts) string {
			before := "not known before"
			if from := d.text("from"); from != "" {
				before = "before: " + d.time("from")
			}
			return "corrected " + d.text("milestone") + " to " + d.time("to") + " (" + before + ")" + d.after(": ", "reason")
		},
		tagout.EventLeft: func(d facts) string {
			return "@" + d.text("person") + " left its channel and is no longer one of its people"
		},
		tagout.EventPrivate: func(facts) string { return "made it private" },
		tagout.EventNote:    func(d facts) string { return "noted" + d.after(": ", "text") },
		tagout.EventRoom: func(d facts) string {
			if d.text("failure") != "" {
				return "no channel of its own" + d.after(": ", "failure")
			}
			return "talks in" + d.after(" #", "name")
		},
	}
}

// signalWords are those of what raises or changes an incident from outside.
func (f floor) signalWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventAlert: func(d facts) string {
			return "alert " + d.text("name") + d.after(" on ", "scope") + d.after(": ", "summary")
		},
		tagout.EventAlertResolved: func(d facts) string { return "alert " + d.text("name") + " ended" },
		tagout.EventReport: func(d facts) string {
			return "reported a failure" + d.after(" on ", "scope") + d.after(": ", "summary")
		},
		tagout.EventFlagged: func(d facts) string {
			return "flagged" + d.after(" ", "flag") + d.after(": ", "words") + d.after("; affected: ", "affected") + d.after("; ", "permalink")
		},
	}
}

// pagingWords are those of pages.
func (f floor) pagingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventPaged: func(d facts) string {
			return "paged " + d.whom() + d.after(" by ", "pager") + d.after(": ", "why")
		},
		tagout.EventPageFailed: pageFailed,
		tagout.EventPageDropped: func(d facts) string {
			return "did not page " + d.whom() + d.after(" by ", "pager") + " any more" + d.after(": ", "why")
		},
		tagout.EventPageHeld: func(d facts) string {
			return "holds the page to @" + d.text("to") + " back in their quiet hours" + d.after(", until ", "until")
		},
		tagout.EventUnreached:   func(d facts) string { return "reached nobody by any pager" + d.after(": ", "why") },
		tagout.EventRosterDoubt: func(d facts) string { return "does not know for sure who is to be paged" + d.after(": ", "doubts") },
	}
}

// enforcingWords are those of holds and controls.
func (f floor) enforcingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventHeld:            held,
		tagout.EventLifted:          func(d facts) string { return "lifted " + d.text("scope") + " " + d.mode("mode") },
		tagout.EventControlAccepted: func(d facts) string { return enforcement(d) + " accepted" + d.took() },
		tagout.EventControlObserved: func(d facts) string { return enforcement(d) + " observed" + d.took() },
		tagout.EventControlFailed:   func(d facts) string { return enforcement(d) + " could not be asked" + d.after(": ", "error") },
		tagout.EventDrift:           func(d facts) string { return enforcement(d) + " found it running under a hold; stopped again" },
		tagout.EventUnconfirmed:     func(d facts) string { return "not confirmed in time" + d.after(": ", "unconfirmed") },
		tagout.EventLease:           func(d facts) string { return d.text("agent") + " has lost its lease: by lease, not observed" },
	}
}

// versionsWords are those of rollbacks, versions and evidence.
func (f floor) versionsWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventRollback:          func(d facts) string { return "rolls " + d.text("agent") + " back" + d.after(" to ", "to") },
		tagout.EventRollbackSucceeded: func(d facts) string { return d.text("agent") + " read back" + d.after(" at ", "to") + d.took() },
		tagout.EventRollbackFailed:    func(d facts) string { return "rollback of " + d.text("agent") + " failed" + d.after(": ", "error") },
		tagout.EventComponentBack: func(d facts) string {
			text := d.text("agent") + " " + d.text("component") + " " + d.text("version") + " read back" + d.after(" by ", "controls") + d.took()
			if d.text("late") == "true" {
				text += ", too late to count as in time"
			}
			return text
		},
		tagout.EventComponentFailed: func(d facts) string {
			return d.text("agent") + " " + d.text("component") + " " + d.text("version") + " was not read back" + d.after(": ", "error")
		},
		tagout.EventRecordShared: func(d facts) string { return "asked for the whole record, for " + d.text("to") },
		tagout.EventRedacted:     func(d facts) string { return "redacted " + d.text("name") + d.after(": ", "reason") },
		tagout.EventEvidence: func(d facts) string {
			return "kept " + d.text("name") + " as evidence, " + d.text("size") + " bytes" + d.after(", SHA-256 ", "sha256")
		},
		tagout.EventPinned: func(d facts) string { return "pinned " + d.text("agent") + d.after(" to ", "versions") },
		tagout.EventUnpinned: func(d facts) string {
			return "let go of the versions of " + d.text("agent") + d.after(": ", "versions")
		},
		tagout.EventVersionDrift: func(d facts) string {
			return d.text("agent") + " runs " + d.text("component") + " " + d.text("found") + " instead of " + d.text("pinned") + teller(d)
		},
		tagout.EventVersionBack: func(d facts) string {
			return d.text("agent") + " runs " + d.text("component") + " " + d.text("found") + " again, as pinned" + teller(d)
		},
		tagout.EventChange: func(d facts) string {
			text := "reported a change of " + d.text("agent") + ": " + d.text("component") + d.after(" from ", "from") + d.after(" to ", "to") + d.after(" by ", "by")
			if d.text("frozen") == "true" {
				text += ", although changes are refused"
			}
			return text
		},
		tagout.EventChangeRefused: func(d facts) string {
			return "was refused a change of " + d.text("agent") + ": " + d.text("component") + d.after(" from ", "from") + d.after(" to ", "to") + d.after(" by ", "by")
		},
	}
}

// resumingWords are those of resume requests.
func (f floor) resumingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventRequested: func(d facts) string { return "asked to resume " + d.text("scope") + " to " + d.mode("target") },
		tagout.EventStage:     stageBegan,
		tagout.EventFellBack:  func(d facts) string { return "took the resumption back to the stage before" + d.after(": ", "reason") },
		tagout.EventSigned: func(d facts) string {
			return "said " + d.text("verdict") + " for " + f.policy.RoleName(d.text("role")) + d.after(": ", "reason")
		},
		tagout.EventRefused: func(d facts) string {
			return "said " + d.text("verdict") + ", which did not count" + d.after(": ", "reason")
		},
		tagout.EventAsked:    func(d facts) string { return "asked about the resume request" + quoted(d, "text") },
		tagout.EventAnswered: func(d facts) string { return "answered a question about the resume request" + quoted(d, "answer") },
		tagout.EventSignersCalled: func(d facts) string {
			if reminder, _ := d["reminder"].(bool); reminder {
				return "reminded the signers"
			}
			return "told the signers of the resume request"
		},
		tagout.EventDelegated: func(d facts) string {
			return "let @" + d.text("to") + " sign for " + f.policy.RoleName(d.text("role")) + d.after(" until ", "until") + d.after(": ", "why")
		},
		tagout.EventDelegationRevoked: func(d facts) string {
			return "ended that @" + d.text("to") + " signs for " + f.policy.RoleName(d.text("role"))
		},
		tagout.EventVoided:   func(d facts) string { return "resume request void" + d.after(": ", "reason") },
		tagout.EventApproved: func(d facts) string { return "resume approved, to " + d.mode("target") },
	}
}

// informingWords are those of deadlines and status notes.
func (f floor) informingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventDeadlineReminded:  func(d facts) string { return "reminded: " + d.text("name") + d.after(" by ", "due") },
		tagout.EventDeadlineMissed:    func(d facts) string { return "missed: " + d.text("name") + d.after(" was due ", "due") },
		tagout.EventDeadlineStopped:   func(d facts) string { return "stopped the clock " + d.text("name") + d.after(": ", "note") },
		tagout.EventDeadlineTightened: func(d facts) string { return "deadline " + d.text("name") + " within " + d.text("limit") },
		tagout.EventNoteDrafted:       func(d facts) string { return "drafted a note to " + d.text("audience") + d.after(": ", "text") },
		tagout.EventNoteSigned: func(d facts) string {
			return "said " + d.text("verdict") + " to a note for " + f.policy.RoleName(d.text("role")) + d.after(": ", "reason")
		},
		tagout.EventNoteRefused: func(d facts) string {
			return "said " + d.text("verdict") + " to a note, which did not count" + d.after(": ", "reason")
		},
		tagout.EventNoteVoided:    func(d facts) string { return "note to " + d.text("audience") + " void" + d.after(": ", "reason") },
		tagout.EventNoteReleased:  released,
		tagout.EventNoteDelivered: func(d facts) string { return "note to " + d.text("audience") + " reached " + d.text("to") },
		tagout.EventNoteFailed: func(d facts) string {
			return "note to " + d.text("audience") + " did not reach " + d.text("to") + d.after(": ", "error")
		},
	}
}
