package store

import (
	"context"
	"time"
)

// Slow has the store go on from a time of the database that took so long to come.
func (s *Store) Slow(by time.Duration) {
	w := &s.backend.(*postgresDB).watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = w.told.Add(-by)
}

// TrustClock has the store go on from the time that the database told last, however long ago
// that is: on a busy machine it may be seconds.
func (s *Store) TrustClock() {
	w := &s.backend.(*postgresDB).watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = time.Now().Add(time.Hour)
}

// Foreseen counts the batches that were taken without asking, and what surprised them.
func (s *Store) Foreseen() (taken, surprises int) {
	s.habits.mu.Lock()
	defer s.habits.mu.Unlock()
	return s.habits.taken, s.habits.surprises
}

// Waits is greater while a transaction of this store, or of any on the same Postgres database,
// waits for another one than it was before.
func (s *Store) Waits(ctx context.Context) int64 {
	if b, ok := s.backend.(*sqliteDB); ok {
		return b.writing.Stats().WaitCount
	}
	var n int64
	_ = s.backend.(*postgresDB).pool.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n)
	return n
}
