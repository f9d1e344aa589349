package escalation

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// pageRound carries out one round of a ladder: it finds out who is to be paged now and
// commits a page with its own effect for each person and pager, and the next round.
func (d *Desk) pageRound(ctx context.Context, e tagout.Effect) error {
	var round tagout.PageRound
	if err := e.Decode(&round); err != nil {
		return err
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if i.Silent() {
		return nil // a drill wakes nobody, unless that is what is practised
	}
	mark, err := d.dedupMark(ctx)
	if err != nil {
		return err
	}
	name := dedup(mark, e.Incident, round)
	if round.Step != nil {
		return d.pageStep(ctx, e.Incident, round, name)
	}
	row := d.policy.SeverityPolicy(i.Severity)
	roster := d.calling(ctx, row, i.Scope.Agent, round.Roles)
	for _, id := range round.People {
		roster.Add(d.person(tagout.OnCallPerson{ID: id}), tagout.Reason{Role: tagout.IncidentCommander, Via: tagout.ViaMember})
	}
	holders := d.holders(ctx, i, round)
	err = d.ladder(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		paging := d.callingPages(i, round, roster, now)
		for n := range paging.Pages {
			paging.Pages[n].Dedup = name
		}
		paging.Repeat = row.Repeat
		if paging.Repeat == 0 && len(round.Roles) == 0 {
			paging.Repeat = askAgain
		}
		filled := i.FillRoles(holders, roster.IDs(), now)
		d.tellRoles(i, paging.Pages)
		return filled.And(d.doubting(i, roster, i.PageOut(paging, now), now)), nil
	})
	crashpoint.Here("page.round")
	return err
}

// ladder changes an incident, and counts what reached nobody.
func (d *Desk) ladder(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) error {
	var did tagout.Change
	i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (c tagout.Change, err error) {
		did, err = fn(i, now)
		return did, err
	})
	if err == nil {
		d.metrics.missed(i, did)
	}
	return err
}

// pageStep pages somebody who was put off: by the next of their pagers, or since their quiet
// hours are over.
func (d *Desk) pageStep(ctx context.Context, id tagout.IncidentID, r tagout.PageRound, name string) error {
	err := d.ladder(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		r.Round = i.Calls[r.Key].Round
		p := tagout.Paging{Round: r, Chain: d.chain(i, r)}
		d.stepPages(i, &p, now)
		for n := range p.Pages {
			p.Pages[n].Dedup = name
		}
		return i.PageStep(p, now), nil
	})
	return err
}

// paging is a round for these people: for each by the pagers whose turn it is, and one page
// by each pager whose service knows whom to call.
func (d *Desk) paging(i *tagout.Incident, r tagout.PageRound, people []tagout.Person, now time.Time) tagout.Paging {
	p := tagout.Paging{Round: r, Chain: d.chain(i, r)}
	for _, person := range people {
		d.callPerson(i, &p, person, now)
	}
	for _, pager := range d.pagers {
		b, broadcasts := pager.(tagout.Broadcaster)
		if broadcasts && len(r.Roles) > 0 && b.PagesRoles(r.Roles) { // a handover is for one person alone
			p.Pages = append(p.Pages, d.page(i, r, tagout.Person{Roles: r.Roles}, pager, now))
		}
	}
	return p
}

func (d *Desk) page(i *tagout.Incident, r tagout.PageRound, to tagout.Person, by tagout.Pager, now time.Time) tagout.Page {
	id := tagout.DeriveID("page", i.ID.String(), r.Key, strconv.Itoa(r.Round), string(to.ID)+to.Stranger(), by.Name())
	return tagout.Page{
		ID: tagout.PageID(id), Incident: i.ID, Ladder: r.Key, Round: r.Round, Pager: by.Name(), To: to, Severity: i.Severity,
		Why: r.Why, Message: d.pageMessage(i, r.Why), URL: d.url, Status: tagout.PageQueued, QueuedAt: tagout.Moment(now),
	}
}

// send delivers one page, and records what became of it. A page goes out at least once: a
// crash after the pager took it and before that is recorded sends it again under the same ID.
func (d *Desk) send(ctx context.Context, e tagout.Effect) error {
	var data tagout.SendPage
	if err := e.Decode(&data); err != nil {
		return err
	}
	page := data.Page
	n := slices.IndexFunc(d.pagers, func(p tagout.Pager) bool { return p.Name() == page.Pager })
	if n < 0 {
		return d.paged(ctx, page, tagout.Errorf(tagout.NotFound, "this pager is not configured any more"))
	}
	i, err := d.store.Incident(ctx, page.Incident)
	if err != nil {
		return err
	}
	if why, needless := i.Needless(data); needless {
		return d.drop(ctx, page, why)
	}
	link, err := d.ackURL(ctx, page)
	if err != nil {
		return err
	}
	sent := discreet(i, page)
	sent.Again = e.Again
	crashpoint.Here("page.sending")
	sent.AckURL = link // which is not kept: it says in somebody's name that they take it on
	if i.Breaks(page.Pager) {
		return d.paged(ctx, page, tagout.Errorf(tagout.Unavailable, "%sthe pager %s is down, as this drill wants it", tagout.DrillMark, page.Pager))
	}
	err = d.pagers[n].Send(ctx, sent)
	if err != nil && !tagout.IsFinal(err) {
		return err // it is tried again, and logged by who does
	}
	crashpoint.Here("page.sent")
	return d.paged(ctx, page, err)
}

// drop records that a page was not sent, since nobody need be woken by it any more.
func (d *Desk) drop(ctx context.Context, page tagout.Page, why string) error {
	_, err := d.store.Update(ctx, page.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.DropPage(page, why, now), nil
	})
	if err == nil {
		d.metrics.pages.WithLabelValues(page.Pager, "dropped").Inc()
	}
	return err
}

func (d *Desk) paged(ctx context.Context, page tagout.Page, failure error) error {
	err := d.ladder(ctx, page.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		page.Status, page.SentAt = tagout.PageSent, tagout.Moment(now)
		if failure != nil {
			page.Status, page.SentAt, page.Detail = tagout.PageFailed, time.Time{}, failure.Error()
		}
		round := tagout.PageRound{Key: page.Ladder, Base: base(page.Ladder), Round: page.Round, Rung: true}
		if call, known := i.Calls[page.Ladder]; known {
			round.Why, round.Roles, round.Else, round.Even, round.Always = call.Why, call.Roles, call.Else, call.Even, call.Always
		}
		rest := tagout.Paging{Round: round, Chain: d.chain(i, round)}
		c := i.Paged(page, d.nextPages(i, round, page, now), rest, now)
		if round.Always || round.Even && !i.State.Ended() {
			return c, nil // it is meant to be heard all the same
		}
		return c.And(d.tooLate(i, page, now)), nil
	})
	if err == nil {
		d.metrics.paged(page, failure)
	}
	return err
}
