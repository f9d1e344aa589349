package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tagout"
	"tagout/gate"
	"tagout/internal/config"
	"tagout/store"
)

// exitUnknown is the exit code of a check that could not be made: it is never taken for a yes.
const exitUnknown = 3

// releaseCmd tells whether an agent may be released.
type releaseCmd struct {
	Agent  string   `required:"" placeholder:"NAME" help:"The agent that is to be released."`
	Class  string   `placeholder:"NAME" help:"Only incidents of this failure class, beside what holds the agent and private ones."`
	Fixes  []string `placeholder:"INC-7" help:"An incident of which this release is the fix: that it is open or held does not count. May be repeated."`
	JSON   bool     `name:"json" help:"Print the result as JSON."`
	Server string   `env:"TAGOUT_SERVER" default:"http://127.0.0.1:8080" help:"The running Tagout that is asked."`
	Token  string   `env:"TAGOUT_TOKEN" placeholder:"TOKEN" help:"An API token of its configuration that may read; better given in the environment."`
	Config string   `short:"c" placeholder:"FILE" help:"Ask no server: read the database of this configuration."`
}

// Run prints what stands against the release. It exits with 0 if nothing does, 1 if something
// does, and 3 if that could not be found out.
func (c releaseCmd) Run(env *surroundings) error {
	q, err := c.query()
	var report tagout.ReleaseReport
	switch {
	case err != nil:
	case c.Config != "":
		report, err = c.look(env, q)
	default:
		report, err = c.ask(env, q)
	}
	if err != nil {
		return c.unknown(env, err)
	}
	if c.JSON {
		err = json.NewEncoder(env.stdout).Encode(report)
	} else {
		err = printRelease(env.stdout, report)
	}
	if err != nil {
		return exitError{exitUnknown, err}
	}
	if !report.Pass {
		return exitError{1, errors.New(report.Sentence())}
	}
	return nil
}

func (c releaseCmd) query() (tagout.ReleaseQuery, error) {
	q := tagout.ReleaseQuery{Agent: strings.TrimSpace(c.Agent), Class: c.Class}
	for _, text := range c.Fixes {
		id, err := tagout.ParseIncidentID(text)
		if err != nil {
			return q, err
		}
		q.Fixes = append(q.Fixes, id)
	}
	return q, nil
}

// look reads the database itself.
func (c releaseCmd) look(env *surroundings, q tagout.ReleaseQuery) (tagout.ReleaseReport, error) {
	cfg, err := config.Load(c.Config, config.SystemEnv())
	if err != nil {
		return tagout.ReleaseReport{}, err
	}
	s, err := store.Open(env.ctx, cfg.Database, store.Options{Logger: env.log})
	if err != nil {
		return tagout.ReleaseReport{}, err
	}
	defer s.Close()
	return cfg.Policy.CheckRelease(env.ctx, journaled{s, cfg.Journal}, q, time.Now())
}

// journaled is a database with the stops that stand only in the journal beside it: of a Tagout
// that runs and cannot reach its database, or does not run. A stop is taken out of the journal
// only once it is recorded, so the journal is read first.
type journaled struct {
	*store.Store
	journal string
}

// Holds lists what stands, recorded or not. It returns Unavailable for a journal that is damaged
// or cannot be read, and Conflict for that of another database.
func (j journaled) Holds(ctx context.Context) ([]tagout.Hold, error) {
	waiting, err := gate.ReadJournal(j.journal)
	if err != nil {
		return nil, err
	}
	id, err := j.DatabaseID(ctx)
	if err != nil {
		return nil, err
	}
	if waiting.Database != "" && waiting.Database != id {
		return nil, tagout.Errorf(tagout.Conflict, "The journal %s belongs to another database. Fix: Point journal at this database's own file.", j.journal)
	}
	holds, err := j.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]tagout.HoldID, len(waiting.Stops))
	for n, s := range waiting.Stops {
		ids[n] = s.Hold.ID
	}
	known, err := j.KnownHolds(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range waiting.Stops {
		h, recorded := known[s.Hold.ID]
		if !recorded {
			h = s.Hold
			h.Incident, h.Private = 0, s.Private
		}
		if h.Active() && !slices.ContainsFunc(holds, func(other tagout.Hold) bool { return other.ID == h.ID }) {
			holds = append(holds, h)
		}
	}
	return holds, nil
}

// ask asks the server.
func (c releaseCmd) ask(env *surroundings, q tagout.ReleaseQuery) (report tagout.ReleaseReport, err error) {
	query := url.Values{"agent": {q.Agent}}
	if q.Class != "" {
		query.Set("class", q.Class)
	}
	if len(q.Fixes) > 0 {
		ids := make([]string, len(q.Fixes))
		for n, id := range q.Fixes {
			ids[n] = id.String()
		}
		query.Set("fixes", strings.Join(ids, ","))
	}
	status, body, err := remote{c.Server, c.Token}.ask(env.ctx, remoteCall{Method: http.MethodGet, Path: []string{"release-check"}, Query: query, Unanswered: "Fix: Check --server and the network."})
	if err != nil {
		return report, err
	}
	if status != http.StatusOK {
		problem := refused{Detail: "It sent no explanation, so it may not be Tagout. Fix: Check --server."}
		_ = json.Unmarshal(body, &problem)
		return report, tagout.Errorf(tagout.Unavailable, "The server answered %d. %s", status, printable(problem.Detail))
	}
	if err := json.Unmarshal(body, &report); err != nil || !strings.EqualFold(report.Agent, q.Agent) || report.At.IsZero() || report.Pass != (len(report.Incidents)+len(report.Recurrences) == 0) {
		return report, tagout.Errorf(tagout.Unavailable, "Its answer is not one of Tagout's. Fix: Check --server.")
	}
	return report, nil
}

// unknown tells that the check could not be made, also as JSON for whoever reads that.
func (c releaseCmd) unknown(env *surroundings, err error) error {
	text := explain(err)
	if c.JSON {
		_ = json.NewEncoder(env.stdout).Encode(map[string]any{"agent": c.Agent, "pass": false, "unknown": text})
	}
	return exitError{exitUnknown, tagout.Errorf(tagout.Unavailable, "It is not known whether %s may be released, so it may not. %s", printable(c.Agent), text)}
}

// printRelease shows a report to whoever reads the log of the pipeline.
func printRelease(w io.Writer, r tagout.ReleaseReport) error {
	if r.Pass {
		_, err := fmt.Fprintln(w, printable(r.Sentence()))
		return err
	}
	var b strings.Builder
	for _, i := range r.Incidents {
		heading := i.ID.String() + " is private."
		if !i.Private {
			heading = fmt.Sprintf("%s %s %s, %s: %s", i.ID, i.Severity.Label(), i.Class, i.State, i.Title)
		}
		b.WriteString(heading + "\n")
		for _, p := range i.Problems {
			printProblem(&b, p.Text, p.Owner, p.Fix)
		}
	}
	for _, c := range r.Recurrences {
		heading := "It comes back."
		if c.Class != "" {
			heading = fmt.Sprintf("%s comes back:", c.Class)
			for n, id := range c.Incidents {
				heading += map[bool]string{true: " ", false: ", "}[n == 0] + id.String()
			}
		}
		b.WriteString(heading + "\n")
		printProblem(&b, c.Text, c.Owner, c.Fix)
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

func printProblem(b *strings.Builder, text, owner, fix string) {
	b.WriteString("  ✘ " + text + "\n")
	if owner != "" {
		b.WriteString("    Whose: " + owner + "\n")
	}
	b.WriteString("    Fix: " + fix + "\n")
}
