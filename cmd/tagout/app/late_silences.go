package app

import (
	"context"

	"tagout"
)

func (l *lateStore) SetSilence(ctx context.Context, key string, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	return ask(l, func(s tagout.Store) (*tagout.Silence, error) { return s.SetSilence(ctx, key, fn) })
}

func (l *lateStore) ChangeSilence(ctx context.Context, id tagout.SilenceID, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	return ask(l, func(s tagout.Store) (*tagout.Silence, error) { return s.ChangeSilence(ctx, id, fn) })
}

func (l *lateStore) Silence(ctx context.Context, id tagout.SilenceID) (*tagout.Silence, error) {
	return ask(l, func(s tagout.Store) (*tagout.Silence, error) { return s.Silence(ctx, id) })
}

func (l *lateStore) Silences(ctx context.Context) ([]*tagout.Silence, error) {
	return ask(l, func(s tagout.Store) ([]*tagout.Silence, error) { return s.Silences(ctx) })
}

func (l *lateStore) Silenced(ctx context.Context, id tagout.SilenceID) (tagout.SilenceTally, error) {
	return ask(l, func(s tagout.Store) (tagout.SilenceTally, error) { return s.Silenced(ctx, id) })
}

func (l *lateStore) StillFiring(ctx context.Context, id tagout.SilenceID, limit int) ([]tagout.Incoming, error) {
	return ask(l, func(s tagout.Store) ([]tagout.Incoming, error) { return s.StillFiring(ctx, id, limit) })
}

func (l *lateStore) LetGo(ctx context.Context, id tagout.SilenceID, alerts []string) error {
	return l.do(func(s tagout.Store) error { return s.LetGo(ctx, id, alerts) })
}
