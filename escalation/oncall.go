package escalation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tagout"
)

// Duties tells for each rotation who is on call now, until when, and who is next. It
// returns Unavailable if the overrides cannot be read.
func (d *Desk) Duties(ctx context.Context) ([]tagout.Duty, error) {
	now := d.clock.Now()
	overrides, err := d.store.Overrides(ctx, now)
	if err != nil {
		return nil, err
	}
	var duties []tagout.Duty
	for _, key := range slices.Sorted(maps.Keys(d.policy.Rotations)) {
		duties = append(duties, d.duty(ctx, key, overrides, now))
	}
	return duties, nil
}

func (d *Desk) duty(ctx context.Context, key string, overrides []tagout.Override, now time.Time) tagout.Duty {
	rotation := d.policy.Rotations[key]
	duty := d.dutyAt(ctx, rotation, key, overrides, now)
	if s := d.schedules[key]; s != nil {
		duty.Source = s.Name()
	}
	for _, o := range overrides {
		if o.Rotation == key {
			duty.Overrides = append(duty.Overrides, o)
		}
	}
	at := now
	for range maxHandoffs {
		at = d.nextBoundary(rotation, duty, at)
		if at.IsZero() {
			return duty
		}
		if _, overridden := tagout.OverrideOf(overrides, key, at); rotation.Elsewhere && !overridden {
			duty.Until = at // the service will say who takes over
			return duty
		}
		then := d.dutyAt(ctx, rotation, key, overrides, at)
		if !samePeople(duty.People, then.People) {
			duty.Until = at
			for _, c := range then.People {
				duty.Next = append(duty.Next, c.Person)
			}
			return duty
		}
	}
	return duty
}

// maxHandoffs is how far ahead somebody else is looked for.
const maxHandoffs = 60

// nextBoundary is the first time after at when somebody else may be on call; zero if there
// is none.
func (d *Desk) nextBoundary(rotation *tagout.Rotation, duty tagout.Duty, at time.Time) time.Time {
	var times []time.Time
	for _, o := range duty.Overrides {
		times = append(times, o.From, o.Until)
	}
	if rotation.Elsewhere {
		for _, p := range d.knowledge.list(scheduleKey(duty.Rotation)).get().people {
			times = append(times, p.Until)
		}
	} else if t, problem := turnAt(rotation, at); problem == "" {
		times = append(times, t.until)
	}
	var first time.Time
	for _, t := range times {
		if t.After(at) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func samePeople(a, b []tagout.Called) bool {
	return slices.EqualFunc(a, b, func(x, y tagout.Called) bool { return x.ID == y.ID && x.Stranger() == y.Stranger() })
}

// SetOverride puts somebody on call for a while, and tells them and whom they stand in for.
// It returns Forbidden for guests, NotFound for a rotation or a person that does not exist,
// Invalid for times that cannot be meant, and Unavailable if it could not be recorded.
func (d *Desk) SetOverride(ctx context.Context, order tagout.OverrideOrder) (tagout.OverrideResult, error) {
	if order.By.ID == "" || order.By.Bot || order.By.Guest {
		return tagout.OverrideResult{}, tagout.Errorf(tagout.Forbidden, "Only full members of the workspace set overrides.")
	}
	rotation, err := d.rotationOf(order.Rotation)
	if err != nil {
		return tagout.OverrideResult{}, err
	}
	now := d.clock.Now()
	o := tagout.Override{
		ID: tagout.DeriveID("override", order.ID), Rotation: rotation, Person: order.Person, From: order.From, Until: order.Until,
		By: order.By.Actor(), At: now, Why: order.Why,
	}
	if o.From.Before(now) {
		o.From = now
	}
	if err := o.Check(now); err != nil {
		return tagout.OverrideResult{}, err
	}
	warning, err := d.reachableInSlack(ctx, o.Person)
	if err != nil {
		return tagout.OverrideResult{}, err
	}
	others, err := d.store.Overrides(ctx, now)
	if err != nil {
		return tagout.OverrideResult{}, err
	}
	others = slices.DeleteFunc(others, func(p tagout.Override) bool { return p.ID == o.ID })
	result := tagout.OverrideResult{Override: o, Warning: warning}
	for _, c := range d.dutyAt(ctx, d.policy.Rotations[rotation], rotation, others, o.From).People {
		result.Instead = append(result.Instead, c.Person)
	}
	result.Fresh, err = d.store.AddOverride(ctx, o, d.tellOfOverride(result))
	return result, err
}

// rotationOf is the rotation of that name, or the only one.
func (d *Desk) rotationOf(name string) (string, error) {
	names := slices.Sorted(maps.Keys(d.policy.Rotations))
	switch {
	case len(names) == 0:
		return "", tagout.Errorf(tagout.NotFound, "There is no rotation in the configuration, so nothing can be overridden.")
	case name == "" && len(names) == 1:
		return names[0], nil
	case name == "":
		return "", tagout.Errorf(tagout.Invalid, "Say which rotation at the end: %s. Nothing was changed.", joined(names, "or"))
	case d.policy.Rotations[name] == nil:
		return "", tagout.Errorf(tagout.NotFound, "There is no rotation %q; there is %s. Nothing was changed.", cutName(name), joined(names, "and"))
	}
	return name, nil
}

func cutName(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func joined(names []string, last string) string {
	if len(names) == 1 {
		return names[0]
	}
	text := names[0]
	for n, name := range names[1:] {
		if n == len(names)-2 {
			text += " " + last + " " + name
		} else {
			text += ", " + name
		}
	}
	return text
}

// reachableInSlack returns Invalid for an account that reads nothing. What cannot be looked
// up is not refused, but said.
func (d *Desk) reachableInSlack(ctx context.Context, id tagout.UserID) (warning string, err error) {
	if d.directory == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	account, err := d.directory.Account(ctx, id)
	switch {
	case tagout.CodeOf(err) == tagout.NotFound:
		return "", tagout.Errorf(tagout.NotFound, "There is nobody with the ID %s in this workspace. Nothing was changed.", id)
	case err != nil:
		return "Slack could not be asked whether this account is active.", nil
	case account.Gone:
		return "", tagout.Errorf(tagout.Invalid, "That Slack account is deactivated: nobody would read the page. Nothing was changed.")
	case account.Bot:
		return "", tagout.Errorf(tagout.Invalid, "That is a bot, and a bot cannot be on call. Nothing was changed.")
	}
	d.knowledge.hear(id, account)
	return "", nil
}

// tellOfOverride are direct messages to whoever is put on call, and is not on call instead.
func (d *Desk) tellOfOverride(r tagout.OverrideResult) []tagout.Effect {
	o := r.Override
	var tell []tagout.Effect
	direct := func(to tagout.UserID, m tagout.Message) {
		key := "override:" + o.ID + ":" + string(to)
		tell = append(tell, tagout.NewEffect(tagout.EffectDirect, 0, key, tagout.DirectNote{To: to, Message: m}))
	}
	span := tagout.T(" from ", o.From, " until ", o.Until, ", set by ", o.By.Text())
	if o.Why != "" {
		span = append(span, tagout.T(": "+o.Why)...)
	}
	direct(o.Person, tagout.Say(tagout.Bold("You are on call"), " in the rotation ", tagout.Fixed(o.Rotation), span, ". ", tagout.Typed("oncall"), " shows it; whoever sees this as a mistake can cancel it there."))
	for _, p := range r.Instead {
		if p.ID != "" && p.ID != o.Person {
			direct(p.ID, tagout.Say(tagout.Mention(o.Person), " is on call for you in the rotation ", tagout.Fixed(o.Rotation), span, "."))
		}
	}
	return tell
}

// CancelOverride ends the one override that is meant, and tells those concerned. It returns
// NotFound if there is none, and Invalid, naming them, if there are several.
func (d *Desk) CancelOverride(ctx context.Context, end tagout.OverrideEnd) (tagout.OverrideResult, error) {
	if end.By.ID == "" || end.By.Bot || end.By.Guest {
		return tagout.OverrideResult{}, tagout.Errorf(tagout.Forbidden, "Only full members of the workspace cancel overrides.")
	}
	now := d.clock.Now()
	all, err := d.store.Overrides(ctx, now)
	if err != nil {
		return tagout.OverrideResult{}, err
	}
	meant := slices.DeleteFunc(slices.Clone(all), func(o tagout.Override) bool {
		return end.Rotation != "" && o.Rotation != end.Rotation || end.Person != "" && o.Person != end.Person
	})
	switch {
	case len(meant) == 0:
		return tagout.OverrideResult{}, tagout.Errorf(tagout.NotFound, "There is no such override to cancel. Nothing was changed.")
	case len(meant) > 1:
		return tagout.OverrideResult{}, severalOverrides(meant)
	}
	o := meant[0]
	rest := slices.DeleteFunc(all, func(p tagout.Override) bool { return p.ID == o.ID })
	result := tagout.OverrideResult{Override: o}
	at := now
	if o.From.After(now) {
		at = o.From
	}
	for _, c := range d.dutyAt(ctx, d.policy.Rotations[o.Rotation], o.Rotation, rest, at).People {
		result.Instead = append(result.Instead, c.Person)
	}
	result.Override.CancelledAt, result.Override.CancelledBy = now, end.By.Actor()
	result.Fresh, err = d.store.CancelOverride(ctx, o.ID, end.By.Actor(), now, d.tellOfEnd(result))
	return result, err
}

func severalOverrides(meant []tagout.Override) error {
	text := ""
	for _, o := range meant {
		text += fmt.Sprintf(" %s in %s until %s;", "@"+string(o.Person), o.Rotation, o.Until.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return tagout.Errorf(tagout.Invalid, "Several overrides could be meant:%s say the person and the rotation. Nothing was changed.", text)
}

func (d *Desk) tellOfEnd(r tagout.OverrideResult) []tagout.Effect {
	o := r.Override
	people := []tagout.UserID{o.Person}
	back := tagout.T("nobody")
	for n, p := range r.Instead {
		if n == 0 {
			back = nil
		}
		back = append(append(back, p.Text()...), tagout.T(" ")...)
		if p.ID != "" && !slices.Contains(people, p.ID) {
			people = append(people, p.ID)
		}
	}
	var tell []tagout.Effect
	for _, id := range people {
		m := tagout.Say(o.CancelledBy.Text(), " cancelled the override of ", tagout.Mention(o.Person), " in the rotation ", tagout.Fixed(o.Rotation), ". On call instead: ", back)
		tell = append(tell, tagout.NewEffect(tagout.EffectDirect, 0, "override:"+o.ID+":cancelled:"+string(id), tagout.DirectNote{To: id, Message: m}))
	}
	return tell
}
