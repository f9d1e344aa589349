package crashpoint_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tagout/internal/crashpoint"
)

func TestATaggedProgramDiesWhereItIsTold(t *testing.T) {
	t.Parallel()
	tagged := build(t, "-tags=crashpoints")
	cases := map[string]struct {
		wish, lastLine string
		killed         bool
	}{
		"first pass":        {"one", "one 1", true},
		"other point":       {"two", "two 1", true},
		"third pass":        {"one:3", "one 3", true},
		"not that often":    {"one:4", "alive", false},
		"no such point":     {"three", "alive", false},
		"nothing asked for": {"", "alive", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last, err := run(tagged, c.wish)
			if last != c.lastLine {
				t.Errorf("last line = %q, want %q", last, c.lastLine)
			}
			if got := bySIGKILL(err); got != c.killed {
				t.Errorf("killed = %v (%v), want %v", got, err, c.killed)
			}
			if !c.killed && err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestAWishThatCannotBeReadEndsATaggedProgram(t *testing.T) {
	t.Parallel()
	tagged := build(t, "-tags=crashpoints")
	for _, wish := range []string{"one:", "one:zero", "one:0", "one:-1"} {
		_, err := run(tagged, wish)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("%q: ended with %v, want exit code 2", wish, err)
		}
	}
}

func TestAnOrdinaryProgramIgnoresTheWish(t *testing.T) {
	t.Parallel()
	last, err := run(build(t, "-trimpath"), "one")
	if err != nil || last != "alive" {
		t.Errorf("last line = %q, error = %v", last, err)
	}
}

func build(t *testing.T, flag string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "dier")
	out, err := exec.Command("go", "build", flag, "-o", binary, "./testdata/dier").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func run(binary, wish string) (lastLine string, err error) {
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), crashpoint.Variable+"="+wish)
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], err
}

func bySIGKILL(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
