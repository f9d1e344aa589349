package tagout

import (
	"net/url"
	"time"
)

// Replica is one running Tagout among several on the same database.
type Replica struct {
	ID      string    // of the process
	URL     string    // where the others reach it; "": nowhere
	Version string    // of the program
	Leads   bool      // as it said when it was last seen
	SeenAt  time.Time // by the clock of the database
}

// Name is how people call the replica: its host and port, or its ID.
func (r Replica) Name() string {
	if u, err := url.Parse(r.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return r.ID
}
