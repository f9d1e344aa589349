package tagout

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FlagID is the number of a flag.
type FlagID int64

// String is FLAG-3.
func (id FlagID) String() string { return "FLAG-" + strconv.FormatInt(int64(id), 10) }

// ParseFlagID reads FLAG-3 in any case. It returns Invalid for anything else.
func ParseFlagID(text string) (FlagID, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "flag-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, Errorf(Invalid, "%q is not a flag: write FLAG- and its number, such as FLAG-3.", clip(text, 40))
	}
	return FlagID(n), nil
}

// FlagState is what became of a flag.
type FlagState string

// The states of a flag. Only an open one waits for somebody.
const (
	FlagOpen      FlagState = "open"
	FlagStopped   FlagState = "stopped"   // somebody pressed Stop now
	FlagPromoted  FlagState = "promoted"  // it became an incident
	FlagDismissed FlagState = "dismissed" // it is no incident
	FlagDuplicate FlagState = "duplicate" // of an incident
)

// Quote is a Slack message as it was when it was flagged.
type Quote struct {
	Channel   string `json:"channel"`
	TS        string `json:"ts"`
	Author    string `json:"author,omitempty"` // a user ID, or the name of an app
	Text      string `json:"text,omitempty"`   // whole
	Permalink string `json:"permalink,omitempty"`
	Hidden    bool   `json:"hidden,omitempty"`  // it stands where not everybody reads it, so its text is kept but not shown
	Looked    bool   `json:"looked,omitempty"`  // Slack was asked for what was missing
	Missing   string `json:"missing,omitempty"` // why it could not be read
}

// Key names the message: a message is flagged once, whoever does.
func (q Quote) Key() string { return q.Channel + "/" + q.TS }

// ParseQuoteKey is the message that [Quote.Key] names. It returns Invalid for anything else.
func ParseQuoteKey(key string) (Quote, error) {
	channel, ts, ok := strings.Cut(key, "/")
	if !ok || channel == "" || ts == "" || strings.ContainsAny(ts, "/ ") {
		return Quote{}, Errorf(Invalid, "That names no Slack message.")
	}
	return Quote{Channel: channel, TS: ts}, nil
}

// With fills in what is missing from another look at the same message.
func (q Quote) With(o Quote) Quote {
	for _, pair := range []struct{ to, from *string }{{&q.Author, &o.Author}, {&q.Text, &o.Text}, {&q.Permalink, &o.Permalink}} {
		if *pair.to == "" {
			*pair.to = *pair.from
		}
	}
	q.Hidden, q.Looked = q.Hidden || o.Hidden, q.Looked || o.Looked
	if q.Text == "" {
		q.Missing = o.Missing
	}
	return q
}

// FlagReport is what one person says.
type FlagReport struct {
	ID       string    `json:"id"` // of the request; the same again changes nothing
	By       UserID    `json:"by"`
	At       time.Time `json:"at"`
	Words    string    `json:"words,omitempty"`    // what is off
	Affected string    `json:"affected,omitempty"` // who
	Scope    Scope     `json:"scope,omitzero"`     // without agent: they do not know
}

// Flag is somebody's feeling that something is off, before anybody has looked. It holds
// nothing by itself.
type Flag struct {
	ID      FlagID       `json:"id"`
	Version int          `json:"version"` // grows with each change
	State   FlagState    `json:"state"`
	Scope   Scope        `json:"scope,omitzero"`
	Quote   *Quote       `json:"quote,omitempty"`
	Reports []FlagReport `json:"reports"`
	Outcome FlagOutcome  `json:"outcome,omitzero"`
	At      time.Time    `json:"at"`

	Channel string `json:"triage_channel,omitempty"` // where its triage message stands
	TS      string `json:"triage_ts,omitempty"`
}

// FlagOutcome is what somebody decided about a flag.
type FlagOutcome struct {
	State    FlagState  `json:"state"`
	By       Actor      `json:"by"`
	At       time.Time  `json:"at"`
	Why      string     `json:"why,omitempty"`
	Incident IncidentID `json:"incident,omitempty"`
	Promote  *Promotion `json:"promote,omitempty"`
}

// Promotion is the incident that a flag is to become.
type Promotion struct {
	Title    string   `json:"title"`
	Scope    Scope    `json:"scope,omitzero"` // without agent: nobody knows yet
	Severity Severity `json:"severity"`
	Class    string   `json:"class"`
}

// FlagRef is the data of [EffectFlag] and [EffectFlagLink].
type FlagRef struct {
	Flag     FlagID     `json:"flag"`
	First    bool       `json:"first,omitempty"`    // it posts the triage message; the others bring it up to date
	Incident IncidentID `json:"incident,omitempty"` // that is to know of it
	Stopped  *Actor     `json:"stopped,omitempty"`  // who pressed Stop now
	At       time.Time  `json:"at,omitzero"`
}

// FlagStore keeps flags.
type FlagStore interface {
	// RaiseFlag finds the flag of a key, or makes it, locks it, runs fn on it and commits what
	// it did with the effects in one transaction. A fresh one has no State yet. If fn fails
	// nothing is changed.
	RaiseFlag(ctx context.Context, key string, fn FlagTransition) (*Flag, error)
	// ChangeFlag does the same by ID. Returns NotFound if there is no such flag.
	ChangeFlag(ctx context.Context, id FlagID, fn FlagTransition) (*Flag, error)
	// Flag reads one. Returns NotFound if there is no such flag.
	Flag(ctx context.Context, id FlagID) (*Flag, error)
	// OpenFlags lists those that nobody has decided, newest first, at most limit.
	OpenFlags(ctx context.Context, limit int) ([]*Flag, error)
}

// FlagTransition changes a locked flag and says what follows from it. It must not keep f.
type FlagTransition func(f *Flag, now time.Time) ([]Effect, error)

// Raise adds what somebody says. What they add to their own flag is taken as well. The same
// request again changes nothing.
func (f *Flag) Raise(r FlagReport, q *Quote, now time.Time) []Effect {
	if slices.ContainsFunc(f.Reports, func(o FlagReport) bool { return o.ID == r.ID }) {
		return nil
	}
	r.At, r.Words, r.Affected = Moment(now), clip(strings.TrimSpace(r.Words), 3000), clip(strings.TrimSpace(r.Affected), 1000)
	if q != nil {
		whole := *q
		if f.Quote != nil {
			whole = f.Quote.With(*q)
		}
		f.Quote = &whole
	}
	if f.Scope.Agent == "" {
		f.Scope = r.Scope
	}
	first := f.State == ""
	if first {
		f.State, f.At = FlagOpen, r.At
	}
	f.Reports = append(f.Reports, r)
	effects := f.changed(first)
	if f.Outcome.Incident != 0 { // the incident hears of the new report, too
		effects = append(effects, f.link(f.Outcome.Incident))
	}
	return effects
}

// Reporters are who flagged it, in order, each once.
func (f *Flag) Reporters() []UserID {
	var people []UserID
	for _, r := range f.Reports {
		if !slices.Contains(people, r.By) {
			people = append(people, r.By)
		}
	}
	return people
}

// Settle decides an open flag. It returns Conflict, saying what was decided, if that has
// happened before, and Invalid for a decision that lacks its reason or its incident.
func (f *Flag) Settle(o FlagOutcome, now time.Time) ([]Effect, error) {
	o.At, o.Why = Moment(now), clip(oneLine(strings.TrimSpace(o.Why)), 1000)
	switch {
	case f.State != FlagOpen:
		return nil, Errorf(Conflict, "%s", T(f.ID, " was decided already: ", f.Outcome.Text(), ".").String())
	case o.State == FlagDismissed && o.Why == "":
		return nil, Errorf(Invalid, "Say why it is not an incident: whoever flagged it reads that.")
	case (o.State == FlagStopped || o.State == FlagDuplicate) && o.Incident == 0, o.State == FlagPromoted && o.Promote == nil:
		return nil, Errorf(Invalid, "Say which incident it belongs to.")
	}
	f.State, f.Outcome = o.State, o
	if o.State == FlagPromoted && o.Incident == 0 { // it is told once the incident is there
		e := NewEffect(EffectFlagLink, 0, strconv.FormatInt(int64(f.ID), 10)+":promote", FlagRef{Flag: f.ID})
		return append(f.changed(false), e), nil
	}
	return append(f.changed(false), f.told()...), nil
}

// Opened records which incident a promoted flag has become. Again it changes nothing.
func (f *Flag) Opened(id IncidentID) []Effect {
	if f.State != FlagPromoted || f.Outcome.Incident != 0 {
		return nil
	}
	f.Outcome.Incident = id
	return append(f.changed(false), f.told()...)
}

// changed brings the triage message up to date.
func (f *Flag) changed(first bool) []Effect {
	f.Version++
	return []Effect{NewEffect(EffectFlag, 0, f.step(), FlagRef{Flag: f.ID, First: first})}
}

func (f *Flag) step() string {
	return strconv.FormatInt(int64(f.ID), 10) + ":" + strconv.Itoa(f.Version)
}

// link has an incident know of the flag, with all that is kept.
func (f *Flag) link(id IncidentID) Effect {
	return NewEffect(EffectFlagLink, id, f.step(), FlagRef{Flag: f.ID, Incident: id})
}

// told has the incident know of the flag, and whoever flagged it of what was decided.
func (f *Flag) told() []Effect {
	var effects []Effect
	if f.Outcome.Incident != 0 {
		effects = append(effects, f.link(f.Outcome.Incident))
	}
	for _, person := range f.Reporters() {
		m := Say("You flagged ", f.about(), " (", Bold(f.ID.String()), "). ", f.Outcome.Text(),
			".").Para("Thank you: a flag too many is better than one too few.")
		effects = append(effects, NewEffect(EffectDirect, 0,
			"flag:"+strconv.FormatInt(int64(f.ID), 10)+":outcome:"+string(person),
			DirectNote{To: person, Message: m}))
	}
	return effects
}

// about is what was flagged, in a few words.
func (f *Flag) about() Text {
	switch {
	case f.Quote != nil:
		return T(MessageLink(f.Quote.Channel, f.Quote.TS, "a message"))
	case f.Scope.Agent != "":
		return T(Fixed(f.Scope.String()))
	}
	return T("that something feels off")
}

// Text says what was decided, by whom.
func (o FlagOutcome) Text() Text {
	who := o.By.Text()
	switch o.State {
	case FlagStopped:
		return T(who, " stopped the agent: ", Bold(o.Incident.String()))
	case FlagPromoted:
		if o.Incident == 0 {
			return T(who, " made it an incident, which is being opened")
		}
		return T(who, " made it an incident: ", Bold(o.Incident.String()))
	case FlagDismissed:
		return T(who, " looked, and it is not an incident: ", strings.TrimRight(o.Why, "."))
	case FlagDuplicate:
		return T(who, " found that it belongs to ", Bold(o.Incident.String()))
	}
	return T("nobody has decided yet")
}

// Words are what the reports say, the first first.
func (f *Flag) Words() string {
	var said []string
	for _, r := range f.Reports {
		if r.Words != "" {
			said = append(said, r.Words)
		}
	}
	return strings.Join(said, "\n")
}

// FlagTaken is a flag that an incident knows of, with as many of its reports.
type FlagTaken struct {
	Flag    FlagID `json:"flag"`
	Reports int    `json:"reports"`
}

// TakeFlag writes on the timeline what people flagged, and keeps the flag with its message as
// evidence. Reports that the incident knows already change nothing.
func (i *Incident) TakeFlag(f *Flag, at time.Time) Change {
	n := slices.IndexFunc(i.Flags, func(t FlagTaken) bool { return t.Flag == f.ID })
	if n < 0 {
		i.Flags, n = append(i.Flags, FlagTaken{Flag: f.ID}), len(i.Flags)
	}
	known := i.Flags[n].Reports
	if known >= len(f.Reports) {
		return Change{}
	}
	i.Flags[n].Reports = len(f.Reports)
	var c Change
	for _, r := range f.Reports[known:] {
		data := map[string]any{"flag": f.ID.String(), "words": r.Words, "affected": r.Affected, "flagged_at": r.At}
		if f.Quote != nil {
			data["message"] = f.Quote.Key()
			if f.Quote.Permalink != "" {
				data["permalink"] = f.Quote.Permalink
			}
		}
		c.event(EventFlagged, Actor{Kind: ByUser, ID: string(r.By)}, at, data)
	}
	name := strings.ToLower(f.ID.String())
	if known > 0 {
		name += "-" + strconv.Itoa(len(f.Reports))
	}
	kept := *f
	kept.Channel, kept.TS = "", ""
	content, _ := json.MarshalIndent(kept, "", "  ") // our own types marshal
	c = c.And(i.Keep(NewEvidence(name+".json", "application/json", content, at), Tagout, at))
	if known == 0 {
		who := T()
		for k, person := range f.Reporters() {
			if k > 0 {
				who = append(who, T(", ")...)
			}
			who = append(who, Mention(person))
		}
		c.post(i, "flag:"+strconv.FormatInt(int64(f.ID), 10),
			Say(who, " flagged ", f.about(), " (", Bold(f.ID.String()), ")", firstWords(f), ". It is kept as evidence."))
	}
	return c
}

func firstWords(f *Flag) string {
	if words := oneLine(strings.ReplaceAll(f.Words(), "\n", " / ")); words != "" {
		return ": " + clip(words, 500)
	}
	return ""
}
