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

func (l *lateStore) Update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Update(ctx, id, fn)
}

func (l *lateStore) Join(ctx context.Context, m tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error) {
	s, err := l.get()
	if err != nil {
		return nil, false, err
	}
	return s.Join(ctx, m, fn)
}

func (l *lateStore) Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Fold(ctx, in, fn)
}

func (l *lateStore) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Incident(ctx, id)
}

func (l *lateStore) Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Incidents(ctx, q)
}

func (l *lateStore) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Timeline(ctx, id)
}

func (l *lateStore) Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Alerts(ctx, id, limit)
}

func (l *lateStore) Requests(ctx context.Context, id tagout.IncidentID) ([]tagout.ResumeRequest, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Requests(ctx, id)
}

func (l *lateStore) Pages(ctx context.Context, id tagout.IncidentID) ([]tagout.Page, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Pages(ctx, id)
}

func (l *lateStore) Holds(ctx context.Context) ([]tagout.Hold, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Holds(ctx)
}

func (l *lateStore) KnownHolds(ctx context.Context, ids []tagout.HoldID) (map[tagout.HoldID]tagout.Hold, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.KnownHolds(ctx, ids)
}

func (l *lateStore) UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.UnsignedLiftings(ctx, ids)
}

func (l *lateStore) QuietOn(ctx context.Context, scope tagout.Scope, since time.Time) (tagout.Quiet, error) {
	s, err := l.get()
	if err != nil {
		return tagout.Quiet{}, err
	}
	return s.QuietOn(ctx, scope, since)
}

func (l *lateStore) SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.SawVersion(ctx, agent, versions, at)
}

func (l *lateStore) RecordChange(ctx context.Context, change tagout.Deployment) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.RecordChange(ctx, change)
}

func (l *lateStore) Changes(ctx context.Context, agent string, since time.Time) ([]tagout.Deployment, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Changes(ctx, agent, since)
}

func (l *lateStore) Versions(ctx context.Context, agent string) ([]tagout.Version, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Versions(ctx, agent)
}

func (l *lateStore) VersionHistory(ctx context.Context, agent string) (tagout.VersionHistory, error) {
	s, err := l.get()
	if err != nil {
		return tagout.VersionHistory{}, err
	}
	return s.VersionHistory(ctx, agent)
}

func (l *lateStore) Pins(ctx context.Context) ([]tagout.Pin, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Pins(ctx)
}

func (l *lateStore) EvidenceOf(ctx context.Context, id tagout.IncidentID) ([]tagout.Evidence, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.EvidenceOf(ctx, id)
}

func (l *lateStore) EvidenceContent(ctx context.Context, id tagout.IncidentID, sha256 string) (tagout.Evidence, error) {
	s, err := l.get()
	if err != nil {
		return tagout.Evidence{}, err
	}
	return s.EvidenceContent(ctx, id, sha256)
}

func (l *lateStore) AddOverride(ctx context.Context, o tagout.Override, effects []tagout.Effect) (bool, error) {
	s, err := l.get()
	if err != nil {
		return false, err
	}
	return s.AddOverride(ctx, o, effects)
}

func (l *lateStore) CancelOverride(ctx context.Context, id string, by tagout.Actor, at time.Time, effects []tagout.Effect) (bool, error) {
	s, err := l.get()
	if err != nil {
		return false, err
	}
	return s.CancelOverride(ctx, id, by, at, effects)
}

func (l *lateStore) Overrides(ctx context.Context, at time.Time) ([]tagout.Override, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Overrides(ctx, at)
}

func (l *lateStore) KeepDraft(ctx context.Context, d tagout.FormDraft) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.KeepDraft(ctx, d)
}

func (l *lateStore) Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error) {
	s, err := l.get()
	if err != nil {
		return tagout.FormDraft{}, err
	}
	return s.Draft(ctx, id, form, person)
}

func (l *lateStore) AddDelegation(ctx context.Context, d tagout.Delegation, effects []tagout.Effect) (bool, error) {
	s, err := l.get()
	if err != nil {
		return false, err
	}
	return s.AddDelegation(ctx, d, effects)
}

func (l *lateStore) RevokeDelegation(ctx context.Context, id string, by tagout.UserID, at time.Time, effects []tagout.Effect) (bool, error) {
	s, err := l.get()
	if err != nil {
		return false, err
	}
	return s.RevokeDelegation(ctx, id, by, at, effects)
}

func (l *lateStore) Delegations(ctx context.Context, at time.Time) ([]tagout.Delegation, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Delegations(ctx, at)
}

func (l *lateStore) Claim(ctx context.Context, key string, payload []byte, at time.Time) (bool, error) {
	s, err := l.get()
	if err != nil {
		return false, err
	}
	return s.Claim(ctx, key, payload, at)
}

func (l *lateStore) Finish(ctx context.Context, key string) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.Finish(ctx, key)
}

func (l *lateStore) Unfinished(ctx context.Context, before time.Time) (map[string][]byte, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Unfinished(ctx, before)
}

func (l *lateStore) Work(ctx context.Context, do map[tagout.EffectKind]tagout.EffectFunc) (func(), error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Work(ctx, do)
}

func (l *lateStore) Ring(ctx context.Context, now time.Time) (int, error) {
	s, err := l.get()
	if err != nil {
		return 0, err
	}
	return s.Ring(ctx, now)
}

func (l *lateStore) Beat(ctx context.Context, me tagout.Replica) ([]tagout.Replica, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Beat(ctx, me)
}

func (l *lateStore) Leave(ctx context.Context, id string) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.Leave(ctx, id)
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
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Marks(ctx, also)
}

func (l *lateStore) Secret(ctx context.Context, name string) ([]byte, error) {
	s, err := l.get()
	if err != nil {
		return nil, err
	}
	return s.Secret(ctx, name)
}

func (l *lateStore) DatabaseID(ctx context.Context) (string, error) {
	s, err := l.get()
	if err != nil {
		return "", err
	}
	return s.DatabaseID(ctx)
}

func (l *lateStore) Ping(ctx context.Context) error {
	s, err := l.get()
	if err != nil {
		return err
	}
	return s.Ping(ctx)
}

func (l *lateStore) Close() error {
	s, err := l.get()
	if err != nil {
		return nil // there is nothing to close
	}
	return s.Close()
}
