package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// digest stands for a token in comparisons, so that their time tells nothing of it.
type digest [sha256.Size]byte

// access is who may ask about which agent. Agents without a token are open to everyone.
type access struct {
	pepper  string              // of this process
	tokens  map[string]digest   // by agent
	known   map[digest]string   // to the ticket of each
	tickets map[digest]digest   // of a ticket's digest to its token's
	of      map[digest][]string // the agents that each token may see, open ones included
	open    []string            // the agents without a token
}

// caller is whoever asks: the zero value said nothing.
type caller struct {
	token  digest
	known  bool   // it presented the token of some agent
	ticket string // admits to the event stream of the same agents
}

func newAccess(declared []string, tokens map[string]string) access {
	a := access{pepper: newEpoch(), tokens: map[string]digest{}, known: map[digest]string{}, tickets: map[digest]digest{}, of: map[digest][]string{}}
	for _, name := range declared {
		token := tokens[name]
		if token == "" {
			a.open = append(a.open, name)
			continue
		}
		d, ticket := a.digest(token), ticketOf(token)
		a.tokens[name], a.known[d], a.tickets[a.digest(ticket)] = d, ticket, d
	}
	for d := range a.known {
		for _, name := range declared {
			if own, closed := a.tokens[name]; !closed || own == d {
				a.of[d] = append(a.of[d], name)
			}
		}
	}
	return a
}

func (a *access) digest(secret string) digest { return sha256.Sum256([]byte(a.pepper + secret)) }

// ticketOf derives what admits to an event stream, and to nothing else, from a token. It
// may stand in a URL: a browser cannot send headers there. It is the same on every replica.
func ticketOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("tagout event stream v1"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// caller tells who asks by the Authorization header. It refuses a token of no agent, unless
// no agent has one.
func (g *Gate) caller(r *http.Request) (caller, *problem) {
	if len(g.access.tokens) == 0 {
		return caller{}, nil
	}
	return g.access.bearer(r.Header.Get("Authorization"))
}

func (a *access) bearer(header string) (caller, *problem) {
	scheme, token, _ := strings.Cut(header, " ")
	if header == "" || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, nil
	}
	d := a.digest(strings.TrimSpace(token))
	ticket, known := a.known[d]
	if !known {
		return caller{}, unauthorized()
	}
	return caller{token: d, known: true, ticket: ticket}, nil
}

// listener is caller for an event stream, which takes a ticket as well.
func (g *Gate) listener(r *http.Request) (caller, *problem) {
	ticket := r.URL.Query().Get("ticket")
	if ticket == "" || len(g.access.tokens) == 0 {
		return g.caller(r)
	}
	d, known := g.access.tickets[g.access.digest(ticket)]
	if !known {
		return caller{}, unauthorized()
	}
	return caller{token: d, known: true}, nil
}

// admits reports whether the caller may ask about this agent.
func (g *Gate) admits(agent string, who caller) bool {
	token, closed := g.access.tokens[agent]
	return !closed || who.known && hmac.Equal(token[:], who.token[:])
}

// visible lists the agents that the caller may ask about, in order.
func (g *Gate) visible(who caller) []string {
	if who.known {
		return g.access.of[who.token]
	}
	if len(g.access.tokens) == 0 {
		return g.declared
	}
	return g.access.open
}

// Admits reports whether whoever presents this Authorization header, "" for none, may ask
// about the agent. It takes the same time whatever the token.
func (g *Gate) Admits(agent, authorization string) bool {
	if _, closed := g.access.tokens[agent]; !closed {
		return true
	}
	who, refused := g.access.bearer(authorization)
	return refused == nil && g.admits(agent, who)
}

func unauthorized() *problem {
	return &problem{http.StatusUnauthorized, failure{"", codeGeneral, "this agent asks for its token: send Authorization: Bearer"}}
}
