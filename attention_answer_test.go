package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

func TestAGuestTakesAnIncidentOnButDoesNotLeadIt(t *testing.T) {
	t.Parallel()
	i := &tagout.Incident{ID: 7, State: tagout.StateOpen, Milestones: map[tagout.Milestone]time.Time{}}
	guest, member := tagout.User{ID: "U0GUEST"}.Actor(), tagout.User{ID: "U0IC"}.Actor()
	if _, err := i.TakeOn(tagout.Answer{By: guest, Guest: true}, noon); err != nil || !i.Answered() || i.AcknowledgedBy != guest {
		t.Fatalf("a guest could not acknowledge: %v, %+v", err, i)
	}
	if lead := i.Roles[tagout.IncidentCommander]; lead != "" {
		t.Errorf("@%s leads", lead)
	}
	i.Lapsed = noon.Add(time.Hour)
	if _, err := i.TakeOn(tagout.Answer{By: member}, noon.Add(2*time.Hour)); err != nil || !i.LedBy(member) {
		t.Errorf("the first full member does not lead: %v, %v", err, i.Roles)
	}
	if first, last := i.At(tagout.Acknowledged), i.LastAnswered(); !first.Equal(noon) || !last.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("acknowledged first at %s, last at %s", first, last)
	}
}
