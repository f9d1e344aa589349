package tagout

import "time"

// Leave takes somebody who left a private incident's channel, or was removed from it, off its
// people, so that they read of it no more elsewhere. Who has a role in it stays, and who must
// sign reads what they sign; being paged for it again lets them in again. A channel that is not
// its own changes nothing.
func (i *Incident) Leave(id UserID, channel string, at time.Time) Change {
	_, involved := i.Involved[id]
	if !i.Private || !involved || channel == "" || channel != i.Room.Channel {
		return Change{}
	}
	for _, has := range i.Roles {
		if has == id {
			return Change{}
		}
	}
	delete(i.Involved, id)
	var c Change
	c.event(EventLeft, Tagout, at, map[string]any{"person": id})
	return c
}
