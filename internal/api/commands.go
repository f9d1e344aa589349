package api

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// commandTimeout bounds one command. It outlives the connection: a stop that was asked for
// is obeyed although the caller hung up.
const commandTimeout = 30 * time.Second

type commandInput struct {
	Name string `path:"name" example:"kill"`
	Key  string `header:"Idempotency-Key" doc:"The same key with the same text is one request, however often it is sent."`
	Body struct {
		Text string `json:"text,omitempty" example:"mailer/email spike of complaints" doc:"What would be typed after the command in Slack."`
	}
}

type commandOutput struct {
	Body struct {
		Text     string         `json:"text" doc:"The answer in words."`
		Incident *string        `json:"incident" doc:"The incident that it belongs to, or null."`
		Pending  bool           `json:"pending" doc:"The stop is in force, but not recorded in the database yet."`
		Holds    []standingHold `json:"holds" doc:"The holds that it hung."`
	}
}

// standingHold is a hold in the answer to a command.
type standingHold struct {
	ID    string `json:"id"`
	Scope string `json:"scope"`
	Mode  string `json:"mode" enum:"halted,paused,review,capped"`
}

func (e *edge) commandRoutes() {
	register(e, huma.Operation{
		OperationID: "run-command", Method: http.MethodPost, Path: "/v1/commands/{name}",
		Summary: "Run a command as if it were typed in Slack", Tags: []string{"stop"},
		Description: "A token may stop, read and report, as far as its rights go. Resuming and approving need a person in Slack. " +
			"The commands are " + strings.Join(e.commandNames(), ", ") + ".",
	}, anyRight, e.command)
}

func (e *edge) commandNames() []string { return slices.Sorted(maps.Keys(e.commands)) }

func (e *edge) command(ctx context.Context, in *commandInput) (*commandOutput, error) {
	c, ok := e.commands[in.Name]
	if !ok || c.Run == nil {
		return nil, tagout.Errorf(tagout.NotFound, "There is no such command. There are %s.", strings.Join(e.commandNames(), ", "))
	}
	who := callerOf(ctx)
	if err := who.need(c.Right); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	reply, err := c.Run(ctx, tagout.Invocation{ID: invocationID(who, in), By: who.actor(), Text: in.Body.Text, At: e.Clock.Now()})
	if err != nil {
		return nil, err
	}
	if asksBack(reply) {
		return nil, unasked(c, reply)
	}
	return told(reply), nil
}

// invocationID names the request: the same for the same key and text, so that a repeat is
// one stop. Another text under the same key is another request, since a stop is never
// taken for one that was obeyed before.
func invocationID(who *caller, in *commandInput) string {
	if in.Key == "" {
		return freshID()
	}
	return tagout.DeriveID("api", who.name, in.Name, in.Key, in.Body.Text)
}

func freshID() string { return tagout.DeriveID("fresh", rand.Text()) }

// asksBack reports whether a reply is a question rather than an answer.
func asksBack(reply tagout.Reply) bool {
	o := reply.Outcome
	return len(o.Problems) > 0 || reply.Form != nil && o.Incident == 0 && !o.Pending && len(o.Holds) == 0
}

// unasked is the answer when a command would ask back: nothing was done, and a program
// must not take that for done.
func unasked(c tagout.Command, reply tagout.Reply) error {
	sentences := []string{"Nothing was done."}
	for _, p := range reply.Outcome.Problems {
		sentences = append(sentences, p.Message)
	}
	if text := reply.Message.String(); text != "" {
		sentences = append(sentences, text)
	}
	if c.Usage != "" {
		sentences = append(sentences, "Usage: "+c.Name+" "+c.Usage)
	}
	return tagout.Errorf(tagout.Invalid, "%s", strings.Join(sentences, " "))
}

func told(reply tagout.Reply) *commandOutput {
	out := &commandOutput{}
	out.Body.Text, out.Body.Pending = reply.Message.String(), reply.Outcome.Pending
	if id := reply.Outcome.Incident; id != 0 {
		name := id.String()
		out.Body.Incident = &name
	}
	out.Body.Holds = make([]standingHold, 0, len(reply.Outcome.Holds))
	for _, h := range reply.Outcome.Holds {
		out.Body.Holds = append(out.Body.Holds, standingHold{ID: string(h.ID), Scope: h.Scope.String(), Mode: string(h.Mode)})
	}
	return out
}
