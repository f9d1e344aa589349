package store

// Foreseen counts the batches that were taken without asking, and what surprised them.
func (s *Store) Foreseen() (taken, surprises int) {
	s.habits.mu.Lock()
	defer s.habits.mu.Unlock()
	return s.habits.taken, s.habits.surprises
}
