//go:build crashpoints

package crashpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// passes counts how often the wanted point was reached by this process.
var passes atomic.Int64

// Here kills the process with SIGKILL when name is the point that TAGOUT_CRASH_AT
// asks for and this is the pass it asks for. It does not return then. A value that
// cannot be read ends the process with exit code 2, because a story that waits for
// a crash must not pass without one.
func Here(name string) {
	value := os.Getenv(Variable)
	if value == "" {
		return
	}
	wanted, pass, err := parseWish(value)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if name != wanted || passes.Add(1) != pass {
		return
	}
	die()
}

// parseWish splits NAME or NAME:N.
func parseWish(value string) (name string, pass int64, err error) {
	name, count, counted := strings.Cut(value, ":")
	if !counted {
		return name, 1, nil
	}
	pass, err = strconv.ParseInt(count, 10, 64)
	if err != nil || pass < 1 {
		return "", 0, fmt.Errorf("%s=%q: write NAME or NAME:N, with N at least 1", Variable, value)
	}
	return name, pass, nil
}

// die kills this process in a way that no deferred call and no signal handler sees.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash point:", err)
		os.Exit(2)
	}
	select {} // the signal may reach another thread first; go no further meanwhile
}
