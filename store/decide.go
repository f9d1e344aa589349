package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout"
)

// A resume request is void after an alert on its scope that is newer than it. Two things make
// "newer" certain, whatever the clocks say and whichever process dies when: nothing is asked for
// or decided while an alert is being stored, and no alert is dated before a request that stood
// when it came.

// alertsKey is shared by all who store new alerts, and taken alone by those who decide by them.
const alertsKey = "alerts"

// Decide is [Store.Update] while no new alert is being stored, by anybody: what fn reads of them
// is all there is until it is committed, and what comes later finds it committed. All alerts wait
// for it, so ctx should end soon, and fn must be quick and store none. One decides after another
// and waits without a connection: a crowd that presses leaves enough of them to whoever reads.
func (s *Store) Decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	leave, err := turn(ctx, s.deciding)
	if err != nil {
		return nil, err
	}
	defer leave()
	var w *work
	err = s.survive(func() error {
		return s.change(ctx, func(t *tx) (works []*work, err error) {
			if err = t.sql.lockKeys([]string{alertsKey}); err != nil {
				return nil, err
			}
			if w, err = t.join(tagout.Match{Incident: id}); err != nil {
				return nil, err
			}
			if w.now, err = s.moment(t); err != nil {
				return nil, err
			}
			w.change, err = s.attempt(fn, w)
			return []*work{w}, err
		})
	})
	if err != nil {
		return nil, err
	}
	return w.incident, nil
}

// dateAfterRequests makes the alerts newer than each request that stands, though a clock may have
// been set back, or the time been foreseen before the request was made.
func (f *folding) dateAfterRequests() {
	switch {
	case f.foreseen && len(f.known) > 0: // these only count
	case f.foreseen:
		f.sql.expectNoRequestSince(f.now)
	case !f.now.After(f.found.asked):
		f.now = f.found.asked.Add(time.Microsecond)
	}
}

const (
	shareAlerts    = "SELECT pg_advisory_xact_lock_shared($1)"
	lastAsked      = "SELECT requested_at FROM resume_requests WHERE state = 'pending' ORDER BY requested_at DESC LIMIT 1"
	expectNotAsked = "SELECT tagout_expect(NOT EXISTS (SELECT 1 FROM resume_requests WHERE state = 'pending' AND requested_at >= $1))"
)

// queueShare keeps decisions waiting until the alerts are stored, or waits for one.
func (t postgresTx) queueShare(b *pgx.Batch) {
	b.Queue(shareAlerts, lockNumbers([]string{alertsKey})[0])
}

// queueLastAsked tells when the newest request that stands was made.
func (t postgresTx) queueLastAsked(b *pgx.Batch, found *findings) {
	b.Queue(lastAsked).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&found.asked}, func() error { return nil })
		return err
	})
}

func (t postgresTx) expectNoRequestSince(now time.Time) { t.pending.Queue(expectNotAsked, now) }

// lastAsked is the same; nobody else writes meanwhile.
func (t sqliteTx) lastAsked() (time.Time, error) {
	var rows []struct{ RequestedAt time.Time }
	err := t.db.Raw(lastAsked).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return utc(rows[0].RequestedAt), nil
}

func (t sqliteTx) expectNoRequestSince(time.Time) {} // nothing is foreseen here
