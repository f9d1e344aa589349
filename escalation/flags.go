package escalation

import (
	"context"
	"strconv"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// quotePatience is how long an incident waits for what Slack says of a flagged message,
// before it takes the flag as it is.
const quotePatience = time.Minute

// noticed names the draft that keeps a message while somebody fills in the form about it.
func noticed(q tagout.Quote) string { return "flag:" + q.Key() }

// Notice keeps a message, whole, for the flag that somebody is about to raise: the form that
// they fill in has no room for it.
func (d *Desk) Notice(ctx context.Context, q tagout.Quote, by tagout.UserID) error {
	values := map[string]string{"author": q.Author, "text": q.Text}
	if q.Hidden {
		values["hidden"] = "yes"
	}
	return d.store.KeepDraft(ctx, tagout.FormDraft{Form: noticed(q), Person: by, At: tagout.Moment(d.clock.Now()), Values: values})
}

// RaiseFlag records what somebody flagged. A message that was flagged before is one flag,
// with both reporters. quote is the message, or nil. It returns Unavailable if it could not be
// recorded.
func (d *Desk) RaiseFlag(ctx context.Context, r tagout.FlagReport, quote *tagout.Quote) (*tagout.Flag, error) {
	name := "request:" + r.ID
	if quote != nil {
		name = "message:" + quote.Key()
		seen, err := d.store.Draft(ctx, 0, noticed(*quote), r.By)
		if err != nil {
			return nil, err
		}
		whole := quote.With(tagout.Quote{Author: seen.Values["author"], Text: seen.Values["text"], Hidden: seen.Values["hidden"] != ""})
		quote = &whole
	}
	f, err := d.store.RaiseFlag(ctx, name, func(f *tagout.Flag, now time.Time) ([]tagout.Effect, error) {
		return f.Raise(r, quote, now), nil
	})
	crashpoint.Here("flag.raised")
	if err == nil && quote != nil { // the flag has it now
		emptied := tagout.FormDraft{Form: noticed(*quote), Person: r.By, At: tagout.Moment(d.clock.Now())}
		if err := d.store.KeepDraft(ctx, emptied); err != nil {
			d.log.Debug("a draft that is not needed any more stays", "error", err)
		}
	}
	return f, err
}

// Flag reads one flag. Returns NotFound if there is none of that number.
func (d *Desk) Flag(ctx context.Context, id tagout.FlagID) (*tagout.Flag, error) {
	return d.store.Flag(ctx, id)
}

// OpenFlags lists those that nobody has decided, newest first.
func (d *Desk) OpenFlags(ctx context.Context) ([]*tagout.Flag, error) {
	return d.store.OpenFlags(ctx, 50)
}

// QuoteFlag records what Slack says of the flagged message.
func (d *Desk) QuoteFlag(ctx context.Context, id tagout.FlagID, q tagout.Quote) (*tagout.Flag, error) {
	return d.store.ChangeFlag(ctx, id, func(f *tagout.Flag, _ time.Time) ([]tagout.Effect, error) {
		if f.Quote != nil {
			whole := f.Quote.With(q)
			f.Quote = &whole
		}
		return nil, nil
	})
}

// PlaceFlag records where the triage message of a flag stands.
func (d *Desk) PlaceFlag(ctx context.Context, id tagout.FlagID, channel, ts string) (*tagout.Flag, error) {
	return d.store.ChangeFlag(ctx, id, func(f *tagout.Flag, _ time.Time) ([]tagout.Effect, error) {
		f.Channel, f.TS = channel, ts
		return nil, nil
	})
}

// DismissFlag decides that a flag is no incident. It returns Invalid without a reason, and
// Conflict if it was decided before.
func (d *Desk) DismissFlag(ctx context.Context, id tagout.FlagID, why string, by tagout.Actor) (*tagout.Flag, error) {
	return d.settleFlag(ctx, id, tagout.FlagOutcome{State: tagout.FlagDismissed, By: by, Why: why})
}

// FoldFlag decides that a flag belongs to an incident, which keeps it as evidence. It returns
// NotFound if there is no such incident, and Conflict if it was decided before.
func (d *Desk) FoldFlag(ctx context.Context, id tagout.FlagID, into tagout.IncidentID, by tagout.Actor) (*tagout.Flag, error) {
	if _, err := d.store.Incident(ctx, into); err != nil {
		return nil, err
	}
	return d.settleFlag(ctx, id, tagout.FlagOutcome{State: tagout.FlagDuplicate, By: by, Incident: into})
}

func (d *Desk) settleFlag(ctx context.Context, id tagout.FlagID, o tagout.FlagOutcome) (*tagout.Flag, error) {
	return d.store.ChangeFlag(ctx, id, func(f *tagout.Flag, now time.Time) ([]tagout.Effect, error) { return f.Settle(o, now) })
}

// PromoteFlag makes a flag an incident, which holds nothing by that. It returns Conflict if it
// was decided before. What a crash leaves undone is done after it.
func (d *Desk) PromoteFlag(ctx context.Context, id tagout.FlagID, p tagout.Promotion, by tagout.Actor) (*tagout.Flag, error) {
	f, err := d.settleFlag(ctx, id, tagout.FlagOutcome{State: tagout.FlagPromoted, By: by, Promote: &p})
	if err != nil {
		return nil, err
	}
	return d.openFlagged(ctx, f)
}

// openFlagged opens the incident of a promoted flag, once however often it is called.
func (d *Desk) openFlagged(ctx context.Context, f *tagout.Flag) (*tagout.Flag, error) {
	o := f.Outcome
	if o.State != tagout.FlagPromoted || o.Promote == nil || o.Incident != 0 {
		return f, nil
	}
	dec := tagout.Declaration{ID: "flag:" + strconv.FormatInt(int64(f.ID), 10), Title: o.Promote.Title, Summary: f.Words(),
		Severity: o.Promote.Severity, Class: o.Promote.Class, By: o.By}
	if o.Promote.Scope.Agent != "" {
		dec.Scope = &o.Promote.Scope
	}
	i, err := d.Declare(ctx, dec)
	if err != nil {
		return nil, err
	}
	return d.store.ChangeFlag(ctx, f.ID, func(f *tagout.Flag, _ time.Time) ([]tagout.Effect, error) { return f.Opened(i.ID), nil })
}

// linkFlag has an incident know of a flag, after whatever was decided.
func (d *Desk) linkFlag(ctx context.Context, e tagout.Effect) error {
	var ref tagout.FlagRef
	if err := e.Decode(&ref); err != nil {
		return err
	}
	f, err := d.store.Flag(ctx, ref.Flag)
	if tagout.CodeOf(err) == tagout.NotFound {
		return tagout.Final(err)
	}
	if err != nil {
		return err
	}
	if ref.Stopped != nil && f.State == tagout.FlagOpen {
		outcome := tagout.FlagOutcome{State: tagout.FlagStopped, By: *ref.Stopped, Incident: ref.Incident}
		_, err := d.settleFlag(ctx, f.ID, outcome) // which has the incident know of it
		return err
	}
	if ref.Incident == 0 {
		_, err := d.openFlagged(ctx, f)
		return err
	}
	if q := f.Quote; q != nil && !q.Looked && d.clock.Now().Sub(f.At) < quotePatience {
		return tagout.Postpone(tagout.Errorf(tagout.Unavailable, "Slack has not said yet where the message of %s stands.", f.ID), time.Second)
	}
	return d.update(ctx, ref.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.TakeFlag(f, now), nil })
}

// FlagMessage is the message by which people decide about a flag.
func (d *Desk) FlagMessage(f *tagout.Flag) tagout.Message {
	m := tagout.Message{Title: "🛑 " + f.ID.String() + " · Something feels off"}
	if f.Scope.Agent != "" {
		m.Title += " about " + f.Scope.String()
	}
	for _, r := range f.Reports {
		if r.Words != "" {
			m = m.Para(tagout.Mention(r.By), ": ", cutMasked(d.policy.Redaction, r.Words, 1000))
		} else {
			m = m.Para(tagout.Mention(r.By), " flagged it.")
		}
	}
	m = flagQuote(d.policy.Redaction, m, f.Quote)
	if f.Scope.Agent == "" {
		m = m.Fact("Agent", "nobody has said yet")
	} else {
		m = m.Fact("Agent", tagout.Fixed(f.Scope.String()))
	}
	for _, r := range f.Reports {
		if r.Affected != "" {
			m = m.Fact("Affected", cutMasked(d.policy.Redaction, r.Affected, 300))
		}
	}
	if f.State != tagout.FlagOpen {
		return m.Fact("Decided", f.Outcome.Text(), ", ", f.Outcome.At)
	}
	m.Buttons = flagButtons(f)
	m.Footer = tagout.T("A flag holds nothing by itself. Anybody may stop the agent; whoever flagged it hears what is decided.")
	return m
}

func flagQuote(mask *tagout.Redaction, m tagout.Message, q *tagout.Quote) tagout.Message {
	if q == nil {
		return m
	}
	author := tagout.T("")
	if q.Author != "" {
		author = tagout.T(" by ", q.Author)
		if q.Author[0] == 'U' || q.Author[0] == 'W' {
			author = tagout.T(" by @" + q.Author)
		}
	}
	m = m.Fact("Message", tagout.MessageLink(q.Channel, q.TS, "open it"), author)
	switch {
	case q.Hidden || q.Text != "" && !q.Looked: // it is not known yet who reads there
		m = m.Para("The message stands where not everybody reads, so its text is not shown here. It is kept as evidence.")
	case q.Text != "":
		m = m.Para("“", cutMasked(mask, q.Text, 1000), "”")
	case q.Missing != "":
		m = m.Para("The text of the message could not be read: " + q.Missing)
	}
	return m
}

// flagButtons are what can be decided about an open flag.
func flagButtons(f *tagout.Flag) []tagout.Button {
	stop := f.ID.String()
	if f.Scope.Agent != "" {
		stop += "|" + f.Scope.String()
	}
	return []tagout.Button{
		{Action: "flag-stop", Label: "Stop now", Value: stop, Tone: tagout.ToneDanger},
		{Action: "flag-promote", Label: "Promote", Value: f.ID.String(), Tone: tagout.ToneGood},
		{Action: "flag-dismiss", Label: "Not an incident", Value: f.ID.String()},
		{Action: "flag-duplicate", Label: "Duplicate of…", Value: f.ID.String()},
	}
}
