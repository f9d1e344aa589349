package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tagout/sandbox"
)

// stormSize is how bad a storm is.
type stormSize struct {
	incidents, alerts, people int
	patience                  time.Duration // until all is quiet
}

// stormAgent is whose alerts come in one storm.
const stormAgent = "stormy"

// quietFor is how long nothing is asked of Slack when all is quiet: longer than the minute for which
// a tier may keep the last call waiting.
const quietFor = 75 * time.Second

// measureStorm opens many incidents at once, each paging somebody, and then lets one storm of
// alerts come, while Slack is still busy with what was opened.
func measureStorm(ctx context.Context, b *bench, r *report) error {
	s := &b.storm
	if s.people <= 0 {
		s.people = s.incidents
	}
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	r.note("%s SEV-1 incidents at once, each of another agent, over %d connections; each pages one of %s people by direct message. Then %s alerts of one agent, each with its own fingerprint, as fast as they are taken.", thousands(s.incidents), senders, thousands(s.people), thousands(s.alerts))
	r.note("Postgres %s: %s. The workspace is in the load generator's process; at the limits it enforces Slack's: 20, 50 or 100 calls a minute of a method, one message a second in a channel (three in a row), 429 with Retry-After.", pg.version, postgresSettings)
	r.note("Due: what the jobs in the database say is to be posted (pages, announcements, cards, notes, direct messages), looked for in the workspace by its key. Quiet: no job left, and nothing asked of Slack for %s. Without limits the run ends with the pages.", quietFor)
	r.columns("Slack", "accepted → page sent p50", "p99", "max", "429 / ignored", "messages due / missing / twice", "updates of a message: most in a second", "messages per incident", "the storm: alerts/s, incidents, channels, messages, updates", "until all pages / all quiet", "peak memory")
	for _, row := range []struct {
		name   string
		strict bool
	}{{"without limits", false}, {"at its limits", true}} {
		if !b.wants(row.name) {
			continue
		}
		if err := b.stormOn(ctx, r, pg, row.name, sandbox.Options{Strict: row.strict}); err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
	}
	return nil
}

// gale is one storm under way.
type gale struct {
	bench    *bench
	pg       *cluster
	database string
	slack    *stormSlack
	server   *server
	due      map[string]string // the queue of everything that is to be posted, by its key
	began    time.Time
	accepted map[string]time.Time // when the alert of an incident was answered
}

func (b *bench) stormOn(ctx context.Context, r *report, pg *cluster, name string, o sandbox.Options) error {
	database, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	slack := openStormSlack(o, teams(b.storm.people))
	defer slack.close()
	s, err := b.start(ctx, "storm "+database, setup{
		Database: pg.url(database), SlackURL: slack.http.URL, Agents: append(agents(b.storm.incidents), stormAgent), Teams: teams(b.storm.people), Patient: true, Storm: stormAgent,
	})
	if err != nil {
		return err
	}
	defer s.stop()
	slack.deliverTo(s)
	if err := pg.exec(ctx, database, keepPostingJobs); err != nil {
		return s.explained(err)
	}
	g := &gale{bench: b, pg: pg, database: database, slack: slack, server: s, due: map[string]string{}, accepted: map[string]time.Time{}}
	return s.explained(g.blow(ctx, r, name, o.Strict))
}

// blow runs the storm and reports what it saw.
func (g *gale) blow(ctx context.Context, r *report, name string, toTheEnd bool) error {
	before := usageOf(g.server, g.pg)
	err := g.bench.profile(g.server, "storm "+name, func() error {
		if err := g.open(); err != nil {
			return err
		}
		return g.until(ctx, "all pages", g.allPaged)
	})
	if err != nil {
		return err
	}
	paged := time.Since(g.began)
	g.bench.log.Info("all are paged", "CPU µs each: Tagout / Postgres / generator", usageOf(g.server, g.pg).perItem(before, len(g.accepted)))
	storm, quiet := "–", "–"
	if toTheEnd {
		rate, err := g.rage()
		if err != nil {
			return err
		}
		if err := g.until(ctx, "all quiet", g.allQuiet); err != nil {
			return err
		}
		quiet = (time.Since(g.began) - quietFor).Round(time.Second).String()
		if storm, err = g.oneStorm(ctx, rate); err != nil {
			return err
		}
	}
	took, err := g.pageTimes(ctx)
	if err != nil {
		return err
	}
	posted, missing, twice := g.compare(!toTheEnd)
	manners := g.slack.workspace.slack.Manners()
	refused := 0
	for _, n := range manners.Limited {
		refused += n
	}
	spread := took.spread()
	_, peak := g.server.residentMB()
	r.row(name, spread[0], spread[1], spread[2], fmt.Sprintf("%d / %d", refused, len(manners.Ignored)), fmt.Sprintf("%s / %d / %d", thousands(posted), len(missing), len(twice)),
		fmt.Sprint(g.slack.mostUpdates()), fmt.Sprintf("%.1f", float64(g.slack.messages())/float64(len(g.accepted))), storm, paged.Round(time.Millisecond).String()+" / "+quiet, fmt.Sprintf("%d MB", peak))
	g.bench.log.Info("calls that were told to wait", "by method", fmt.Sprint(manners.Limited), "calls", fmt.Sprint(g.slack.calls()), "posted", g.postedBy())
	if len(missing)+len(twice)+len(manners.Ignored) > 0 {
		return fmt.Errorf("missing %v, twice %v, ignored %v", missing, twice, manners.Ignored)
	}
	return nil
}

// open posts one alert for each incident, all at once.
func (g *gale) open() error {
	var next atomic.Int64
	var mu sync.Mutex
	g.began = time.Now()
	return eachConnection(g.server.address, func(c *wire) error {
		for n := int(next.Add(1)) - 1; n < g.bench.storm.incidents; n = int(next.Add(1)) - 1 {
			body := fmt.Appendf(nil, `{"name":"Complaints","summary":"complaints rise","fingerprint":"open-%d","status":"firing","starts_at":"2026-01-02T03:04:05Z","labels":{"agent":%q,"team":%q}}`,
				n, agentName(n), team(n%g.bench.storm.people))
			status, answer, err := c.post("/v1/alerts/generic", sourceToken, body)
			at := time.Now()
			var taken struct{ Incidents []string }
			if err == nil {
				err = json.Unmarshal(answer, &taken)
			}
			if err != nil || status != http.StatusAccepted || len(taken.Incidents) != 1 {
				return fmt.Errorf("an alert was answered with %d: %s %w", status, answer, err)
			}
			mu.Lock()
			g.accepted[taken.Incidents[0]] = at
			mu.Unlock()
		}
		return nil
	})
}

// rage posts the alerts of one storm, and returns how many a second were taken.
func (g *gale) rage() (float64, error) {
	var next atomic.Int64
	began := time.Now()
	err := eachConnection(g.server.address, func(c *wire) error {
		buffer := make([]byte, 0, 1024)
		for n := next.Add(1); n <= int64(g.bench.storm.alerts); n = next.Add(1) {
			buffer = alertBody(buffer, fmt.Sprint("storm-", n), stormAgent)
			if err := g.server.alarm(c, buffer); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(g.bench.storm.alerts) / time.Since(began).Seconds(), err
}

// eachConnection does something on many connections at once.
func eachConnection(address string, do func(c *wire) error) error {
	errs := make(chan error, senders)
	for range senders {
		go func() {
			c, err := dial(address)
			if err == nil {
				err = do(c)
				c.close()
			}
			errs <- err
		}()
	}
	var first error
	for range senders {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// until waits for something, and gathers meanwhile what is due.
func (g *gale) until(ctx context.Context, what string, ok func(ctx context.Context) (bool, error)) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		if err := g.gather(ctx); err != nil {
			return err
		}
		done, err := ok(ctx)
		if done || err != nil {
			return err
		}
		if n%120 == 119 {
			g.bench.log.Info("waiting", "for", what, "since", time.Since(g.began).Round(time.Second), "calls", fmt.Sprint(g.slack.calls()))
		}
		if time.Since(g.began) > g.bench.storm.patience {
			return fmt.Errorf("%s: not within %s", what, g.bench.storm.patience)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
