package outgoing_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"tagout"
	"tagout/integrations/outgoing"
)

// TestBehindAProxyNothingIsCalledReached runs once more in a process of its own, since a process
// reads its proxy once.
func TestBehindAProxyNothingIsCalledReached(t *testing.T) {
	t.Parallel()
	if os.Getenv("HTTPS_PROXY") == "http://127.0.0.1:1" {
		if err := outgoing.ReachText(t.Context(), "the pager", "https://pager.example.com/page"); !errors.Is(err, tagout.ErrUntried) {
			t.Errorf("it says %v", err)
		}
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBehindAProxyNothingIsCalledReached$")
	child.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "https_proxy=", "NO_PROXY=", "no_proxy=")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
