package store

import "time"

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
