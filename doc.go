// Package tagout is the domain of Tagout: lockout/tagout for AI agents.
//
// It holds the words that everything else uses, with their rules, and the small interfaces
// that adapters fulfil. It imports the standard library only and does no input or output:
// transitions are pure functions from a state and a fact to a [Change], which a [Store]
// commits in one transaction.
//
// Two rules decide every doubt: stopping never asks and resuming always does; and what
// is unknown, unreachable or late stays stopped.
//
// What follows is a map, in the order in which the package is best read. A file is
// named after its topic, and topic_part.go holds a part of it.
//
// # Stopping
//
//   - [Agent] and [Registry]: which agents there are, who owns them, what their tools risk.
//   - [Scope] says what a stop covers, [Mode] how far, and a [Hold] is one tag that somebody
//     hung. [Evaluate] makes a [Decision] of all holds that cover an action. [InCanary] says
//     who belongs to the share of an agent that a hold may spare.
//   - [StopRequest] is the wish to stop; the [Gate] obeys it before anything is recorded.
//   - A [Control] carries stops out and is read back. A [Fleet] is the running copies of an
//     agent that ask by themselves, each an [Instance].
//
// # An incident
//
//   - [Incident] is the state that everything belongs to. Its methods are the transitions,
//     in the files transition_*.go: [Incident.Open], [Incident.Hang], [Incident.Sign].
//   - A [Change] is what a transition wants committed: each [Event] of the timeline, each
//     [Effect] to do afterwards, each [Page]. [EventKind] lists all that can happen.
//   - [Incident.Audit] replays the timeline and finds a record that does not follow from it;
//     a [Checkpoint] binds the ends of all timelines.
//   - [Evidence] is kept as it was; [Correction] is how a milestone is set right.
//   - [Viewer] is whom [Incident.VisibleTo] lets read it. [Kind] is what it looks like: local,
//     systemic or by a rollout, as each [Deployment] and each [Causer] suggest.
//     [ChangeReader] is where those are read.
//
// # What comes in
//
//   - A [Source] decodes an [Alert] or a [FailureReport]. A [Threshold] says how many make an
//     incident, a [Flap] is one that comes and goes, and [Foresight] tells what would happen.
//   - [Failing] is what the class of a failure asks for in advance, [Policy.Retry] among it.
//   - A [Flag] is what a person found odd. A [Silence] keeps alerts quiet, and a [Hush] is
//     what that makes of an incident.
//
// # Reaching people
//
//   - [User], [Person], [QuietHours] and [IncidentRoles] are about people, [Override] about
//     who has whose turn. A [Roster] is whom a step of the ladder pages.
//   - A [Page] is one attempt to reach one person by one [Pager]. [Paging] is how far the
//     ladder of an incident has climbed, and [Handover] how it changes hands.
//   - [Deadline] is what must be done by when. [StatusNote] tells stakeholders, from a
//     [NoteTemplate].
//
// # Resuming
//
//   - [ResumeRequest] is what is proposed; [SignoffRule] says who must sign. [Signing] is one
//     press of GO or NO-GO, and whether it counts is decided in resume_ballot.go. A [Question]
//     stops its clock, a [SignerCall] reminds, a [Delegation] lets somebody sign for others.
//   - [Deliverables] and [Remediation] are what must be there before it can be asked for.
//   - [Stage], [StagePlan] and [Staging] are the way back in steps; [Incident.RequestValidation]
//     asks for one. A hold that was lifted without all this is hung again, by [Hold.HangAgain].
//   - [VersionHistory] is what ran when. A [Pin] keeps versions as they are, [PlanRollback]
//     makes a [Rollback] of them, and [Incident.SuggestRollback] says when that would be wise.
//
// # Learning
//
//   - [Closing] and [FalseAlarm] end an incident. [IncidentReview] is the blameless review,
//     [ReviewFacts] are filled in for it, [Incident.ReviewMarkdown] writes it out.
//   - [CorrectiveAction] is what is done about it, followed in a [Tracker]; [Incident.Nag]
//     reminds.
//   - [Drill] practises stops and rollbacks: [DrillFacts] say whether one may begin,
//     [Breakable] what may be broken on purpose, [Drill.Verdict] what came of it.
//   - [Measures] are the times of one incident, [Figures] those of many, [Recurring] what comes
//     back, and [ReleaseReport] whether a release may go out ([Policy.CheckRelease]).
//     [HealthPolicy] and [HealthReading] are what telemetry says of an agent.
//   - [Digest] is what leadership reads, as a [Message] with a [Chart].
//
// # Tools of the house
//
//   - [Policy] is the configuration as rules see it; a [Vendor] is one configured adapter.
//   - [Store] is where everything is kept, [FormDraft] also what was typed and not sent.
//   - [Command], [Message] and [Home] are neutral words of the edges; a [Permit] says who may
//     use what, and [Redaction] masks secrets before anybody reads them. [Redaction.JSON] and
//     [Redaction.Cut] do so in JSON and in texts that are too long.
//   - [Routine] comes by a schedule. [Clock], [Error] and [DeriveID] are used everywhere.
package tagout
