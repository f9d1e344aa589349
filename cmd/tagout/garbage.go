package main

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much garbage may gather beside what is in use before it is
// collected. What a server has in use is a few megabytes, so that Go's own 100 % would
// collect many times a second under load, for a quarter of its processor time.
const garbagePercent = 300

// collectLess trades a little memory under load for time, unless GOGC says otherwise.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
