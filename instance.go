package tagout

import (
	"fmt"
	"strings"
	"time"
)

// Instance is one running copy of an agent, as far as the gate has seen it.
type Instance struct {
	Name      string    // how it calls itself: its targeting key
	Version   string    // what it said it runs; "": nothing
	Via       string    // how it asks: ofrep or flagd
	AskedAt   time.Time // when it last asked, or was last told over a stream
	StoppedAt time.Time // when the newest stop of its agent came into force; zero: nothing holds the agent
	HeardAt   time.Time // when it was first answered after that; zero: not yet
}

// maxSilent is how many instances that heard nothing are named.
const maxSilent = 3

// HeardBy says how far the newest stop of an agent was heard, such as "12 of 12 instances,
// slowest 0.31 s" and then who has not asked since. While nothing holds the agent it only
// counts. It is "" if no instance is known.
func HeardBy(instances []Instance, now time.Time) string {
	if len(instances) == 0 {
		return ""
	}
	var heard int
	var slowest time.Duration
	var last time.Time
	var silent []Instance
	for _, i := range instances {
		if i.AskedAt.After(last) {
			last = i.AskedAt
		}
		if i.HeardAt.IsZero() {
			silent = append(silent, i)
			continue
		}
		heard++
		slowest = max(slowest, i.HeardAt.Sub(i.StoppedAt))
	}
	noun := " instances"
	if len(instances) == 1 {
		noun = " instance"
	}
	if instances[0].StoppedAt.IsZero() {
		return fmt.Sprintf("%d%s, the last asked %s ago", len(instances), noun, Elapsed(now.Sub(last)))
	}
	text := fmt.Sprintf("%d of %d%s", heard, len(instances), noun)
	if heard > 0 {
		text += ", slowest " + Elapsed(slowest)
	}
	return text + silence(silent, now)
}

// silence names those that have not asked since the stop.
func silence(silent []Instance, now time.Time) string {
	var b strings.Builder
	for n, i := range silent {
		if n == maxSilent {
			fmt.Fprintf(&b, "; and %d more", len(silent)-n)
			break
		}
		fmt.Fprintf(&b, "; %s has not asked for %s", clip(i.Name, 40), Elapsed(now.Sub(i.AskedAt)))
	}
	return b.String()
}
