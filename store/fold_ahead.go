package store

import "tagout"

// docs are the docs of the bodies of alerts, which are written while the database is asked
// what is known of them.
type docs struct {
	done chan struct{}
	text []string // "": not written
}

// writeAhead begins to write them, if they are likely needed.
func writeAhead(in []tagout.Incoming, needed bool) *docs {
	d := &docs{done: make(chan struct{}), text: make([]string, len(in))}
	if !needed {
		close(d.done)
		return d
	}
	alerts := append([]tagout.Incoming(nil), in...)
	go func() {
		defer close(d.done)
		defer func() { _ = recover() }() // it will panic again where it is asked for, and is logged there
		for n := range alerts {
			if alerts[n].Silence != nil {
				continue // it may be over
			}
			if text, err := bodyOf(alerts[n]); err == nil {
				d.text[n] = text
			}
		}
	}()
	return d
}

// of is the doc of the nth alert.
func (d *docs) of(n int, in tagout.Incoming) (string, error) {
	<-d.done
	if text := d.text[n]; text != "" {
		return text, nil
	}
	return bodyOf(in)
}
