package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The load of alerts that page. Slack takes about one message a second in a channel and
// five a second in all, so a faster pace would measure Slack's limits.
const (
	pagedEvery = 330 * time.Millisecond
	pagedTimes = 60
	pagedTeams = 24
)

// measurePage posts alerts that open incidents, each paging another team, and takes the time
// from the 202 to the direct message arriving at Slack.
func measurePage(ctx context.Context, b *bench, r *report) error {
	r.note("%d alerts, one every %s, each opening a SEV-1 incident that pages one person by direct message; from the 202 to `chat.postMessage` arriving at the sandbox.", pagedTimes, pagedEvery)
	r.columns("database", "pages", "alert accepted p50", "p99", "accepted → page sent p50", "p99", "max")
	return b.onBoth(ctx, func(name, database string) error { return b.pageOn(ctx, r, name, database) })
}

func (b *bench) pageOn(ctx context.Context, r *report, name, database string) error {
	w := openWorkspace(teams(pagedTeams))
	defer w.close()
	s, err := b.start(ctx, "page "+name, setup{Database: database, SlackURL: w.http.URL, Agents: agents(pagedTimes), Teams: teams(pagedTeams)})
	if err != nil {
		return err
	}
	defer s.stop()
	w.deliverTo(s)
	var accepted, paged latencies
	tick := time.NewTicker(pagedEvery)
	defer tick.Stop()
	for n := range pagedTimes {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		took, sent, err := s.pageOne(w, n)
		if err != nil {
			return err
		}
		if sent > time.Second {
			b.log.Info("a late page", "database", name, "alert", n, "after", sent)
		}
		accepted, paged = append(accepted, took), append(paged, sent)
	}
	a, p := accepted.spread(), paged.spread()
	r.row(name, fmt.Sprint(len(paged)), a[0], a[1], p[0], p[1], p[2])
	return nil
}

// pageOne posts one alert and waits for its page.
func (s *server) pageOne(w *workspace, n int) (accepted, paged time.Duration, err error) {
	c, err := dial(s.address)
	if err != nil {
		return 0, 0, err
	}
	defer c.close()
	to := team(n % pagedTeams)
	body := fmt.Appendf(nil, `{"name":"Complaints","summary":"complaints rise","fingerprint":"page-%d","status":"firing","starts_at":"2026-01-02T03:04:05Z","labels":{"agent":%q,"team":%q}}`, n, agentName(n), to)
	began := time.Now()
	status, answer, err := c.post("/v1/alerts/generic", sourceToken, body)
	end := time.Now()
	var taken struct{ Incidents []string }
	if err == nil {
		err = json.Unmarshal(answer, &taken)
	}
	if err != nil || status != http.StatusAccepted || len(taken.Incidents) != 1 {
		return 0, 0, fmt.Errorf("an alert was answered with %d: %s %w", status, answer, err)
	}
	for limit := time.Now().Add(answerPatience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if at, ok := w.paged(userOf(to), taken.Incidents[0]); ok {
			return end.Sub(began), at.Sub(end), nil
		}
	}
	return 0, 0, fmt.Errorf("nobody was paged for %s within %s", taken.Incidents[0], answerPatience)
}
