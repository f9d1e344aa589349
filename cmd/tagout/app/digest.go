package app

import (
	"context"
	"log/slog"

	"tagout"
	"tagout/escalation"
	"tagout/internal/charts"
	"tagout/internal/config"
	"tagout/store"
)

// Digests makes what tells digests from the database alone, beside whatever runs: the stops are
// those that are recorded, and people go by their IDs. It returns Invalid as [New] does, and
// Unavailable if the database cannot be read.
func Digests(ctx context.Context, cfg *config.Config, s *store.Store) (*escalation.Desk, error) {
	holds, err := s.Holds(ctx)
	if err != nil {
		return nil, err
	}
	return escalation.New(escalation.Options{
		Store: s, Gate: recorded{holds: holds}, Policy: &cfg.Policy, Draw: charts.PNG, Zone: digestZone(cfg),
		Clock: tagout.SystemClock{}, Logger: slog.New(slog.DiscardHandler),
	})
}

// recorded is a gate that answers nothing: it only lists what the database knows.
type recorded struct {
	escalation.Gate
	holds []tagout.Hold
}

// Holds lists the holds that stand in the database.
func (r recorded) Holds() []tagout.Hold { return r.holds }
