package escalation

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// justNow is how long after a pager's own timer a repeat leaves it out.
const justNow = 30 * time.Second

// order lists the pagers of a person in the order in which they are tried. Whom none of
// their own reaches is paged by every one that does.
func (d *Desk) order(p tagout.Person) []tagout.Pager {
	var own []tagout.Pager
	all := d.reaching(p)
	for _, name := range p.Pagers {
		if n := slices.IndexFunc(all, func(pager tagout.Pager) bool { return pager.Name() == name }); n >= 0 {
			own = append(own, all[n])
		}
	}
	if len(own) == 0 {
		return all
	}
	return own
}

// reaching lists the pagers that reach a person.
func (d *Desk) reaching(p tagout.Person) []tagout.Pager {
	var all []tagout.Pager
	for _, pager := range d.pagers {
		if _, broadcasts := pager.(tagout.Broadcaster); !broadcasts && pager.Reaches(p) {
			all = append(all, pager)
		}
	}
	return all
}

// callPerson adds one person to a round: by the pagers whose turn it is, and the timers of
// those that come later; or nothing but a timer, in their quiet hours.
func (d *Desk) callPerson(i *tagout.Incident, p *tagout.Paging, person tagout.Person, now time.Time) {
	if until, quiet := person.Quiet.Until(now); quiet && i.Severity != tagout.Sev1 && !p.Round.Even {
		text := person.Quiet.To + " " + person.Quiet.Timezone
		p.Held = append(p.Held, tagout.HeldBack{Person: person.ID, Until: until, Text: strings.TrimSpace(text)})
		p.Later = append(p.Later, step(i.ID, p.Round, tagout.Step{Person: person.ID, Roles: person.Roles}, until))
		return
	}
	began := now
	if call, known := i.Calls[p.Round.Key]; known {
		began = call.Began
	}
	for n, pager := range d.order(person) {
		due := began.Add(time.Duration(n) * person.After)
		switch {
		case n == 0 || person.After == 0 || due.Add(justNow).Before(now):
			p.Pages = append(p.Pages, d.page(i, p.Round, person, pager, now))
			continue
		case p.Round.Round > 0:
			continue // its timer runs since the first round, or has just rung
		}
		p.Later = append(p.Later, step(i.ID, p.Round, tagout.Step{Person: person.ID, Roles: person.Roles, Pager: pager.Name()}, due))
	}
}

// step is the timer of what is put off. There is one of a kind for a person and a ladder.
func step(id tagout.IncidentID, r tagout.PageRound, s tagout.Step, due time.Time) tagout.Effect {
	what := "quiet"
	if s.Pager != "" {
		what = "then:" + s.Pager
	}
	r.Step = &s
	return tagout.NewEffect(tagout.EffectPage, id, r.Key+":"+what+":"+string(s.Person), r).At(due)
}

// stepPages adds the pages of somebody who was put off.
func (d *Desk) stepPages(i *tagout.Incident, p *tagout.Paging, now time.Time) {
	s := p.Round.Step
	person := d.policy.People[s.Person]
	person.ID, person.Roles = s.Person, s.Roles
	switch {
	case s.Pager == "":
		person.Quiet = tagout.QuietHours{} // over by now, or set aside
		d.callPerson(i, p, person, now)
		if len(p.Pages) == 0 {
			p.Later = nil
		}
	default:
		for _, pager := range d.order(person) {
			if pager.Name() == s.Pager {
				p.Pages = append(p.Pages, d.page(i, p.Round, person, pager, now))
			}
		}
	}
}

// nextPages is the page by the pager that comes after one that failed for good.
func (d *Desk) nextPages(i *tagout.Incident, r tagout.PageRound, failed tagout.Page, now time.Time) []tagout.Page {
	if failed.Status != tagout.PageFailed || failed.To.ID == "" {
		return nil
	}
	person := failed.To
	known := d.policy.People[person.ID]
	person.Pagers, person.After, person.Quiet = known.Pagers, known.After, known.Quiet
	order := d.order(person)
	n := slices.IndexFunc(order, func(p tagout.Pager) bool { return p.Name() == failed.Pager })
	if n < 0 || n+1 == len(order) {
		return nil
	}
	page := d.page(i, r, person, order[n+1], now)
	page.Why, page.Message, page.Dedup = failed.Why, failed.Message, failed.Dedup
	return []tagout.Page{page}
}

// base is the key of the ladder to which a rung belongs; a ladder's own key is its own.
func base(key string) string {
	for _, mark := range []string{":rung", ":else", ":platform", ":all"} {
		if n := strings.LastIndex(key, mark); n > 0 {
			return key[:n]
		}
	}
	return key
}

// chain lists who is paged, in this order, if a round reaches nobody: the rungs of the
// severity, the platform owner, and then everybody of the severity.
func (d *Desk) chain(i *tagout.Incident, r tagout.PageRound) []tagout.PageRound {
	if len(r.Roles)+len(r.Else) == 0 {
		return nil // one person is asked; nobody comes after them
	}
	from := base(r.Key)
	name, _, _ := strings.Cut(from[strings.LastIndexByte(from, ':')+1:], "~")
	row := d.policy.Severities[tagout.Severity(name)]
	if row == nil {
		row = d.policy.SeverityPolicy(i.Severity)
	}
	everybody := slices.Clone(d.pageRoles(row, i.Class))
	var chain []tagout.PageRound
	add := func(what string, roles []string) {
		why := "the page to " + r.Asked() + " reached nobody"
		chain = append(chain, tagout.PageRound{Key: from + ":" + what, Base: from, Roles: roles, Why: why, Rung: true, Even: r.Even, Always: r.Always})
		for _, role := range roles {
			if !slices.Contains(everybody, role) {
				everybody = append(everybody, role)
			}
		}
	}
	if len(r.Else) > 0 {
		add("else", r.Else)
	}
	for n, rung := range row.Escalate {
		add("rung"+strconv.Itoa(n), rung.To)
	}
	if d.policy.Roles["platform"] != nil {
		add("platform", []string{"platform"})
	}
	add("all", everybody)
	return chain
}
