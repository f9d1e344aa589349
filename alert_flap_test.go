package tagout_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tagout"
)

// flap has an alert of an incident begin, or end.
func flap(i *tagout.Incident, name string, status tagout.AlertStatus, at time.Time) {
	i.TakeAlert(tagout.Incoming{ID: name + at.String(), Alert: tagout.Alert{Source: "am", Name: name, Fingerprint: name, Status: status, StartsAt: at}}, nil, at)
}

func TestAnAlertThatEndsAndBeginsAgainIsCountedAsFlapping(t *testing.T) {
	t.Parallel()
	i := &tagout.Incident{ID: 7, State: tagout.StateOpen}
	at := at9
	flap(i, "Spend", tagout.Firing, at)
	flap(i, "Steady", tagout.Firing, at)
	for range 14 {
		at = at.Add(20 * time.Second)
		flap(i, "Spend", tagout.Resolved, at)
		flap(i, "Spend", tagout.Resolved, at) // told twice
		at = at.Add(20 * time.Second)
		flap(i, "Spend", tagout.Firing, at)
		flap(i, "Spend", tagout.Firing, at)
	}
	flap(i, "Once", tagout.Resolved, at)
	flap(i, "Once", tagout.Firing, at)
	list := i.Flapping()
	if len(list) != 1 || list[0].Times != 14 || !list[0].Last.Equal(at) {
		t.Fatalf("%+v", list)
	}
	if text := list[0].Text().String(); !strings.Contains(text, "Spend began again 14 times in 9 min") {
		t.Errorf("it is told as %q", text)
	}
	flap(i, "Spend", tagout.Momentary, at)
	if i.Flapping()[0].Times != 14 {
		t.Error("what just happened flaps")
	}
}

func TestFlapsAreForgottenButNeverThoseThatFlapMost(t *testing.T) {
	t.Parallel()
	i := &tagout.Incident{ID: 7, State: tagout.StateOpen}
	for range 3 {
		flap(i, "Worst", tagout.Firing, at9)
		flap(i, "Worst", tagout.Resolved, at9)
	}
	for n := range 1000 {
		flap(i, fmt.Sprint("Storm", n), tagout.Firing, at9.Add(time.Duration(n)*time.Second))
		flap(i, fmt.Sprint("Storm", n), tagout.Resolved, at9.Add(time.Duration(n)*time.Second))
	}
	if len(i.Flaps) > 10 {
		t.Errorf("%d are watched", len(i.Flaps))
	}
	if list := i.Flapping(); len(list) != 1 || list[0].Name != "Worst" || list[0].Times != 2 {
		t.Errorf("%+v", list)
	}
	newest := i.Flaps[len(i.Flaps)-1].Name
	if newest != "Storm999" {
		t.Errorf("the newest is %s, which must have its chance", newest)
	}
	if i.AlertCount() != i.Alerts.Distinct-2 {
		t.Errorf("%d alerts of %d", i.AlertCount(), i.Alerts.Distinct)
	}
}
