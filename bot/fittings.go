package bot

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// maxBookmarkTitle keeps a bookmark readable in the header of a channel.
const maxBookmarkTitle = 60

// fitOut brings what surrounds the messages of an incident's channel up to date: topic,
// bookmarks and, if it is private, its people. It has a worker and allowances of its own, so
// that no card waits for it.
func (b *Bot) fitOut(ctx context.Context, id tagout.IncidentID) error {
	inc, err := b.desk.Incident(ctx, id)
	if err != nil {
		return ignoreMissing(err)
	}
	room := inc.Room
	if room.Channel == "" || room.Card == "" || room.Failure != "" || !inc.State.Ended() && !b.leads() {
		return nil // there is none, it is being opened or lost, or another replica sees to it
	}
	if err := b.setTopic(ctx, inc, room); err != nil {
		return b.leaveRefused(id, "topic", err)
	}
	if err := b.setBookmarks(ctx, inc, room); err != nil {
		return b.leaveRefused(id, "bookmarks", err)
	}
	if inc.Private {
		return b.leaveRefused(id, "people of the channel", b.invite(ctx, inc, room))
	}
	return nil
}

// topicOf is an incident in one line: how bad, how it stands, what it is about, who leads.
func topicOf(inc *tagout.Incident) string {
	lead := "nobody leads yet"
	if id := inc.Roles[tagout.IncidentCommander]; isID(string(id), "UW") {
		lead = "IC <@" + string(id) + ">"
	}
	parts := []string{inc.ID.String(), inc.Severity.Label(), string(inc.State), escape(clipText(oneLine(inc.ScopeText().String()), 40)), lead}
	return cutUnits(strings.Join(parts, " · "), maxTopic)
}

// setTopic sets the topic if it would be another one. One that Slack refuses is not tried
// again until it changes.
func (b *Bot) setTopic(ctx context.Context, inc *tagout.Incident, room tagout.Room) error {
	topic := topicOf(inc)
	if topic == room.Topic {
		return nil
	}
	err := b.do(ctx, call{method: "conversations.setTopic", priority: updatesLast}, func(ctx context.Context) error {
		return b.api.SetTopic(ctx, room.Channel, topic)
	})
	if err != nil && !readFailure(err).refused() {
		return err
	}
	if _, setErr := b.desk.SetRoom(ctx, inc.ID, inThe(room.Channel, func(r *tagout.Room) { r.Topic = topic })); setErr != nil {
		return setErr
	}
	return err
}

// inThe changes a room only while it is still in this channel.
func inThe(channel string, change func(*tagout.Room)) func(*tagout.Room) {
	return func(r *tagout.Room) {
		if r.Channel == channel {
			change(r)
		}
	}
}

// setBookmarks puts the incident's links into the channel's header, each once: one that is
// there already, by our own record or by its URL, is changed rather than added again.
func (b *Bot) setBookmarks(ctx context.Context, inc *tagout.Incident, room tagout.Room) error {
	links, err := b.desk.Links(ctx, inc.ID)
	if err != nil {
		return err
	}
	var wanted []tagout.Bookmark
	for _, l := range links {
		if url := b.render.url(l.To); url != "" {
			wanted = append(wanted, tagout.Bookmark{Title: clipText(oneLine(l.Title), maxBookmarkTitle), URL: url})
		}
	}
	if slices.EqualFunc(wanted, room.Bookmarks, sameLink) {
		return nil
	}
	made, err := b.reconcileBookmarks(ctx, room, wanted)
	if err != nil && !readFailure(err).refused() {
		return err
	}
	if err != nil { // refused: not again until they change
		made = wanted
	}
	if _, setErr := b.desk.SetRoom(ctx, inc.ID, inThe(room.Channel, func(r *tagout.Room) { r.Bookmarks = made })); setErr != nil {
		return setErr
	}
	return err
}

func sameLink(a, b tagout.Bookmark) bool { return a.Title == b.Title && a.URL == b.URL }

func (b *Bot) reconcileBookmarks(ctx context.Context, room tagout.Room, wanted []tagout.Bookmark) ([]tagout.Bookmark, error) {
	var there []tagout.Bookmark
	err := b.do(ctx, call{method: "bookmarks.list", priority: updatesLast}, func(ctx context.Context) (err error) {
		there, err = b.api.Bookmarks(ctx, room.Channel)
		return err
	})
	if err != nil {
		return nil, err
	}
	var kept []string
	for n := range wanted {
		w := &wanted[n]
		at := slices.IndexFunc(there, func(t tagout.Bookmark) bool { return t.URL == w.URL || t.ID == recorded(room, w.Title) })
		if at >= 0 {
			w.ID = there[at].ID
		}
		if at < 0 || !sameLink(there[at], *w) {
			if err := b.putBookmark(ctx, room.Channel, w); err != nil {
				return nil, err
			}
		}
		kept = append(kept, w.ID)
	}
	for _, old := range room.Bookmarks {
		stands := slices.ContainsFunc(there, func(t tagout.Bookmark) bool { return t.ID == old.ID })
		if !stands || slices.Contains(kept, old.ID) {
			continue
		}
		err := b.do(ctx, call{method: "bookmarks.remove", priority: updatesLast}, func(ctx context.Context) error {
			return b.api.RemoveBookmark(ctx, room.Channel, old.ID)
		})
		if err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// recorded is the ID of our bookmark with this title, or something that no bookmark has.
func recorded(room tagout.Room, title string) string {
	for _, b := range room.Bookmarks {
		if b.Title == title && b.ID != "" {
			return b.ID
		}
	}
	return "none"
}

// putBookmark changes the bookmark, or adds it if it has no ID yet.
func (b *Bot) putBookmark(ctx context.Context, channel string, w *tagout.Bookmark) error {
	if w.ID != "" {
		return b.do(ctx, call{method: "bookmarks.edit", priority: updatesLast}, func(ctx context.Context) error {
			return b.api.EditBookmark(ctx, channel, *w)
		})
	}
	return b.do(ctx, call{method: "bookmarks.add", priority: updatesLast, once: true}, func(ctx context.Context) (err error) {
		w.ID, err = b.api.AddBookmark(ctx, channel, *w)
		return err
	})
}

// invite asks everybody who belongs here and was not asked before, at most 100 at a time.
func (b *Bot) invite(ctx context.Context, inc *tagout.Incident, room tagout.Room) error {
	people, err := b.desk.Invitees(ctx, inc.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, id := range people {
		if isID(string(id), "UW") && string(id) != b.identity().User && !slices.Contains(room.Invited, id) {
			ids = append(ids, string(id))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for part := range slices.Chunk(ids, 100) {
		if err := b.inviteBatch(ctx, room.Channel, part); err != nil {
			return err
		}
	}
	if !inc.Private {
		return nil // whoever comes later finds the way alone
	}
	_, err = b.desk.SetRoom(ctx, inc.ID, inThe(room.Channel, func(r *tagout.Room) {
		for _, id := range ids {
			if !slices.Contains(r.Invited, tagout.UserID(id)) {
				r.Invited = append(r.Invited, tagout.UserID(id))
			}
		}
	}))
	return err
}
