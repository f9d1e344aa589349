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
	drillCmd  struct{ breakGlassCmd }
)

// Run halts a scope.
func (c killCmd) Run(env *surroundings) error { return c.send(env, "kill") }

// Run pauses a scope.
func (c pauseCmd) Run(env *surroundings) error { return c.send(env, "pause") }

// Run restricts a scope to review or a cap.
func (c holdCmd) Run(env *surroundings) error { return c.send(env, "hold") }

// Run tells how everything, a scope or an incident stands.
func (c statusCmd) Run(env *surroundings) error { return c.send(env, "status") }

// Run practises on an agent's canary, or tells what was practised.
func (c drillCmd) Run(env *surroundings) error { return c.send(env, "drill") }

// exitError is a failure with an exit code of its own; without a message it only ends.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// answered is what the server says of a command.
type answered struct {
	Text    string `json:"text"`
	Pending bool   `json:"pending"`
}

// refused is a problem document.
type refused struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// send runs one command on the server, and prints its answer.
func (c breakGlassCmd) send(env *surroundings, verb string) error {
	status, body, err := c.post(env.ctx, verb)
	if refusal, own := errors.AsType[exitError](err); own {
		return refusal
	}
	if err != nil {
		return c.fail(env, refused{Code: string(tagout.CodeOf(err)), Detail: tagout.Sentence(err)})
	}
	if status != http.StatusOK {
		problem := refused{Status: status}
		_ = json.Unmarshal(body, &problem)
		problem.Status = status
		if problem.Detail == "" {
			problem.Detail = "It sent no explanation, so it may not be Tagout. Fix: Check --server."
		}
		return c.fail(env, problem)
	}
	var answer answered
	if err := json.Unmarshal(body, &answer); err != nil || answer.Text == "" {
		return c.fail(env, refused{Status: status, Code: string(tagout.Unavailable), Detail: "Its answer is not one of Tagout's, so nothing is known to be done. Fix: Check --server."})
	}
	if c.JSON {
		var compact bytes.Buffer
		_ = json.Compact(&compact, body) // it was read as JSON above
		fmt.Fprintln(env.stdout, compact.String())
	} else {
		fmt.Fprintln(env.stdout, printable(answer.Text))
	}
	if answer.Pending {
		return exitError{exitPending, tagout.Errorf(tagout.Unavailable, "It is in force, but not recorded in the database yet; Tagout records it when it can.")}
	}
	return nil
}

// post sends the command, and once more if the connection fails: the key makes both one.
func (c breakGlassCmd) post(ctx context.Context, verb string) (status int, body []byte, err error) {
	text, err := json.Marshal(map[string]string{"text": strings.Join(c.Words, " ")})
	if err != nil {
		return 0, nil, err
	}
	return c.remote().ask(ctx, remoteCall{Method: http.MethodPost, Path: []string{"commands", verb}, Body: text, Key: rand.Text(),
		Unanswered: "Nothing is known to be done. Fix: Check --server, try another replica, or stop the agent where it runs."})
}

func (c breakGlassCmd) remote() remote { return remote{Server: c.Server, Token: c.Token} }

// fail prints a refusal, and is the error with its exit code.
func (c breakGlassCmd) fail(env *surroundings, p refused) error {
	detail := printable(p.Detail)
	if c.JSON {
		_ = json.NewEncoder(env.stdout).Encode(map[string]any{"status": p.Status, "code": p.Code, "detail": detail})
	}
	if p.Status != 0 {
		detail = fmt.Sprintf("The server answered %d. %s", p.Status, detail)
	}
	err := tagout.Errorf(tagout.Unavailable, "%s", detail)
	if p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
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
