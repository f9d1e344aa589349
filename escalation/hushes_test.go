package escalation

import (
	"errors"
	"testing"
	"time"

	"tagout"
)

// TestWhatThisReplicaSilencedIsKnownWhateverTheDatabaseTells: what was being read meanwhile may not
// know of it yet, and what cannot be read in time tells nothing.
func TestWhatThisReplicaSilencedIsKnownWhateverTheDatabaseTells(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var h hushes
	known := func() (ids []tagout.SilenceID) {
		if list := h.list.Load(); list != nil {
			for _, s := range *list {
				ids = append(ids, s.ID)
			}
		}
		return ids
	}
	reading := h.before()
	h.changed(&tagout.Silence{ID: 1, Until: now.Add(time.Hour)}, nil)
	h.took(reading, nil, nil, now)
	if got := known(); len(got) != 1 || got[0] != 1 || h.read.Load() != nil {
		t.Errorf("after a reading that was overtaken %v is silenced, read at %v", got, h.read.Load())
	}
	h.took(h.before(), nil, errors.New("slow"), now)
	if got := known(); len(got) != 1 || h.read.Load() == nil {
		t.Errorf("after a reading that failed %v is silenced, read at %v", got, h.read.Load())
	}
	h.changed(nil, errors.New("not recorded"))
	if got := known(); len(got) != 1 || h.read.Load() != nil {
		t.Errorf("after a change that failed %v is silenced, read at %v", got, h.read.Load())
	}
	h.changed(&tagout.Silence{ID: 1, Until: now.Add(2 * time.Hour)}, nil)
	if list := *h.list.Load(); len(list) != 1 || !list[0].Until.Equal(now.Add(2*time.Hour)) {
		t.Errorf("after it was extended there are %+v", list)
	}
	h.took(h.before(), []*tagout.Silence{{ID: 2}}, nil, now)
	if got := known(); len(got) != 1 || got[0] != 2 {
		t.Errorf("after a reading %v is silenced", got)
	}
}
