package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What a server has in use is mostly a few megabytes, so that Go's own 100 % would collect
// garbage many times a second under load, for a quarter of its processor time. So a constant
// amount may gather, however much is in use, within bounds.
const (
	garbage        = 96 << 20 // bytes that may gather
	leastPercent   = 100      // of what is in use, Go's own
	mostPercent    = 600
	garbageLook    = 2 * time.Second
	garbageChanged = 20 // percentage points that are worth a change
)

// percentOf is GOGC for so many bytes in use.
func percentOf(live uint64) int {
	return int(min(max(garbage*100/max(live, 1), leastPercent), mostPercent))
}

// collectLess trades a little memory under load for time for as long as the process lives,
// unless GOGC says otherwise.
func collectLess() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := mostPercent
	debug.SetGCPercent(percent)
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for range time.Tick(garbageLook) {
			metrics.Read(live)
			if now := percentOf(live[0].Value.Uint64()); now > percent+garbageChanged || now < percent-garbageChanged {
				percent = now
				debug.SetGCPercent(percent)
			}
		}
	}()
}
