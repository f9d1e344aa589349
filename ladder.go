package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is how far the newest round of a ladder got. It is kept while the ladder pages.
type Call struct {
	Round     int                   `json:"round"`
	Began     time.Time             `json:"began"`           // the ladder's first round
	Pages     map[string]PageStatus `json:"pages,omitempty"` // of this round, by how their IDs begin
	Held      []HeldBack            `json:"held,omitempty"`  // quiet: not paged yet
	Reached   bool                  `json:"reached,omitempty"`
	Unreached time.Time             `json:"unreached,omitzero"` // since when it has reached nobody by any pager
	Even      bool                  `json:"even,omitempty"`
	Always    bool                  `json:"always,omitempty"`
	Why       string                `json:"why,omitempty"`
	Roles     []string              `json:"roles,omitempty"`
	Else      []string              `json:"else,omitempty"`
}

// Paging is what a round of a ladder comes to, as the policy says now.
type Paging struct {
	Round  PageRound
	Pages  []Page        // that go out at once
	Later  []Effect      // what is put off: pagers whose turn comes later, people with quiet hours
	Held   []HeldBack    // the latter
	Repeat time.Duration // 0: there is no further round
	Chain  []PageRound   // who is paged if this reaches nobody, in this order
}

// HeldBack is somebody who is not paged during their quiet hours.
type HeldBack struct {
	Person UserID    `json:"person"`
	Until  time.Time `json:"until"`
	Text   string    `json:"text"` // "07:00 Europe/Berlin"
}

// mark is how a page is called in [Call].
func (p Page) mark() string { return string(p.ID)[:min(8, len(p.ID))] }

// drillLadder begins the keys of the ladders of a game day. What it became has ladders of its
// own, so that nothing of the drill is paged for, counted or answered in it.
const drillLadder = "drill:"

// OfDrill reports whether a ladder pages for a game day.
func OfDrill(ladder string) bool { return strings.HasPrefix(ladder, drillLadder) }

// ladderOf is the key of the ladder of a severity.
func (i *Incident) ladderOf(s Severity) string {
	if i.Drill {
		return drillLadder + string(s)
	}
	return string(s)
}

// rests reports whether a ladder pages nobody any more.
func (i *Incident) rests(key string, even bool) bool {
	if OfDrill(key) && !i.Drill {
		return true
	}
	if strings.HasPrefix(key, "handover") {
		h := i.handing()
		return i.State.Ended() || h == nil || h.key() != key
	}
	return i.State.Ended() || i.Answered() && !even
}

// rests reports whether this ladder pages nobody any more.
func (c Call) rests(i *Incident, key string) bool {
	return i.State == StateCancelled || i.rests(key, c.Even) && !c.Always
}

// PageOut records one round of a ladder: its pages, each with its effect, and the next
// round. It changes nothing if the round was paged before, or if paging has stopped because
// somebody acknowledged or the incident ended.
func (i *Incident) PageOut(p Paging, at time.Time) Change {
	r := p.Round
	if (Call{Even: r.Even, Always: r.Always}).rests(i, r.Key) || i.Ladder[r.Key] > r.Round {
		return Change{}
	}
	if h := i.handing(); h != nil && h.key() == r.Key && r.Round >= handoverRounds {
		return i.keepHandover(at)
	}
	if i.Ladder == nil {
		i.Ladder = map[string]int{}
	}
	i.Ladder[r.Key] = r.Round + 1
	call := Call{Round: r.Round, Began: Moment(at), Even: r.Even, Always: r.Always, Why: r.Why, Roles: r.Roles, Else: r.Else}
	if before, known := i.Calls[r.Key]; known {
		call.Began, call.Unreached = before.Began, before.Unreached
	}
	var c Change
	c.send(i, &call, p.Pages)
	for _, h := range p.Held {
		call.Held = append(call.Held, h)
		if r.Round == 0 {
			c.event(EventPageHeld, Tagout, at, map[string]any{"to": h.Person, "until": h.Until, "why": r.Why})
		}
	}
	c.Effects = append(c.Effects, p.Later...)
	i.setCall(r.Key, call)
	c.post(i, "page:"+r.Key+":"+strconv.Itoa(r.Round), p.told(i))
	if !r.Rung && p.Repeat > 0 {
		c.again(i, r, "still not acknowledged", at.Add(p.Repeat))
	}
	return c.And(i.judge(p, at))
}

// again sets the timer of a ladder's next round.
func (c *Change) again(i *Incident, r PageRound, why string, due time.Time) {
	r.Round++
	r.Why, r.Step = why, nil
	c.effectAt(due, EffectPage, i.ID, r.Key+":"+strconv.Itoa(r.Round), r)
}

// told is what the channel reads of a round.
func (p Paging) told(i *Incident) Message {
	if len(p.Pages)+len(p.Held) == 0 {
		return Message{Tone: ToneDanger, Body: []Text{T(Bold("Nobody could be paged"), " for "+p.Round.Asked()+": there is nobody, or no pager that reaches them. Call them by other means.")}}
	}
	mentions := T(Bold("Paging"), " (", p.Round.Why, "): ")
	told := map[string]bool{}
	for _, page := range p.Pages {
		switch {
		case page.To.ID == "" && page.To.Stranger() == "":
			mentions = append(mentions, Span{Text: "whom " + page.Pager + " has on call "})
		case !told[page.To.key()]:
			told[page.To.key()] = true
			mentions = append(append(mentions, page.To.Text()...), Span{Text: " "})
		}
	}
	m := Message{Body: []Text{mentions}, Buttons: []Button{i.AckButton()}}
	if len(p.Pages) == 0 {
		m.Body = []Text{T(Bold("Paging"), " (", p.Round.Why, "): nobody yet")}
	}
	for _, h := range p.Held { // not mentioned, which would disturb them all the same
		m = m.Para(Fixed(string(h.Person)), " is held back: quiet until "+h.Text+".")
	}
	return m
}

func (i *Incident) setCall(key string, c Call) {
	if i.Calls == nil {
		i.Calls = map[string]Call{}
	}
	i.Calls[key] = c
}

// forget lets go of the ladders that rest.
func (i *Incident) forget() {
	for key, call := range i.Calls {
		if call.rests(i, key) {
			delete(i.Calls, key)
		}
	}
	if len(i.Calls) == 0 {
		i.Calls = nil
	}
}

// PageStep pages somebody who was put off, in the newest round of their ladder: with the
// pages that are given, or none if no pager reaches them. It changes nothing if paging has
// stopped, or for pages that the round has already.
func (i *Incident) PageStep(p Paging, at time.Time) Change {
	call, known := i.Calls[p.Round.Key]
	if !known || call.rests(i, p.Round.Key) {
		return Change{}
	}
	person, held := p.Round.Step.Person, len(call.Held)
	call.Held = slices.DeleteFunc(slices.Clone(call.Held), func(h HeldBack) bool { return h.Person == person })
	var c Change
	c.send(i, &call, p.Pages)
	i.setCall(p.Round.Key, call)
	if held == len(call.Held) {
		return c // what was put off was a further pager, or the round has gone on without
	}
	p.Round.Round = call.Round
	c.Effects = append(c.Effects, p.Later...)
	return c.And(i.judge(p, at))
}

// Paged records what became of one page. next is the page by the person's next pager, if
// this one failed and there is one.
func (i *Incident) Paged(p Page, next []Page, rest Paging, at time.Time) Change {
	call, known := i.Calls[p.Ladder]
	if known && call.Round == p.Round && call.Pages[p.mark()] == p.Status {
		return Change{} // recorded before
	}
	if p.Status == PageSent && i.ReachedAt.IsZero() {
		i.ReachedAt = Moment(at)
	}
	c := Change{Pages: []Page{p}}
	kind, data := EventPaged, map[string]any{"page": p.ID, "to": p.To.key(), "pager": p.Pager, "round": p.Round, "why": p.Why}
	if p.Status == PageFailed {
		kind = EventPageFailed
		data["error"] = clip(p.Detail, 500)
		c.post(i, "pagefailed:"+string(p.ID), Message{Tone: ToneDanger, Body: []Text{
			T(p.whom(), " could not be reached by "+p.Pager+": "+clip(p.Detail, 300))}})
	}
	c.event(kind, Tagout, at, data)
	if !known || call.rests(i, p.Ladder) {
		return c
	}
	if p.Status == PageSent { // of an older round, too
		call.Reached, call.Unreached = true, time.Time{}
	}
	if call.Round != p.Round {
		i.setCall(p.Ladder, call)
		return c
	}
	call.set(p, p.Status)
	c.send(i, &call, next)
	i.setCall(p.Ladder, call)
	return c.And(i.judge(rest, at))
}

// send queues those pages that a round does not have yet.
func (c *Change) send(i *Incident, call *Call, pages []Page) {
	for _, p := range pages {
		if _, paged := call.Pages[p.mark()]; paged {
			continue
		}
		call.set(p, PageQueued)
		i.involve(p.To.ID, InvolvedPaged)
		c.Pages = append(c.Pages, p)
		sending := NewEffect(EffectSend, i.ID, string(p.ID), SendPage{Page: p, Until: call.ends()})
		sending.Lane = p.Pager // so that no pager waits for another
		c.Effects = append(c.Effects, sending)
	}
}

// ends is until when a page of the ladder is worth delivering.
func (c Call) ends() PageEnds {
	switch {
	case c.Always:
		return ""
	case c.Even:
		return UntilEnded
	}
	return UntilAnswered
}

// Needless reports whether a page that could not be delivered yet need not be any more, and
// why: nobody is woken for what somebody else has taken on.
func (i *Incident) Needless(s SendPage) (why string, needless bool) {
	switch {
	case OfDrill(s.Page.Ladder) && !i.Drill:
		return "it was for a drill that has become a real incident", true
	case s.Until != "" && i.State.Ended(), i.State == StateCancelled:
		return i.ID.String() + " is " + string(i.State), true
	case s.Until != "" && i.rests(s.Page.Ladder, true):
		return "it was taken over", true
	case s.Until == UntilAnswered && i.Answered():
		return i.AcknowledgedBy.Text().String() + " has acknowledged", true
	}
	return "", false
}

// DropPage records that a page was not delivered since it is needless.
func (i *Incident) DropPage(p Page, why string, at time.Time) Change {
	p.Status, p.Detail = PageDropped, why
	c := Change{Pages: []Page{p}}
	c.event(EventPageDropped, Tagout, at, map[string]any{"page": p.ID, "to": p.To.key(), "pager": p.Pager, "round": p.Round, "why": why})
	return c
}

func (c *Call) set(p Page, status PageStatus) {
	if c.Pages == nil {
		c.Pages = map[string]PageStatus{}
	}
	c.Pages[p.mark()] = status
}

// waits reports whether it is open yet whether a round reaches somebody.
func (c Call) waits() bool {
	for _, status := range c.Pages {
		if status == PageQueued {
			return true
		}
	}
	return false
}
