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
	dedup, err := d.dedup(ctx, e.Incident)
	if err != nil {
		return err
	}
	row := d.policy.SeverityPolicy(i.Severity)
	roster := d.calling(ctx, row, i.Scope.Agent, round.Roles)
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		pages := d.callingPages(i, round, roster, now)
		for n := range pages {
			pages[n].Dedup = dedup
		}
		return d.doubting(i, roster, i.PageOut(round, pages, row.Repeat, now), now), nil
	})
	crashpoint.Here("page.round")
	return err
}

// pages are those of a round: for each person by each pager that reaches them, and one by
// each pager whose service knows whom to call.
func (d *Desk) pages(i *tagout.Incident, r tagout.PageRound, people []tagout.Person, now time.Time) []tagout.Page {
	var pages []tagout.Page
	for _, p := range people {
		for _, pager := range d.pagers {
			if _, broadcasts := pager.(tagout.Broadcaster); !broadcasts && pager.Reaches(p) {
				pages = append(pages, d.page(i, r, p, pager, now))
			}
		}
	}
	for _, pager := range d.pagers {
		if b, ok := pager.(tagout.Broadcaster); ok && b.PagesRoles(r.Roles) {
			pages = append(pages, d.page(i, r, tagout.Person{Roles: r.Roles}, pager, now))
		}
	}
	return pages
}

func (d *Desk) page(i *tagout.Incident, r tagout.PageRound, to tagout.Person, by tagout.Pager, now time.Time) tagout.Page {
	id := tagout.DeriveID("page", i.ID.String(), r.Key, strconv.Itoa(r.Round), string(to.ID)+to.Stranger(), by.Name())
	return tagout.Page{
		ID: tagout.PageID(id), Incident: i.ID, Round: r.Round, Pager: by.Name(), To: to, Severity: i.Severity,
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
	link, err := d.ackURL(ctx, page)
	if err != nil {
		return err
	}
	crashpoint.Here("page.sending")
	sent := page
	sent.AckURL = link // which is not kept: it says in somebody's name that they take it on
	err = d.pagers[n].Send(ctx, sent)
	if err != nil && !tagout.IsFinal(err) {
		return err // it is tried again, and logged by who does
	}
	crashpoint.Here("page.sent")
	return d.paged(ctx, page, err)
}

func (d *Desk) paged(ctx context.Context, page tagout.Page, failure error) error {
	_, err := d.store.Update(ctx, page.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		page.Status, page.SentAt = tagout.PageSent, tagout.Moment(now)
		if failure != nil {
			page.Status, page.SentAt, page.Detail = tagout.PageFailed, time.Time{}, failure.Error()
		}
		return i.Paged(page, now).And(d.tooLate(i, page, now)), nil
	})
	if err == nil {
		d.metrics.paged(page, failure)
	}
	return err
}
