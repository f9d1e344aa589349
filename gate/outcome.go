package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"tagout"
)

// rest is how long nothing needs to be done, unless something changes.
func (d *driver) rest(w wish) time.Duration {
	d.failures, d.blamed = 0, ""
	d.update(func(s *tagout.ControlState) { s.Error = "" })
	next := d.gate.options.ReconcileEvery
	if w.leader && w.sure {
		next = min(next, d.sentAt.Add(d.lease()/3).Sub(d.gate.clock.Now()))
	}
	return max(next, firstPause)
}

// unconfirmed is how long to wait for a control that accepted but does not enforce.
func (d *driver) unconfirmed(w wish) time.Duration {
	d.failures++
	if d.failures >= patience {
		d.blame(w, "It accepted what is wanted, but reading it back shows otherwise.")
	}
	return d.backOff()
}

// backOff is how long to wait after a failure: never so long that the lease runs out
// meanwhile.
func (d *driver) backOff() time.Duration { return min(pause(d.failures), d.lease()/3) }

// failed is how long to wait after a request failed.
func (d *driver) failed(w wish, err error) time.Duration {
	if d.hurried {
		return 0 // something newer is to be sent
	}
	d.failures++
	sentence := fmt.Sprintf("The control %s could not be asked.", d.control.Name())
	if errors.Is(err, context.DeadlineExceeded) {
		sentence = fmt.Sprintf("The control %s did not answer within %s.", d.control.Name(), d.gate.options.ControlTimeout)
	}
	if known, ok := errors.AsType[*tagout.Error](err); ok {
		sentence = known.Message
	}
	d.blame(w, sentence)
	if tagout.IsFinal(err) {
		d.failures = max(d.failures, longest)
	}
	return d.backOff()
}

// blame reports a failure once, until something changes.
func (d *driver) blame(w wish, sentence string) {
	d.update(func(s *tagout.ControlState) { s.Error, s.Confirmed = sentence, false })
	if d.blamed == sentence {
		return
	}
	d.blamed = sentence
	d.gate.log.Warn("a control does not do what is wanted", "agent", d.agent.Name, "control", d.control.Name(), "error", sentence)
	var unobserved []tagout.HoldID
	for _, h := range w.real {
		if !d.marks[h.ID].observed {
			unobserved = append(unobserved, h.ID)
		}
	}
	d.report(tagout.ControlReport{Holds: unobserved, Error: sentence})
}

// tellVersions reports what runs whenever that changed, and once after every change of what
// is wanted, so that a rollback is confirmed by what was read after it.
func (d *driver) tellVersions(o tagout.Observed, w wish) {
	if o.Versions == nil || d.toldFor == w.key && maps.Equal(d.told, o.Versions) {
		return
	}
	d.told, d.toldFor = o.Versions, w.key
	d.report(tagout.ControlReport{Versions: o.Versions})
}

// report queues news about holds or versions; without either there is none.
func (d *driver) report(r tagout.ControlReport) {
	if len(r.Holds) == 0 && r.Versions == nil && r.Asked == nil {
		return
	}
	r.Agent, r.Control, r.At = d.agent.Name, d.control.Name(), d.gate.clock.Now()
	d.gate.news.add(r)
}

func (d *driver) update(change func(*tagout.ControlState)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.status)
}
