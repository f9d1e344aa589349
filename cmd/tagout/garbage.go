package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What a server has in use is mostly a few megabytes, so that Go's own 100 % would collect
// garbage many times a second under load, for a quarter of its processor time. So under load a
// constant amount may gather, however much is in use, within bounds. Without load it is Go's
// own, and what was needed meanwhile goes back to the system.
const (
	garbage      = 96 << 20 // bytes that may gather under load
	ownPercent   = 100      // of what is in use, Go's own
	mostPercent  = 600
	underLoad    = 8 << 20 // bytes allocated in a second
	garbageLook  = time.Second
	untilQuiet   = 3  // looks without load
	worthPercent = 20 // what a change is worth
)

// collector decides how much garbage may gather.
type collector struct {
	percent   int // GOGC as it is set
	allocated uint64
	quiet     int // looks without load
}

// look is told, once a second, how much was allocated since the start and how much is in use.
// It returns GOGC, and whether memory is to go back to the system.
func (c *collector) look(allocated, live uint64) (percent int, giveBack bool) {
	busy := allocated-c.allocated >= underLoad
	c.allocated = allocated
	want := ownPercent
	switch {
	case busy:
		c.quiet = 0
		want = int(min(max(garbage*100/max(live, 1), ownPercent), mostPercent))
	case c.quiet < untilQuiet:
		c.quiet++
		if c.quiet < untilQuiet {
			return c.percent, false
		}
		giveBack = c.percent != ownPercent
	}
	if apart := want - c.percent; apart > worthPercent || apart < -worthPercent || giveBack {
		c.percent = want
	}
	return c.percent, giveBack
}

// collectLess has the collector look for as long as the process lives, unless GOGC says how
// much may gather.
func collectLess() {
	if os.Getenv("GOGC") != "" {
		return
	}
	go func() {
		c := collector{percent: ownPercent}
		seen := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
		for range time.Tick(garbageLook) {
			before := c.percent
			metrics.Read(seen)
			percent, giveBack := c.look(seen[0].Value.Uint64(), seen[1].Value.Uint64())
			if percent != before {
				debug.SetGCPercent(percent)
			}
			if giveBack {
				debug.FreeOSMemory()
			}
		}
	}()
}
