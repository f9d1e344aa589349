package store

import (
	"context"
	"slices"
	"time"

	"tagout"
)

// keepReplicas is how long a replica that was not seen any more is still told of.
const keepReplicas = 10 * time.Minute

// replicaRow is one row of replicas.
type replicaRow struct {
	ID      string
	URL     string `gorm:"column:url"`
	Version string
	Leads   bool
	SeenAt  time.Time
}

// Beat records that this replica lives, and returns the others that were seen within the
// last ten minutes, in the order of their addresses. One that has started again at the same
// address, which says so by having no SeenAt yet, replaces its forerunner. It returns Unavailable if the database cannot be reached.
func (s *Store) Beat(ctx context.Context, me tagout.Replica) (others []tagout.Replica, err error) {
	var rows []replicaRow
	err = s.write(ctx, func(t *tx) error {
		now, err := s.moment(t)
		if err != nil {
			return err
		}
		err = t.Exec("DELETE FROM replicas WHERE id <> ? AND (? AND url = ? AND url <> '' OR seen_at < ?)",
			key(me.ID), me.SeenAt.IsZero(), clean(me.URL), now.Add(-keepReplicas)).Error
		if err != nil {
			return err
		}
		err = t.Exec(`INSERT INTO replicas (id, url, version, leads, seen_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET url = excluded.url, version = excluded.version, leads = excluded.leads, seen_at = excluded.seen_at`,
			key(me.ID), clean(me.URL), clean(me.Version), me.Leads, now).Error
		if err != nil {
			return err
		}
		rows = nil
		return t.Raw("SELECT * FROM replicas WHERE id <> ? ORDER BY url, id", key(me.ID)).Scan(&rows).Error
	})
	for _, r := range rows {
		others = append(others, tagout.Replica{ID: r.ID, URL: r.URL, Version: r.Version, Leads: r.Leads, SeenAt: utc(r.SeenAt)})
	}
	return others, err
}

// Leave records that this replica ends, so that nobody waits for its answers.
func (s *Store) Leave(ctx context.Context, id string) error {
	return s.write(ctx, func(t *tx) error { return t.Exec("DELETE FROM replicas WHERE id = ?", key(id)).Error })
}

// Marks gives each open incident that Slack shows, and each of these, a mark that changes with
// every change of it: whoever compares them learns of what other replicas committed. It returns
// Unavailable if the database cannot be reached.
func (s *Store) Marks(ctx context.Context, also []tagout.IncidentID) (map[tagout.IncidentID]string, error) {
	marks := map[tagout.IncidentID]string{}
	ctx, cancel, err := s.bound(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	look := func(which string, ids ...any) error {
		var rows []struct {
			ID   int64
			Mark string
		}
		err := s.backend.reader(ctx).Raw("SELECT id, "+s.backend.mark()+" AS mark FROM incidents WHERE "+which, ids...).Scan(&rows).Error
		for _, r := range rows {
			marks[tagout.IncidentID(r.ID)] = r.Mark
		}
		return err
	}
	if err := look("shown AND " + notEnded); err != nil {
		return marks, s.explain(ctx, err)
	}
	var ended []int64 // most of what was asked for is open, and was found
	for _, id := range also {
		if marks[id] == "" {
			ended = append(ended, int64(id))
		}
	}
	for part := range slices.Chunk(ended, batchSize) {
		if err := look("id IN ?", part); err != nil {
			return marks, s.explain(ctx, err)
		}
	}
	return marks, nil
}

// Lead competes for the lead among the replicas of this database until ctx ends. leads is
// told, again and again, until when this process may believe that it leads; the zero time
// is not at all. An embedded database has one process, which leads.
func (s *Store) Lead(ctx context.Context, leads func(until time.Time)) { s.backend.lead(ctx, leads) }

// News calls heard whenever another process has hung or lifted holds, and when that may
// have happened unheard, until ctx ends. heard must not block.
func (s *Store) News(ctx context.Context, heard func()) { s.backend.news(ctx, heard) }
