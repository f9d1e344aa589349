package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout/sandbox"
)

// keepPostingJobs has the database keep a note of each job that makes one message: jobs that are
// done vanish.
const keepPostingJobs = `CREATE UNLOGGED TABLE posting_jobs (queue text, args jsonb);
	CREATE FUNCTION keep_posting_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO posting_jobs VALUES (NEW.queue, NEW.args); RETURN NULL;
	END $$;
	CREATE TRIGGER keep_posting_job AFTER INSERT ON river_job FOR EACH ROW
		WHEN (NEW.queue IN ('announce', 'open_channel', 'post', 'direct', 'send', 'send-slack')) EXECUTE FUNCTION keep_posting_job()`

const postingJobs = "SELECT queue, args->>'key', args->>'incident', coalesce(args->>'data', '') FROM posting_jobs"

// gather notes what the jobs say is to be posted.
func (g *gale) gather(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, g.pg.url(g.database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, postingJobs)
	if err != nil {
		return err
	}
	var queue, key, incident, data string
	_, err = pgx.ForEachRow(rows, []any{&queue, &key, &incident, &data}, func() error {
		switch queue {
		case "announce":
			key = "announce:INC-" + incident
		case "open_channel":
			key = "card:INC-" + incident
		case "send", "send-slack":
			var page struct {
				Page struct {
					ID string `json:"id"`
				} `json:"page"`
			}
			if err := json.Unmarshal([]byte(data), &page); err != nil {
				return err
			}
			key = "page:" + page.Page.ID
		}
		g.due[key] = queue
		return nil
	})
	return err
}

// compare looks for everything that is due. Without limits only pages are waited for.
func (g *gale) compare(onlyPages bool) (due int, missing, twice []string) {
	there := map[string]int{}
	g.slack.each(func(m sandbox.Message) { there[keyOf(m.Metadata)]++ })
	for key, queue := range g.due {
		if onlyPages && !strings.HasPrefix(queue, "send") {
			continue
		}
		due++
		switch n := there[key] + there[key+":announce"]; { // in the announce channel if the incident has none yet
		case n == 0:
			missing = append(missing, key)
		case n > 1:
			twice = append(twice, key)
		}
	}
	slices.Sort(missing)
	slices.Sort(twice)
	return due, missing, twice
}

// postedBy counts what was due by its kind.
func (g *gale) postedBy() string {
	counts := map[string]int{}
	for _, queue := range g.due {
		counts[queue]++
	}
	return fmt.Sprint(counts)
}

// pages reads the incident of every page.
func (g *gale) pages(ctx context.Context) (incidents map[string]string, unsent int, err error) {
	conn, err := pgx.Connect(ctx, g.pg.url(g.database))
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT id, 'INC-' || incident, status FROM pages")
	if err != nil {
		return nil, 0, err
	}
	incidents = map[string]string{}
	var id, incident, status string
	_, err = pgx.ForEachRow(rows, []any{&id, &incident, &status}, func() error {
		incidents[id] = incident
		if status != "sent" {
			unsent++
		}
		return nil
	})
	return incidents, unsent, err
}

func (g *gale) allPaged(ctx context.Context) (bool, error) {
	pages, unsent, err := g.pages(ctx)
	return unsent == 0 && len(pages) >= len(g.accepted), err
}

// pageTimes are how long after its alert was accepted the first page of each incident came.
func (g *gale) pageTimes(ctx context.Context) (latencies, error) {
	pages, _, err := g.pages(ctx)
	if err != nil {
		return nil, err
	}
	first := map[string]time.Time{}
	for id, incident := range pages {
		at, came := g.slack.arrival("page:" + id)
		if was := first[incident]; came && (was.IsZero() || at.Before(was)) {
			first[incident] = at
		}
	}
	var took latencies
	for incident, accepted := range g.accepted {
		at, paged := first[incident]
		if !paged {
			return nil, fmt.Errorf("nobody was paged for %s", incident)
		}
		took = append(took, max(0, at.Sub(accepted)))
	}
	return took, nil
}

func (g *gale) allQuiet(ctx context.Context) (bool, error) {
	if !g.slack.quiet() {
		return false, nil
	}
	var left int
	err := g.pg.query(ctx, g.database, "SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending')", &left)
	return left == 0, err
}

// oneStorm checks what the storm made: one incident whose card tells of every alert.
func (g *gale) oneStorm(ctx context.Context, rate float64) (string, error) {
	var incidents, number, alerts int
	if err := g.pg.query(ctx, g.database, "SELECT count(*) FROM incidents WHERE agent = '"+stormAgent+"'", &incidents); err != nil {
		return "", err
	}
	if err := g.pg.query(ctx, g.database, "SELECT min(id) FROM incidents WHERE agent = '"+stormAgent+"'", &number); err != nil {
		return "", err
	}
	if err := g.pg.query(ctx, g.database, fmt.Sprint("SELECT count(*) FROM alerts WHERE incident = ", number), &alerts); err != nil {
		return "", err
	}
	channels, messages, card := 0, 0, sandbox.Message{}
	for _, c := range g.slack.slack.Channels() {
		if !strings.HasPrefix(c.Name, fmt.Sprintf("inc-%d-", number)) {
			continue
		}
		channels++
		all := g.slack.slack.Messages(c.ID)
		messages += len(all)
		for _, m := range all {
			if keyOf(m.Metadata) == fmt.Sprint("card:INC-", number) {
				card = m
			}
		}
	}
	if want := fmt.Sprint(alerts); alerts != g.bench.storm.alerts || !strings.Contains(strings.ReplaceAll(card.Visible(), ",", ""), want) {
		return "", fmt.Errorf("%d alerts are stored of %d, and the last card says: %s", alerts, g.bench.storm.alerts, card.Visible())
	}
	g.slack.mu.Lock()
	updates := len(g.slack.updated[[2]string{card.Channel, card.TS}])
	g.slack.mu.Unlock()
	return fmt.Sprintf("%s/s, %d, %d, %d, %d", thousands(int(rate)), incidents, channels, messages, updates), nil
}
