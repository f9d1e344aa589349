package app

import (
	"context"
	"sync/atomic"
	"time"

	"tagout"
)

// lateStore is a store whose database may not be there yet: until it is, everything
// answers Unavailable. Tagout starts, and stops agents, without its database.
type lateStore struct {
	real atomic.Pointer[tagout.Store]
}

var _ tagout.Store = (*lateStore)(nil)

func (l *lateStore) set(s tagout.Store) { l.real.Store(&s) }

// get is the store, or Unavailable while there is none.
func (l *lateStore) get() (tagout.Store, error) {
	if s := l.real.Load(); s != nil {
		return *s, nil
	}
	return nil, tagout.Errorf(tagout.Unavailable, "The database cannot be reached yet. Nothing was changed.")
}

// ask puts a question to the store, or answers Unavailable.
func ask[T any](l *lateStore, question func(s tagout.Store) (T, error)) (answer T, err error) {
	s, err := l.get()
	if err != nil {
		return answer, err
	}
	return question(s)
}

// do has the store do something, or answers Unavailable.
func (l *lateStore) do(something func(s tagout.Store) error) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return something(s)
}

func (l *lateStore) Update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	return ask(l, func(s tagout.Store) (*tagout.Incident, error) { return s.Update(ctx, id, fn) })
}

func (l *lateStore) Decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	return ask(l, func(s tagout.Store) (*tagout.Incident, error) { return s.Decide(ctx, id, fn) })
}

func (l *lateStore) Join(ctx context.Context, m tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error) {
	s, err := l.get()
	if err != nil {
		return nil, false, err
	}
	return s.Join(ctx, m, fn)
}

func (l *lateStore) Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Folded, error) { return s.Fold(ctx, in, fn) })
}

func (l *lateStore) Prepare(in []tagout.Incoming) {
	if s, err := l.get(); err == nil {
		s.Prepare(in)
	}
}

func (l *lateStore) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	return ask(l, func(s tagout.Store) (*tagout.Incident, error) { return s.Incident(ctx, id) })
}

func (l *lateStore) Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	return ask(l, func(s tagout.Store) ([]*tagout.Incident, error) { return s.Incidents(ctx, q) })
}

func (l *lateStore) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Event, error) { return s.Timeline(ctx, id) })
}

func (l *lateStore) Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Incoming, error) { return s.Alerts(ctx, id, limit) })
}

func (l *lateStore) AlertsBrief(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Incoming, error) { return s.AlertsBrief(ctx, id, limit) })
}

func (l *lateStore) AlertOf(ctx context.Context, id tagout.IncidentID, alert string) (tagout.Incoming, error) {
	return ask(l, func(s tagout.Store) (tagout.Incoming, error) { return s.AlertOf(ctx, id, alert) })
}

func (l *lateStore) Requests(ctx context.Context, id tagout.IncidentID) ([]tagout.ResumeRequest, error) {
	return ask(l, func(s tagout.Store) ([]tagout.ResumeRequest, error) { return s.Requests(ctx, id) })
}

func (l *lateStore) Pages(ctx context.Context, id tagout.IncidentID) ([]tagout.Page, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Page, error) { return s.Pages(ctx, id) })
}

func (l *lateStore) Holds(ctx context.Context) ([]tagout.Hold, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Hold, error) { return s.Holds(ctx) })
}

func (l *lateStore) KnownHolds(ctx context.Context, ids []tagout.HoldID) (map[tagout.HoldID]tagout.Hold, error) {
	return ask(l, func(s tagout.Store) (map[tagout.HoldID]tagout.Hold, error) { return s.KnownHolds(ctx, ids) })
}

func (l *lateStore) UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Hold, error) { return s.UnsignedLiftings(ctx, ids) })
}

func (l *lateStore) UnsignedChanges(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Hold, error) { return s.UnsignedChanges(ctx, ids) })
}

func (l *lateStore) QuietOn(ctx context.Context, scope tagout.Scope, since time.Time) (tagout.Quiet, error) {
	return ask(l, func(s tagout.Store) (tagout.Quiet, error) { return s.QuietOn(ctx, scope, since) })
}

func (l *lateStore) NewAlerts(ctx context.Context, agent string, since time.Time, except tagout.IncidentID) ([]tagout.NewAlert, error) {
	return ask(l, func(s tagout.Store) ([]tagout.NewAlert, error) { return s.NewAlerts(ctx, agent, since, except) })
}

func (l *lateStore) SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error {
	return l.do(func(s tagout.Store) error { return s.SawVersion(ctx, agent, versions, at) })
}

func (l *lateStore) RecordChange(ctx context.Context, change tagout.Deployment) error {
	return l.do(func(s tagout.Store) error { return s.RecordChange(ctx, change) })
}

func (l *lateStore) Changes(ctx context.Context, agent string, since time.Time) ([]tagout.Deployment, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Deployment, error) { return s.Changes(ctx, agent, since) })
}

func (l *lateStore) Recurrences(ctx context.Context, agent, class string, from, before time.Time) (int, error) {
	return ask(l, func(s tagout.Store) (int, error) { return s.Recurrences(ctx, agent, class, from, before) })
}

func (l *lateStore) Figures(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	return ask(l, func(s tagout.Store) (tagout.Figures, error) { return s.Figures(ctx, q) })
}

func (l *lateStore) Detections(ctx context.Context, agent string, since time.Time) ([]tagout.Detection, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Detection, error) { return s.Detections(ctx, agent, since) })
}

func (l *lateStore) Measured(ctx context.Context, q tagout.FiguresQuery) ([]tagout.MeasuredIncident, error) {
	return ask(l, func(s tagout.Store) ([]tagout.MeasuredIncident, error) { return s.Measured(ctx, q) })
}

func (l *lateStore) Versions(ctx context.Context, agent string) ([]tagout.Version, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Version, error) { return s.Versions(ctx, agent) })
}

func (l *lateStore) VersionHistory(ctx context.Context, agent string) (tagout.VersionHistory, error) {
	return ask(l, func(s tagout.Store) (tagout.VersionHistory, error) { return s.VersionHistory(ctx, agent) })
}

func (l *lateStore) Pins(ctx context.Context) ([]tagout.Pin, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Pin, error) { return s.Pins(ctx) })
}

func (l *lateStore) OldEvidence(ctx context.Context, before time.Time, limit int) ([]tagout.Evidence, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Evidence, error) { return s.OldEvidence(ctx, before, limit) })
}

func (l *lateStore) EvidenceOf(ctx context.Context, id tagout.IncidentID) ([]tagout.Evidence, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Evidence, error) { return s.EvidenceOf(ctx, id) })
}

func (l *lateStore) EvidenceContent(ctx context.Context, id tagout.IncidentID, sha256 string) (tagout.Evidence, error) {
	return ask(l, func(s tagout.Store) (tagout.Evidence, error) { return s.EvidenceContent(ctx, id, sha256) })
}

func (l *lateStore) AddOverride(ctx context.Context, o tagout.Override, effects []tagout.Effect) (bool, error) {
	return ask(l, func(s tagout.Store) (bool, error) { return s.AddOverride(ctx, o, effects) })
}

func (l *lateStore) CancelOverride(ctx context.Context, id string, by tagout.Actor, at time.Time, effects []tagout.Effect) (bool, error) {
	return ask(l, func(s tagout.Store) (bool, error) { return s.CancelOverride(ctx, id, by, at, effects) })
}

func (l *lateStore) Overrides(ctx context.Context, at time.Time) ([]tagout.Override, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Override, error) { return s.Overrides(ctx, at) })
}

func (l *lateStore) KeepDraft(ctx context.Context, d tagout.FormDraft) error {
	return l.do(func(s tagout.Store) error { return s.KeepDraft(ctx, d) })
}

func (l *lateStore) Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error) {
	return ask(l, func(s tagout.Store) (tagout.FormDraft, error) { return s.Draft(ctx, id, form, person) })
}

func (l *lateStore) AddDelegation(ctx context.Context, d tagout.Delegation, effects []tagout.Effect) (bool, error) {
	return ask(l, func(s tagout.Store) (bool, error) { return s.AddDelegation(ctx, d, effects) })
}

func (l *lateStore) RevokeDelegation(ctx context.Context, id string, by tagout.UserID, at time.Time, effects []tagout.Effect) (bool, error) {
	return ask(l, func(s tagout.Store) (bool, error) { return s.RevokeDelegation(ctx, id, by, at, effects) })
}

func (l *lateStore) Delegations(ctx context.Context, at time.Time) ([]tagout.Delegation, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Delegation, error) { return s.Delegations(ctx, at) })
}

func (l *lateStore) Actions(ctx context.Context, q tagout.ActionQuery) ([]tagout.ActionOf, error) {
	return ask(l, func(s tagout.Store) ([]tagout.ActionOf, error) { return s.Actions(ctx, q) })
}

func (l *lateStore) RaiseFlag(ctx context.Context, key string, fn tagout.FlagTransition) (*tagout.Flag, error) {
	return ask(l, func(s tagout.Store) (*tagout.Flag, error) { return s.RaiseFlag(ctx, key, fn) })
}

func (l *lateStore) ChangeFlag(ctx context.Context, id tagout.FlagID, fn tagout.FlagTransition) (*tagout.Flag, error) {
	return ask(l, func(s tagout.Store) (*tagout.Flag, error) { return s.ChangeFlag(ctx, id, fn) })
}

func (l *lateStore) Flag(ctx context.Context, id tagout.FlagID) (*tagout.Flag, error) {
	return ask(l, func(s tagout.Store) (*tagout.Flag, error) { return s.Flag(ctx, id) })
}

func (l *lateStore) OpenFlags(ctx context.Context, limit int) ([]*tagout.Flag, error) {
	return ask(l, func(s tagout.Store) ([]*tagout.Flag, error) { return s.OpenFlags(ctx, limit) })
}

func (l *lateStore) Routines(ctx context.Context) ([]tagout.RoutineState, error) {
	return ask(l, func(s tagout.Store) ([]tagout.RoutineState, error) { return s.Routines(ctx) })
}

func (l *lateStore) TurnRoutine(ctx context.Context, name string, fn func(*tagout.RoutineState, time.Time) ([]tagout.Effect, error)) error {
	return l.do(func(s tagout.Store) error { return s.TurnRoutine(ctx, name, fn) })
}

func (l *lateStore) ForgetRoutines(ctx context.Context, but []string) error {
	return l.do(func(s tagout.Store) error { return s.ForgetRoutines(ctx, but) })
}

func (l *lateStore) Checkpoint(ctx context.Context) (tagout.Checkpoint, error) {
	return ask(l, func(s tagout.Store) (tagout.Checkpoint, error) { return s.Checkpoint(ctx) })
}

func (l *lateStore) Queue(ctx context.Context, effects []tagout.Effect) error {
	return l.do(func(s tagout.Store) error { return s.Queue(ctx, effects) })
}

func (l *lateStore) Drills(ctx context.Context, q tagout.DrillQuery) ([]tagout.Drill, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Drill, error) { return s.Drills(ctx, q) })
}

func (l *lateStore) Practise(ctx context.Context, d tagout.Drill, fn tagout.DrillTransition) (*tagout.Incident, bool, error) {
	s, err := l.get()
	if err != nil {
		return nil, false, err
	}
	return s.Practise(ctx, d, fn)
}

func (l *lateStore) Claim(ctx context.Context, key string, payload []byte, at time.Time) (bool, error) {
	return ask(l, func(s tagout.Store) (bool, error) { return s.Claim(ctx, key, payload, at) })
}

func (l *lateStore) Finish(ctx context.Context, key string) error {
	return l.do(func(s tagout.Store) error { return s.Finish(ctx, key) })
}

func (l *lateStore) Unfinished(ctx context.Context, before time.Time) (map[string][]byte, error) {
	return ask(l, func(s tagout.Store) (map[string][]byte, error) { return s.Unfinished(ctx, before) })
}

func (l *lateStore) Work(ctx context.Context, do map[tagout.EffectKind]tagout.EffectFunc) (func(), error) {
	return ask(l, func(s tagout.Store) (func(), error) { return s.Work(ctx, do) })
}

func (l *lateStore) Ring(ctx context.Context, now time.Time) (int, error) {
	return ask(l, func(s tagout.Store) (int, error) { return s.Ring(ctx, now) })
}

func (l *lateStore) Beat(ctx context.Context, me tagout.Replica) ([]tagout.Replica, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Replica, error) { return s.Beat(ctx, me) })
}

func (l *lateStore) Leave(ctx context.Context, id string) error {
	return l.do(func(s tagout.Store) error { return s.Leave(ctx, id) })
}

// Lead leaves the lead to others while there is no database.
func (l *lateStore) Lead(ctx context.Context, leads func(until time.Time)) {
	if s, err := l.get(); err == nil {
		s.Lead(ctx, leads)
	}
}

// News are none while there is no database.
func (l *lateStore) News(ctx context.Context, heard func()) {
	if s, err := l.get(); err == nil {
		s.News(ctx, heard)
	}
}

func (l *lateStore) Marks(ctx context.Context, also []tagout.IncidentID) (map[tagout.IncidentID]string, error) {
	return ask(l, func(s tagout.Store) (map[tagout.IncidentID]string, error) { return s.Marks(ctx, also) })
}

func (l *lateStore) Secret(ctx context.Context, name string) ([]byte, error) {
	return ask(l, func(s tagout.Store) ([]byte, error) { return s.Secret(ctx, name) })
}

func (l *lateStore) DatabaseID(ctx context.Context) (string, error) {
	return ask(l, func(s tagout.Store) (string, error) { return s.DatabaseID(ctx) })
}

func (l *lateStore) Ping(ctx context.Context) error {
	return l.do(func(s tagout.Store) error { return s.Ping(ctx) })
}

func (l *lateStore) Close() error {
	return l.do(func(s tagout.Store) error { return s.Close() })
}
