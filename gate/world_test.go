package gate_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
	"tagout/internal/handclock"
)

func newHandClock() *handclock.Clock {
	return handclock.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
}

func agents() tagout.Registry {
	return tagout.Registry{
		"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"}, Lease: 30 * time.Second,
			Tools: map[string]tagout.Risk{"send": tagout.HighRisk, "read": tagout.LowRisk}, Fallback: "send the plain template"},
		"acme.researcher": {Name: "acme.researcher", Channels: []string{"crm"}, Regions: []string{"us"}},
	}
}

// open makes a gate that is closed with the test.
func open(t testing.TB, o gate.Options) *gate.Gate {
	t.Helper()
	if o.Agents == nil {
		o.Agents = agents()
	}
	g, err := gate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// loaded is a gate whose database has these holds.
func loaded(t testing.TB, o gate.Options, holds ...tagout.Hold) *gate.Gate {
	t.Helper()
	g := open(t, o)
	g.Refresh(g.StartRead(), holds, nil)
	return g
}

func journalPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "tagout.journal")
}

func holdOn(id, scope string, mode tagout.Mode) tagout.Hold {
	return tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope(scope), Mode: mode, Reason: "reason of " + id,
		By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, At: time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)}
}

func stopOf(id, scope string, mode tagout.Mode) tagout.StopRequest {
	return tagout.StopRequest{Hold: holdOn(id, scope, mode), Severity: tagout.Sev1, Class: "policy_violation"}
}

// hang stops. That a busy machine's disk is slow is a warning, not a failure.
func hang(t testing.TB, g *gate.Gate, s tagout.StopRequest) {
	t.Helper()
	if err := g.Hang(context.Background(), s); err != nil && tagout.CodeOf(err) != tagout.Unavailable {
		t.Errorf("hang %s: %v", s.Hold.ID, err)
	}
}

func modeOf(g *gate.Gate, agent string) tagout.Mode {
	return g.Decide(agent, tagout.Attributes{}).Mode
}

// pin has the database say that these versions of the mailer are pinned.
func pin(t testing.TB, g *gate.Gate, versions map[string]string) {
	t.Helper()
	err := g.Repin(t.Context(), func(context.Context) (map[string]map[string]string, error) {
		return map[string]map[string]string{"mailer": versions}, nil
	})
	if err != nil {
		t.Error(err)
	}
}
