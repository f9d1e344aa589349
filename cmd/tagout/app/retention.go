package app

import (
	"context"
	"time"
)

const (
	forgetEvery = 24 * time.Hour
	forgetAgain = time.Hour // after it could not be done
)

// retention takes away, once a day until ctx ends, what is not to be kept any longer. What is
// due is read from the record itself, so that nothing is forgotten by a restart and any replica
// may do it.
func (a *App) retention(ctx context.Context) {
	for {
		next := forgetEvery
		gone, err := a.desk.ForgetOld(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			next = forgetAgain
			a.log.Error("old evidence is kept longer than evidence.keep says", "error", err,
				"fix", "if the database refuses it, let the program redact: see the end of deploy/postgres/roles.sql")
		}
		if gone > 0 {
			a.log.Info("the content of old evidence is gone; hashes and reasons stay", "pieces", gone)
		}
		if !pause(ctx, next) {
			return
		}
	}
}
