package app

import (
	"fmt"
	"time"

	"tagout"
	"tagout/internal/config"
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
	var list []tagout.Routine
	for _, d := range a.config.Digests {
		list = append(list, DigestRoutines(d)...)
	}
	for _, m := range a.config.Maintenance {
		list = append(list, tagout.Routine{Name: "maintenance " + m.Name, Spec: m.Schedule, Location: zoneOf(m.Timezone), Kind: tagout.EffectMaintenance, Data: m.Order})
	}
	return append(list, a.drills()...)
}

// zoneOf is a time zone that the configuration has checked.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// DigestRoutines are one digest in its channel, and the same to each address.
func DigestRoutines(d config.Digest) []tagout.Routine {
	post := d.Order()
	post.Channel = d.Channel
	in := tagout.Routine{Name: DigestRoutine(d.Name), Spec: d.Schedule, Location: post.Location(), Kind: tagout.EffectDigest, Data: post}
	list := []tagout.Routine{in}
	for n, address := range d.Email {
		mail := d.Order()
		mail.Email = address
		list = append(list, tagout.Routine{Name: fmt.Sprintf("%s, mail %d", in.Name, n+1), Spec: in.Spec, Location: in.Location, Kind: tagout.EffectDigestMail, Data: mail})
	}
	return list
}

// DigestRoutine is the name of the routine of a digest.
func DigestRoutine(name string) string { return "digest " + name }

// digestZone is the zone of digests that somebody asks for: that of the first one configured.
func digestZone(cfg *config.Config) string {
	for _, d := range cfg.Digests {
		return d.Timezone
	}
	return ""
}
