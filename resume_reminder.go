package tagout

import (
	"slices"
	"strconv"
	"time"
)

// reminders are when signers are reminded of a request: at these parts of its time.
func reminders() []float64 { return []float64{0.5, 0.9} }

// linkPatience is how long signers are not told of a request because its message, which they
// are to read and press, is not posted yet.
const linkPatience = 30 * time.Second

// SignerCall is the data of [EffectSigners].
type SignerCall struct {
	Request string `json:"request"`
}

// remindLater sets the timers of the reminders that are still to come. They only wake
// [Incident.CallSigners], which looks at the facts.
func (i *Incident) remindLater(r *ResumeRequest, key string) Change {
	var c Change
	for n, spent := range reminders() {
		if n >= r.Reminded {
			c.effectAt(r.Reaches(spent), EffectSigners, i.ID, r.ID+":"+key+":"+strconv.Itoa(n), SignerCall{r.ID})
		}
	}
	return c
}

// CanSign reports whether a GO of this person, with these roles and delegations, would count
// at a time as far as the request tells.
func (r ResumeRequest) CanSign(s Signing, at time.Time) bool {
	if s.User.ID == r.By.ID || slices.ContainsFunc(r.Causers, func(c Causer) bool { return c.Person == s.User.ID }) {
		return false
	}
	s.Verdict = Go
	_, err := r.ballot().roleOf(s, at)
	return err == nil
}

// CallSigners tells those who can sign now of the pending request, each once, and reminds
// them when half and nine tenths of its time have passed. message is what they read, with
// whether it is a reminder. It changes nothing if nothing of that is new.
func (i *Incident) CallSigners(request string, people []UserID, message func(reminder bool) Message, at time.Time) Change {
	var c Change
	r := i.Request
	if r == nil || r.ID != request || r.State != RequestPending || !at.Before(r.Deadline()) {
		return c
	}
	passed := 0
	for _, spent := range reminders() {
		if r.WaitsSince.IsZero() && r.Spent(at) >= spent {
			passed++
		}
	}
	remind := passed > r.Reminded
	r.Reminded = max(r.Reminded, passed)
	var called []UserID
	for _, id := range people {
		told := slices.Contains(r.Told, id)
		if told && !remind {
			continue
		}
		if !told {
			r.Told = append(r.Told, id)
		}
		called = append(called, id)
		c.direct(i, "signers:"+r.ID+":"+strconv.Itoa(r.Reminded), id, message(told))
	}
	if len(called) > 0 {
		c.event(EventSignersCalled, Tagout, at, map[string]any{"request": r.ID, "people": called, "reminder": remind})
	}
	return c
}
