package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/PID/stat on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// processorTime is what a process has used of the processors, with its living children and
// those that it has waited for. It is 0 where there is no /proc.
func processorTime(pid int) time.Duration {
	total := ticksOf(fmt.Sprintf("/proc/%d/stat", pid), -1)
	others, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, path := range others {
		total += ticksOf(path, pid)
	}
	return time.Duration(total) * clockTick
}

// ticksOf is what a process has used; with a parent, only if it is a child of that.
func ticksOf(path string, parent int) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0 // it has ended
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
	const ppid, user, system, childUser, childSystem = 1, 11, 12, 13, 14
	if len(fields) <= childSystem || parent >= 0 && fields[ppid] != strconv.Itoa(parent) {
		return 0
	}
	sum := 0
	for _, n := range []int{user, system, childUser, childSystem} {
		ticks, _ := strconv.Atoi(fields[n])
		sum += ticks
	}
	return sum
}

// usage is what the processes of one load have used so far.
type usage struct{ server, postgres, generator time.Duration }

func usageOf(s *server, pg *cluster) usage {
	return usage{processorTime(s.command.Process.Pid), processorTime(pg.command.Process.Pid), ownTime()}
}

func ownTime() time.Duration {
	return time.Duration(ticksOf("/proc/self/stat", -1)) * clockTick
}

// perItem is the processor time of each since before, for each of n items.
func (u usage) perItem(before usage, n int) string {
	each := func(now, then time.Duration) string {
		return fmt.Sprintf("%d", (now-then).Microseconds()/int64(max(n, 1)))
	}
	return each(u.server, before.server) + " / " + each(u.postgres, before.postgres) + " / " + each(u.generator, before.generator)
}
