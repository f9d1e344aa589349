package store

import "time"

// Slow has the store go on from a time of the database that took so long to come.
func (s *Store) Slow(by time.Duration) {
	w := &s.backend.(*postgresDB).watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = w.told.Add(-by)
}

// Foreseen counts the batches that were taken without asking, and what surprised them.
func (s *Store) Foreseen() (taken, surprises int) {
	s.habits.mu.Lock()
	defer s.habits.mu.Unlock()
	return s.habits.taken, s.habits.surprises
}
