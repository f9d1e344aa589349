package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

func TestWhatBecameOfAPageIsRecordedOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []tagout.PageStatus{tagout.PageSent, tagout.PageFailed} {
		i := &tagout.Incident{ID: 7, State: tagout.StateOpen, Calls: map[string]tagout.Call{
			"first": {Round: 2, Began: noon, Pages: map[string]tagout.PageStatus{"page-one": tagout.PageQueued}}}}
		page := tagout.Page{ID: "page-one-of-legal", Incident: 7, To: tagout.Person{ID: "U0LEGAL"}, Pager: "email", Ladder: "first", Round: 2, Status: status, Detail: "no such mailbox"}
		rest := tagout.Paging{Round: tagout.PageRound{Key: "first", Round: 2}}
		if first := i.Paged(page, nil, rest, noon); len(first.Events) == 0 || len(first.Pages) != 1 {
			t.Fatalf("%s: the first time it is recorded as %+v", status, first)
		}
		if again := i.Paged(page, nil, rest, noon.Add(time.Minute)); !again.IsEmpty() {
			t.Errorf("%s: a repeat of the same effect is recorded again: %+v", status, again)
		}
		older := page
		older.Round = 1
		if c := i.Paged(older, nil, rest, noon); len(c.Events) == 0 {
			t.Errorf("%s: what became of a page of an older round is not recorded", status)
		}
	}
}
