package store

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"

	"tagout"
)

const (
	atOnce       = 4  // transactions for updates under way
	mostTogether = 64 // updates in one
	mostAlone    = 8  // transactions that wait for an incident: a third of the connections
	mostJoining  = 8  // and of those that may open one
)

// turn waits, without a connection, until less than all turns are taken. Whoever waits for an
// incident with a connection keeps it from whoever has locked that and wants to read.
func turn(ctx context.Context, turns chan struct{}) (leave func(), err error) {
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, explain(ctx.Err())
	}
}

// together gathers the updates that come while others are being committed, and commits them
// in one transaction: a storm of effects, each of which changes another incident, costs few
// round trips and few commits. Nobody waits for others to come, nor for an incident of
// somebody else's.
type together struct {
	mu      sync.Mutex
	waiting []*update
	running int
	alone   map[tagout.IncidentID][]*update // those that wait for their incident, by incident
	asked   map[tagout.IncidentID]int       // how many of an incident are not answered yet
	turns   chan struct{}                   // of those whose turn it is
}

func newTogether() together {
	return together{alone: map[tagout.IncidentID][]*update{}, asked: map[tagout.IncidentID]int{}, turns: make(chan struct{}, mostAlone)}
}

// update is one call of Update.
type update struct {
	id   tagout.IncidentID
	fn   tagout.Transition
	out  *tagout.Incident
	err  error
	done chan struct{}
}

// Update locks incident id, runs fn on it and commits what it did. It returns NotFound if
// there is no such incident, fn's own error if it fails, and Unavailable if the database
// cannot be reached. Then, and if ctx ends first, it may yet be committed. fn may run more
// than once, and a panic in it is Internal; only its last outcome counts.
func (s *Store) Update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	if ctx.Err() != nil {
		return nil, explain(ctx.Err())
	}
	u := &update{id: id, fn: fn, done: make(chan struct{})}
	if s.together.add(u) {
		go s.commitTogether(context.WithoutCancel(ctx))
	}
	select {
	case <-u.done:
		return u.out, u.err
	case <-ctx.Done():
		return nil, explain(ctx.Err())
	}
}

// add reports whether the caller is to begin another transaction.
func (g *together) add(u *update) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, u)
	g.asked[u.id]++
	if g.running == atOnce {
		return false
	}
	g.running++
	return true
}

// next takes the updates of the next transaction: of each incident only one. Behind one that
// waits for its incident others of the same stand in line.
func (g *together) next() []*update {
	g.mu.Lock()
	defer g.mu.Unlock()
	var taken, left []*update
	seen := map[tagout.IncidentID]bool{}
	for _, u := range g.waiting {
		if line, locked := g.alone[u.id]; locked {
			g.alone[u.id] = append(line, u)
			continue
		}
		if seen[u.id] || len(taken) == mostTogether {
			left = append(left, u)
			continue
		}
		seen[u.id] = true
		taken = append(taken, u)
	}
	g.waiting = left
	if len(taken) == 0 {
		g.running--
	}
	return taken
}

// commitTogether commits updates until none waits.
func (s *Store) commitTogether(ctx context.Context) {
	for {
		group := s.together.next()
		if len(group) == 0 {
			return
		}
		for _, u := range s.commitGroup(ctx, group) {
			if s.together.stand(u) {
				go s.commitLine(ctx, u.id)
			}
		}
	}
}

// stand puts an update into the line of its incident, and reports whether it is the first.
func (g *together) stand(u *update) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	line, others := g.alone[u.id]
	g.alone[u.id] = append(line, u)
	return !others
}

// first takes the first n updates of a line. There is none left when the line ends.
func (g *together) first(id tagout.IncidentID, n int) []*update {
	g.mu.Lock()
	defer g.mu.Unlock()
	line := g.alone[id]
	if len(line) == 0 {
		delete(g.alone, id)
		return nil
	}
	n = min(n, len(line))
	g.alone[id] = line[n:]
	return line[:n]
}

// commitLine commits the updates of one incident, one after another. If the database cannot
// be reached, or the incident stays locked, nobody behind waits for that again.
func (s *Store) commitLine(ctx context.Context, id tagout.IncidentID) {
	s.together.turns <- struct{}{}
	defer func() { <-s.together.turns }()
	for {
		one := s.together.first(id, 1)
		if len(one) == 0 {
			return
		}
		s.commitAlone(ctx, one[0])
		if err := one[0].err; tagout.CodeOf(err) == tagout.Unavailable {
			behind := s.together.first(id, math.MaxInt)
			for _, u := range behind {
				u.out, u.err = nil, err
			}
			s.together.answer(behind...)
		}
	}
}

// commitGroup commits updates in one transaction, and answers them. It returns those that
// need one of their own: of an incident that others have locked or that does not exist, and
// all of them if the database refuses what one of them brings.
func (s *Store) commitGroup(ctx context.Context, group []*update) (left []*update) {
	var did []*update
	err := s.survive(func() error {
		return s.change(ctx, func(t *tx) (works []*work, err error) {
			works, did, left, err = s.runTogether(t, group)
			return works, err
		})
	})
	switch {
	case err == nil:
		s.together.answer(did...)
		return left
	case tagout.CodeOf(err) != tagout.Unavailable:
		return group
	}
	for _, u := range group { // whether or not it came to its turn
		u.out, u.err = nil, err
	}
	s.together.answer(group...)
	return nil
}

func (g *together) answer(updates ...*update) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range updates {
		if g.asked[u.id]--; g.asked[u.id] == 0 {
			delete(g.asked, u.id)
		}
		close(u.done)
	}
}

// changing reports whether an incident is about to be changed.
func (g *together) changing(id int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked[tagout.IncidentID(id)] > 0
}

func (s *Store) runTogether(t *tx, group []*update) (works []*work, did, left []*update, err error) {
	ids := make([]int64, len(group))
	for n, u := range group {
		ids[n] = int64(u.id)
	}
	locked, err := t.lockFree(ids)
	if err != nil {
		return nil, nil, nil, err
	}
	now, err := s.moment(t)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, u := range group {
		n := slices.IndexFunc(locked, func(w *work) bool { return w.incident.ID == u.id })
		if n < 0 {
			left = append(left, u)
			continue
		}
		w := locked[n]
		w.now = now
		did = append(did, u)
		u.out, u.err = w.incident, nil
		if w.change, u.err = s.attempt(u.fn, w); u.err != nil {
			u.out = nil
			continue
		}
		works = append(works, w)
	}
	return works, did, left, nil
}

// survive makes a panic an Internal error, since nobody is there whom it could end.
func (s *Store) survive(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("changing incidents panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "Nothing was changed, because of a defect of Tagout's.")
		}
	}()
	return do()
}

// attempt runs a transition; a panic in it is an error like any other, since others share
// the transaction.
func (s *Store) attempt(fn tagout.Transition, w *work) (change tagout.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a change of an incident panicked", "incident", w.incident.ID.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "Nothing was changed, because of a defect of Tagout's.")
		}
	}()
	return fn(w.incident, w.now)
}

// commitAlone commits one update in a transaction of its own, and answers it.
func (s *Store) commitAlone(ctx context.Context, u *update) {
	defer s.together.answer(u)
	var w *work
	u.out, u.err = nil, nil
	u.err = s.survive(func() error {
		return s.change(ctx, func(t *tx) (works []*work, err error) {
			if w, err = t.join(tagout.Match{Incident: u.id}); err != nil {
				return nil, err
			}
			if w.now, err = s.moment(t); err != nil {
				return nil, err
			}
			w.change, err = s.attempt(u.fn, w)
			return []*work{w}, err
		})
	})
	if u.err == nil {
		u.out = w.incident
	}
}
