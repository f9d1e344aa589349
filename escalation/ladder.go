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
	people := d.people(ctx, round.Roles)
	repeat := d.policy.SeverityPolicy(i.Severity).Repeat
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.PageOut(round, d.pages(i, round, people, now), repeat, now), nil
	})
	crashpoint.Here("page.round")
	return err
}

func (d *Desk) pages(i *tagout.Incident, r tagout.PageRound, people []tagout.Person, now time.Time) []tagout.Page {
	var pages []tagout.Page
	for _, p := range people {
		for _, pager := range d.pagers {
			if !pager.Reaches(p) {
				continue
			}
			id := tagout.DeriveID("page", i.ID.String(), r.Key, strconv.Itoa(r.Round), string(p.ID), pager.Name())
			pages = append(pages, tagout.Page{
				ID: tagout.PageID(id), Incident: i.ID, Round: r.Round, Pager: pager.Name(), To: p, Severity: i.Severity,
				Why: r.Why, Message: d.pageMessage(i, r.Why), URL: d.url, Status: tagout.PageQueued, QueuedAt: tagout.Moment(now),
			})
		}
	}
	return pages
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
	crashpoint.Here("page.sending")
	err := d.pagers[n].Send(ctx, page)
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
		return i.Paged(page, now), nil
	})
	if err == nil {
		d.metrics.paged(page, failure)
	}
	return err
}
