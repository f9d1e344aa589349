package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"tagout"
)

// The exit codes of the break-glass verbs, beside 0 for done and 1 for failed.
const (
	exitPending = 3 // done, but not recorded in the database yet
	exitRefused = 4 // the token is unknown, or may not do this
)

// breakGlassCmd are the flags and words of every break-glass verb.
type breakGlassCmd struct {
	Server string   `env:"TAGOUT_SERVER" default:"http://127.0.0.1:8080" help:"The running Tagout."`
	Token  string   `env:"TAGOUT_TOKEN" placeholder:"TOKEN" help:"An API token of its configuration; better given in the environment."`
	JSON   bool     `name:"json" help:"Print the answer as JSON."`
	Words  []string `arg:"" optional:"" name:"scope" help:"What would be typed after the command in Slack: the scope, then options and the reason."`
}

type (
	killCmd   struct{ breakGlassCmd }
	pauseCmd  struct{ breakGlassCmd }
	holdCmd   struct{ breakGlassCmd }
	statusCmd struct{ breakGlassCmd }
)

// Run halts a scope.
func (c killCmd) Run(env *surroundings) error { return c.send(env, "kill") }

// Run pauses a scope.
func (c pauseCmd) Run(env *surroundings) error { return c.send(env, "pause") }

// Run restricts a scope to review or a cap.
func (c holdCmd) Run(env *surroundings) error { return c.send(env, "hold") }

// Run tells how everything, a scope or an incident stands.
func (c statusCmd) Run(env *surroundings) error { return c.send(env, "status") }

// exitError is a failure with an exit code of its own; without a message it only ends.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// answered is what the server says of a command.
type answered struct {
	Text     string `json:"text"`
	Incident string `json:"incident"` // null: ""
	Pending  bool   `json:"pending"`
}

// refused is a problem document: why nothing was done, or nothing is known to be.
type refused struct {
	Status int    `json:"status"` // 0: nobody answered
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is the detail in words.
func (p refused) Error() string {
	if p.Status != 0 {
		return fmt.Sprintf("The server answered %d. %s", p.Status, printable(p.Detail))
	}
	return printable(p.Detail)
}

// forbidden reports whether it is the token that may not.
func (p refused) forbidden() bool {
	return p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden
}

// send runs one command on the server, and prints its answer.
func (c breakGlassCmd) send(env *surroundings, verb string) error {
	answer, body, err := c.order(env.ctx, verb, "Nothing is known to be done. Fix: Check --server, try another replica, or stop the agent where it runs.")
	if problem, is := errors.AsType[refused](err); is {
		return c.fail(env, problem)
	}
	if err != nil {
		return err
	}
	c.print(env, answer, body)
	if answer.Pending {
		return exitError{exitPending, tagout.Errorf(tagout.Unavailable, "It is in force, but not recorded in the database yet; Tagout records it when it can.")}
	}
	return nil
}

// print shows an answer, in words or as it came.
func (c breakGlassCmd) print(env *surroundings, answer answered, body []byte) {
	if c.JSON {
		var compact bytes.Buffer
		_ = json.Compact(&compact, body) // it was read as JSON before
		fmt.Fprintln(env.stdout, compact.String())
		return
	}
	fmt.Fprintln(env.stdout, printable(answer.Text))
}

// order has the server run a command. It returns a [refused] if that was not done, or is not
// known to be, and an error with its exit code if there is no usable token.
func (c breakGlassCmd) order(ctx context.Context, verb, unanswered string) (answer answered, body []byte, err error) {
	status, body, err := c.post(ctx, verb, unanswered)
	if refusal, own := errors.AsType[exitError](err); own {
		return answer, nil, refusal
	}
	if err != nil {
		return answer, nil, refused{Code: string(tagout.CodeOf(err)), Detail: tagout.Sentence(err)}
	}
	if status != http.StatusOK {
		return answer, nil, problemOf(status, body)
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Text == "" {
		return answer, nil, refused{Status: status, Code: string(tagout.Unavailable), Detail: "Its answer is not one of Tagout's, so nothing is known to be done. Fix: Check --server."}
	}
	return answer, body, nil
}

// problemOf reads what came instead of an answer.
func problemOf(status int, body []byte) refused {
	var problem refused
	_ = json.Unmarshal(body, &problem)
	problem.Status = status
	if problem.Detail == "" {
		problem.Detail = "It sent no explanation, so it may not be Tagout. Fix: Check --server."
	}
	return problem
}

// post sends the command, and once more if the connection fails: the key makes both one.
func (c breakGlassCmd) post(ctx context.Context, verb, unanswered string) (status int, body []byte, err error) {
	text, err := json.Marshal(map[string]string{"text": strings.Join(c.Words, " ")})
	if err != nil {
		return 0, nil, err
	}
	return c.remote().ask(ctx, remoteCall{Method: http.MethodPost, Path: []string{"commands", verb}, Body: text, Key: rand.Text(), Unanswered: unanswered})
}

func (c breakGlassCmd) remote() remote { return remote{Server: c.Server, Token: c.Token} }

// fail prints a refusal, and is the error with its exit code.
func (c breakGlassCmd) fail(env *surroundings, p refused) error {
	if c.JSON {
		_ = json.NewEncoder(env.stdout).Encode(map[string]any{"status": p.Status, "code": p.Code, "detail": printable(p.Detail)})
	}
	err := tagout.Errorf(tagout.Unavailable, "%s", p.Error())
	if p.forbidden() {
		return exitError{exitRefused, err}
	}
	return err
}

// printable is text without what could steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, text)
}
