package story_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tagout"
)

// writesIn posts a message as a person and returns its timestamp.
func (w *world) writesIn(user, channel, text string) string {
	w.t.Helper()
	ts, err := w.slack.Say(w.ctx, user, channel, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return ts
}

// flagsMessage opens the form about a message by its menu, and sends it.
func (w *world) flagsMessage(user, channel, ts string, values map[string]any) {
	w.t.Helper()
	if err := w.slack.Shortcut(w.ctx, user, "flag-message", channel, ts); err != nil {
		w.t.Fatal(err)
	}
	w.fills(user, values)
}

// evidenceOf is the content of the evidence of an incident whose name begins so.
func (w *world) evidenceOf(id, name string) string {
	w.t.Helper()
	var list struct {
		Kept []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"kept"`
	}
	w.get("/v1/incidents/"+id+"/evidence", &list)
	for _, e := range list.Kept {
		if strings.HasPrefix(e.Name, name) {
			_, text, err := w.try("GET", "/v1/incidents/"+id+"/evidence/"+e.SHA256, "breakglass-token", nil)
			if err != nil {
				w.t.Fatal(err)
			}
			return string(text)
		}
	}
	return ""
}

func TestAnybodyFlagsWhatFeelsOffAndHearsWhatIsDecided(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		// Sales flags a message; support flags the same; it is one flag, and it holds nothing.
		promised := w.writesIn("U0EXEC", "#general", "The mailer promised <b> a refund of 90 % "+strings.Repeat("to everybody ", 300)+"THE END")
		w.flagsMessage("U0OUTSIDER", "#general", promised, map[string]any{"words": "It promised a refund", "agent": "mailer", "affected": "all of EMEA"})
		w.reads("U0OUTSIDER", "#general", "Flagged as .*FLAG-1.*Nothing is stopped")
		triage := w.reads("U0IC", "#incidents", "FLAG-1.*mailer.*It promised a refund.*The mailer promised.*Stop now.*Promote.*Not an incident.*Duplicate of")
		w.flagsMessage("U0GUEST", "#general", promised, map[string]any{"words": "A customer called"})
		w.reads("U0GUEST", "#general", "FLAG-1.*which @U0OUTSIDER flagged before you")
		w.eventually("the triage message names both", func() bool {
			return strings.Contains(w.textOf("#incidents", triage.TS), "A customer called")
		})
		w.agentSees("mailer", emailEU(), tagout.Running)

		// Promoted: an incident that holds nothing, with the message as evidence.
		w.presses("U0IC", "#incidents", "Promote")
		w.fills("U0IC", map[string]any{"title": "Wrong promises"})
		room := w.room("inc-1-mailer")
		w.reads("U0IC", room, "flagged .*a message.*FLAG-1.*kept as evidence")
		w.isPaged("U0OUTSIDER", "You flagged .*FLAG-1.*@U0IC made it an incident: .*INC-1")
		w.isPaged("U0GUEST", "made it an incident: .*INC-1")
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.happens("INC-1", tagout.EventFlagged, 2)
		var kept tagout.Flag
		if err := json.Unmarshal([]byte(w.evidenceOf("INC-1", "flag-1")), &kept); err != nil || kept.Quote == nil ||
			!strings.HasSuffix(kept.Quote.Text, "THE END") || !strings.Contains(kept.Quote.Permalink, "/archives/C0GENERAL/p") || len(kept.Reports) != 2 {
			t.Errorf("the evidence is %+v, %v", kept, err)
		}
		w.flagsMessage("U0FINANCE", "#general", promised, map[string]any{"words": "Me too"})
		w.reads("U0FINANCE", "#general", "flagged before.*FLAG-1.*made it an incident")
		w.happens("INC-1", tagout.EventFlagged, 3)

		// By a reaction; what is off is said afterwards. Somebody presses Stop now.
		odd := w.writesIn("U0EXEC", "#incidents", "Look at what the mailer wrote")
		if err := w.slack.React(w.ctx, "U0OUTSIDER", "#incidents", odd, "octagonal_sign"); err != nil {
			t.Fatal(err)
		}
		w.presses("U0OUTSIDER", "#incidents", "Say what is off")
		w.fills("U0OUTSIDER", map[string]any{"words": "It wrote to children", "agent": "mailer/email"})
		w.reads("U0IC", "#incidents", "FLAG-2.*mailer/email.*It wrote to children.*Look at what the mailer wrote")
		w.stops()
		w.starts()
		w.presses("U0OUTSIDER", "#incidents", "Stop now")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.isPaged("U0OUTSIDER", "FLAG-2.*stopped the agent: .*INC-2")
		w.happens("INC-2", tagout.EventFlagged, 2) // the reaction, and what was said after it

		// Typed, about nothing in particular: it belongs to an incident that is known.
		w.types("U0FINANCE", "#general", "/flag the tone is odd")
		w.fills("U0FINANCE", map[string]any{})
		w.reads("U0IC", "#incidents", "FLAG-3.*the tone is odd.*nobody has said yet")
		w.presses("U0IC", "#incidents", "Duplicate of…")
		if problems := w.triesForm("U0IC", map[string]any{"incident": "INC-99"}); !strings.Contains(problems["incident"], "There is no INC-99") {
			t.Errorf("problems are %v", problems)
		}
		w.fills("U0IC", map[string]any{"incident": "INC-1"})
		w.isPaged("U0FINANCE", "FLAG-3.*belongs to .*INC-1")

		// From the menu of the workspace: it is no incident, and its author reads why.
		if err := w.slack.Shortcut(w.ctx, "U0MOPS", "flag", "", ""); err != nil {
			t.Fatal(err)
		}
		w.fills("U0MOPS", map[string]any{"words": "It is slow today"})
		w.reads("U0IC", "#incidents", "FLAG-4.*It is slow today")
		w.types("U0IC", "#general", "/flag list")
		w.reads("U0IC", "#general", "Flags that wait.*FLAG-4")
		w.presses("U0IC", "#incidents", "Not an incident")
		w.fills("U0IC", map[string]any{"why": "A planned change of the model."})
		w.isPaged("U0MOPS", "FLAG-4.*not an incident: A planned change of the model")
		w.verifies()
	})
}
