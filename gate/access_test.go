package gate_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/gate"
)

// guarded is a gate with one agent that asks for its token, one that asks for another's,
// and one that is open.
func guarded(t *testing.T) *gate.Gate {
	t.Helper()
	registry := agents()
	registry["writer"] = &tagout.Agent{Name: "writer"}
	return loaded(t, gate.Options{Agents: registry, Tokens: map[string]string{"mailer": "mailers-token", "writer": "writers-token", "acme.researcher": ""}})
}

func TestAnAgentWithATokenAnswersOnlyWhoPresentsIt(t *testing.T) {
	t.Parallel()
	g := guarded(t)
	cases := map[string]struct {
		key, header string
		status      int
	}{
		"its own":                   {"mailer.mode", "Bearer mailers-token", 200},
		"in lower case":             {"mailer.allowed", "bearer mailers-token", 200},
		"frozen":                    {"mailer.frozen", "Bearer mailers-token", 200},
		"none":                      {"mailer.mode", "", 401},
		"another agent's":           {"mailer.mode", "Bearer writers-token", 401},
		"a wrong one":               {"mailer.mode", "Bearer wrong", 401},
		"an empty one":              {"mailer.mode", "Bearer ", 401},
		"the ticket of streams":     {"mailer.mode", "Bearer " + ticketFor(t, g, "mailers-token"), 401},
		"another scheme":            {"mailer.mode", "Basic mailers-token", 401},
		"an open agent, none":       {"acme.researcher.mode", "", 200},
		"an open agent, anothers":   {"acme.researcher.mode", "Bearer writers-token", 200},
		"an open agent, wrong one":  {"acme.researcher.mode", "Bearer wrong", 401},
		"an undeclared agent, none": {"ghost.mode", "", 404},
	}
	for name, c := range cases {
		status, header, got := post(t, g, evaluate+"/"+c.key, `{}`, "Authorization", c.header)
		if status != c.status {
			t.Errorf("%s: %d %v, want %d", name, status, got, c.status)
		}
		if status == 401 && (header.Get("WWW-Authenticate") != "Bearer" || got["errorCode"] != "GENERAL" || got["value"] != nil || got["key"] != c.key) {
			t.Errorf("%s: %v %v", name, header, got)
		}
	}
}

func TestBulkShowsTheAgentsOfTheTokenAndTheOpenOnes(t *testing.T) {
	t.Parallel()
	g := guarded(t)
	for header, want := range map[string][]string{
		"":                     {"acme.researcher"},
		"Bearer mailers-token": {"acme.researcher", "mailer"},
		"Bearer writers-token": {"acme.researcher", "writer"},
	} {
		_, _, got := post(t, g, evaluate, `{}`, "Authorization", header)
		var seen []string
		for _, one := range got["flags"].([]any) {
			if name, isMode := strings.CutSuffix(one.(map[string]any)["key"].(string), ".mode"); isMode {
				seen = append(seen, name)
			}
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%q sees %v, want %v", header, seen, want)
		}
	}
	if status, _, got := post(t, g, evaluate, `{}`, "Authorization", "Bearer wrong"); status != 401 || got["flags"] != nil {
		t.Errorf("a wrong token: %d %v", status, got)
	}
	_, own, _ := post(t, g, evaluate, `{}`, "Authorization", "Bearer mailers-token")
	if status, _, _ := post(t, g, evaluate, `{}`, "Authorization", "Bearer writers-token", "If-None-Match", own.Get("ETag")); status != 200 {
		t.Errorf("another's ETag is taken for the own one: %d", status)
	}
}

// ticketFor is the ticket in the event stream that a bulk answer names.
func ticketFor(t *testing.T, g *gate.Gate, token string) string {
	t.Helper()
	_, _, got := post(t, g, evaluate, `{}`, "Authorization", "Bearer "+token)
	text, _ := json.Marshal(got["eventStreams"])
	_, after, found := strings.Cut(string(text), "ticket=")
	if !found || strings.Contains(string(text), token) {
		t.Fatalf("eventStreams = %s", text)
	}
	ticket, _, _ := strings.Cut(after, `"`)
	return ticket
}

func TestAStreamNeedsTheTokenOrItsTicket(t *testing.T) {
	t.Parallel()
	g := guarded(t)
	server := startServer(t, g)
	ticket := ticketFor(t, g, "mailers-token")
	for name, c := range map[string]struct {
		query, header string
		status        int
	}{
		"the token":           {"?agent=mailer", "Bearer mailers-token", 200},
		"the ticket":          {"?ticket=" + ticket, "", 200},
		"the ticket, named":   {"?agent=mailer&ticket=" + ticket, "", 200},
		"another's ticket":    {"?agent=writer&ticket=" + ticket, "", 401},
		"a made-up ticket":    {"?ticket=mailers-token", "", 401},
		"nothing":             {"?agent=mailer", "", 401},
		"nothing, open agent": {"?agent=acme.researcher", "", 200},
		"a wrong token":       {"", "Bearer wrong", 401},
	} {
		if l := listen(t, server, c.query, "Authorization", c.header); l.status != c.status {
			t.Errorf("%s: %d, want %d", name, l.status, c.status)
		}
	}
	open, own := listen(t, server, ""), listen(t, server, "?ticket="+ticket)
	begin := open.next()
	own.next()
	hang(t, g, stopOf("h1", "mailer", tagout.Halted))
	hang(t, g, stopOf("h2", "writer", tagout.Halted))
	own.next()
	hang(t, g, stopOf("h3", "acme.researcher", tagout.Halted))
	last := own.next()
	if got := open.next(); got == begin || got != last {
		t.Errorf("without a token the first change told is %s, want %s", got, last)
	}
}

func TestTheGateTellsOthersWhoMayAsk(t *testing.T) {
	t.Parallel()
	g := guarded(t)
	if !g.Admits("mailer", "Bearer mailers-token") || g.Admits("mailer", "Bearer writers-token") || g.Admits("mailer", "") || !g.Admits("acme.researcher", "") {
		t.Error("the wrong ones are let in")
	}
	if status, _, _ := post(t, loaded(t, gate.Options{}), evaluate+"/mailer.mode", `{}`, "Authorization", "Bearer whatever"); status != http.StatusOK {
		t.Errorf("a token where none is asked for: %d", status)
	}
}
