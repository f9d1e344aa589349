package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"tagout"
	"tagout/internal/config"
	"tagout/store"
)

// SampleMark stands before the title of every incident that never happened.
const SampleMark = "[sample] "

// SampleNotice says in digests what their figures are of.
const SampleNotice = "Sample data: the incidents marked " + SampleMark + "are made up for this demo."

const (
	pastDays      = 90
	pastIncidents = 60
)

// past makes up the incidents of the last 90 days by the real transitions, at times that are
// handed to them, so that their timelines verify. Nothing is carried out of it: nobody is
// paged, and nothing is posted or stopped.
type past struct {
	store  *store.Store
	policy *tagout.Policy
	rand   *rand.Rand
	start  time.Time
}

// makePast fills a new database; one that has incidents already stays as it is.
func makePast(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	s, err := store.Open(ctx, cfg.Database, store.Options{Logger: log, Migrate: true})
	if err != nil {
		return err
	}
	defer s.Close()
	if known, err := s.Incidents(ctx, tagout.IncidentQuery{Limit: 1}); err != nil || len(known) > 0 {
		return err
	}
	p := past{store: s, policy: &cfg.Policy, rand: rand.New(rand.NewPCG(90, 60)), start: time.Now().UTC().Add(-pastDays * 24 * time.Hour)}
	every := time.Duration(pastDays) * 24 * time.Hour / pastIncidents
	for n := range pastIncidents {
		at := p.start.Add(time.Duration(n)*every + p.upTo(every/2))
		if err := p.incident(ctx, n, tagout.Moment(at)); err != nil {
			return fmt.Errorf("sample incident %d: %w", n, err)
		}
		if err := p.drillOf(ctx, n, at.Add(every-time.Hour/2)); err != nil {
			return err
		}
	}
	return nil
}

func (p past) upTo(d time.Duration) time.Duration { return time.Duration(p.rand.Int64N(int64(d))) }

// plot is what happens in one incident.
type plot struct {
	agent, class, title string
	severity            tagout.Severity
}

func plots() []plot {
	return []plot{
		{"mailer", "policy_violation", "Mail to people who had unsubscribed", "sev1"},
		{"mailer", "budget_drift", "Spend on text messages twice the plan", "sev2"},
		{"researcher", "judgment_error", "Accounts ranked by a wrong region", "sev3"},
		{"mailer", "judgment_error", "Wrong first name in a greeting", "sev3"},
		{"mailer", "budget_drift", "Discount offered beyond the limit", "sev2"},
		{"researcher", "budget_drift", "Searches far above the daily volume", "sev2"},
		{"researcher", "policy_violation", "Personal notes copied into the CRM", "sev1"},
	}
}

// chapter is what happens in one transaction, by what is said of an incident one after another.
type chapter struct {
	i   *tagout.Incident
	c   tagout.Change
	err error
}

func (c *chapter) add(change tagout.Change, err error) {
	if c.err == nil {
		c.c, c.err = c.c.And(change), err
	}
}

// write runs a chapter. What would follow of it is left out.
func (p past) write(ctx context.Context, id tagout.IncidentID, tell func(c *chapter)) (tagout.IncidentID, error) {
	i, _, err := p.store.Join(ctx, tagout.Match{Incident: id}, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		c := &chapter{i: i}
		tell(c)
		c.c.Effects, c.c.Seen = nil, nil
		return c.c, c.err
	})
	if err != nil {
		return 0, err
	}
	return i.ID, nil
}

// incident tells one from its beginning to its end.
func (p past) incident(ctx context.Context, n int, at time.Time) error {
	what := plots()[n*5%len(plots())]
	if n%3 == 0 {
		what = plots()[1] // the same trouble comes back again and again
	}
	row := p.policy.SeverityPolicy(what.severity)
	if n%17 == 9 {
		return p.falseAlarm(ctx, what, row, at)
	}
	var restored time.Time
	id, err := p.write(ctx, 0, func(c *chapter) { restored = p.begin(c, n, what, row, at) })
	if err != nil {
		return err
	}
	if n%8 == 3 { // somebody says no first
		if _, err := p.write(ctx, id, func(c *chapter) { p.decide(c, row, restored, tagout.NoGo) }); err != nil {
			return err
		}
		restored = restored.Add(time.Hour + p.upTo(3*time.Hour))
	}
	if _, err := p.write(ctx, id, func(c *chapter) { p.decide(c, row, restored, tagout.Go) }); err != nil {
		return err
	}
	if n == 35 || n == 48 || n > pastIncidents-4 {
		return nil // its review is still owed
	}
	_, err = p.write(ctx, id, func(c *chapter) { p.review(c, n, what, restored.Add(24*time.Hour+p.upTo(24*time.Hour))) })
	return err
}

var (
	sampleSource = tagout.Actor{Kind: tagout.BySource, ID: "generic"}
	commander    = tagout.User{ID: "U0IC", Team: "T0SANDBOX"}
)

func (p past) opening(what plot, row *tagout.SeverityPolicy, onset time.Time) tagout.Opening {
	return tagout.Opening{
		Title: SampleMark + what.title, Summary: SampleMark + what.title, Scope: tagout.Scope{Agent: what.agent}, Class: what.class,
		By: sampleSource, Onset: onset, Row: row, Of: p.policy.Classes[what.class],
	}
}

func (p past) falseAlarm(ctx context.Context, what plot, row *tagout.SeverityPolicy, at time.Time) error {
	_, err := p.write(ctx, 0, func(c *chapter) {
		c.add(c.i.Open(p.opening(what, row, time.Time{}), at))
		c.add(c.i.Acknowledge(commander.Actor(), at.Add(2*time.Minute)))
		c.add(c.i.Cancel("it was the load test", commander, at.Add(20*time.Minute)))
	})
	return err
}

// begin tells an incident until it can be asked to resume, and returns when that is. Over the
// months people get faster.
func (p past) begin(c *chapter, n int, what plot, row *tagout.SeverityPolicy, at time.Time) time.Time {
	i := c.i
	slower := 1 + 2*time.Duration(pastIncidents-n)/pastIncidents
	c.add(i.Open(p.opening(what, row, at.Add(-time.Minute-slower*p.upTo(9*time.Minute))), at))
	if c.err != nil {
		return at
	}
	hold := tagout.Hold{ID: tagout.HoldID(tagout.DeriveID("sample", what.agent, at.String())), Scope: tagout.Scope{Agent: what.agent}, Mode: row.Contain.Mode, By: tagout.Tagout, Reason: what.title, At: at}
	c.add(i.Hang(hold, p.policy.Agents, at))
	p.page(c, row, at)
	if what.agent == "researcher" {
		c.add(i.PassLeases(at.Add(p.policy.Agents.LeaseOf(what.agent))), nil)
	} else {
		seen := at.Add(200*time.Millisecond + p.upTo(900*time.Millisecond))
		c.add(i.TakeReport(tagout.ControlReport{Agent: what.agent, Control: "webhook", Holds: []tagout.HoldID{hold.ID}, At: seen, Accepted: true, Observed: true}), nil)
	}
	answered := at.Add(30*time.Second + slower*p.upTo(row.Deadlines.Acknowledge/2))
	if due := at.Add(row.Deadlines.Acknowledge); answered.After(due) {
		c.add(i.PassDeadlines(func(tagout.Deadline) []string { return nil }, due), nil)
	}
	c.add(i.Acknowledge(commander.Actor(), answered))
	if what.severity == tagout.Sev1 {
		p.rollback(c, n, what, answered)
	}
	return answered.Add(time.Hour + slower*p.upTo(4*time.Hour))
}

// page tells who was paged, and who was reached.
func (p past) page(c *chapter, row *tagout.SeverityPolicy, at time.Time) {
	key := string(row.Severity)
	var pages []tagout.Page
	for _, role := range row.Page {
		for _, who := range p.policy.Roles[role].Members {
			pages = append(pages, tagout.Page{
				ID: tagout.PageID(tagout.DeriveID("sample page", at.String(), role, string(who))), Incident: c.i.ID, Ladder: key, Pager: tagout.SlackPager,
				To: tagout.Person{ID: who}, Severity: row.Severity, Why: row.Severity.Label() + " pages " + role, Status: tagout.PageQueued, QueuedAt: at,
			})
		}
	}
	paging := tagout.Paging{Round: tagout.PageRound{Key: key, Roles: row.Page, Why: row.Severity.Label() + " pages"}, Pages: pages}
	c.add(c.i.PageOut(paging, at), nil)
	for _, page := range pages {
		page.Status, page.SentAt = tagout.PageSent, at.Add(time.Second)
		c.add(c.i.Paged(page, nil, tagout.Paging{Round: paging.Round}, page.SentAt), nil)
	}
}

// rollback goes back to the prompt before; now and then in vain.
func (p past) rollback(c *chapter, n int, what plot, at time.Time) {
	c.add(c.i.BeginRollback(tagout.Rollback{ID: fmt.Sprint("sample", n), Agent: what.agent, By: commander.Actor(),
		Components: []tagout.ComponentRollback{{Component: "prompt", From: "v42", To: "v41", Basis: tagout.BasisKnownGood}}}, at))
	if n%4 == 2 {
		c.add(c.i.MissRollback(at, nil, nil, at.Add(time.Minute)), nil)
		return
	}
	c.add(c.i.TakeVersionNews(tagout.ControlReport{Agent: what.agent, Control: "webhook", Versions: map[string]string{"prompt": "v41"}}, at.Add(20*time.Second)), nil)
}

// decide asks for the return of the agent, and has the first of those who may decide.
func (p past) decide(c *chapter, row *tagout.SeverityPolicy, at time.Time, verdict string) {
	i := c.i
	said := map[string]string{}
	for _, key := range append(row.Resume.Require, "verified_against") {
		said[key] = "Sample: a prompt without the rule. The rule is checked by a tool now."
	}
	said["review_scheduled"] = at.Add(48 * time.Hour).Format(time.RFC3339)
	c.add(i.RequestResume(tagout.ResumeDraft{ID: tagout.DeriveID("sample request", i.ID.String(), at.String()), By: commander, Target: tagout.Running, Deliverables: said}, row, p.policy.Agents, nil, at))
	if c.err != nil {
		return
	}
	for _, needed := range row.Resume.Rule {
		role := needed.AnyOf[0]
		at = at.Add(5*time.Minute + p.upTo(50*time.Minute))
		_, change, err := i.Sign(tagout.Signing{
			User: tagout.User{ID: p.policy.Roles[role].Members[0], Team: commander.Team}, HomeTeam: commander.Team, Roles: []string{role},
			Verdict: verdict, Reason: "Sample: nobody has said yet who was affected.", Request: i.Request.ID, Digest: i.Request.Digest,
		}, p.policy.Agents, at)
		c.add(change, err)
	}
}

// review tells what was learnt, by whom it was approved, and what is done about it.
func (p past) review(c *chapter, n int, what plot, at time.Time) {
	i := c.i
	parts := map[string]string{}
	for _, part := range tagout.ReviewParts() {
		parts[part.Key] = "Sample: " + part.Label + " of \"" + what.title + "\"."
	}
	c.add(i.SaveReview(tagout.ReviewEdit{By: commander, Parts: parts}, at))
	due := at.Add(14 * 24 * time.Hour)
	c.add(i.AddAction(tagout.ActionDraft{ID: fmt.Sprint("sample", n), Title: SampleMark + "Check it in the tool, not in the prompt", Owner: "U0ENG", Due: due, Layer: tagout.LayerTools, Test: "TestRefusesWhatIsNotAllowed"}, commander, at))
	if c.err != nil {
		return
	}
	c.add(i.SubmitReview(i.Review.Version(), commander, nil, at.Add(time.Hour)))
	if c.err != nil {
		return
	}
	c.add(i.DecideReview(tagout.Signing{User: tagout.User{ID: "U0ENG", Team: commander.Team}, HomeTeam: commander.Team, Roles: []string{tagout.RCAFacilitator},
		Verdict: tagout.Go, Request: i.ReviewID(), Digest: i.Review.Digest}, at.Add(2*time.Hour)))
	if n != 29 && n != 37 && n != 44 && due.Before(p.start.Add(pastDays*24*time.Hour)) {
		c.add(i.FinishAction(1, "TestRefusesWhatIsNotAllowed", "", tagout.User{ID: "U0ENG", Team: commander.Team}, due.Add(-48*time.Hour)))
	}
}
