package app

import (
	"context"
	"fmt"
	"net"

	"tagout/gate/flagd"
)

// wireFlagd makes the server of flag definitions, if there is an address for it.
func (a *App) wireFlagd() error {
	if a.config.FlagdListen == "" {
		return nil
	}
	a.flagd = flagd.New(flagd.Options{Source: a.gate, Clock: a.clock, Logger: a.log.With("part", "flagd")})
	a.onStop(a.flagd.Stop)
	return nil
}

// startFlagd listens. Streams end in [App.Stop], before the gate is given back.
func (a *App) startFlagd(ctx context.Context) error {
	if a.flagd == nil {
		return nil
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", a.config.FlagdListen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w. Change flagd_listen, or stop what uses that port", a.config.FlagdListen, err)
	}
	a.log.Info("listening for flagd sync", "address", listener.Addr().String())
	go func() {
		if err := a.flagd.Serve(listener); err != nil {
			a.log.Error("flagd sync ended; clients halt when their leases end", "error", err)
		}
	}()
	return nil
}
