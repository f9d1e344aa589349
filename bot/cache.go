package bot

import (
	"sync"
	"time"
)

// maxCached is how many entries a cache holds; the oldest go first.
const maxCached = 10000

// cache remembers things for a while. Its times are the runtime's.
type cache[K comparable, V any] struct {
	ttl     time.Duration // 0: for good
	mu      sync.Mutex
	entries map[K]cached[V]
	order   []K
}

type cached[V any] struct {
	value V
	at    time.Time
}

func newCache[K comparable, V any](ttl time.Duration) *cache[K, V] {
	return &cache[K, V]{ttl: ttl, entries: map[K]cached[V]{}}
}

// get is what is remembered and not too old.
func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || c.ttl > 0 && time.Since(e.at) >= c.ttl {
		var none V
		return none, false
	}
	return e.value, true
}

// put remembers a value.
func (c *cache[K, V]) put(key K, value V) { c.add(key, value) }

// add remembers a value and reports whether there was none.
func (c *cache[K, V]) add(key K, value V) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	old, known := c.entries[key]
	c.entries[key] = cached[V]{value, now}
	if !known {
		c.order = append(c.order, key)
		if len(c.order) > maxCached {
			delete(c.entries, c.order[0])
			c.order = c.order[1:]
		}
	}
	return !known || c.ttl > 0 && now.Sub(old.at) >= c.ttl
}

// clear forgets everything.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries, c.order = map[K]cached[V]{}, nil
}

// keys lists what is remembered and not too old.
func (c *cache[K, V]) keys() []K {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []K
	for key, e := range c.entries {
		if c.ttl == 0 || time.Since(e.at) < c.ttl {
			keys = append(keys, key)
		}
	}
	return keys
}

// drop forgets a value.
func (c *cache[K, V]) drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}
