package tagout

// The kinds of event of what the class of a failure asks for.
const (
	EventStepDone        EventKind = "runbook.done"
	EventStepUndone      EventKind = "runbook.undone"     // it was ticked by mistake
	EventEvidenceArrived EventKind = "evidence.arrived"   // what the class wants kept, and was missing
	EventRollbackAdvised EventKind = "rollback.suggested" // a sign of a rollback that was decided in advance
)
