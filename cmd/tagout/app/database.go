package app

import (
	"context"
	"maps"
	"strings"
	"time"

	"tagout"
	"tagout/store"
)

const (
	startBudget  = 3 * time.Second        // how long a start waits for the database
	retryEvery   = time.Second            // between two tries to reach it
	refreshEvery = time.Second            // between two reads of the holds
	ringEvery    = 100 * time.Millisecond // between two looks for effects that are due
)

func isSQLite(url string) bool { return strings.HasPrefix(url, "sqlite:") }

// keepDatabase connects to the database, however long that takes, and then keeps the gate
// and the clocks in step with it until ctx ends.
// connected hears once whether that can work at all.
func (a *App) keepDatabase(ctx context.Context, connected chan<- error) {
	s, err := a.connect(ctx)
	if s == nil {
		connected <- err
		return
	}
	a.store.set(s)
	a.onStop(func(context.Context) {
		if err := s.Close(); err != nil {
			a.log.Error("close the database", "error", err)
		}
	})
	a.refresh(ctx)
	a.desk.Replay(a.gate.Pending())
	a.goDo(func() { a.work(ctx, s) })
	a.goDo(func() { s.Lead(ctx, a.lead) })
	a.goDo(func() { s.News(ctx, a.hear) })
	a.goDo(func() { a.checkpoints(ctx, s) })
	a.goDo(func() { a.retention(ctx) })
	a.goDo(func() { a.routines.Run(ctx) })
	a.runReplicas(ctx)
	connected <- nil
	a.keep(ctx)
}

// work carries out effects until ctx ends, and lets those under way finish. The database
// may have gone again since it was reached, so that starting is tried until it succeeds.
func (a *App) work(ctx context.Context, s *store.Store) {
	drained, err := s.Work(ctx, a.effects())
	for err != nil && ctx.Err() == nil {
		a.log.Error("the workers for effects did not start; trying again", "error", err)
		if !pause(ctx, retryEvery) {
			return
		}
		drained, err = s.Work(ctx, a.effects())
	}
	if err != nil {
		return
	}
	if err := a.desk.Tighten(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("open incidents keep the deadlines that they had: those of the configuration could not be compared", "error", err)
	}
	drained()
}

// pause waits, and reports false if ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (a *App) effects() map[tagout.EffectKind]tagout.EffectFunc {
	all := a.desk.Effects()
	maps.Copy(all, a.bot.Effects())
	return a.counted(all)
}

// connect opens and, unless told not to, migrates the database; it tries until ctx ends. It
// returns Conflict at once if that can never work, such as a journal that belongs to
// another database.
func (a *App) connect(ctx context.Context) (*store.Store, error) {
	for {
		s, err := a.open(ctx)
		if err == nil {
			return s, nil
		}
		if tagout.CodeOf(err) == tagout.Conflict {
			a.log.Error("the database cannot be used", "error", err)
			return nil, err
		}
		if ctx.Err() == nil {
			a.log.Error("the database is not ready", "error", err)
		}
		if !pause(ctx, retryEvery) {
			return nil, context.Cause(ctx)
		}
	}
}

func (a *App) open(ctx context.Context) (*store.Store, error) {
	s, err := store.Open(ctx, a.config.Database, store.Options{
		Clock: a.options.Clock, Logger: a.log.With("part", "store"), Migrate: !a.options.NoMigrate, OnCommit: a.committed,
		Lanes: map[tagout.EffectKind][]string{tagout.EffectSend: a.pagerNames(), tagout.EffectTicket: a.trackerNames(), tagout.EffectTicketCheck: a.trackerNames()},
	})
	if err != nil {
		return nil, err
	}
	id, err := s.DatabaseID(ctx)
	if err == nil {
		err = a.gate.BindDatabase(id)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// pagerNames are all pagers that are configured. Each sends in a lane of its own, so that
// one that is slow or throttled keeps no other waiting.
func (a *App) pagerNames() []string {
	names := []string{tagout.SlackPager}
	for _, p := range a.config.Pagers {
		names = append(names, p.Name)
	}
	return names
}

func (a *App) trackerNames() []string {
	var names []string
	for _, v := range a.config.Trackers {
		names = append(names, v.Name)
	}
	return names
}

// committed spreads the news of a committed change inside this process.
func (a *App) committed(i *tagout.Incident) {
	if a.desk.Watched(i.ID) {
		a.desk.Committed(store.Copy(i))
	}
	a.bot.Committed(i)
}

// keep reads the holds every second, and whenever they may have changed elsewhere.
func (a *App) keep(ctx context.Context) {
	a.goDo(func() { a.keepRinging(ctx) })
	refresh := time.NewTicker(refreshEvery)
	defer refresh.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.news:
			a.refresh(ctx)
			a.lookAround(ctx)
			pause(ctx, newsPause)
		case <-refresh.C:
			a.refresh(ctx)
			a.lookAround(ctx)
		}
	}
}

// keepRinging rings what is due. It may wait long for a database that hangs, which must not
// keep anybody from noticing that.
func (a *App) keepRinging(ctx context.Context) {
	ring := time.NewTicker(ringEvery)
	defer ring.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ring.C:
		}
		if !a.database.Load() {
			continue
		}
		if _, err := a.store.Ring(ctx, a.clock.Now()); err != nil && ctx.Err() == nil {
			a.log.Warn("clocks could not be looked at", "error", err)
		}
	}
}

// refresh brings the database's view of the holds into the gate.
func (a *App) refresh(parent context.Context) {
	err := a.lookBack(parent)
	ctx, cancel := context.WithTimeout(parent, 5*time.Second)
	defer cancel()
	mark := a.gate.StartRead()
	var holds []tagout.Hold
	if err == nil {
		holds, err = a.store.Holds(ctx)
	}
	var pins []tagout.Pin
	if err == nil {
		pins, err = a.store.Pins(ctx)
	}
	var g gone
	if err == nil {
		g, err = a.gone(ctx, mark, holds)
	}
	if err != nil {
		if parent.Err() == nil && a.database.Swap(false) {
			a.log.Error("the holds cannot be read; the gate goes on with what it knows", "error", err)
		}
		return
	}
	if !a.database.Swap(true) {
		a.log.Info("holds read from the database", "holds", len(holds))
	}
	a.desk.HangAgain(ctx, g.unsigned)
	a.desk.HangOriginals(ctx, g.changed)
	a.gate.Trust(g.doubted)
	a.gate.Unrecorded(g.lost)
	a.gate.Refresh(mark, append(holds, g.missed...), tagout.EffectivePins(pins))
	for _, s := range g.lost {
		a.log.Error("the database has lost a hold that was never lifted; it stands and is recorded again", "hold", s.Hold.ID, "scope", s.Hold.Scope.String())
	}
	a.desk.Replay(g.lost)
}
