package escalation_test

import (
	"slices"
	"strings"
	"testing"

	"tagout"
)

func TestAtHomeStandsWhatIsPractisedNowAndNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	drillsOf := func(u tagout.User) (tagout.HomeSection, string) {
		t.Helper()
		h, err := w.desk.Home(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		n := slices.IndexFunc(h.Sections, func(s tagout.HomeSection) bool { return s.Title == "Drills" })
		if n < 0 {
			t.Fatal("it has no drills")
		}
		var text []string
		for _, m := range h.Sections[n].Items {
			text = append(text, m.String())
		}
		return h.Sections[n], strings.Join(text, "\n")
	}
	s, text := drillsOf(responder)
	if text != "Next: monthly: kill drill of mailer at 2026-11-22 12:00:00 UTC" || len(s.Items[0].Buttons) != 1 || s.Items[0].Buttons[0].Action != "drill" {
		t.Errorf("before: %s, %+v", text, s.Items)
	}
	guest := responder
	guest.Guest = true
	if s, _ := drillsOf(guest); len(s.Items[0].Buttons) != 0 {
		t.Error("a guest has the button")
	}
	w.drills(killDrill())
	if _, text := drillsOf(responder); !strings.Contains(text, "[DRILL] INC-1 kill drill of mailer on mailer/sms/us — running, stopping") || !strings.Contains(text, "webhook: ") {
		t.Errorf("meanwhile: %s", text)
	}
	w.observe(t, "mailer")
	w.ring()
	w.clock.Pass(1e9)
	w.letsGo(nil)
	w.ring()
	if _, text := drillsOf(responder); strings.Contains(text, "INC-1") {
		t.Errorf("once it is over: %s", text)
	}
	w.policy.Agents["mailer"].Canary, w.policy.Drills.Plans = tagout.Scope{}, nil
	h, err := w.desk.Home(t.Context(), responder)
	n := slices.IndexFunc(h.Sections, func(s tagout.HomeSection) bool { return s.Title == "Drills" })
	if err != nil || len(h.Sections[n].Items) != 0 || h.Sections[n].Empty != "" {
		t.Errorf("where nothing can be drilled: %+v, %v", h.Sections[n], err)
	}
}
