package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

func TestAnIncidentThatChangesAllTheTimeIsReadNowAndThen(t *testing.T) {
	t.Parallel()
	storm(t, 0, func(w *weather) {
		w.desk.add(tagout.Incident{ID: 7, Room: tagout.Room{Channel: "C0INC7", Card: "1.1", Announced: "1.2", AnnounceIn: "C0ALL"}})
		changes := func(tell func()) (reads int) {
			w.desk.mu.Lock()
			before := w.desk.reads
			w.desk.mu.Unlock()
			for range 1000 {
				tell()
				time.Sleep(time.Millisecond)
			}
			synctest.Wait()
			w.desk.mu.Lock()
			defer w.desk.mu.Unlock()
			return w.desk.reads - before
		}
		if n := changes(func() { w.Changed(7) }); n == 0 || n > 200 {
			t.Errorf("it was read %d times for 1000 changes within a second", n)
		}
		time.Sleep(2 * time.Second)
		if n := changes(func() { w.Committed(&tagout.Incident{ID: 8}) }); n != 0 {
			t.Errorf("one that nothing shows yet was read %d times", n)
		}
	})
}
