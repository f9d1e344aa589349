package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// Calls a minute in Slack's rate tiers. Tier 1 is officially "one and a little
// burst": three, so that two connections and a reconnect fit.
const (
	tier1 = 3
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// postsPerChannel messages may come in a row in one channel, then one a second.
const postsPerChannel = 3

// underWay is how long a call may have been on its way to us when we asked for a pause.
const underWay = time.Second

// Manners is how the app takes rate limits.
type Manners struct {
	Limited map[string]int // calls that were answered with 429, by method
	Ignored []string       // what came before the Retry-After of its limit was over
}

// limited is a limit that the app was told of.
type limited struct {
	since, until time.Time
	call         string // that was refused
}

// Manners tells how the app has taken rate limits so far. A refused call that comes again
// before its Retry-After is over was ignored, and so was any other call under the same
// limit, unless it may have been on its way already.
func (s *Sandbox) Manners() Manners {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Manners{Limited: map[string]int{}, Ignored: append([]string(nil), s.ignored...)}
	for method, n := range s.refusals {
		m.Limited[method] = n
	}
	return m
}

// limitOfLocked names the limit that a call counts under: its method, and for posts the
// channel, whichever way that is written.
func (s *Sandbox) limitOfLocked(c *call) string {
	if c.name != "chat.postMessage" {
		return c.name
	}
	key := c.arg("channel")
	if u, ok := s.userLocked(key); ok && !u.IsBot {
		key = s.imLocked(u.ID).ID
	} else if ch := s.channelLocked(key); ch != nil {
		key = ch.ID
	}
	return c.name + " " + key
}

// heed notes a call that comes although the app was asked to wait.
func (s *Sandbox) heed(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.limits) == 0 {
		return
	}
	key, now := s.limitOfLocked(c), s.opts.Now()
	l, told := s.limits[key]
	switch {
	case !told:
	case !now.Before(l.until):
		delete(s.limits, key)
	case now.Sub(l.since) > underWay, fmt.Sprint(c.args) == l.call:
		s.ignored = append(s.ignored, fmt.Sprintf("%s, %s too early", key, l.until.Sub(now)))
	}
}

// refuse notes a call that is answered with 429, to be repeated after wait at the earliest.
func (s *Sandbox) refuse(c *call, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[c.name]++
	key, now := s.limitOfLocked(c), s.opts.Now()
	until := now.Add(time.Duration(seconds(wait)) * time.Second)
	if l, told := s.limits[key]; !told || until.After(l.until) {
		s.limits[key] = limited{since: now, until: until, call: fmt.Sprint(c.args)}
	}
}

// checkRateLocked enforces the tiers of a strict workspace over a sliding minute.
func (s *Sandbox) checkRateLocked(c *call, m method) error {
	if !s.opts.Strict {
		return nil
	}
	if c.name == "chat.postMessage" {
		return s.takeLocked(s.limitOfLocked(c), postsPerChannel, postsPerChannel*time.Second)
	}
	if m.tier == 0 {
		return nil
	}
	return s.takeLocked(c.name, m.tier, time.Minute)
}

// takeLocked allows limit calls within window and says how long to wait otherwise.
func (s *Sandbox) takeLocked(key string, limit int, window time.Duration) error {
	now := s.opts.Now()
	recent := s.buckets[key]
	for len(recent) > 0 && now.Sub(recent[0]) >= window {
		recent = recent[1:]
	}
	if len(recent) >= limit {
		s.buckets[key] = recent
		return rateLimited(window - now.Sub(recent[0]))
	}
	s.buckets[key] = append(recent, now)
	return nil
}

func rateLimited(wait time.Duration) error {
	return &apiError{code: "ratelimited", status: http.StatusTooManyRequests, retryAfter: max(wait, time.Second)}
}
