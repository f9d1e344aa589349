package app

import (
	"context"
	"time"

	"tagout/store"
)

// checkpointEvery is how long the timelines' growth waits to be sealed into a checkpoint.
const checkpointEvery = time.Hour

// checkpoints seals what grew, now and then, until ctx ends. The hash in the log is a
// witness outside the database.
func (a *App) checkpoints(ctx context.Context, s *store.Store) {
	var last int64
	for {
		c, err := s.Checkpoint(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.log.Warn("the timelines could not be sealed into a checkpoint; it is tried again", "error", err)
		case c.N > last:
			last = c.N
			a.log.Info("the record's newest checkpoint", "n", c.N, "hash", c.Hash)
		}
		if !pause(ctx, checkpointEvery) {
			return
		}
	}
}
