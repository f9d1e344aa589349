package gate_test

import (
	"fmt"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
	"tagout/internal/handclock"
)

// asks makes an instance of the mailer ask.
func asks(t testing.TB, g *gate.Gate, instance, version string) {
	t.Helper()
	if status, _, got := post(t, g, evaluate+"/mailer.mode", fmt.Sprintf(`{"context":{"channel":"sms","targetingKey":%q,"version":%q}}`, instance, version)); status != 200 {
		t.Fatalf("%s: %d %v", instance, status, got)
	}
}

func heardBy(g *gate.Gate, clock *handclock.Clock) string {
	return tagout.HeardBy(g.Instances("mailer"), clock.Now())
}

func TestTheGateKnowsWhoHeardAStopAndWhoDidNot(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock})
	if got := heardBy(g, clock); got != "" {
		t.Errorf("before anybody asked: %q", got)
	}
	for i := range 12 {
		asks(t, g, fmt.Sprintf("mailer-%d", i), "v1")
	}
	clock.Pass(40 * time.Second)
	if got, want := heardBy(g, clock), "12 instances, the last asked 40 s ago"; got != want {
		t.Errorf("running: %q, want %q", got, want)
	}
	hang(t, g, stopOf("h1", "mailer/email", tagout.Halted))
	if got, want := heardBy(g, clock), "0 of 12 instances; mailer-0 has not asked for 40 s; mailer-1 has not asked for 40 s; mailer-10 has not asked for 40 s; and 9 more"; got != want {
		t.Errorf("at once: %q, want %q", got, want)
	}
	clock.Pass(310 * time.Millisecond)
	for i := range 12 {
		if i != 7 {
			asks(t, g, fmt.Sprintf("mailer-%d", i), "v2")
		}
	}
	clock.Pass(time.Second)
	asks(t, g, "mailer-3", "v2") // again: it heard before
	g.Committed([]tagout.Hold{holdOn("h1", "mailer/email", tagout.Halted)})
	if got, want := heardBy(g, clock), "11 of 12 instances, slowest 0.31 s; mailer-7 has not asked for 41 s"; got != want {
		t.Errorf("after 0.31 s: %q, want %q", got, want)
	}
	list := g.Instances("mailer")
	if i := list[4]; i.Name != "mailer-2" || i.Version != "v2" || i.Via != "ofrep" || i.HeardAt.Sub(i.StoppedAt) != 310*time.Millisecond {
		t.Errorf("an instance: %+v", i)
	}
	hang(t, g, stopOf("h2", "mailer/sms", tagout.Halted))
	if got := g.Instances("mailer")[0]; !got.HeardAt.IsZero() {
		t.Errorf("a newer stop was heard before it came: %+v", got)
	}
}

func TestAStopOfEverythingIsHeardByEveryAgent(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	asks(t, g, "mailer-1", "")
	hang(t, g, stopOf("h1", "*", tagout.Halted))
	if i := g.Instances("mailer")[0]; i.StoppedAt.IsZero() || !i.HeardAt.IsZero() {
		t.Errorf("not heard yet: %+v", i)
	}
	asks(t, g, "mailer-1", "")
	if i := g.Instances("mailer")[0]; i.HeardAt.IsZero() {
		t.Errorf("heard: %+v", i)
	}
}

func TestInstancesAreForgottenAfterTenLeases(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock})
	asks(t, g, "old", "")
	clock.Pass(5 * time.Minute) // ten leases of 30 s
	asks(t, g, "young", "")
	if got := len(g.Instances("mailer")); got != 2 {
		t.Errorf("%d instances, want 2", got)
	}
	clock.Pass(time.Second)
	if got := g.Instances("mailer"); len(got) != 1 || got[0].Name != "young" {
		t.Errorf("%+v", got)
	}
}

func TestTheInstancesOfOneAgentAreBounded(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock})
	for i := range 6000 {
		clock.Pass(time.Millisecond)
		asks(t, g, fmt.Sprintf("mailer-%06d", i), "")
	}
	list := g.Instances("mailer")
	if len(list) > 4096 || len(list) < 3500 || list[len(list)-1].Name != "mailer-005999" || list[0].Name < "mailer-001500" {
		t.Errorf("%d instances from %s to %s", len(list), list[0].Name, list[len(list)-1].Name)
	}
}

func TestWhoSaysNoNameIsNotRemembered(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	post(t, g, evaluate+"/mailer.mode", `{"context":{"version":"v1"}}`)
	post(t, g, evaluate+"/mailer.mode", `{"context":{"targetingKey":7}}`)
	post(t, g, evaluate+"/ghost.mode", `{"context":{"targetingKey":"x"}}`)
	post(t, g, evaluate, `{"context":{"targetingKey":"whose?"}}`) // two agents are declared
	if got := append(g.Instances("mailer"), g.Instances("ghost")...); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFrozenIsTrueWhileAnyHoldTouchesTheAgent(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	frozen := func() any {
		_, _, got := post(t, g, evaluate+"/mailer.frozen", `{"context":{"channel":"sms","region":"us"}}`)
		return got["value"]
	}
	if got := frozen(); got != false {
		t.Errorf("running: %v", got)
	}
	hang(t, g, stopOf("h1", "mailer/email/eu tool:read", tagout.Review))
	if got := frozen(); got != true {
		t.Errorf("a part is held: %v", got)
	}
	g.Lift([]tagout.HoldID{"h1"}, nil)
	hang(t, g, stopOf("h2", "acme.researcher", tagout.Halted))
	if got := frozen(); got != false {
		t.Errorf("another agent is held: %v", got)
	}
	hang(t, g, stopOf("h3", "*/fax", tagout.Capped))
	if got := frozen(); got != true {
		t.Errorf("all agents are held in part: %v", got)
	}
	if got := openFrozen(t); got != true {
		t.Errorf("holds unknown: %v", got)
	}
}

func openFrozen(t *testing.T) any {
	_, _, got := post(t, open(t, gate.Options{}), evaluate+"/mailer.frozen", `{}`)
	return got["value"]
}
