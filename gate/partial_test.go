package gate_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

// partial enforces what it can, and refuses by name what it cannot.
type partial struct{ *fakeControl }

func (p partial) Apply(ctx context.Context, w tagout.Wanted) error {
	all := len(w.Holds)
	w.Holds = slices.DeleteFunc(slices.Clone(w.Holds), func(h tagout.Hold) bool { return h.Mode == tagout.Review })
	if err := p.fakeControl.Apply(ctx, w); err != nil || len(w.Holds) == all {
		return err
	}
	return tagout.Final(tagout.Errorf(tagout.Invalid, "It cannot enforce review."))
}

func TestWhatAControlCanDoIsObservedAlthoughItRefusesTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := partial{&fakeControl{name: "kubernetes"}}
		r := start(t, gate.Options{Controls: map[string][]tagout.Control{"mailer": {c}}})
		r.load(holdOn("h1", "mailer/email", tagout.Halted), holdOn("h2", "mailer/sms", tagout.Review))
		after(time.Minute)
		expect(t, "news", r.desk.told(), []string{"kubernetes observed h1", "kubernetes error h2"})
		if s := r.Controls("mailer")[0]; s.Confirmed || s.Error != "It cannot enforce review." {
			t.Errorf("state: %+v", s)
		}
	})
}
