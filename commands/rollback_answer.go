package commands

import (
	"context"
	"iter"
	"reflect"
	"strconv"
	"strings"

	"tagout"
)

// rollbackAnswer says how far a rollback got, component by component, as it is read in a
// channel.
func rollbackAnswer(i *tagout.Incident, channel string) tagout.Message {
	r := i.Rollback
	if r == nil {
		return tagout.Say("The rollback is requested — ", tagout.Bold(i.ID.String()), ".")
	}
	m := rollbackHeadline(i)
	for _, c := range r.Components {
		why := ""
		if c.Basis != "" {
			why = " (" + string(c.Basis) + ")"
		}
		m = m.Fact(c.Component, c.Versions()+why+": "+line(c.Progress()))
	}
	if unseen := neverSeen(r); len(unseen) > 0 {
		m = m.Para(tagout.Bold("Never seen before: "),
			strings.Join(unseen, ", ")+". It is asked for as you named it; if it is mistyped, nothing will read it back and this fails.")
	}
	if inPublic(i, channel) {
		return m
	}
	m = m.Fact("Held", heldBy(i))
	if !r.FailedAt.IsZero() && !i.State.Ended() {
		m.Buttons = append(m.Buttons, i.RetryButton())
	}
	m.Buttons = append(m.Buttons, tagout.Button{Action: "timeline", Label: "Timeline", Value: i.ID.String()})
	return m
}

func rollbackHeadline(i *tagout.Incident) tagout.Message {
	r := i.Rollback
	to := tagout.Pairs(r.To())
	failed := r.Failed()
	var m tagout.Message
	switch {
	case !r.DoneAt.IsZero():
		m = tagout.Say(tagout.Bold("Rolled back"), " ", tagout.Fixed(r.Agent), " to "+to+" — ",
			tagout.Bold(i.ID.String()), ". Read back after "+tagout.Elapsed(r.DoneAt.Sub(r.At))+".")
		m.Tone = tagout.ToneGood
	case !r.FailedAt.IsZero() && len(failed) < len(r.Components):
		m = tagout.Say(tagout.Bold("Rolled back in part"), ": ", tagout.Fixed(r.Agent), " — ",
			tagout.Bold(i.ID.String()), ". ",
			strconv.Itoa(len(failed))+" of "+count(len(r.Components), "component")+" failed.")
		m.Tone = tagout.ToneDanger
	case !r.FailedAt.IsZero():
		m = tagout.Say(tagout.Bold("Rollback failed"), ": ", tagout.Fixed(r.Agent), " — ", tagout.Bold(i.ID.String()), ". ", line(r.Failure))
		m.Tone = tagout.ToneDanger
	default:
		m = tagout.Say(tagout.Bold("Rolling back"), " ", tagout.Fixed(r.Agent), " to "+to+" — ",
			tagout.Bold(i.ID.String()), ". Requested at "+moment(r.At)+", not read back yet.")
		m.Tone = tagout.ToneWarning
	}
	return m
}

// neverSeen lists the components whose version nobody has seen before.
func neverSeen(r *tagout.Rollback) []string {
	var list []string
	for _, c := range r.Components {
		if c.Basis == tagout.BasisUnseen && c.State != tagout.RollbackConfirmed {
			list = append(list, c.Component+" "+c.To)
		}
	}
	return list
}

// heldBy says what an incident holds.
func heldBy(i *tagout.Incident) tagout.Text {
	active := i.ActiveHolds()
	if len(active) == 0 {
		return tagout.T("nothing")
	}
	var t tagout.Text
	for n, h := range active {
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(h.String())...)
	}
	return t
}

func rollbackUpdates(ctx context.Context, d Roller, i *tagout.Incident, channel string) iter.Seq[tagout.Message] {
	return func(yield func(tagout.Message) bool) {
		begun, last := i.Rollback.At, rollbackAnswer(i, channel)
		for i := range follow(ctx, d, i.ID, nil) {
			if i.Rollback == nil || !i.Rollback.At.Equal(begun) {
				return // a newer rollback has its own answer
			}
			if m := rollbackAnswer(i, channel); !reflect.DeepEqual(m, last) {
				if last = m; !yield(m) {
					return
				}
			}
			if !i.Rollback.Underway() {
				return
			}
		}
	}
}
