package store

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"tagout"
)

const (
	readsAtOnce = 2  // statements under way
	mostReads   = 64 // incidents in one
)

// readings gathers those who want to read an incident while others are being read, and reads
// all of these by one statement, as [together] does with updates. Nobody waits for others to
// come, and what is read was committed when it was asked for, or later.
type readings struct {
	mu      sync.Mutex
	waiting []*reading
	running int
}

// reading is one who wants to read an incident.
type reading struct {
	id   int64
	out  *tagout.Incident
	err  error
	done chan struct{}
}

// add reports whether the caller is to begin another statement.
func (g *readings) add(r *reading) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, r)
	if g.running == readsAtOnce {
		return false
	}
	g.running++
	return true
}

// next takes those of the next statement.
func (g *readings) next() []*reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(mostReads, len(g.waiting))
	taken := g.waiting[:n:n]
	g.waiting = append([]*reading(nil), g.waiting[n:]...)
	if n == 0 {
		g.running--
	}
	return taken
}

// incident reads one incident; nil if it does not exist.
func (p *postgresDB) incident(ctx context.Context, id int64) (*tagout.Incident, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r := &reading{id: id, done: make(chan struct{})}
	if p.readings.add(r) {
		go p.readTogether(context.WithoutCancel(ctx))
	}
	select {
	case <-r.done:
		return r.out, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readTogether reads until nobody waits.
func (p *postgresDB) readTogether(ctx context.Context) {
	for group := p.readings.next(); len(group) > 0; group = p.readings.next() {
		p.readGroup(ctx, group)
		for _, r := range group {
			close(r.done)
		}
	}
}

// readEach reads incidents one by one: a plan made while the table was small would otherwise
// go on reading all of it. The inner SELECT keeps from the planner how many there are, so that
// it plans once for any number.
const readEach = recordOf + "unnest((SELECT $1::bigint[])) AS q (wanted) CROSS JOIN LATERAL (SELECT *, xmin FROM incidents WHERE id = q.wanted LIMIT 1) AS i"

func (p *postgresDB) readGroup(ctx context.Context, group []*reading) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ids := make([]int64, len(group))
	for n, r := range group {
		ids[n] = r.id
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	rows, err := p.pool.Query(ctx, readEach, ids)
	var found []record
	if err == nil {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[record])
	}
	byID := make(map[int64]record, len(found))
	for _, one := range found {
		byID[one.ID] = one
	}
	for _, r := range group {
		if r.err = err; err != nil {
			continue
		}
		if one, exists := byID[r.id]; exists {
			r.out, r.err = one.incident() // each gets one of its own
		}
	}
}
