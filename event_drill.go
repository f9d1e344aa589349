package tagout

// The kinds of event of a drill.
const (
	EventDrillBegan  EventKind = "drill.began"
	EventDrillLifted EventKind = "drill.lifted" // the drill's own hold, and nothing else: the only lifting without sign-offs
	EventDrillEnded  EventKind = "drill.ended"
	EventDrillReal   EventKind = "drill.became_real" // it failed or was interrupted: from here on this is an incident
)
