// Package gate is middleware for an agent in Go: paste it, and let every action that matters
// go through [Gate.Do]. It needs nothing but the standard library.
package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrDropped is the cause of a context that ended because the agent was halted meanwhile.
var ErrDropped = errors.New("halted while it was under way")

// Gate asks Tagout before each action. URL and Agent are needed; what else is nil or zero is
// taken for the strict answer: nobody approves, nothing may be spent.
type Gate struct {
	URL      string       // such as https://tagout.internal.example
	Agent    string       // as it is declared
	Instance string       // which instance of the agent asks
	Token    string       // if the agent is configured with one
	Client   *http.Client // nil: the default one; each question has one second

	// Approve asks a human for one output, and waits for the answer.
	Approve func(context.Context, Action, Verdict) (bool, error)
	// Spent tells what was spent in the running hour, day, week or month.
	Spent func(ctx context.Context, per string) (float64, error)
	// Every is how often work under way is checked; zero: once a second.
	Every time.Duration
}

// Action says what the agent is about to do. What is not said gets the strictest answer.
type Action struct {
	Channel, Region, Tool string
	Cost                  float64 // in the currency of the caps
}

// Verdict is Tagout's answer.
type Verdict struct {
	Mode     string // running, capped, review, paused or halted
	Incident string
	Reason   string
	Fallback string // what to do instead
	Cap      *float64
	CapPer   string // hour, day, week or month
	Disabled []string
}

// Do runs work if the agent may act, and instead otherwise. Work's context ends, with
// [ErrDropped] as the cause, if the agent is halted meanwhile; a pause lets it finish.
func (g *Gate) Do(ctx context.Context, a Action, work func(context.Context) error, instead func(context.Context, Verdict) error) error {
	v := g.Ask(ctx, a)
	if !g.may(ctx, a, v) {
		return instead(ctx, v)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go g.watch(ctx, a, cancel)
	return work(ctx)
}

// may reports whether the verdict lets the action happen now.
func (g *Gate) may(ctx context.Context, a Action, v Verdict) bool {
	switch v.Mode {
	case "running":
		return true
	case "capped":
		return v.enables(a.Tool) && g.affords(ctx, a, v)
	case "review":
		if g.Approve == nil {
			return false
		}
		yes, err := g.Approve(ctx, a, v)
		if err != nil || !yes {
			return false
		}
		v = g.Ask(ctx, a) // a human takes time, and a stop may have come meanwhile
		return v.Mode == "review" || v.Mode == "running" || v.Mode == "capped" && v.enables(a.Tool) && g.affords(ctx, a, v)
	}
	return false // paused, halted, and anything unknown
}

// enables reports whether the tool is not among the disabled ones.
func (v Verdict) enables(tool string) bool {
	for _, name := range v.Disabled {
		if tool == "" || strings.EqualFold(name, tool) || strings.HasPrefix(name, "@") {
			return false
		}
	}
	return true
}

// affords reports whether the action stays within the cap.
func (g *Gate) affords(ctx context.Context, a Action, v Verdict) bool {
	if v.Cap == nil {
		return true
	}
	if g.Spent == nil {
		return false
	}
	spent, err := g.Spent(ctx, v.CapPer)
	return err == nil && spent+a.Cost <= *v.Cap
}

// watch ends the work once the agent is halted.
func (g *Gate) watch(ctx context.Context, a Action, cancel context.CancelCauseFunc) {
	every := g.Every
	if every <= 0 {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if v := g.Ask(ctx, a); v.Mode == "halted" && ctx.Err() == nil {
				cancel(ErrDropped)
				return
			}
		}
	}
}

// Ask asks whether the agent may act. No answer, or one that is not understood, is halted.
func (g *Gate) Ask(ctx context.Context, a Action) Verdict {
	v, err := g.ask(ctx, a)
	if err != nil {
		return Verdict{Mode: "halted", Reason: "Tagout did not answer"}
	}
	return v
}

func (g *Gate) ask(ctx context.Context, a Action) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	asked := map[string]string{"targetingKey": g.Instance, "channel": a.Channel, "region": a.Region, "tool": a.Tool}
	for name, value := range asked {
		if value == "" {
			delete(asked, name)
		}
	}
	body, err := json.Marshal(map[string]any{"context": asked})
	if err != nil {
		return Verdict{}, err
	}
	target := strings.TrimRight(g.URL, "/") + "/ofrep/v1/evaluate/flags/" + url.PathEscape(g.Agent) + ".mode"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return Verdict{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if g.Token != "" {
		req.Header.Set("Authorization", "Bearer "+g.Token)
	}
	client := g.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return Verdict{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Verdict{}, errors.New(resp.Status)
	}
	return read(resp.Body)
}

// read understands the answer of OFREP.
func read(body io.Reader) (Verdict, error) {
	var flag struct {
		Value    string `json:"value"`
		Metadata struct {
			Incident, Reason, Fallback string
			SpendCap                   *float64
			SpendCapPer, DisabledTools string
		} `json:"metadata"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&flag); err != nil {
		return Verdict{}, err
	}
	m := flag.Metadata
	v := Verdict{Mode: flag.Value, Incident: m.Incident, Reason: m.Reason, Fallback: m.Fallback, Cap: m.SpendCap, CapPer: m.SpendCapPer}
	for _, tool := range strings.Split(m.DisabledTools, ",") {
		if tool = strings.TrimSpace(tool); tool != "" {
			v.Disabled = append(v.Disabled, tool)
		}
	}
	return v, nil
}
