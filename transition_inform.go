package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultNoteExpiry is how long a drafted note can be signed if nothing says so.
const defaultNoteExpiry = 4 * time.Hour

// Inform takes a status note that was written for an audience. Without sign-offs to wait for
// it is on its way with this change; otherwise it becomes a draft, which replaces an earlier
// one for the same audience. It returns Forbidden for guests and bots, and for a private
// incident whose audience is not marked for those.
func (i *Incident) Inform(n StatusNote, at time.Time) (Change, error) {
	switch {
	case n.By.Guest || n.By.Bot || n.By.ID == "":
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can tell stakeholders; guests and bots cannot.")
	case i.Private && !n.Private:
		return Change{}, Errorf(Forbidden, "%s is private, and the audience %s is not marked for private incidents. Nothing was sent.", i.ID, n.Title)
	case len(n.Channels)+len(n.Emails) == 0:
		return Change{}, Errorf(Invalid, "The audience %s has neither a channel nor an e-mail list: nobody would be told.", n.Title)
	}
	if old := i.Note(n.ID); old != nil {
		return Change{}, nil // the same form again
	}
	n.Incident, n.At, n.Next, n.Severity = i.ID, Moment(at), Moment(n.Next), i.Severity
	n.State = RequestPending
	if i.Drill && !strings.HasPrefix(n.Subject, DrillMark) {
		n.Subject = DrillMark + n.Subject
	}
	if n.Expires = Moment(n.Expires); !n.Expires.After(at) {
		n.Expires = Moment(at.Add(defaultNoteExpiry))
	}
	for _, to := range n.Channels {
		n.Deliveries = append(n.Deliveries, Delivered{To: to})
	}
	for _, to := range n.Emails {
		n.Deliveries = append(n.Deliveries, Delivered{To: to, Mail: true})
	}
	n.Digest = n.Sum()
	by := n.By.Actor()
	c := i.voidNote(n.Audience, "it was written anew", by, at)
	i.Notes = append(slices.DeleteFunc(i.Notes, func(old StatusNote) bool { return old.Audience == n.Audience }), n)
	note := &i.Notes[len(i.Notes)-1]
	if len(n.Rule) == 0 {
		return c.And(i.release(note, by, at)), nil
	}
	c.event(EventNoteDrafted, by, at, note.record())
	c.effect(EffectNoteDraft, i.ID, n.ID, noteRef{n.ID})
	c.effectAt(n.Expires, EffectNoteExpire, i.ID, n.ID, noteRef{n.ID})
	return c, nil
}

// noteRef is the data of effects that are about one note.
type noteRef struct {
	Note string `json:"note"`
}

// NoteOf is the note that an effect is about.
func NoteOf(e Effect) (string, error) {
	var ref noteRef
	err := e.Decode(&ref)
	return ref.Note, err
}

// record is the note as the timeline keeps it.
func (n *StatusNote) record() map[string]any {
	return map[string]any{
		"note": n.ID, "audience": n.Audience, "template": n.Template, "subject": n.Subject, "text": n.Text, "digest": n.Digest,
		"channels": n.Channels, "emails": n.Emails, "next": n.Next, "signoffs": n.Rule,
	}
}

// release puts the note on its way: each recipient is an effect of its own.
func (i *Incident) release(n *StatusNote, by Actor, at time.Time) Change {
	n.State = RequestApproved
	var c Change
	c.event(EventNoteReleased, by, at, n.record())
	for _, d := range n.Deliveries {
		c.deliver(i, n, d)
	}
	if len(n.Rule) > 0 {
		c.effect(EffectNoteDraft, i.ID, n.ID+":approved", noteRef{n.ID})
	}
	return c
}

func (c *Change) deliver(i *Incident, n *StatusNote, d Delivered) {
	data := NoteDelivery{Note: n.ID, Audience: n.Audience, Title: n.Title, By: n.By.ID, To: d.To, Mail: d.Mail, Subject: n.Subject, Text: n.Text,
		Next: n.Next, Remind: n.Remind, Private: n.Private}
	kind := EffectNotePost
	if d.Mail {
		kind = EffectNoteMail
	}
	c.effect(kind, i.ID, n.ID+":"+d.To+":"+strconv.Itoa(d.Tries), data)
}

// ballot is the note as something to vote on.
func (n *StatusNote) ballot() ballot {
	b := ballot{words: ballotWords{
		thing: "status note", newest: "Read the newest draft and sign that.", again: "Write it anew with /tagout inform.",
		guest: "Guests can stop an agent, but not sign for what is told.",
		own:   "You wrote this status note, so somebody else has to sign it.",
	}}
	if n != nil {
		b.id, b.digest, b.sum, b.by, b.rule, b.given = n.ID, n.Digest, n.Sum(), n.By.ID, n.Rule, n.Signoffs
		b.expires, b.state, b.reason = n.Expires, n.State, n.Reason
	}
	return b
}

// SignNote counts one sign-off on a drafted status note. The last one that is needed puts it
// on its way, once. more is what the configuration asks for now beyond what it did. It
// returns Forbidden, Conflict or Expired, with the reason, for a click that does not count.
func (i *Incident) SignNote(s Signing, more SignoffRule, at time.Time) (Change, error) {
	n := i.Note(s.Request)
	b := n.ballot()
	b.rule = b.rule.With(more)
	if said, ok := b.explained(s, at); ok {
		n.Signoffs = append(n.Signoffs, said)
		var c Change
		c.event(EventNoteSigned, s.User.Actor(), at, said)
		c.post(i, "notewhy:"+n.ID+":"+string(said.By), Say(Mention(said.By), " said why it is ", Bold(NoGo), " to the note to "+n.Title+": "+said.Reason))
		return c, nil
	}
	signoff, err := b.vote(s, at)
	if err != nil {
		return Change{}, err
	}
	if s.Verdict == Go && i.Private && !n.Private {
		return Change{}, Errorf(Forbidden, "%s is private now, and the audience %s is not marked for private incidents. Nothing was sent.", i.ID, n.Title)
	}
	by := s.User.Actor()
	n.Signoffs = append(n.Signoffs, signoff)
	var c Change
	c.event(EventNoteSigned, by, at, signoff)
	if s.Verdict == NoGo {
		n.State, n.Reason = RequestRefused, "NO-GO"
		c.effect(EffectNoteDraft, i.ID, n.ID+":nogo", noteRef{n.ID})
		c.post(i, "notesign:"+n.ID+":"+signoff.Role, Message{Tone: ToneWarning, Body: []Text{
			T(by.Text(), " said ", Bold(NoGo), strings.TrimRight(" for "+s.roleName(signoff.Role)+" to the note to "+n.Title+". Nothing was sent. "+signoff.Reason, " "))}})
		return c, nil
	}
	if missing := missingOf(b.rule, n.Signoffs); len(missing) > 0 {
		c.effect(EffectNoteDraft, i.ID, n.ID+":"+signoff.Role, noteRef{n.ID})
		c.post(i, "notesign:"+n.ID+":"+signoff.Role, Say(by.Text(), " said ", Bold(Go),
			" for "+s.roleName(signoff.Role)+" to the note to "+n.Title+". More sign-offs are needed; nothing is sent yet."))
		return c, nil
	}
	return c.And(i.release(n, by, at)), nil
}

// RefuseNote records a click on a status note that did not count.
func (i *Incident) RefuseNote(s Signing, reason string, at time.Time) Change {
	var c Change
	c.event(EventNoteRefused, s.User.Actor(), at, map[string]any{"note": s.Request, "verdict": s.Verdict, "reason": reason})
	return c
}

// voidNote makes the draft for an audience void, so that no signature on it counts any more.
func (i *Incident) voidNote(audience, reason string, by Actor, at time.Time) Change {
	var c Change
	for k := range i.Notes {
		n := &i.Notes[k]
		if n.Audience != audience || n.State != RequestPending {
			continue
		}
		n.State, n.Reason = RequestVoid, reason
		c.event(EventNoteVoided, by, at, map[string]any{"note": n.ID, "audience": audience, "reason": reason})
		if n.Shown.TS != "" {
			c.effect(EffectNoteDraft, i.ID, n.ID+":void", voided{Note: n.ID, Old: n})
		}
	}
	return c
}

// voided is the data of [EffectNoteDraft] for a draft that a newer one replaced.
type voided struct {
	Note string      `json:"note"`
	Old  *StatusNote `json:"old"`
}

// ReplacedNote is the draft that an effect is about, if a newer one has replaced it.
func ReplacedNote(e Effect) *StatusNote {
	var v voided
	if e.Decode(&v) != nil {
		return nil
	}
	return v.Old
}

// ExpireNote records that a drafted note ran out. It changes nothing before its time.
func (i *Incident) ExpireNote(id string, at time.Time) Change {
	n := i.Note(id)
	if n == nil || n.State != RequestPending || at.Before(n.Expires) {
		return Change{}
	}
	n.State, n.Reason = RequestExpired, "expired"
	var c Change
	c.event(EventNoteVoided, Tagout, at, map[string]any{"note": n.ID, "audience": n.Audience, "reason": "expired"})
	c.effect(EffectNoteDraft, i.ID, n.ID+":expired", noteRef{n.ID})
	c.post(i, "noteexpired:"+n.ID, Message{Tone: ToneWarning, Body: []Text{
		T("The note to "+n.Title+" expired without all sign-offs. Nothing was sent; write it anew with ", Typed("inform "+i.ID.String()), ".")}})
	return c
}

// NoteArrived records that a note reached one recipient, which the audience counts as told
// from then on. It changes nothing if that is known.
func (i *Incident) NoteArrived(d NoteDelivery, at time.Time) Change {
	n := i.Note(d.Note)
	failed := false
	if n != nil {
		to := n.delivery(d)
		if to == nil || !to.At.IsZero() {
			return Change{}
		}
		failed = to.Error != ""
		to.At, to.Error, to.Final = Moment(at), "", false
	}
	var c Change
	c.event(EventNoteDelivered, Tagout, at, map[string]any{"note": d.Note, "audience": d.Audience, "to": d.To})
	c = c.And(i.tell(d, at))
	if failed {
		c.post(i, "notearrived:"+d.Note+":"+d.To, Message{Tone: ToneGood, Body: []Text{T("The note to " + d.Title + " has reached " + d.To + " now.")}})
	}
	if n != nil && !slices.ContainsFunc(n.Deliveries, func(o Delivered) bool { return o.At.IsZero() }) {
		t := T(Mention(n.By.ID), " told ", Bold(n.Title), ": delivered to "+strings.Join(n.Recipients(), ", ")+".")
		if !n.Next.IsZero() {
			t = append(t, T(" Next update by ", n.Next, ".")...)
		}
		c.post(i, "notedone:"+n.ID, Message{Tone: ToneGood, Body: []Text{t}})
	}
	return c
}

// tell counts the audience as told, and sets the clock of the promised next update.
func (i *Incident) tell(d NoteDelivery, at time.Time) Change {
	told := i.Told[d.Audience]
	if told.Note == d.Note {
		return Change{}
	}
	if i.Told == nil {
		i.Told = map[string]Told{}
	}
	if told.First.IsZero() {
		told.First = Moment(at)
	}
	delete(i.Marks, told.updateKey(d.Audience))
	told.Title, told.Last, told.By, told.Note, told.Next, told.Remind = d.Title, Moment(at), d.By, d.Note, Moment(d.Next), d.Remind
	i.Told[d.Audience] = told
	if told.Next.IsZero() {
		return Change{}
	}
	return i.WakeDeadlines()
}

// NoteFailed records that a note did not reach a recipient: loudly the first time, and when
// it is not tried again by itself.
func (i *Incident) NoteFailed(d NoteDelivery, reason string, final bool, at time.Time) Change {
	reason = clip(reason, 300)
	n := i.Note(d.Note)
	if n != nil {
		to := n.delivery(d)
		if to == nil || !to.At.IsZero() || to.Error != "" && to.Final == final {
			return Change{}
		}
		to.Error, to.Final = reason, final
	} else if !final {
		return Change{} // a newer note has replaced it; this one is still tried
	}
	var c Change
	c.event(EventNoteFailed, Tagout, at, map[string]any{"note": d.Note, "audience": d.Audience, "to": d.To, "error": reason, "final": final})
	m := Message{Tone: ToneDanger, Body: []Text{T(Bold("Not delivered: "), "the note to "+d.Title+" did not reach "+d.To+". "+reason)}}
	if final {
		m = m.Para("It is not tried again by itself. Put it right, then press Try again.")
		m.Buttons = []Button{{Action: "note-again", Label: "Try again", Value: i.ID.String() + "|" + d.Note + "|" + d.To}}
	} else {
		m = m.Para("It is tried again until it arrives.")
	}
	tries := 0
	if n != nil {
		tries = n.delivery(d).Tries
	}
	c.post(i, "notefailed:"+d.Note+":"+d.To+":"+strconv.FormatBool(final)+":"+strconv.Itoa(tries), m)
	return c
}

// RetryNote sends a note once more to a recipient whom it did not reach. It returns Conflict
// if there is nothing to try again.
func (i *Incident) RetryNote(id, to string, by User, at time.Time) (Change, error) {
	n := i.Note(id)
	if by.Guest || by.Bot || by.ID == "" {
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can tell stakeholders; guests and bots cannot.")
	}
	if n == nil || n.State != RequestApproved {
		return Change{}, Errorf(Conflict, "A newer note has replaced this one. Write another with /tagout inform.")
	}
	k := slices.IndexFunc(n.Deliveries, func(d Delivered) bool { return d.To == to })
	if k < 0 || !n.Deliveries[k].At.IsZero() || !n.Deliveries[k].Final {
		return Change{}, Errorf(Conflict, "Nothing is to be tried again: the note has reached %s, or is being tried.", to)
	}
	d := &n.Deliveries[k]
	d.Error, d.Final = "", false
	d.Tries++
	var c Change
	c.event(EventNoteReleased, by.Actor(), at, map[string]any{"note": n.ID, "audience": n.Audience, "digest": n.Digest, "again": to})
	c.deliver(i, n, *d)
	return c, nil
}

// ShowNote records where the draft of a note stands.
func (i *Incident) ShowNote(id string, at Place) {
	if n := i.Note(id); n != nil {
		n.Shown = at
	}
}

func (n *StatusNote) delivery(d NoteDelivery) *Delivered {
	k := slices.IndexFunc(n.Deliveries, func(o Delivered) bool { return o.To == d.To && o.Mail == d.Mail })
	if k < 0 {
		return nil
	}
	return &n.Deliveries[k]
}

// noteMessage is a note as a message, one paragraph a line.
func noteMessage(subject, text string) Message {
	m := Message{Title: subject}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			m = m.Para(line)
		}
	}
	return m
}
