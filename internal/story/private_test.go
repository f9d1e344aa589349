package story_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// secrets are what nobody but a private incident's people may read: title, reason, summary,
// class, and who is involved.
var secrets = regexp.MustCompile(`(?i)zanzibar|marmalade|policy.violation|U0IC|U0LEGAL|U0PLATFORM`)

// confides lets a person declare an incident of the mailer privately, which stops it.
func (w *world) confides(user string) (id string) {
	w.t.Helper()
	w.types(user, "#general", "/incident private zanzibar complains")
	w.fills(user, map[string]any{"summary": "the marmalade was named", "scope": "mailer", "severity": "sev1", "class": "policy_violation", "stop": "halted"})
	w.reads(user, "#general", "Declared INC-1: zanzibar complains.*It is private")
	return "INC-1"
}

func TestAnOutsiderFindsNothingOfAPrivateIncident(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.confides("U0IC")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		room := w.room("inc-1")
		if c, _ := w.slack.Channel(room); !c.IsPrivate || c.Name != "inc-1" || !slices.Contains(c.Members, "U0LEGAL") || slices.Contains(c.Members, "U0OUTSIDER") {
			t.Fatalf("the channel is %+v", c)
		}
		w.isPaged("U0LEGAL", "INC-1 SEV-1: zanzibar complains")
		w.eventually("the e-mail page arrives", func() bool { return w.mails.count("legal@example.com", "INC-1 SEV-1") == 1 })
		w.types("U0LEGAL", "#general", "/status INC-1")
		w.reads("U0LEGAL", "#general", "zanzibar complains")
		w.types("U0LEGAL", room, "/timeline")
		w.reads("U0LEGAL", room, "opened it.*zanzibar.*the marmalade was named")

		w.walksTheAPI()
		w.pries(id)
		w.eventually("the mails are out", func() bool { return w.mails.count("platform@example.com", "INC-1") == 1 })
		for _, to := range []string{"legal@example.com", "platform@example.com"} {
			if n := w.mails.count(to, "zanzibar") + w.mails.count(to, "marmalade") + w.mails.count(to, "olicy"); n > 0 {
				t.Errorf("a mail to %s tells too much", to)
			}
		}
		w.keepsQuiet()
	})
}

// pries lets an outsider try every command, every button and every form.
func (w *world) pries(id string) {
	w.t.Helper()
	w.types("U0OUTSIDER", "#general", "/kill mailer/sms because of me")
	w.reads("U0OUTSIDER", "#general", `■ halted mailer/sms — INC-1.*belongs to INC-1, which is private`)
	otto := tagout.User{ID: "U0OUTSIDER", Name: "otto", Team: sandbox.TeamID}
	for _, c := range w.app.Commands() {
		for _, text := range []string{"", id, id + " private", id + " sev1 hello", id + ": hello", "mailer", "mailer/email/eu", "mailer hello", "*", "sev1", "1", id + " mailer", "private"} {
			if c.Name == "who" && !strings.Contains(text, id) {
				continue // whom the configuration has paged for a severity is no secret of an incident
			}
			reply, err := c.Run(w.ctx, tagout.Invocation{ID: "T-" + c.Name + text, By: otto.Actor(), User: otto, Text: text, Channel: "C0GENERAL"})
			w.tellsNothing("/"+c.Name+" "+text, reply, err)
			token := tagout.Actor{Kind: tagout.ByToken, ID: "reader"}
			if reply, err = c.Run(w.ctx, tagout.Invocation{ID: "K-" + c.Name + text, By: token, Text: text}); c.Right == tagout.MayRead {
				w.tellsNothing(c.Name+" "+text+" by a token", reply, err)
			}
		}
		for action, press := range c.Clicks {
			for _, value := range []string{id, id + "|R|D", "mailer", ""} {
				reply, err := press(w.ctx, tagout.Click{ID: "C-" + action + value, User: otto, Action: action, Value: value, Channel: "C0GENERAL"})
				w.tellsNothing("the button "+action+" "+value, reply, err)
			}
		}
		for form, submit := range c.Forms {
			for _, state := range []string{id, id + "|R|D", "", "private"} {
				values := map[string]string{"scope": "mailer", "title": "mine", "reason": "mine", "stop": "halted", "mode": "review"}
				reply, err := submit(w.ctx, tagout.Submission{ID: "F-" + form + state, User: otto, Form: form, State: state, Values: values, Channel: "C0GENERAL"})
				w.tellsNothing("the form "+form+" "+state, reply, err)
			}
		}
	}
	if err := w.slack.OpenHome(w.ctx, "U0OUTSIDER"); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the outsider sees an App Home", func() bool {
		view, ok := w.slack.Home("U0OUTSIDER")
		return ok && strings.Contains(view.Visible(), "■ halted")
	})
	if view, _ := w.slack.Home("U0OUTSIDER"); secrets.MatchString(view.Visible()) {
		w.t.Errorf("the App Home tells %s", view.Visible())
	}
}

// tellsNothing fails if an answer holds a secret. What the outsider is offered to choose from
// is no secret: every failure class is in every form.
func (w *world) tellsNothing(what string, reply tagout.Reply, err error) {
	w.t.Helper()
	told := reply.Message.String()
	if err != nil {
		told += tagout.Sentence(err)
	}
	if f := reply.Form; f != nil {
		for _, t := range f.Intro {
			told += t.String()
		}
		for _, field := range f.Fields {
			if len(field.Options) == 0 {
				told += field.Value
			}
		}
		told += f.Title + f.State
	}
	for _, b := range reply.Message.Buttons {
		told += b.Value
	}
	if found := secrets.FindString(told); found != "" {
		w.t.Errorf("%s tells %q: %s", what, found, told)
	}
}

// walksTheAPI asks everything that can be read with a token that may read.
func (w *world) walksTheAPI() {
	w.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	w.call(http.MethodGet, "/v1/openapi.json", "read-token", nil, &doc)
	paths := []string{"/metrics", "/healthz", "/readyz"}
	for path, methods := range doc.Paths {
		if _, reads := methods["get"]; reads {
			paths = append(paths, strings.NewReplacer("{id}", "INC-1", "{agent}", "mailer").Replace(path))
		}
	}
	if len(paths) < 8 {
		w.t.Fatalf("only %v can be read", paths)
	}
	for _, path := range paths {
		if path == "/v1/openapi.json" || strings.Contains(path, "{") {
			continue
		}
		_, text, err := w.try(http.MethodGet, path, "read-token", nil)
		if found := secrets.Find(text); err != nil || found != nil {
			w.t.Errorf("GET %s tells %q (%v): %s", path, found, err, text)
		}
	}
	for _, path := range []string{"/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/mailer.mode", "/ofrep/v1/evaluate/flags/mailer.allowed"} {
		_, text, err := w.try(http.MethodPost, path, "", map[string]any{"context": map[string]any{"channel": "email"}})
		if err != nil || secrets.Match(text) || !strings.Contains(string(text), "INC-1") {
			w.t.Errorf("%s tells %s (%v)", path, text, err)
		}
	}
}

// keepsQuiet looks through everything that stands in public, the control and the log.
func (w *world) keepsQuiet() {
	w.t.Helper()
	for _, c := range w.slack.Channels() {
		if c.IsPrivate && c.User != "U0OUTSIDER" {
			continue
		}
		about, hidden := c.Name+c.Topic, secrets
		if strings.HasPrefix(c.Name, "inc-") { // of what the outsider stopped: it has people of its own
			about, hidden = about+c.Purpose, regexp.MustCompile(`(?i)zanzibar|marmalade|policy.violation`)
		}
		for _, m := range w.slack.Messages(c.ID) {
			about += plain(m)
		}
		if found := hidden.FindString(about); found != "" {
			w.t.Errorf("#%s tells %q: %s", c.Name, found, about)
		}
	}
	for _, m := range w.slack.Messages("#incidents") {
		if strings.Contains(plain(m), "INC-1") {
			w.t.Errorf("it is announced: %s", plain(m))
		}
	}
	if told := w.mailer.told(); secrets.MatchString(told) || !strings.Contains(told, "INC-1") {
		w.t.Errorf("the control was told %s", told)
	}
	for line := range strings.Lines(w.log.text()) {
		if !strings.Contains(line, `"level":"DEBUG"`) && regexp.MustCompile(`(?i)zanzibar|marmalade`).MatchString(line) {
			w.t.Errorf("the log tells %s", line)
		}
	}
}

func TestAnOpenIncidentBecomesPrivateAndGoesOn(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer sev1 class=policy_violation zanzibar complains")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		old := w.room("inc-1-mailer")
		w.presses("U0PLATFORM", old, "Acknowledge")
		w.asksToResume("U0IC", old, deliverables)
		w.reads("U0OUTSIDER", "#incidents", "INC-1 SEV-1 mailer zanzibar")

		w.types("U0OUTSIDER", "#general", "/incident INC-1 private") // any member may
		w.reads("U0OUTSIDER", "#general", "INC-1 is private now")
		w.eventually("the old channel is archived", func() bool { c, _ := w.slack.Channel(old); return c.IsArchived })
		w.reads("U0OUTSIDER", old, "Its people go on in a channel of their own")
		w.eventually("the old card, the decision and the announcement name the ID only", func() bool {
			for _, m := range w.slack.Messages(old) {
				if strings.Contains(plain(m), "dropped the unsubscribe filter") || strings.Contains(plain(m), "INC-1 SEV-1: zanzibar") {
					return false
				}
			}
			return !slices.ContainsFunc(w.slack.Messages("#incidents"), func(m sandbox.Message) bool { return strings.Contains(plain(m), "zanzibar") })
		})
		w.reads("U0OUTSIDER", "#incidents", "INC-1 is private")
		var room sandbox.Channel
		w.eventually("its people are in a private channel", func() bool {
			at := slices.IndexFunc(w.slack.Channels(), func(c sandbox.Channel) bool { return c.Name == "inc-1" && c.IsPrivate && len(c.Pinned) > 0 })
			if at >= 0 {
				room = w.slack.Channels()[at]
			}
			return at >= 0 && slices.Contains(room.Members, "U0LEGAL") && slices.Contains(room.Members, "U0IC") && slices.Contains(room.Members, "U0PLATFORM")
		})
		w.eventually("the gate does not tell why any more", func() bool {
			_, text, err := w.try(http.MethodPost, "/ofrep/v1/evaluate/flags/mailer.mode", "", map[string]any{"context": emailEU()})
			return err == nil && strings.Contains(string(text), "INC-1") && !strings.Contains(string(text), "zanzibar")
		})

		w.presses("U0LEGAL", room.ID, "GO") // the request stands, and was posted again
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.types("U0LEGAL", room.ID, "/timeline")
		w.reads("U0LEGAL", room.ID, "@U0OUTSIDER +made it private.*GO")
		w.types("U0REVOPS", "#general", "/timeline INC-1")
		w.reads("U0REVOPS", "#general", "INC-1 is private: it is shown")
	})
}

// told is all that the machine's control was ever sent.
func (m *machine) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.bodies, "\n")
}
