package gate

// share is how many streams one goroutine serves: few enough for all processors to help, and
// many enough not to start a goroutine for each stream.
const share = 256

// deliver sends what these streams are owed. It does not wait.
func deliver(due []*stream) {
	for len(due) > 0 {
		part := due[:min(share, len(due))]
		due = due[len(part):]
		go func() {
			for _, one := range part {
				one.flush()
			}
		}()
	}
}

var comment = []byte(":\n\n")

// flush sends what is owed, unless that is under way. A client that does not take it at once
// gets a goroutine of its own, so that it delays no other.
func (one *stream) flush() {
	for one.busy.CompareAndSwap(false, true) {
		for text := one.next(); text != nil; text = one.next() {
			if left := one.offer(text); len(left) > 0 {
				go one.send(left)
				return
			}
		}
		one.busy.Store(false)
		if one.owed.Load() == nil && !one.comment.Load() {
			return
		}
	}
}

// next is what is to be sent now: the notice, or else a comment, or nil.
func (one *stream) next() []byte {
	n := one.owed.Swap(nil)
	switch beat := one.comment.Swap(false); {
	case n != nil:
		return n.text
	case beat:
		return comment
	}
	return nil
}

// offer writes without waiting, and returns what was not taken.
func (one *stream) offer(text []byte) (left []byte) {
	if one.raw == nil {
		return text
	}
	return text[writeNow(one.raw, text):]
}

// send waits until the client takes a text, and then sends what is owed by then.
func (one *stream) send(text []byte) {
	if _, err := one.conn.Write(text); err != nil {
		_ = one.conn.Close() // its reader takes it out; busy for ever
		return
	}
	one.busy.Store(false)
	one.flush()
}
