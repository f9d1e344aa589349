package escalation

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

const (
	silencesFor  = time.Second            // how long what is silenced is taken as known: another replica may change it
	silencesWait = 500 * time.Millisecond // for the database to tell
	letGoAtOnce  = 100                    // alerts that still fire when a silence is over, in one step
)

// hushes is what is silenced, as it was read last, with what this replica has changed since.
// Alerts come far more often than silences change; the store looks once more before it keeps one
// quiet.
type hushes struct {
	reading sync.Mutex
	list    atomic.Pointer[[]*tagout.Silence]
	read    atomic.Pointer[time.Time] // nil: it is to be read

	writing sync.Mutex // guards changes, and whoever stores a list
	changes int        // by this replica
}

// before is to be given to took by whoever is about to read.
func (h *hushes) before() int {
	h.writing.Lock()
	defer h.writing.Unlock()
	return h.changes
}

// took remembers what was read, unless something was changed while it was: that may not be in it.
func (h *hushes) took(before int, list []*tagout.Silence, err error, now time.Time) {
	h.writing.Lock()
	defer h.writing.Unlock()
	if h.changes != before {
		return
	}
	if err == nil {
		h.list.Store(&list)
	}
	h.read.Store(&now)
}

// changed remembers a silence as this replica has left it, unless that failed, and has everything
// read again.
func (h *hushes) changed(s *tagout.Silence, err error) {
	h.writing.Lock()
	defer h.writing.Unlock()
	h.changes++
	if err == nil {
		var list []*tagout.Silence
		if known := h.list.Load(); known != nil {
			list = slices.DeleteFunc(slices.Clone(*known), func(one *tagout.Silence) bool { return one.ID == s.ID })
		}
		left := *s
		list = append(list, &left)
		h.list.Store(&list)
	}
	h.read.Store(nil)
}

// silenced lists what is silenced now or later, without asking each time. What cannot be read is
// taken as not silenced any more once it is over by itself.
func (d *Desk) silenced(ctx context.Context) []*tagout.Silence {
	h, now := &d.hushes, d.clock.Now()
	read := h.read.Load()
	fresh := read != nil && now.Sub(*read) < silencesFor && !now.Before(*read)
	if !fresh && h.reading.TryLock() { // whoever comes meanwhile goes by what is known
		defer h.reading.Unlock()
		ctx, cancel := context.WithTimeout(ctx, silencesWait)
		defer cancel()
		before := h.before()
		list, err := d.store.Silences(ctx)
		if err != nil {
			d.log.Debug("silences could not be read", "error", err)
		}
		h.took(before, list, err, now)
	}
	if list := h.list.Load(); list != nil {
		return *list
	}
	return nil
}

// hush finds the silence of an alert. Without a severity that holds anything, and while nothing
// is held on its scope, it is then only counted, unless an agent had to stop: its work waits.
func (d *Desk) hush(ctx context.Context, in *tagout.Incoming) {
	in.Silence = tagout.CoveringSilence(d.silenced(ctx), in.Verdict, d.policy, in.At)
	if in.Silence == nil {
		return
	}
	agent, f := d.policy.Agents[in.Verdict.Scope.Agent], in.Alert.Report
	in.Counted = (f == nil || !d.policy.MustStop(f, in.Verdict.Class)) && !d.policy.SeverityPolicy(in.Verdict.Severity).Holds() &&
		!slices.ContainsFunc(d.gate.HoldsOn(in.Verdict.Scope.Agent), func(h tagout.Hold) bool { return h.Scope.Touches(in.Verdict.Scope, agent) })
}

// loud ends that an incident is kept quiet.
func (d *Desk) loud(i *tagout.Incident, why string, by tagout.Actor, now time.Time) tagout.Change {
	row := d.policy.SeverityPolicy(i.Severity)
	return i.Unhush(row, d.pageRoles(row, i.Class), why, by, now)
}

// Silence keeps people from being woken by alerts on a scope for a while. One that silences the
// same already is extended. It returns Forbidden for guests, bots and programs, and Invalid,
// with the fix, for what cannot be meant.
func (d *Desk) Silence(ctx context.Context, o tagout.SilenceOrder) (*tagout.Silence, error) {
	if err := d.maySilence(o.By); err != nil {
		return nil, err
	}
	if o.Class != "" && d.policy.Classes[o.Class] == nil {
		return nil, tagout.Errorf(tagout.NotFound, "There is no failure class %q in the configuration. Nothing was silenced.", cutName(o.Class))
	}
	standing, err := d.store.Silences(ctx)
	if err != nil {
		return nil, err
	}
	now := d.clock.Now()
	for _, s := range standing {
		if o.From.IsZero() && s.Same(o.Scope, o.Class) && s.InForce(now) && o.Reason != "" {
			return d.changeSilence(ctx, s.ID, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
				return s.Extend(o.ID, now.Add(o.For), d.policy.SilenceAtMost, o.By.Actor(), now)
			})
		}
	}
	s, err := d.store.SetSilence(ctx, "request:"+o.ID, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
		return s.Begin(o, d.policy.SilenceAtMost, now)
	})
	d.hushes.changed(s, err)
	crashpoint.Here("silence.set")
	return s, err
}

// maySilence returns Forbidden for whoever is not a full member of the workspace.
func (d *Desk) maySilence(by tagout.User) error {
	if by.ID == "" || by.Bot || by.Guest {
		return tagout.Errorf(tagout.Forbidden, "Only a full member of the workspace can set or end a silence. Nothing was changed.")
	}
	return nil
}

// ExtendSilence has a silence end later. It returns Forbidden as [Desk.Silence] does, NotFound if
// there is none of that number, and Conflict if it is over.
func (d *Desk) ExtendSilence(ctx context.Context, request string, id tagout.SilenceID, by time.Duration, who tagout.User) (*tagout.Silence, error) {
	if err := d.maySilence(who); err != nil {
		return nil, err
	}
	return d.changeSilence(ctx, id, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
		return s.Extend(request, s.Until.Add(by), d.policy.SilenceAtMost, who.Actor(), now)
	})
}

// EndSilence ends a silence before its time. It returns Forbidden as [Desk.Silence] does,
// NotFound if there is none of that number, and Conflict if it is over.
func (d *Desk) EndSilence(ctx context.Context, id tagout.SilenceID, by tagout.User) (*tagout.Silence, error) {
	if err := d.maySilence(by); err != nil {
		return nil, err
	}
	return d.changeSilence(ctx, id, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) { return s.End(by.Actor(), now) })
}

func (d *Desk) changeSilence(ctx context.Context, id tagout.SilenceID, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	s, err := d.store.ChangeSilence(ctx, id, fn)
	d.hushes.changed(s, err)
	return s, err
}

// Silences lists those that have not ended, planned ones too, in the order of their ends.
func (d *Desk) Silences(ctx context.Context) ([]*tagout.Silence, error) {
	all, err := d.store.Silences(ctx)
	return tagout.SilencesNow(all, d.clock.Now()), err
}

// SilenceTally tells what a silence has kept quiet so far.
func (d *Desk) SilenceTally(ctx context.Context, id tagout.SilenceID) (tagout.SilenceTally, error) {
	return d.store.Silenced(ctx, id)
}

// keepSilence does what a change of a silence or its clock asks for: its incidents hear of its
// new end, or are told to people, and what still fires is taken as if it came now.
func (d *Desk) keepSilence(ctx context.Context, e tagout.Effect) error {
	var ref tagout.SilenceRef
	if err := e.Decode(&ref); err != nil {
		return err
	}
	s, err := d.changeSilence(ctx, ref.Silence, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
		effects := s.Pass(now)
		if !ref.Remind.IsZero() {
			effects = append(effects, s.Remind(ref.Remind, now)...)
		}
		return effects, nil
	})
	switch {
	case tagout.CodeOf(err) == tagout.NotFound:
		return tagout.Final(err)
	case err != nil:
		return err
	case s.Settled:
		return nil
	}
	kept, err := d.store.Silenced(ctx, s.ID)
	if err != nil {
		return err
	}
	over := !s.EndedAt.IsZero()
	for _, id := range kept.Incidents {
		err := d.update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			if i.Hush == nil || i.Hush.Silence != s.ID {
				return tagout.Change{}, nil
			}
			if over {
				return d.loud(i, "the silence is over", s.EndedBy, now), nil
			}
			return i.HushUntil(s), nil
		})
		if err != nil {
			return err
		}
		crashpoint.Here("silence.incident")
	}
	if !over {
		return nil
	}
	if err := d.letGo(ctx, s.ID); err != nil {
		return err
	}
	_, err = d.changeSilence(ctx, s.ID, func(s *tagout.Silence, _ time.Time) ([]tagout.Effect, error) { return s.Settle(kept), nil })
	return err
}

// letGo takes the alerts that a silence only counted, and that fire on, as if they came now.
func (d *Desk) letGo(ctx context.Context, id tagout.SilenceID) error {
	for {
		still, err := d.store.StillFiring(ctx, id, letGoAtOnce)
		if err != nil || len(still) == 0 {
			return err
		}
		now, ids := d.clock.Now(), make([]string, len(still))
		for n := range still {
			in := &still[n]
			ids[n] = in.ID
			*in = tagout.Incoming{ID: in.ID, Alert: in.Alert, Verdict: d.routes.Route(in.Alert), At: now}
			d.hush(ctx, in) // by another silence
		}
		if _, err := d.intake.submit(ctx, still); err != nil {
			return err
		}
		crashpoint.Here("silence.let_go")
		if err := d.store.LetGo(ctx, id, ids); err != nil {
			return err
		}
	}
}

// SilenceMessage is the message about a silence in the announce channel. There is one for each,
// which is brought up to date. It returns NotFound if there is none of that number.
func (d *Desk) SilenceMessage(ctx context.Context, id tagout.SilenceID) (tagout.Message, *tagout.Silence, error) {
	s, err := d.store.Silence(ctx, id)
	if err != nil {
		return tagout.Message{}, nil, err
	}
	kept := s.Kept
	if !s.Settled {
		if kept, err = d.store.Silenced(ctx, id); err != nil {
			return tagout.Message{}, nil, err
		}
	}
	return s.Message(kept), s, nil
}

// PlaceSilence records where the message about a silence stands.
func (d *Desk) PlaceSilence(ctx context.Context, id tagout.SilenceID, channel, ts string) error {
	_, err := d.store.ChangeSilence(ctx, id, func(s *tagout.Silence, _ time.Time) ([]tagout.Effect, error) {
		s.Channel, s.TS = channel, ts
		return nil, nil
	})
	return err
}

// silencedNow tells what is silenced, or will be.
func (d *Desk) silencedNow(ctx context.Context) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Silenced"}
	for _, one := range tagout.SilencesNow(d.silenced(ctx), d.clock.Now()) {
		s.Items = append(s.Items, tagout.Message{Body: []tagout.Text{one.Text()}, Buttons: []tagout.Button{one.EndButton()}})
	}
	return s
}
