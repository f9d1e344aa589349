package store

// recent keeps what was put or asked for of late: at least so many of it, and at most twice as
// many. It is not safe for use by several goroutines.
type recent[K comparable, V any] struct {
	least      int
	young, old map[K]V
}

// get finds what is kept, and keeps it on.
func (r *recent[K, V]) get(k K) (v V, ok bool) {
	if v, ok = r.young[k]; ok {
		return v, true
	}
	if v, ok = r.old[k]; ok {
		r.put(k, v)
	}
	return v, ok
}

// put keeps v. What was not asked for while as many others came is forgotten.
func (r *recent[K, V]) put(k K, v V) {
	if _, known := r.young[k]; r.young == nil || !known && len(r.young) >= r.least {
		r.young, r.old = make(map[K]V), r.young
	}
	r.young[k] = v
}

// forget keeps nothing of k.
func (r *recent[K, V]) forget(k K) {
	delete(r.young, k)
	delete(r.old, k)
}
