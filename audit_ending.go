package tagout

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// toldEnd is how an incident came to its end, as its timeline tells.
type toldEnd struct {
	resumed, closed, cancelled bool
}

func (e *toldEnd) take(kind EventKind) {
	switch kind {
	case EventResumed:
		e.resumed = true
	case EventClosed:
		e.closed = true
	case EventCancelled:
		e.cancelled = true
	}
}

// compareEnd holds the end of the incident in the record against what the timeline tells:
// nothing is over that nobody ended, and the other way round.
func (a *audit) compareEnd() error {
	i := a.incident
	for _, c := range []struct {
		word           string
		recorded, told bool
	}{
		{"resumed", !i.At(Resumed).IsZero(), a.end.resumed},
		{"closed", i.State == StateClosed, a.end.closed},
		{"cancelled", i.State == StateCancelled, a.end.cancelled},
	} {
		switch {
		case c.recorded && !c.told:
			return Errorf(Conflict, "%s: the record calls it %s, but the timeline tells of nobody who did that.", i.ID, c.word)
		case c.told && !c.recorded:
			return Errorf(Conflict, "%s: the timeline says that it was %s, but the record does not.", i.ID, c.word)
		}
	}
	if err := a.compareReview(); err != nil {
		return err
	}
	if i.State == StateClosed || i.State == StateCancelled {
		if held := i.ActiveHolds(); len(held) > 0 {
			return Errorf(Conflict, "%s: the record calls it %s, but it still holds %s.", i.ID, i.State, held[0].Scope)
		}
	}
	return nil
}

// submittedReview is a review as the event of its submission tells it: whole.
type submittedReview struct {
	reviewText
	Digest string `json:"digest"`
}

// SubmittedReviews are the texts that were submitted, by the digest that the timeline names:
// byte for byte what was, or was to be, approved. It leaves out what cannot be read.
func SubmittedReviews(events []Event) map[string][]byte {
	texts := map[string][]byte{}
	for _, e := range events {
		var s submittedReview
		if e.Kind == EventReviewSubmitted && json.Unmarshal([]byte(e.Data), &s) == nil {
			texts[s.Digest] = s.reviewText.json()
		}
	}
	return texts
}

// tellsOfReview reports whether events of a kind tell of a review.
func tellsOfReview(kind EventKind) bool { return strings.HasPrefix(string(kind), "review.") }

// toldReview is a review as the timeline tells of it.
type toldReview struct {
	version   int
	parts     map[string]string
	authors   []UserID
	submitted map[string]submittedReview // by digest
	waits     string                     // the digest of what waits for its approval
	approved  string                     // and of what is approved
	ever      bool                       // it was approved once
}

func (a *audit) takeReview(e Event) error {
	var s submittedReview
	if err := a.read(e, &s); err != nil {
		return err
	}
	r := &a.review
	refuse := func(what string) error {
		return Errorf(Conflict, "%s: event %d %s.", a.incident.ID, e.Seq, what)
	}
	switch e.Kind {
	case EventReviewSaved:
		r.version, r.parts, r.waits, r.approved = s.Version, s.Parts, "", ""
		if id := UserID(e.Actor.ID); !slices.Contains(r.authors, id) {
			r.authors = append(r.authors, id)
		}
	case EventReviewSubmitted:
		if sumOf(s.reviewText.json()) != s.Digest || s.Incident != a.incident.ID || s.Version != r.version ||
			!maps.Equal(s.Parts, r.parts) || !slices.Equal(s.Authors, r.authors) {
			return refuse("submits another review than was written")
		}
		r.submitted[s.Digest], r.waits, r.approved = s, s.Digest, ""
	case EventReviewSentBack, EventReviewReopened:
		r.waits, r.approved = "", ""
	case EventReviewApproved:
		by := UserID(e.Actor.ID)
		if s.Digest == "" || s.Digest != r.waits {
			return refuse("approves a review that was not submitted")
		}
		if slices.Contains(r.authors, by) || r.submitted[s.Digest].By == by {
			return refuse("lets somebody approve a review who wrote it")
		}
		r.waits, r.approved, r.ever = "", s.Digest, true
	}
	return nil
}

// compareReview holds the review in the record against what the timeline tells.
func (a *audit) compareReview() error {
	i, told := a.incident, a.review
	refuse := func(what string) error { return Errorf(Conflict, "%s: %s.", i.ID, what) }
	r := i.Review
	if r == nil {
		r = &IncidentReview{}
	}
	switch {
	case r.Version() != told.version || !maps.Equal(r.Parts, told.parts) || !slices.Equal(r.Authors(), told.authors):
		return refuse("the record has another review than the timeline tells of")
	case r.State == ReviewApproved && (told.approved == "" || told.approved != r.Digest || r.Sum(i.ID) != r.Digest):
		return refuse("the record calls the review approved, but the timeline does not tell of somebody who approved this")
	case r.State != ReviewApproved && told.approved != "":
		return refuse("the timeline says that the review is approved, but the record does not")
	case !i.At(Reviewed).IsZero() && !told.ever:
		return refuse("the record says when it was reviewed, but the timeline tells of no approval")
	case i.State == StateClosed && i.Closing == nil && told.approved == "":
		return refuse("the record calls it closed, but its review is not approved")
	}
	return nil
}
