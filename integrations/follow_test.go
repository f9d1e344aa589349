package integrations_test

import (
	"encoding/json"
	"testing"

	"tagout"
	"tagout/integrations"
)

func news(status tagout.PageStatus) tagout.PageNews {
	return tagout.PageNews{Incident: 7, Dedup: "tagout-abc-p-1", Status: status, By: "Alice", At: heardAt}
}

func TestPagerDutyIsToldWhatBecameOfTheIncident(t *testing.T) {
	t.Parallel()
	s := newPagerService(t, pagerDutyAnswers)
	p := newPager(t, "pagerduty pager", s.url, integrations.Deps{}).(tagout.PageFollower)
	for _, status := range []tagout.PageStatus{tagout.PageAcknowledged, tagout.PageResolved, tagout.PageResolved, tagout.PageFailed} {
		if err := p.Follow(t.Context(), news(status)); err != nil {
			t.Fatal(err)
		}
	}
	var actions []string
	for _, body := range s.bodies {
		var e map[string]any
		if err := json.Unmarshal(body, &e); err != nil || e["dedup_key"] != "tagout-abc-p-1" || e["payload"] != nil {
			t.Errorf("%s: %v", body, err)
		}
		actions = append(actions, e["event_action"].(string))
	}
	if len(actions) != 3 || actions[0] != "acknowledge" || actions[1] != "resolve" || actions[2] != "resolve" {
		t.Errorf("PagerDuty was told %q", actions)
	}
	s.answers(429, "Retry-After", "3")
	if err := p.Follow(t.Context(), news(tagout.PageResolved)); err == nil || tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
}

func TestAnAlertInGoAlertIsClosedSoThatNobodyIsCalledForNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []tagout.PageStatus{tagout.PageAcknowledged, tagout.PageResolved} {
		s := newPagerService(t, goAlertAnswers)
		p, _ := goAlert(t, s.url)
		if err := p.(tagout.PageFollower).Follow(t.Context(), news(status)); err != nil {
			t.Fatal(err)
		}
		var a struct{ Action, Dedup string }
		if err := json.Unmarshal(s.bodies[0], &a); err != nil || a.Action != "close" || a.Dedup != "tagout-abc-p-1" {
			t.Errorf("GoAlert was told %s: %v", s.bodies[0], err)
		}
	}
}

func TestAnAlertThatWasAcknowledgedInGoAlertStaysThereUntilTheEnd(t *testing.T) {
	t.Parallel()
	s := newPagerService(t, goAlertAnswers)
	p, heard := goAlert(t, s.url)
	first := page("p-1")
	first.To = tagout.Person{}
	if err := p.Send(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if acks, err := heard(posted(t, "goalert/acknowledged")); err != nil || len(acks) != 1 {
		t.Fatal(acks, err)
	}
	follower := p.(tagout.PageFollower)
	if err := follower.Follow(t.Context(), news(tagout.PageAcknowledged)); err != nil || len(s.requests()) != 1 {
		t.Errorf("its own acknowledgement was answered by closing: %v", err)
	}
	if err := follower.Follow(t.Context(), news(tagout.PageResolved)); err != nil || len(s.requests()) != 2 {
		t.Errorf("the end was not told: %v", err)
	}
}
