package tagout

import (
	"slices"
	"strings"
	"time"
)

// Question is what a signer wants to know before voting on a resume request. While one waits
// for its answer, the request does not run out.
type Question struct {
	ID         string    `json:"id"`
	By         UserID    `json:"by"`
	At         time.Time `json:"at"`
	Text       string    `json:"text"`
	AnsweredBy UserID    `json:"answered_by,omitempty"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Answer     string    `json:"answer,omitempty"`
}

// Open reports whether it waits for its answer.
func (q Question) Open() bool { return q.AnsweredAt.IsZero() }

// mostQuestions is how many questions one request can hold.
const mostQuestions = 20

// life is how long the request can be signed without questions; questions prolong that at
// most as much again.
func (r ResumeRequest) life() time.Duration { return r.Expires.Sub(r.At) }

// Deadline is when the request runs out: later than it was to by as long as questions waited
// for their answers, and while one waits, as late as questions can make it.
func (r ResumeRequest) Deadline() time.Time {
	if !r.WaitsSince.IsZero() {
		return r.Expires.Add(r.life())
	}
	return r.Expires.Add(min(r.Waited, r.life()))
}

// Spent is how much of its time the request has used up at a time, from 0 to 1: the time in
// which questions waited does not count.
func (r ResumeRequest) Spent(at time.Time) float64 {
	waited := r.Waited
	if !r.WaitsSince.IsZero() {
		waited += at.Sub(r.WaitsSince)
	}
	return float64(at.Sub(r.At)-min(waited, r.life())) / float64(max(1, r.life()))
}

// Reaches is when so much of the request's time is used up, if no question waits until then.
func (r ResumeRequest) Reaches(spent float64) time.Time {
	return r.At.Add(time.Duration(spent * float64(r.life()))).Add(min(r.Waited, r.life()))
}

// Ask records a signer's question about the pending request, which then does not run out
// until it is answered, within limits. s names the request and what was shown. It returns
// Forbidden or Conflict, with the reason, if this person could not sign, and Invalid without
// a question.
func (i *Incident) Ask(s Signing, id, text string, at time.Time) (Change, error) {
	r := i.Request
	s.Verdict = NoGo // who may refuse may ask, also after a GO
	if _, err := r.ballot().vote(s, at); err != nil {
		return Change{}, err
	}
	if slices.ContainsFunc(r.Questions, func(q Question) bool { return q.ID == id }) {
		return Change{}, nil // the same press again
	}
	switch text = strings.TrimSpace(text); {
	case text == "":
		return Change{}, Errorf(Invalid, "Write what you want to know.")
	case len(r.Questions) >= mostQuestions:
		return Change{}, Errorf(Conflict, "There are %d questions about this request already. Talk to @%s, or say NO-GO.", mostQuestions, r.By.ID)
	}
	q := Question{ID: id, By: s.User.ID, At: Moment(at), Text: clip(text, 2000)}
	r.Questions = append(r.Questions, q)
	var c Change
	if r.WaitsSince.IsZero() {
		r.WaitsSince = q.At
		c.effectAt(r.Deadline(), EffectExpire, i.ID, r.ID+":asked:"+id, nil)
	}
	c.event(EventAsked, s.User.Actor(), at, map[string]any{"request": r.ID, "question": q})
	c.effect(EffectDecision, i.ID, r.ID+":asked:"+id, nil)
	m := Message{Tone: ToneWarning, Body: []Text{T(Mention(q.By), " asks ", Mention(r.By.ID), ": ", q.Text)}}.
		Para("The request does not run out while this waits, but not after ", r.Deadline(), ". Any full member may answer.")
	m.Buttons = []Button{{Action: "answered", Label: "Answered", Value: i.ID.String() + "|" + r.ID + "|" + id, Tone: ToneGood}}
	c.thread(i, r, "asked:"+id, m)
	c.direct(i, "asked:"+id, r.By.ID, Message{Tone: ToneWarning, Body: []Text{
		T(Mention(q.By), " asks about your request to resume ", Bold(i.ID.String()), ": ", q.Text, " Answer in its thread, and press Answered there.")}})
	return c, nil
}

// Answer records that a question was answered, by the requester or any other full member. It
// returns Forbidden for guests and bots, NotFound if there is no such question, and Conflict
// if it is answered already or the request is not pending any more.
func (i *Incident) Answer(request, question string, by User, text string, at time.Time) (Change, error) {
	if by.Guest || by.Bot || by.ID == "" {
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can answer.")
	}
	r := i.Request
	if r == nil || r.ID != request || r.State != RequestPending {
		return Change{}, Errorf(Conflict, "The request that this was asked about is not open any more.")
	}
	n := slices.IndexFunc(r.Questions, func(q Question) bool { return q.ID == question })
	if n < 0 {
		return Change{}, Errorf(NotFound, "There is no such question about this request.")
	}
	q := &r.Questions[n]
	if !q.Open() {
		return Change{}, Errorf(Conflict, "@%s said already that it is answered.", q.AnsweredBy)
	}
	if q.By == by.ID && by.ID != r.By.ID && strings.TrimSpace(text) == "" {
		text = "withdrawn by who asked"
	}
	q.AnsweredBy, q.AnsweredAt, q.Answer = by.ID, Moment(at), clip(strings.TrimSpace(text), 2000)
	var c Change
	if !slices.ContainsFunc(r.Questions, Question.Open) {
		r.Waited, r.WaitsSince = r.Waited+q.AnsweredAt.Sub(r.WaitsSince), time.Time{}
		c.effectAt(r.Deadline(), EffectExpire, i.ID, r.ID+":answered:"+question, nil)
		c = c.And(i.remindLater(r, question))
	}
	c.event(EventAnswered, by.Actor(), at, map[string]any{"request": r.ID, "question": *q})
	c.effect(EffectDecision, i.ID, r.ID+":answered:"+question, nil)
	m := Message{Tone: ToneGood, Body: []Text{T(Mention(by.ID), " answered ", Mention(q.By), ": ", or(q.Answer, "see this thread"))}}
	c.thread(i, r, "answered:"+question, m)
	c.direct(i, "answered:"+question, q.By, Message{Tone: ToneGood, Body: []Text{
		T("Your question about ", Bold(i.ID.String()), " is answered by ", Mention(by.ID), ": ", or(q.Answer, "see the thread of the request"), ". Your GO or NO-GO is still open.")}})
	return c, nil
}

// thread posts a message in the thread of the decision message.
func (c *Change) thread(i *Incident, r *ResumeRequest, key string, m Message) {
	c.effect(EffectPost, i.ID, "thread:"+r.ID+":"+key, PostNote{Message: m, Thread: r.ID})
}

// direct sends a message to one person.
func (c *Change) direct(i *Incident, key string, to UserID, m Message) {
	c.effect(EffectDirect, i.ID, key+":"+string(to), DirectNote{To: to, Message: m})
}
