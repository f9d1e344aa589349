package app

import (
	"tagout"
	"tagout/internal/routines"
)

// wireRoutines reads the schedules of what comes again and again.
func (a *App) wireRoutines() (err error) {
	a.routines, err = routines.New(routines.Options{
		Store: a.store, Routines: a.scheduled(), Clock: a.clock, Logger: a.log.With("part", "routines"),
	})
	return err
}

// scheduled lists everything that comes by a schedule of the configuration.
func (a *App) scheduled() []tagout.Routine {
	return nil
}
