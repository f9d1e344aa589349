package commands

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// DutyKeeper is what looking at and overriding rotations needs.
type DutyKeeper interface {
	// Duties tells for each rotation who is on call, until when, and who is next.
	Duties(ctx context.Context) ([]tagout.Duty, error)
	// SetOverride puts somebody on call for a while and tells those concerned. It returns
	// Forbidden, NotFound or Invalid with what to write instead.
	SetOverride(ctx context.Context, o tagout.OverrideOrder) (tagout.OverrideResult, error)
	// CancelOverride ends an override before its time. It returns NotFound if there is none,
	// and Invalid if several could be meant.
	CancelOverride(ctx context.Context, e tagout.OverrideEnd) (tagout.OverrideResult, error)
}

// oncall shows who is on call, and puts somebody else on call for a while.
func oncall(f floor, d DutyKeeper) tagout.Command {
	o := duties{floor: f, desk: d}
	return tagout.Command{
		Name: "oncall", Summary: "Show who is on call, or put somebody else on call for a while.",
		Usage: "[override @PERSON 4h|until 18:00 [from 14:00] [ROTATION] [why…]] [override cancel [@PERSON] [ROTATION]]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look; full members set and cancel overrides. No API token: programs read GET /v1/oncall.",
			[]string{
				"/oncall", "/oncall override @pat 4h", "/oncall override @pat until 18:00 primary dentist",
				"/oncall override @pat from 22:00 until 06:00", "/oncall override cancel @pat",
			},
			"The rotation can be left out where there is only one. Times are those of the rotation's time zone; a date can be given as 2026-11-30T18:00.",
			"An override ends by itself, and one that was set later wins. Whoever is concerned gets a direct message.",
			"Being on call is for being paged. It never makes a signer."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "ask who is on call"); err != nil {
				return tagout.Reply{}, err
			}
			words := strings.Fields(line(in.Text))
			switch {
			case len(words) == 0:
				return o.list(ctx)
			case strings.ToLower(words[0]) != "override":
				return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
					"%q was not understood: write /tagout oncall, or /tagout oncall override @PERSON 4h. Nothing was changed.",
					clip(words[0]))
			}
			if err := member(in.User, "change who is on call"); err != nil {
				return tagout.Reply{}, err
			}
			if len(words) > 1 && strings.ToLower(words[1]) == "cancel" {
				return o.cancel(ctx, words[2:], in)
			}
			return o.override(ctx, words[1:], in)
		},
	}
}

type duties struct {
	floor
	desk DutyKeeper
}

func (o duties) list(ctx context.Context) (tagout.Reply, error) {
	all, err := o.desk.Duties(ctx)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Who is on call"}
	if len(all) == 0 {
		return tagout.Reply{Message: m.Para("There is no rotation in the configuration. Roles with members and Slack groups are paged all the same: ", tagout.Typed("who sev1"), ".")}, nil
	}
	for _, duty := range all {
		m = m.Para(o.dutyText(duty))
		for _, doubt := range duty.Doubts {
			m.Tone = tagout.ToneDanger
			m = m.Para(tagout.Bold("Look at "+duty.Rotation), ": ", doubt.Problem, asOf(doubt.AsOf))
		}
		for _, v := range duty.Overrides {
			t := tagout.T("Override in ", tagout.Fixed(v.Rotation), ": ", tagout.Mention(v.Person), " from ", v.From,
				" until ", v.Until, ", set by ", v.By.Text(), " at ", v.At)
			if v.Why != "" {
				t = append(t, tagout.T(": "+v.Why)...)
			}
			m = m.Para(t)
		}
	}
	m.Footer = tagout.T("On call is who is paged, and never makes a signer. To change it: ", tagout.Typed("oncall override @PERSON 4h"))
	return tagout.Reply{Message: m}, nil
}

// asOf says how old what is used instead is.
func asOf(at time.Time) tagout.Text {
	if at.IsZero() {
		return nil
	}
	return tagout.T(" Shown as read at ", at, ".")
}

func (o duties) dutyText(duty tagout.Duty) tagout.Text {
	t := tagout.T(tagout.Bold(duty.Rotation))
	if duty.Source != "" {
		t = append(t, tagout.T(" ("+duty.Source+")")...)
	}
	t = append(t, tagout.T(": ")...)
	if len(duty.People) == 0 {
		return append(t, tagout.T(tagout.Bold("nobody"))...)
	}
	for n, c := range duty.People {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, c.Text()...)
		if c.Reasons[0].Via == tagout.ViaOverride {
			t = append(t, tagout.T(" (override by ", c.Reasons[0].By.Text(), ")")...)
		}
	}
	if duty.Until.IsZero() {
		return append(t, tagout.T(", for good")...)
	}
	t = append(t, tagout.T(" until ", duty.Until, ", then ")...)
	if len(duty.Next) == 0 {
		return append(t, tagout.T("whoever the schedule says")...)
	}
	return append(t, everybody(duty.Next)...)
}

// everybody is a list of people.
func everybody(people []tagout.Person) tagout.Text {
	var t tagout.Text
	for n, p := range people {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, p.Text()...)
	}
	return t
}

func (o duties) override(ctx context.Context, words []string, in tagout.Invocation) (tagout.Reply, error) {
	order, err := o.parseOverride(words)
	if err != nil {
		return tagout.Reply{}, err
	}
	order.ID, order.By = in.ID, in.User
	r, err := o.desk.SetOverride(ctx, order)
	if err != nil {
		return tagout.Reply{}, err
	}
	v := r.Override
	t := tagout.T(v.By.Text(), " put ", tagout.Mention(v.Person), " on call in ", tagout.Fixed(v.Rotation), " from ", v.From, " until ", v.Until)
	if len(r.Instead) > 0 {
		t = append(append(t, tagout.T(", instead of ")...), everybody(r.Instead)...)
	}
	if v.Why != "" {
		t = append(t, tagout.T(": "+v.Why)...)
	}
	m := tagout.Message{Tone: tagout.ToneGood, Body: []tagout.Text{t}}
	m = m.Para("It ends by itself; ", tagout.Typed("oncall override cancel"), " ends it earlier. Whoever is concerned gets a direct message.")
	if r.Warning != "" {
		m.Tone = tagout.ToneWarning
		m = m.Para(tagout.Bold("Note: "), r.Warning)
	}
	return tagout.Reply{Message: m, Public: true}, nil
}

func (o duties) cancel(ctx context.Context, words []string, in tagout.Invocation) (tagout.Reply, error) {
	end := tagout.OverrideEnd{By: in.User}
	for _, word := range words {
		id, mentioned, err := parsePerson(word)
		switch {
		case err != nil:
			return tagout.Reply{}, err
		case mentioned && end.Person == "":
			end.Person = id
		case !mentioned && end.Rotation == "" && o.policy.Rotations[strings.ToLower(bare(word))] != nil:
			end.Rotation = strings.ToLower(bare(word))
		default:
			return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
				"%q was not understood: write /tagout oncall override cancel @PERSON ROTATION. Nothing was changed.",
				clip(word))
		}
	}
	r, err := o.desk.CancelOverride(ctx, end)
	if err != nil {
		return tagout.Reply{}, err
	}
	v := r.Override
	m := tagout.Say(v.CancelledBy.Text(), " cancelled the override of ", tagout.Mention(v.Person), " in ",
		tagout.Fixed(v.Rotation), ", which ran until ", v.Until, ".")
	if len(r.Instead) > 0 {
		m = m.Para("On call there: ", everybody(r.Instead), ".")
	}
	return tagout.Reply{Message: m, Public: true}, nil
}
