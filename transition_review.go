package tagout

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReviewEdit is a review as somebody wrote it into the form.
type ReviewEdit struct {
	By    User
	Base  int               // the version that they began with; 0: none
	Parts map[string]string // by the key of [ReviewParts]
}

// Reviewable returns nil if this person may write a review of the incident now, else Forbidden
// or Conflict with the reason.
func (i *Incident) Reviewable(by User) error {
	switch {
	case by.Guest || by.Bot || by.ID == "":
		return Errorf(Forbidden, "Only a full member of the workspace can write a review; guests, bots and API tokens cannot. Nothing was saved.")
	case i.State == StateCancelled:
		return Errorf(Conflict, "%s was a false alarm; there is nothing to review.", i.ID)
	case i.State == StateClosed && i.Closing != nil:
		return Errorf(Conflict, "%s was closed without a review; what is to be said still goes on its timeline: /tagout note %s.", i.ID, i.ID)
	case i.Review.Approved():
		return Errorf(Conflict, "The review of %s was approved by @%s at %s and stays as it is. What is to be said still goes on the timeline: /tagout note %s.",
			i.ID, i.Review.DecidedBy, i.Review.DecidedAt.UTC().Format("2006-01-02 15:04 UTC"), i.ID)
	}
	return nil
}

// SaveReview keeps a new version of the review. What was submitted has to be submitted anew
// then. It changes nothing if the text is the same. It returns Forbidden for guests and bots,
// Conflict if the review was approved, or somebody saved another version meanwhile, and
// Invalid for one that is too long.
func (i *Incident) SaveReview(e ReviewEdit, at time.Time) (Change, error) {
	if err := i.Reviewable(e.By); err != nil {
		return Change{}, err
	}
	r := i.Review
	if r.Version() != e.Base {
		last := r.Versions[len(r.Versions)-1]
		return Change{}, Errorf(Conflict, "@%s saved version %d at %s, after you had opened the form. Nothing was overwritten, and what you typed is kept: open the form again, compare it with the document, and save.",
			last.By, r.Version(), last.At.Format("15:04 UTC"))
	}
	parts := map[string]string{}
	for _, p := range ReviewParts() {
		if text := strings.TrimSpace(e.Parts[p.Key]); text != "" {
			parts[p.Key] = text
		}
	}
	if _, err := ReviewTooLong(parts); err != nil {
		return Change{}, err
	}
	if r != nil && maps.Equal(r.Parts, parts) {
		return Change{}, nil
	}
	if r == nil {
		r = &IncidentReview{}
		i.Review = r
	}
	was := r.State
	r.State, r.Parts, r.Reason = ReviewDraft, parts, ""
	r.Versions = append(r.Versions, ReviewVersion{e.By.ID, Moment(at)})
	var c Change
	c.event(EventReviewSaved, e.By.Actor(), at, map[string]any{"version": r.Version(), "parts": parts})
	if was == ReviewSubmitted {
		r.Reason = "it was edited after it had been submitted"
		c.post(i, i.key("review_edited"), Message{Tone: ToneWarning, Body: []Text{
			T(e.By.Actor().Text(), " edited the review of ", Bold(i.ID.String()), " after it had been submitted. It has to be submitted again.")}})
	}
	return c.And(i.showReview("v" + strconv.Itoa(r.Version()))), nil
}

// showReview brings the document in the channel up to date, or posts it.
func (i *Incident) showReview(key string) Change {
	var c Change
	c.effect(EffectReview, i.ID, key, nil)
	return c
}

// SubmitReview asks for the approval of the newest version, with the corrective actions as
// they stand. approvers are told. It returns Conflict if version is not the newest, or it
// waits for its approval already, and Invalid, naming all of it, if something is missing.
func (i *Incident) SubmitReview(version int, by User, approvers []UserID, at time.Time) (Change, error) {
	if err := i.Reviewable(by); err != nil {
		return Change{}, err
	}
	switch {
	case i.Review.Version() == 0:
		return Change{}, Errorf(Conflict, "Nobody has written a review of %s yet: /tagout review %s.", i.ID, i.ID)
	case i.Review.Version() != version:
		return Change{}, Errorf(Conflict, "There is a newer version of the review, %d. Read that, and submit it.", i.Review.Version())
	case i.ReviewState() == ReviewSubmitted:
		return Change{}, Errorf(Conflict, "The review was submitted already, by @%s; it waits for its approval.", i.Review.SubmittedBy.ID)
	}
	if lacks := i.ReviewLacks(); len(lacks) > 0 {
		return Change{}, Errorf(Invalid, "The review cannot be submitted yet. %s", strings.Join(lacks, " "))
	}
	r := i.Review
	r.State, r.SubmittedBy, r.SubmittedAt, r.Actions, r.Reason = ReviewSubmitted, by, Moment(at), i.ReviewedActions(), ""
	r.DecidedBy, r.DecidedAt = "", time.Time{}
	r.Digest = r.Sum(i.ID)
	var c Change
	c.event(EventReviewSubmitted, by.Actor(), at, submittedReview{r.text(i.ID), r.Digest})
	c.post(i, i.key("review_submitted"), Say(by.Actor().Text(), " submitted the review of ", Bold(i.ID.String()),
		", version "+strconv.Itoa(version)+". ", approvedBy(approvers)))
	for _, id := range approvers {
		c.direct(i, i.key("review_submitted"), id, i.approvalWanted(by))
	}
	return c.And(i.showReview("submitted:" + r.Digest)), nil
}

// approvedBy says who can approve.
func approvedBy(approvers []UserID) Text {
	if len(approvers) == 0 {
		return T(Bold("Nobody is left to approve it"),
			": whoever could has written a part of it. Make somebody else the RCA facilitator: ",
			Typed("role rca @PERSON"), ".")
	}
	t := T("To approve it, or send it back: ")
	for n, id := range approvers {
		if n > 0 {
			t = append(t, T(", ")...)
		}
		t = append(t, Mention(id))
	}
	return append(t, T(".")...)
}

// approvalWanted is what an approver reads in a direct message.
func (i *Incident) approvalWanted(by User) Message {
	t := T("The review of ", Bold(i.ID.String()), " waits for your approval; ", by.Actor().Text(), " submitted it.")
	m := Message{Body: []Text{t}}
	if i.Room.Channel != "" && i.Room.Review != "" {
		m = m.Para(MessageLink(i.Room.Channel, i.Room.Review, "Read it and decide there"), ".")
	} else if i.Room.Channel != "" {
		m = m.Para("It is in ", ChannelLink(i.Room.Channel), ".")
	}
	if due, owed := i.ReviewDue(); owed && due.Waits() {
		m = m.Para("It is due by ", due.Due, ".")
	}
	return m
}

// DecideReview counts an approval (GO) of the review, or that it is sent back (NO-GO, with the
// reason): by an RCA facilitator who wrote nothing of it, on exactly what was submitted. An
// approved review closes the incident once nothing is held. It lifts nothing. It returns
// Forbidden or Conflict, with the reason, for a press that does not count.
func (i *Incident) DecideReview(s Signing, at time.Time) (Change, error) {
	r, by := i.Review, s.User.Actor()
	switch {
	case slices.Contains(r.Authors(), s.User.ID):
		return Change{}, Errorf(Forbidden, "You wrote a part of this review, so somebody else has to decide on it: an RCA facilitator who did not.")
	case !slices.Contains(s.Roles, RCAFacilitator):
		return Change{}, Errorf(Forbidden,
			"Only the RCA facilitator approves a review or sends it back. To make somebody that: /tagout role %s rca @PERSON.",
			i.ID)
	}
	if err := i.reviewBallot().open(s, at); err != nil {
		return Change{}, err
	}
	reason := clip(strings.TrimSpace(s.Reason), 1000)
	if s.Verdict == NoGo && reason == "" {
		return Change{}, Errorf(Invalid, "Say what has to change before you approve it. Nothing was changed.")
	}
	r.DecidedBy, r.DecidedAt, r.Reason = s.User.ID, Moment(at), reason
	data := map[string]any{"version": r.Version(), "digest": r.Digest, "reason": reason}
	var c Change
	if s.Verdict == NoGo {
		r.State = ReviewSentBack
		c.event(EventReviewSentBack, by, at, data)
		m := Message{Tone: ToneWarning, Body: []Text{T(by.Text(), " sent the review of ", Bold(i.ID.String()), " back: "+reason)}}
		c.post(i, i.key("review_back"), m)
		c.direct(i, i.key("review_back"), r.SubmittedBy.ID, m.Para("Change it with ", Typed("review "+i.ID.String()), ", and submit it again."))
		return c.And(i.showReview("back:" + Moment(at).Format(time.RFC3339Nano))), nil
	}
	r.State = ReviewApproved
	c.event(EventReviewApproved, by, at, data)
	i.mark(Reviewed, at)
	t := T(by.Text(), " approved the review of ", Bold(i.ID.String()), ".")
	if len(i.ActiveHolds()) > 0 {
		t = append(t, T(" "+i.ID.String()+" is closed once nothing is held any more.")...)
	}
	c.post(i, i.key("review_approved"), Message{Tone: ToneGood, Body: []Text{t}})
	return c.And(i.showReview("approved:" + r.Digest)).And(i.settle(by, at)), nil
}

// RefuseReview records a press on the review that did not count.
func (i *Incident) RefuseReview(s Signing, reason string, at time.Time) Change {
	var c Change
	c.event(EventReviewRefused, s.User.Actor(), at, map[string]any{"verdict": s.Verdict, "reason": reason})
	return c
}

// reopenReview is for what comes on the incident after its review was submitted or approved:
// the review does not tell of it.
func (i *Incident) reopenReview(reason string, by Actor, at time.Time) Change {
	r := i.Review
	if r == nil || r.State != ReviewSubmitted && r.State != ReviewApproved {
		return Change{}
	}
	r.State, r.Reason = ReviewDraft, reason
	var c Change
	c.event(EventReviewReopened, by, at, map[string]any{"version": r.Version(), "reason": reason})
	c.post(i, i.key("review_reopened"), Message{Tone: ToneWarning, Body: []Text{
		T("The review of ", Bold(i.ID.String()), " has to be brought up to date and submitted again: "+reason+".")}})
	return c.And(i.showReview(i.key("reopened")))
}
