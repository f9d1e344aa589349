package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Checkpoint ties the timelines of all incidents into one chain: it names the head of each
// timeline that grew since the checkpoint before. Whoever keeps one hash can later show
// that no incident was cut off, rewritten or left out.
type Checkpoint struct {
	N     int64 // 1, 2, … without gaps
	At    time.Time
	Heads []IncidentHead // by incident
	Prev  string         // the hash of the checkpoint before, "" for the first
	Hash  string
}

// IncidentHead is the end of one incident's timeline.
type IncidentHead struct {
	Incident IncidentID `json:"incident"`
	Head
}

// Sum is the checkpoint's hash: SHA-256, in lower-case hex, over the lines
// `tagout-checkpoint-1`, previous hash, number, time, and for each head incident, seq and
// hash with a space between — each ended by a line feed.
func (c Checkpoint) Sum() string {
	var text strings.Builder
	fmt.Fprintf(&text, "tagout-checkpoint-1\n%s\n%d\n%s\n", c.Prev, c.N, c.At.UTC().Format(EventTime))
	for _, h := range c.Heads {
		fmt.Fprintf(&text, "%s %d %s\n", h.Incident, h.Seq, h.Hash)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:])
}

// Seal puts the checkpoint after the one before, whose zero value is none.
func (c *Checkpoint) Seal(before Checkpoint) {
	c.N, c.Prev, c.At = before.N+1, before.Hash, Moment(c.At)
	c.Hash = c.Sum()
}

// VerifyCheckpoints checks all checkpoints in order. hashOf is the hash of one event, or ""
// if there is none. It returns the number of the first bad one and a Conflict that says
// what is wrong with it.
func VerifyCheckpoints(all []Checkpoint, hashOf func(id IncidentID, seq int64) (string, error)) (int64, error) {
	var before Checkpoint
	for _, c := range all {
		want := before.N + 1
		switch {
		case c.N != want:
			return want, Errorf(Conflict, "Checkpoint %d is missing; the next one is %d.", want, c.N)
		case c.Prev != before.Hash:
			return want, Errorf(Conflict, "Checkpoint %d does not follow from the one before it.", want)
		case c.Hash != c.Sum():
			return want, Errorf(Conflict, "Checkpoint %d was altered: its hash does not match its text.", want)
		}
		for _, h := range c.Heads {
			hash, err := hashOf(h.Incident, h.Seq)
			if err != nil {
				return want, err
			}
			if hash != h.Hash {
				return want, Errorf(Conflict,
					"%s: its timeline is not the one that checkpoint %d saw: event %d is gone or was rewritten.",
					h.Incident, c.N, h.Seq)
			}
		}
		before = c
	}
	return 0, nil
}
