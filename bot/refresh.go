package bot

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"tagout"
)

const (
	refreshers   = 4
	refreshLimit = 2 * time.Minute
)

// refresher brings cards, announcements and decisions up to date. However often an
// incident changes, each of its messages is updated at most once a second, with the
// newest state.
type refresher struct {
	bot *Bot

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []tagout.IncidentID
	state  map[tagout.IncidentID]staleness
	tries  map[tagout.IncidentID]int
	ending bool
	shown  *cache[Place, string] // a sum of what each message shows
}

// staleness says where an incident is on its way to being fresh.
type staleness int

const (
	queued staleness = iota + 1
	underWay
	staleAgain // changed while it was under way
)

func newRefresher(b *Bot) *refresher {
	r := &refresher{bot: b, state: map[tagout.IncidentID]staleness{}, tries: map[tagout.IncidentID]int{}, shown: newCache[Place, string](time.Hour)}
	r.wake = sync.NewCond(&r.mu)
	return r
}

// Changed tells that the card, the announcement and the decision of an incident are
// stale. It never waits.
func (b *Bot) Changed(id tagout.IncidentID) { b.refresh.mark(id) }

// RefreshOpen tells that the messages of these incidents may show anything, as after a
// start or when another replica has edited them.
func (b *Bot) RefreshOpen(ids []tagout.IncidentID) {
	b.refresh.shown.clear()
	for _, id := range ids {
		b.refresh.mark(id)
	}
}

func (r *refresher) mark(id tagout.IncidentID) {
	if id == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.state[id] {
	case 0:
		r.state[id] = queued
		r.queue = append(r.queue, id)
		r.wake.Signal()
	case underWay:
		r.state[id] = staleAgain
	}
}

func (r *refresher) start() {
	context.AfterFunc(r.bot.base, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ending = true
		r.wake.Broadcast()
	})
	for range refreshers {
		r.bot.jobs.Go(r.run)
	}
}

func (r *refresher) run() {
	for {
		id, ok := r.next()
		if !ok {
			return
		}
		err := error(tagout.Errorf(tagout.Internal, "The update panicked."))
		r.bot.guarded("refresh", func() {
			ctx, cancel := context.WithTimeout(r.bot.base, refreshLimit)
			defer cancel()
			err = r.bot.refreshIncident(ctx, id)
		})
		r.done(id, err)
	}
}

func (r *refresher) next() (tagout.IncidentID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.ending {
		r.wake.Wait()
	}
	if r.ending {
		return 0, false
	}
	id := r.queue[0]
	r.queue = r.queue[1:]
	r.state[id] = underWay
	return id, true
}

// done queues an incident again if it changed meanwhile, and later if it failed.
func (r *refresher) done(id tagout.IncidentID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	again := r.state[id] == staleAgain
	delete(r.state, id)
	if err == nil {
		delete(r.tries, id)
		if again {
			r.state[id] = queued
			r.queue = append(r.queue, id)
			r.wake.Signal()
		}
		return
	}
	if r.ending {
		return
	}
	r.tries[id]++
	pause := min(time.Minute, time.Second<<min(6, r.tries[id]))
	r.bot.log.Warn("an incident's messages could not be brought up to date; trying again", "incident", id.String(), "pause", pause, "error", tagout.Sentence(err))
	time.AfterFunc(jitter(pause), func() { r.mark(id) })
}

// refreshIncident brings the messages of one incident up to date. What Slack refuses is
// logged and left; other failures are returned.
func (b *Bot) refreshIncident(ctx context.Context, id tagout.IncidentID) error {
	inc, err := b.desk.Incident(ctx, id)
	if err != nil {
		return ignoreMissing(err)
	}
	if !inc.State.Ended() && !b.leads() {
		return nil // the leader learns of the change and edits; so none overwrites the newest
	}
	room := inc.Room
	if room.Channel != "" && room.Card != "" {
		err := b.show(ctx, Place{room.Channel, room.Card}, func(ctx context.Context) (tagout.Message, error) { return b.desk.Card(ctx, id) })
		if err := b.cardFailed(ctx, inc, err); err != nil {
			return err
		}
	}
	if room.AnnounceIn != "" && room.Announced != "" {
		err := b.show(ctx, Place{room.AnnounceIn, room.Announced}, func(ctx context.Context) (tagout.Message, error) { return b.desk.Announcement(ctx, id) })
		if err := b.leaveRefused(id, "announcement", err); err != nil {
			return err
		}
	}
	if err := b.refreshNotes(ctx, inc); err != nil {
		return err
	}
	if inc.Request == nil || room.Decision == "" || room.DecisionOf != inc.Request.ID {
		return nil
	}
	decision := func(ctx context.Context) (tagout.Message, error) { return b.desk.Decision(ctx, id) }
	err = b.show(ctx, Place{orText(room.Channel, room.AnnounceIn), room.Decision}, decision)
	if name := slackName(err); name == "message_not_found" || lostChannel(name) { // it stands where it fell back to
		err = b.show(ctx, Place{room.AnnounceIn, room.Decision}, decision)
	}
	return b.leaveRefused(id, "decision", err)
}

func ignoreMissing(err error) error {
	if tagout.CodeOf(err) == tagout.NotFound {
		return nil
	}
	return err
}

func (b *Bot) leaveRefused(id tagout.IncidentID, what string, err error) error {
	if err != nil && readFailure(err).refused() {
		b.log.Warn("a message cannot be brought up to date", "incident", id.String(), "message", what, "error", slackName(err))
		return nil
	}
	return err
}

// cardFailed posts a new card in the place of a deleted one, and notes a lost channel.
func (b *Bot) cardFailed(ctx context.Context, inc *tagout.Incident, err error) error {
	switch name := slackName(err); {
	case err == nil:
		return nil
	case name == "message_not_found":
		return b.leaveRefused(inc.ID, "card", b.placeCard(ctx, inc.ID, inc.Room.Channel, "card:"+inc.ID.String()+":"+inc.Room.Card))
	case lostChannel(name) && inc.Room.Failure == "":
		b.noteFailure(ctx, inc.ID, err)
	}
	return b.leaveRefused(inc.ID, "card", err)
}

// show updates one message if it would show something else. It is rendered when its turn
// has come, so that the newest state is what is sent.
func (b *Bot) show(ctx context.Context, at Place, draw func(ctx context.Context) (tagout.Message, error)) error {
	m, err := draw(ctx)
	if err != nil {
		return err
	}
	if was, ok := b.refresh.shown.get(at); ok && was == b.sumOf(m) {
		return nil
	}
	return b.do(ctx, call{method: "chat.update", priority: updatesLast, at: at}, func(ctx context.Context) error {
		m, err := draw(ctx)
		if err != nil {
			return err
		}
		content := b.render.content(b.render.parts(m)[0])
		if err := b.api.Update(ctx, at, content); err != nil {
			return err
		}
		b.refresh.shown.put(at, b.sumOf(m))
		return nil
	})
}

// sumOf names what a message shows.
func (b *Bot) sumOf(m tagout.Message) string {
	text, _ := json.Marshal(b.render.content(b.render.parts(m)[0]).Blocks)
	return shortSum(text)
}
