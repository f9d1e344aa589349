package tagout

import "time"

// Refusal is how often what a source posted was not taken by this replica since it began, and
// why the last was not.
type Refusal struct {
	Source string
	Count  int
	At     time.Time // of the last
	Why    string    // in a sentence, without anything that was posted
}
