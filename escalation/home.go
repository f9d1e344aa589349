package escalation

import (
	"context"
	"fmt"
	"slices"

	"tagout"
)

// homeIncidents is how many open incidents an App Home looks through.
const homeIncidents = 500

// Home is what somebody reads on their own page: what they are paged for and must sign, who
// is on call, the agents, and the open incidents that they may read about. What cannot be
// read stands there as such; it returns no error for it.
func (d *Desk) Home(ctx context.Context, user tagout.User) (tagout.Home, error) {
	var h tagout.Home
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: homeIncidents})
	if err != nil {
		h.Sections = append(h.Sections, tagout.HomeSection{Title: "⛔ The incidents cannot be read",
			Items: []tagout.Message{tagout.Say(tagout.Sentence(err), " Stops work all the same. What the gate holds is below.")}})
	}
	open = slices.DeleteFunc(open, func(i *tagout.Incident) bool { return !d.Sees(ctx, i, tagout.Viewer{User: user}) })
	if err == nil {
		h.Sections = append(h.Sections, d.pagedFor(open, user), d.toSign(ctx, open, user), d.homeReviews(ctx, open, user))
	}
	h.Sections = append(h.Sections, d.myActions(ctx, user), d.onCallNow(ctx), d.silencedNow(ctx), d.agentsNow())
	h.Sections = append(h.Sections, d.homeDrills(ctx, open, user))
	if err == nil {
		h.Sections = append(h.Sections, d.openNow(open, user))
	}
	h.Footer = tagout.T("Type ", tagout.Typed("status"), " for more, ", tagout.Typed("help"), " for all commands.")
	return h, nil
}

// pagedFor lists what waits for this person to acknowledge it.
func (d *Desk) pagedFor(open []*tagout.Incident, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "You are paged for", Empty: "Nothing."}
	for _, i := range open {
		if i.PagedFor(user.ID) {
			s.Items = append(s.Items, d.homeItem(i))
		}
	}
	return s
}

// homeItem is an incident with what can be done about it now.
func (d *Desk) homeItem(i *tagout.Incident) tagout.Message {
	t := tagout.T(tagout.Bold(i.ID.String()+" "+i.Severity.Label()), " ", i.ScopeText(), " ", i.Title, " — ", tagout.Bold(string(i.State)))
	if i.Private {
		t = append(t, tagout.T(", private")...)
	}
	if mode := strictestOf(i); mode != tagout.Running {
		t = append(t, tagout.T(", "+mode.Coloured())...)
	}
	if i.Room.Channel != "" {
		t = append(t, tagout.T(" — ", tagout.ChannelLink(i.Room.Channel))...)
	}
	t = append(t, tagout.T("\nNext: ", d.next(i))...)
	return tagout.Message{Body: []tagout.Text{t}, Buttons: d.cardButtons(i)}
}

func strictestOf(i *tagout.Incident) tagout.Mode {
	mode := tagout.Running
	for _, h := range i.ActiveHolds() {
		if h.Mode.Stricter(mode) {
			mode = h.Mode
		}
	}
	return mode
}

// toSign lists the requests that this person may decide. They are signed where all of the
// request is shown, never from a list: so there is a link to it and no button.
func (d *Desk) toSign(ctx context.Context, open []*tagout.Incident, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Waits for your signature", Empty: "Nothing."}
	if user.Guest || user.Bot {
		return s
	}
	roles, err := d.signerRoles(ctx, user.ID)
	if err != nil {
		return s
	}
	for _, i := range open {
		r := i.Request
		if r == nil || r.State != tagout.RequestPending || r.By.ID == user.ID || !mayGive(r.Missing(), roles) {
			continue
		}
		t := tagout.T(tagout.Bold(i.ID.String()+" "+r.Severity.Label()), " resume ", tagout.Fixed(r.Scope.String()), " to "+r.Target.Coloured()+", asked by ", tagout.Mention(r.By.ID), ". It expires at ", r.Expires, ".")
		if at := i.Room.Decision; at != "" && i.Room.DecisionOf == r.ID && i.Room.Channel != "" {
			t = append(t, tagout.T(" ", tagout.MessageLink(i.Room.Channel, at, "Read and sign"))...)
		}
		if i.Room.Channel != "" {
			t = append(t, tagout.T(" in ", tagout.ChannelLink(i.Room.Channel))...)
		}
		s.Items = append(s.Items, tagout.Message{Body: []tagout.Text{t}})
	}
	return s
}

// mayGive reports whether one of these roles gives a sign-off that is still needed.
func mayGive(missing tagout.SignoffRule, roles []string) bool {
	return slices.ContainsFunc(missing, func(n tagout.NeededSignoff) bool {
		return slices.ContainsFunc(n.AnyOf, func(role string) bool { return slices.Contains(roles, role) })
	})
}

// onCallNow tells whose turn it is in each rotation, and what could not be found out.
func (d *Desk) onCallNow(ctx context.Context) tagout.HomeSection {
	s := tagout.HomeSection{Title: "On call now"}
	duties, err := d.Duties(ctx)
	if err != nil {
		s.Items = append(s.Items, tagout.Say(tagout.Bold("It cannot be found out"), ": ", tagout.Sentence(err)))
		return s
	}
	var m tagout.Message
	for _, duty := range duties {
		t := tagout.T(tagout.Bold("nobody"))
		for n, p := range duty.People {
			if n == 0 {
				t = nil
			} else {
				t = append(t, tagout.T(", ")...)
			}
			t = append(t, p.Text()...)
		}
		if !duty.Until.IsZero() {
			t = append(t, tagout.T(" until ", duty.Until)...)
		}
		for _, doubt := range duty.Doubts {
			t = append(t, tagout.T("\n", tagout.Bold("In doubt"), ": "+doubt.Problem)...)
		}
		m = m.Fact(duty.Rotation, t)
	}
	if len(m.Facts) > 0 {
		s.Items = append(s.Items, m)
	}
	return s
}

// maxHomeAgents is how many agents an App Home shows one by one.
const maxHomeAgents = 40

// agentsNow tells the strictest mode of every agent, those that are held first.
func (d *Desk) agentsNow() tagout.HomeSection {
	s := tagout.HomeSection{Title: "Agents"}
	names := d.policy.Agents.Names()
	modes := map[string]tagout.Mode{}
	for _, name := range names {
		modes[name] = d.gate.Decide(name, tagout.Attributes{}).Mode
	}
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case modes[a].Stricter(modes[b]):
			return -1
		case modes[b].Stricter(modes[a]):
			return 1
		}
		return 0
	})
	var m tagout.Message
	for n, name := range names {
		if n == maxHomeAgents {
			m = m.Fact("And more", fmt.Sprintf("%d that are held no further", len(names)-n))
			break
		}
		m = m.Fact(name, modes[name].Coloured())
	}
	m.Buttons = []tagout.Button{{Action: "kill", Label: "Stop…", Tone: tagout.ToneDanger}}
	s.Items = append(s.Items, m)
	return s
}

// openNow lists the open incidents but those that stand further up.
func (d *Desk) openNow(open []*tagout.Incident, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Open incidents", Empty: "None that you can see."}
	for _, i := range open {
		if i.PagedFor(user.ID) {
			s.Empty = "None but those above."
			continue
		}
		s.Items = append(s.Items, d.homeItem(i))
	}
	return s
}
