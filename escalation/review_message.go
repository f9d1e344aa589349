package escalation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tagout"
)

// shownTries is how many sign-offs, missed deadlines and the like the document lists.
const shownTries = 8

// ReviewDocument is the document of a review as it stands in the incident's channel, with what
// can be done about it: all of what is approved, whole.
func (d *Desk) ReviewDocument(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	if i.Review == nil {
		return tagout.Message{}, tagout.Errorf(tagout.NotFound, "Nobody has written a review of %s yet.", id)
	}
	events, err := d.store.Timeline(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	m := tagout.Message{Title: "Review of " + id.String() + " " + i.HighestSeverity.Label() + ": " + string(i.ReviewState())}
	m = d.reviewStands(ctx, m, i)
	for _, p := range tagout.ReviewParts() {
		text := i.Review.Parts[p.Key]
		if text == "" {
			text = "not written yet"
		}
		m = m.Para(tagout.Bold(p.Label+": "), text)
	}
	for _, a := range i.ReviewedActions() {
		m = m.Fact(id.String()+"/"+strconv.Itoa(a.Number), a.Title+"\n", tagout.Mention(a.Owner), " by ", a.Due, "\n"+a.Layer.Label())
	}
	m = reviewFacts(m, d.policy, i.FactsForReview(events))
	m.Buttons = reviewButtons(i)
	return m, nil
}

// reviewStands says how far the review is, and what it waits for.
func (d *Desk) reviewStands(ctx context.Context, m tagout.Message, i *tagout.Incident) tagout.Message {
	r := i.Review
	version := "Version " + strconv.Itoa(r.Version()) + ", written by "
	t := tagout.T(version)
	for n, id := range r.Authors() {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, tagout.T(tagout.Mention(id))...)
	}
	if due, owed := i.ReviewDue(); owed && due.Waits() {
		t = append(t, tagout.T(". Due by ", due.Due)...)
	}
	m = m.Para(t, ".")
	switch i.ReviewState() {
	case tagout.ReviewSubmitted:
		m.Tone = tagout.ToneWarning
		m = m.Para(tagout.Bold("Submitted"), " by ", tagout.Mention(r.SubmittedBy.ID), " at ", r.SubmittedAt, ". To approve it, or send it back: ", d.approversText(ctx, i), ".")
		m.Footer = tagout.T("What is approved: ", tagout.Fixed(short(r.Digest)))
	case tagout.ReviewApproved:
		m.Tone = tagout.ToneGood
		m = m.Para(tagout.Bold("Approved"), " by ", tagout.Mention(r.DecidedBy), " at ", r.DecidedAt, ".")
		m.Footer = tagout.T("What was approved: ", tagout.Fixed(short(r.Digest)))
	case tagout.ReviewSentBack:
		m = m.Para(tagout.Bold("Sent back"), " by ", tagout.Mention(r.DecidedBy), ": "+r.Reason)
	default:
		if r.State == tagout.ReviewSubmitted {
			m = m.Para("A corrective action was changed after it was submitted. It has to be submitted again.")
		} else if r.Reason != "" {
			m = m.Para("It has to be submitted again: " + r.Reason + ".")
		}
		if lacks := i.ReviewLacks(); len(lacks) > 0 {
			m = m.Para(tagout.Bold("Not ready to be submitted: "), strings.Join(lacks, " "))
		}
	}
	return m
}

// approversText names who may decide on the review.
func (d *Desk) approversText(ctx context.Context, i *tagout.Incident) tagout.Text {
	people := d.approversOf(ctx, i)
	if len(people) == 0 {
		return tagout.T(tagout.Bold("nobody is left"), ", since whoever could wrote a part of it; make somebody else the RCA facilitator with ", tagout.Typed("role rca @PERSON"))
	}
	var t tagout.Text
	for n, id := range people[:min(6, len(people))] {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, tagout.T(tagout.Mention(id))...)
	}
	return t
}

// reviewFacts adds what the record tells.
func reviewFacts(m tagout.Message, p *tagout.Policy, f tagout.ReviewFacts) tagout.Message {
	for _, t := range f.Times {
		value := tagout.T(t.At)
		if t.From != "" {
			value = append(value, tagout.T("\n"+tagout.Elapsed(t.Took)+" since "+string(t.From)+after(", ", t.Note))...)
		}
		m = m.Fact(strings.ToUpper(string(t.Milestone[:1]))+string(t.Milestone[1:]), value)
	}
	list := func(label string, lines []string) {
		if n := len(lines); n > shownTries {
			lines = append(lines[:shownTries:shownTries], fmt.Sprintf("and %d more", n-shownTries))
		}
		if len(lines) > 0 {
			m = m.Fact(label, strings.Join(lines, "\n"))
		}
	}
	var missed, tries, signed []string
	for _, x := range f.Missed {
		met := "not met"
		if !x.Met.IsZero() {
			met = "met " + x.Late()
		}
		missed = append(missed, cutMasked(p.Redaction, x.Name, 100)+": "+met)
	}
	for _, x := range f.Rollbacks {
		tries = append(tries, cutMasked(p.Redaction, x.String(), 200))
	}
	for _, s := range tagout.Explained(f.Signed) {
		signed = append(signed, cutMasked(p.Redaction, s.Verdict+" for "+p.RoleName(s.Role)+after(": ", s.Reason), 200))
	}
	list("Missed deadlines", missed)
	list("Pages that reached nobody", f.Unreached)
	list("Rollbacks", tries)
	list("Signed", signed)
	if n := len(f.Evidence); n > 0 {
		m = m.Fact("Evidence", counted(n, "piece")+" kept")
	}
	return m
}

// reviewButtons are what can be done about a review as it stands.
func reviewButtons(i *tagout.Incident) []tagout.Button {
	id := i.ID.String()
	edit := tagout.Button{Action: "review", Label: "Edit review", Value: id}
	switch i.ReviewState() {
	case tagout.ReviewApproved:
		return nil
	case tagout.ReviewSubmitted:
		value := id + "|" + i.ReviewID() + "|" + i.Review.Digest
		return []tagout.Button{
			{Action: "review-go", Label: "Approve", Value: value, Tone: tagout.ToneGood},
			{Action: "review-nogo", Label: "Send back", Value: value, Tone: tagout.ToneDanger},
			edit,
		}
	}
	b := []tagout.Button{edit, {Action: "action", Label: "Add action", Value: id}}
	if len(i.ReviewLacks()) == 0 {
		b = append(b, tagout.Button{Action: "review-submit", Label: "Submit for approval", Value: id + "|" + strconv.Itoa(i.Review.Version()), Tone: tagout.ToneGood})
	}
	return b
}
