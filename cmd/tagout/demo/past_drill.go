package demo

import (
	"context"
	"fmt"
	"time"

	"tagout"
)

// samplePause is how many sample incidents lie between two sample drills: about a month.
const samplePause = 20

// drillOf tells the monthly drill after incident n, if one falls there.
func (p past) drillOf(ctx context.Context, n int, at time.Time) error {
	if n%samplePause != samplePause/2 {
		return nil
	}
	if err := p.drill(ctx, tagout.Moment(at)); err != nil {
		return fmt.Errorf("sample drill after incident %d: %w", n, err)
	}
	return nil
}

// drill stops the mailer's canary, sees it stopped, and lets it go.
func (p past) drill(ctx context.Context, at time.Time) error {
	const agent = "mailer"
	row := p.policy.SeverityPolicy(tagout.Sev2)
	facts := tagout.DrillFacts{Agents: p.policy.Agents}
	d := tagout.Drill{
		ID: tagout.DeriveID("sample drill", at.String()), Action: tagout.DrillKill, Agent: agent, Scope: p.policy.Agents[agent].Canary, By: commander.Actor(),
		Reason: SampleMark + "as every month", Severity: row.Severity, Within: row.Deadlines.Contain,
	}
	_, err := p.write(ctx, 0, func(c *chapter) {
		c.add(c.i.BeginDrill(d, tagout.DrillTerms{Row: row, Class: p.policy.DefaultClass}, facts, at))
		if c.err != nil {
			return
		}
		seen := at.Add(200*time.Millisecond + p.upTo(900*time.Millisecond))
		c.add(c.i.TakeReport(tagout.ControlReport{Agent: agent, Control: "webhook", Holds: []tagout.HoldID{tagout.DrillHold(d.ID)}, At: seen, Accepted: true, Observed: true}), nil)
		_, lifted := c.i.AdvanceDrill(facts, seen)
		c.add(lifted, nil)
		back := seen.Add(300*time.Millisecond + p.upTo(time.Second))
		facts.Controls = []tagout.ControlState{{Agent: agent, Control: "webhook", ReadAt: back, Confirmed: true}}
		_, done := c.i.AdvanceDrill(facts, back)
		c.add(done, nil)
	})
	return err
}
