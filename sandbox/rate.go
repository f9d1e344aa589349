package sandbox

import (
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

// checkRateLocked enforces the tiers of a strict workspace over a sliding minute.
func (s *Sandbox) checkRateLocked(c *call, m method) error {
	if !s.opts.Strict {
		return nil
	}
	if c.name == "chat.postMessage" {
		key := c.arg("channel")
		if ch := s.channelLocked(key); ch != nil {
			key = ch.ID
		}
		return s.takeLocked("post:"+key, postsPerChannel, postsPerChannel*time.Second)
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
