package app

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"time"

	"tagout"
	"tagout/escalation"
	"tagout/internal/config"
	"tagout/internal/replicas"
)

// cutOffAfter is after how long without reading the holds a replica asks who leads.
const cutOffAfter = 5 * time.Second

// wireReplicas makes the way to the other replicas. An embedded database has none.
func (a *App) wireReplicas() error {
	if a.leadership.embedded {
		return nil
	}
	me := tagout.Replica{ID: rand.Text(), URL: advertised(a.config, net.InterfaceAddrs), Version: a.options.Version}
	if me.URL == "" {
		a.log.Warn("other replicas cannot reach this one: set replicas.advertise to the address at which they can")
	}
	a.peers = replicas.New(replicas.Options{
		Me: me, Store: a.store, Leads: a.leads,
		Stop: func(ctx context.Context, s tagout.StopRequest) (tagout.StopResult, error) { return a.desk.Stop(ctx, s) },
		Look: func(agent string) tagout.Sighting {
			s := tagout.Sighting{Instances: a.gate.Instances(agent), Holds: []tagout.HoldID{}}
			for _, h := range tagout.HoldsOn(a.gate.Holds(), agent) {
				s.Holds = append(s.Holds, h.ID)
			}
			return s
		},
		Holds:     func() []tagout.Hold { return a.gate.Holds() },
		ReadAt:    func() time.Time { return a.gate.Status().ReadAt },
		Transport: a.options.Transport, Clock: a.clock, Logger: a.log.With("part", "replicas"), Registerer: a.metrics,
	})
	return nil
}

// runReplicas keeps the others known, once the database is there.
func (a *App) runReplicas(ctx context.Context) {
	if a.peers == nil {
		return
	}
	a.onStop(a.peers.Leave) // before the database is closed
	a.goDo(func() { a.peers.Run(ctx) })
	a.goDo(func() { a.peers.Watch(ctx, a.cutOff) })
	a.goDo(func() { a.peers.TellCutOff(ctx) })
}

// cutOff reports whether this replica has not read the holds for a while.
func (a *App) cutOff() bool { return a.clock.Now().Sub(a.gate.Status().ReadAt) > cutOffAfter }

// away reports whether the database is known to be away.
func (a *App) away() bool { return !a.database.Load() }

// yields reports whether this replica leaves the holds that are recorded to another one,
// which leads and knows them better.
func (a *App) yields() bool { return a.peers != nil && a.cutOff() && a.peers.LedElsewhere() }

// others are the peers as the desk knows them; nil if there are none.
func (a *App) others() escalation.Peers {
	if a.peers == nil {
		return nil
	}
	return a.peers
}

// advertised is where other replicas reach this one: as configured, or else where it
// listens; on all interfaces, the first address that is not this machine's own alone. It is
// "" if that cannot be told.
func advertised(cfg *config.Config, addresses func() ([]net.Addr, error)) string {
	if cfg.Advertise != "" {
		return cfg.Advertise
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil || port == "0" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return "http://" + net.JoinHostPort(host, port)
	}
	all, err := addresses()
	if err != nil {
		return ""
	}
	var found netip.Addr
	for _, address := range all {
		prefix, err := netip.ParsePrefix(address.String())
		if err != nil {
			continue
		}
		ip := prefix.Addr().Unmap()
		better := !found.IsValid() || found.Is6() && ip.Is4()
		if ip.IsGlobalUnicast() && !ip.IsLoopback() && better {
			found = ip
		}
	}
	if !found.IsValid() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + net.JoinHostPort(found.String(), port)
}
