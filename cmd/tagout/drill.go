package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tagout"
)

// How often is looked at a drill that goes on, how often is told that it does, and for how
// long nobody need answer until its end counts as not known.
const (
	drillLookFirst = 100 * time.Millisecond
	drillLookLast  = 2 * time.Second
	drillTellEvery = 30 * time.Second
	drillSilence   = 2 * time.Minute
)

// drillCmd practises on the canary of an agent, and waits for what comes of it.
type drillCmd struct {
	breakGlassCmd
	NoWait bool `name:"no-wait" help:"Only begin the drill. It goes on, and ends, by itself."`
}

// Help is the longer help of the command.
func (drillCmd) Help() string {
	return `Stops the agent's canary by its real controls, or rolls the agent back, measures how long that takes, and undoes it. Needs an API token that may drill.

  tagout drill kill mailer             stop the canary, see that it stopped, let it run again
  tagout drill rollback mailer         back to the last known good versions, and forward again
  tagout drill gameday mailer sev1     the same as kill, and people are paged until somebody acknowledges
  tagout drill                         what was practised last, and what comes next

It tells on standard error how far the drill is, and prints the measured times when it is over. A drill takes an hour at most; to interrupt this command does not interrupt the drill.

Exit codes: 0 passed, or begun with --no-wait; 1 failed, interrupted by something real, or could not begin; 2 the command line means nothing; 3 not known, since nobody answered; 4 the token may not drill.`
}

// practised is how far the server says that a drill is.
type practised struct {
	Drill struct {
		Incident string   `json:"incident"`
		Action   string   `json:"action"`
		Agent    string   `json:"agent"`
		Scope    string   `json:"scope"`
		Page     bool     `json:"page"`
		Result   string   `json:"result"`
		Why      string   `json:"why"`
		Late     []string `json:"late"`
		Noticed  string   `json:"noticed"`
		Within   int64    `json:"within_ms"`
		Observed *int64   `json:"observed_ms"`
		Restored *int64   `json:"restored_ms"`
		Answered *int64   `json:"answered_ms"`
		Controls []struct {
			Control  string `json:"control"`
			Accepted int64  `json:"accepted_ms"`
			Observed int64  `json:"observed_ms"`
		} `json:"controls"`
	} `json:"drill"`
	Phase string   `json:"phase"`
	Real  bool     `json:"real"`
	Held  []string `json:"held"`
}

// Run begins a drill and waits for its end, or tells what was practised. It exits with 0 if
// the drill passed, 1 if it did not, and 3 if that is not known.
func (c drillCmd) Run(env *surroundings) error {
	answer, body, err := c.order(env.ctx, "drill", "A drill may have begun; it ends by itself. Fix: Check --server or try another replica, then look with: tagout drill")
	if problem, is := errors.AsType[refused](err); is {
		err = c.fail(env, problem)
		if problem.Status < http.StatusBadRequest || problem.Status >= http.StatusInternalServerError {
			return exitError{exitUnknown, err}
		}
		return err
	}
	if err != nil {
		return err
	}
	if c.NoWait || answer.Incident == "" {
		c.print(env, answer, body)
		return nil
	}
	p, body, err := c.follow(env, answer.Incident)
	if err != nil {
		return c.unknown(env, answer.Incident, err)
	}
	if c.JSON {
		c.print(env, answer, body)
	} else {
		fmt.Fprint(env.stdout, printable(p.report()))
	}
	if p.Drill.Result != string(tagout.DrillPassed) {
		return exitError{1, tagout.Errorf(tagout.Conflict, "%s has not passed: it %s.", p.Drill.Incident, p.became())}
	}
	return nil
}

// follow looks at a drill until it is over, and tells how far it is. It returns Unavailable if
// nobody has answered for long, if the answer is no drill, or if the drill has not ended when
// it must have.
func (c drillCmd) follow(env *surroundings, incident string) (practised, []byte, error) {
	began := env.clock.Now()
	heard, told, last, pause := began, began, "", drillLookFirst
	for {
		p, body, err := c.look(env.ctx, incident)
		now := env.clock.Now()
		switch {
		case err == nil && p.Drill.Result != string(tagout.DrillRunning):
			return p, body, nil
		case env.ctx.Err() != nil:
			return p, nil, tagout.Errorf(tagout.Unavailable, "Nobody waits for it anymore.")
		case tagout.IsFinal(err), err != nil && now.Sub(heard) >= drillSilence:
			return p, nil, err
		case now.Sub(began) >= tagout.DrillLimit+drillSilence:
			return p, nil, tagout.Errorf(tagout.Unavailable, "%s should be over, and is not.", incident)
		case err != nil:
			p.Phase = "asking again: " + explain(err)
		default:
			heard = now
		}
		if p.Phase != last || now.Sub(told) >= drillTellEvery {
			fmt.Fprintln(env.stderr, printable(p.progress(incident, now.Sub(began))))
			last, told = p.Phase, now
		}
		env.rest(env.ctx, pause)
		pause = min(pause*3/2, drillLookLast)
	}
}

// look asks once how far a drill is. The error is final if asking again cannot help.
func (c drillCmd) look(ctx context.Context, incident string) (p practised, body []byte, err error) {
	status, body, err := c.remote().ask(ctx, remoteCall{Method: http.MethodGet, Path: []string{"drills", incident}, Unanswered: "It may be starting anew."})
	switch {
	case err != nil:
		return p, nil, err
	case status == http.StatusOK:
		if json.Unmarshal(body, &p) != nil || p.Drill.Incident != incident || p.Drill.Result == "" {
			return p, nil, tagout.Final(tagout.Errorf(tagout.Unavailable, "The answer is not one of Tagout's. Fix: Check --server."))
		}
		return p, body, nil
	case status >= http.StatusInternalServerError:
		return p, nil, problemOf(status, body)
	}
	return p, nil, tagout.Final(tagout.Errorf(tagout.Unavailable, "%s", problemOf(status, body).Error()))
}

// unknown tells that the end of a drill is not known, also as JSON for whoever reads that.
func (c drillCmd) unknown(env *surroundings, incident string, err error) error {
	text := explain(err)
	if c.JSON {
		_ = json.NewEncoder(env.stdout).Encode(map[string]any{"incident": incident, "unknown": text})
	}
	return exitError{exitUnknown, tagout.Errorf(tagout.Unavailable, "It is not known what came of %s. %s It ends by itself; look with: tagout drill", printable(incident), text)}
}

// progress is one line about a drill that goes on.
func (p practised) progress(incident string, since time.Duration) string {
	text := p.Phase
	switch tagout.DrillPhase(p.Phase) {
	case tagout.DrillStopping:
		text = fmt.Sprintf("%s is asked to stop; waiting until that is observed, %s at most", p.Drill.Scope, millis(p.Drill.Within))
	case tagout.DrillReleasing:
		text = "observed stopped; waiting until it runs again"
	case tagout.DrillBack:
		text = p.Drill.Agent + " goes back to its last known good versions; waiting until they are read back"
	case tagout.DrillForward:
		text = "read back; waiting until the versions from before are"
	case tagout.DrillAnswering:
		text = "it runs again; people are paged until somebody acknowledges"
	}
	return fmt.Sprintf("%s +%s: %s", incident, tagout.Elapsed(since.Round(time.Second)), text)
}

// became is the result and its reason, in words.
func (p practised) became() string {
	text := map[string]string{string(tagout.DrillFailed): "failed", string(tagout.DrillInterrupted): "was interrupted"}[p.Drill.Result]
	if text == "" {
		text = "is " + p.Drill.Result
	}
	if p.Drill.Why != "" {
		text += ", " + p.Drill.Why
	}
	return text
}

// report is what came of a drill, with its measured times.
func (p practised) report() string {
	d, kind := p.Drill, p.Drill.Action+" drill"
	if d.Page {
		kind = "game day"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s of %s on %s: %s\n", d.Incident, kind, d.Agent, d.Scope, d.Result)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-18s %s\n", name, text)
		}
	}
	row("why", d.Why)
	row("noticed", d.Noticed)
	stopped, again := "observed stopped", "running again"
	switch {
	case d.Action == string(tagout.DrillRollback):
		stopped, again = "read back", "forward again"
	case len(d.Controls) == 1 && d.Controls[0].Control == "":
		stopped = "stopped by lease"
	}
	if d.Observed != nil {
		row(stopped, "in "+millis(*d.Observed)+", of "+millis(d.Within)+" at most")
	}
	if d.Restored != nil {
		row(again, "after "+millis(*d.Restored))
	}
	if d.Answered != nil {
		row("acknowledged", "after "+millis(*d.Answered))
	}
	for _, c := range d.Controls {
		if c.Control != "" {
			row("control "+c.Control, controlTold(c.Accepted, c.Observed))
		}
	}
	for _, late := range d.Late {
		row("late", late)
	}
	if p.Real {
		fmt.Fprintf(&b, "This is a real incident now.")
		for _, scope := range p.Held {
			fmt.Fprintf(&b, " %s stays held until it is signed for: /resume %s in Slack.", scope, d.Incident)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func controlTold(accepted, observed int64) string {
	switch {
	case observed > 0 && accepted > 0:
		return "accepted after " + millis(accepted) + ", observed after " + millis(observed)
	case observed > 0:
		return "observed after " + millis(observed)
	case accepted > 0:
		return "accepted after " + millis(accepted) + ", not observed stopped"
	}
	return "not observed stopped"
}

func millis(n int64) string { return tagout.Elapsed(time.Duration(n) * time.Millisecond) }
