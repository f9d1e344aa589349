package escalation_test

import (
	"fmt"
	"strings"
	"testing"

	"tagout"
)

func TestTheCardNamesTheAlertsThatCameLast(t *testing.T) {
	t.Parallel()
	w := masking(t)
	w.accept(alert("Complaints rise", "mailer/email", "minor"))
	over := alert("Complaints rise", "mailer/email", "minor")
	over.Status = tagout.Resolved
	w.accept(over)
	w.accept(alert("Spend\nof ann@example.com", "mailer/email", "minor"))
	for n := range 2 { // the same name, of two hosts
		a := alert("Bounces", "mailer/email", "minor")
		a.Fingerprint = fmt.Sprint("host", n)
		w.accept(a)
	}
	text := cardOf(t, w)
	for _, want := range []string{"• Bounces from generic\n", "• Spend of ‹e-mail› from generic\n", "• Complaints rise from generic, ended\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the card does not name %q once:\n%s", want, text)
		}
	}
	for n := range 6 {
		w.accept(alert(fmt.Sprint("Other ", n), "mailer/email", "minor"))
	}
	if text = cardOf(t, w); !strings.Contains(text, "• Other 1 from generic\nand older ones: /timeline INC-1") || strings.Contains(text, "• Other 0") {
		t.Errorf("the card names too many, or does not say so:\n%s", text)
	}
}

func TestAnAlertWithoutANameOfAnAgentIsNamedWithWhatItSays(t *testing.T) {
	t.Parallel()
	w := masking(t)
	a := alert("Somebody spends", "mailer", "minor")
	a.Labels["agent"] = "mail er/../<!channel>"
	w.accept(a)
	text := cardOf(t, w)
	for _, want := range []string{"Which agent is this about?", "Scope: agent not known yet", "• Somebody spends from generic, which calls its agent “mail er/../<!channel>”"} {
		if !strings.Contains(text, want) {
			t.Errorf("the card does not say %q:\n%s", want, text)
		}
	}
}

func TestAlertsThatNameNoAgentAreToldOfInTheChannelOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 9 {
		a := alert(fmt.Sprint("Something ", n), "mailer", "minor")
		delete(a.Labels, "agent")
		w.accept(a)
		w.accept(a) // a repeat is no news
	}
	var told []string
	for _, e := range w.store.effects {
		if e.Kind == tagout.EffectPost && strings.Contains(string(e.Data), "Another alert that names no agent") {
			told = append(told, string(e.Data))
		}
	}
	if len(told) != tagout.MaxAnother || !strings.Contains(told[0], "Something 1") || !strings.Contains(told[4], "The card names those that come now") {
		t.Errorf("told of are %d: %s", len(told), told)
	}
	if i := w.incident(1); i.Alerts.Distinct != 9 {
		t.Errorf("%d alerts are in the first incident", i.Alerts.Distinct)
	}
}

func cardOf(t *testing.T, w *world) string {
	t.Helper()
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return shown(card)
}
