package tagout

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SilenceID is the number of a silence.
type SilenceID int64

// String is SIL-3.
func (id SilenceID) String() string { return "SIL-" + strconv.FormatInt(int64(id), 10) }

// ParseSilenceID reads SIL-3 in any case, or 3. It returns Invalid for anything else.
func ParseSilenceID(text string) (SilenceID, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "sil-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, Errorf(Invalid, "%q is not a silence: write SIL- and its number, such as SIL-3.", clip(text, 40))
	}
	return SilenceID(n), nil
}

// DefaultSilenceAtMost is how long a silence lasts at most, unless the configuration says
// otherwise.
const DefaultSilenceAtMost = 24 * time.Hour

// silenceAhead is how far ahead a silence is planned at most.
const silenceAhead = 30 * 24 * time.Hour

// Silence keeps people from being woken by alerts on a scope for a while. It never keeps
// anything from being contained, and nothing of SEV-1 from anybody.
type Silence struct {
	ID      SilenceID `json:"id"`
	Version int       `json:"version"` // grows with each change
	Scope   Scope     `json:"scope"`
	Class   string    `json:"class,omitempty"` // "": every class
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`

	Asked    []string        `json:"asked,omitempty"`   // the requests that made and extended it, so that each counts once
	Longer   []SilenceLonger `json:"longer,omitempty"`  // how it was extended
	Began    bool            `json:"began,omitempty"`   // somebody was told that it began
	EndedAt  time.Time       `json:"ended_at,omitzero"` // zero: it has not
	EndedBy  Actor           `json:"ended_by,omitzero"` // Tagout: its time was over
	Reminded time.Time       `json:"reminded,omitzero"` // the end that its maker was reminded of
	Settled  bool            `json:"settled,omitempty"` // what it kept quiet was let go
	Kept     SilenceTally    `json:"kept,omitzero"`     // how much that was, once it is settled
	Channel  string          `json:"channel,omitempty"` // where it is announced
	TS       string          `json:"ts,omitempty"`      // timestamp of that message
}

// SilenceLonger is one extension.
type SilenceLonger struct {
	By    Actor     `json:"by"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}

// SilenceTally is what a silence kept quiet.
type SilenceTally struct {
	Alerts    int          `json:"alerts"`
	Incidents []IncidentID `json:"incidents,omitempty"` // that were opened quietly
}

// SilenceOrder is what somebody asks for.
type SilenceOrder struct {
	ID     string // of the request
	Scope  Scope
	Class  string
	From   time.Time // zero: now
	For    time.Duration
	Reason string
	By     User // nobody: the configuration plans it
}

// MaintenanceOrder is a silence on a schedule, the data of the routine of [EffectMaintenance].
type MaintenanceOrder struct {
	Name   string        `json:"name"`
	Scope  Scope         `json:"scope"`
	Class  string        `json:"class,omitempty"`
	For    time.Duration `json:"for"`
	Reason string        `json:"reason"`
}

// SilenceRef is the data of [EffectSilence] and [EffectSilenceTold].
type SilenceRef struct {
	Silence SilenceID `json:"silence"`
	First   bool      `json:"first,omitempty"` // it posts the message; the others bring it up to date
	Remind  time.Time `json:"remind,omitzero"` // of this end
}

// SilenceStore keeps silences, and what they keep quiet.
type SilenceStore interface {
	// SetSilence finds the silence of a key, or makes it, locks it, runs fn on it and commits
	// what it did with the effects in one transaction. A fresh one has no By yet. If fn fails
	// nothing is changed.
	SetSilence(ctx context.Context, key string, fn SilenceTransition) (*Silence, error)
	// ChangeSilence does the same by ID. Returns NotFound if there is no such silence.
	ChangeSilence(ctx context.Context, id SilenceID, fn SilenceTransition) (*Silence, error)
	// Silence reads one. Returns NotFound if there is no such silence.
	Silence(ctx context.Context, id SilenceID) (*Silence, error)
	// Silences lists those that have not ended, planned ones too, in the order of their ends.
	Silences(ctx context.Context) ([]*Silence, error)
	// Silenced tells what a silence has kept quiet so far.
	Silenced(ctx context.Context, id SilenceID) (SilenceTally, error)
	// StillFiring lists alerts that a silence only counted, that fire on, and that were not
	// [SilenceStore.LetGo] of, oldest first, at most limit.
	StillFiring(ctx context.Context, id SilenceID, limit int) ([]Incoming, error)
	// LetGo marks alerts as no longer kept quiet by a silence.
	LetGo(ctx context.Context, id SilenceID, alerts []string) error
}

// SilenceTransition changes a locked silence and says what follows from it. It must not keep s.
type SilenceTransition func(s *Silence, now time.Time) ([]Effect, error)

// Begin makes a fresh silence what somebody asked for. It returns Invalid, with the fix, for
// what cannot be meant. The same request again changes nothing.
func (s *Silence) Begin(o SilenceOrder, atMost time.Duration, now time.Time) ([]Effect, error) {
	if s.By.Kind != "" {
		return nil, nil
	}
	now = Moment(now)
	s.Scope, s.Class, s.Reason, s.By, s.At = o.Scope, o.Class, clip(strings.TrimSpace(oneLine(o.Reason)), 300), o.By.Actor(), now
	if o.By.ID == "" {
		s.By = Tagout
	}
	if s.From = Moment(o.From); s.From.Before(now) {
		s.From = now
	}
	s.Until = s.From.Add(o.For)
	switch {
	case s.Scope.Agent == "":
		return nil, Errorf(Invalid, "A silence names an agent, such as mailer or mailer/email. Everything at once cannot be silenced.")
	case s.Reason == "":
		return nil, Errorf(Invalid, "Say why, so that others know what is going on: /silence %s 2h maintenance of the CRM. Nothing was silenced.", s.Scope)
	case s.From.After(now.Add(silenceAhead)):
		return nil, Errorf(Invalid, "A silence is planned at most 30 days ahead. Nothing was silenced.")
	}
	if err := tooLong(o.For, atMost); err != nil {
		return nil, err
	}
	s.Began, s.Asked = !s.From.After(now), []string{o.ID}
	return s.changed(), nil
}

func tooLong(length, atMost time.Duration) error {
	if atMost <= 0 {
		atMost = DefaultSilenceAtMost
	}
	switch {
	case length < time.Minute:
		return Errorf(Invalid, "Say for how long, such as 30m or 2h. Nothing was changed.")
	case length > atMost:
		return Errorf(Invalid, "A silence lasts at most %s at a time. Nothing was changed.", WindowText(atMost))
	}
	return nil
}

// Extend has a silence end later; an earlier end changes nothing. It returns Invalid if what is
// left would be longer than a silence may last, and Conflict if it is over. The same request
// again changes nothing.
func (s *Silence) Extend(request string, until time.Time, atMost time.Duration, by Actor, now time.Time) ([]Effect, error) {
	until = Moment(until)
	if slices.Contains(s.Asked, request) {
		return nil, nil
	}
	if s.Over(now) {
		return nil, Errorf(Conflict, "%s is over. Set a new one with /silence.", s.ID)
	}
	if !until.After(s.Until) {
		return nil, nil
	}
	from := s.From
	if from.Before(now) {
		from = now
	}
	if err := tooLong(until.Sub(from), atMost); err != nil {
		return nil, err
	}
	s.Until, s.Asked = until, append(s.Asked, request)
	s.Longer = append(s.Longer, SilenceLonger{By: by, At: Moment(now), Until: until})
	return s.changed(), nil
}

// End ends a silence. It returns Conflict if it is over.
func (s *Silence) End(by Actor, now time.Time) ([]Effect, error) {
	if !s.EndedAt.IsZero() {
		return nil, Errorf(Conflict, "%s is over already.", s.ID)
	}
	s.EndedAt, s.EndedBy = Moment(now), by
	return s.changed(), nil
}

// Pass does what the clock asks for: a planned silence begins, one whose time is over ends.
func (s *Silence) Pass(now time.Time) []Effect {
	if s.EndedAt.IsZero() && !now.Before(s.Until) {
		s.EndedAt, s.EndedBy = s.Until, Tagout
		return s.changed()
	}
	if s.EndedAt.IsZero() && !s.Began && !now.Before(s.From) {
		s.Began = true
		return s.changed()
	}
	return nil
}

// Remind tells its maker that it ends soon, once for each end.
func (s *Silence) Remind(of time.Time, now time.Time) []Effect {
	if s.Over(now) || !s.Until.Equal(of) || s.Reminded.Equal(of) || s.By.Kind != ByUser {
		return nil
	}
	s.Reminded = of
	m := Say(Bold(s.ID.String()), " ends at ", s.Until, ": ", s.about(), " is silenced since ", s.From, " (",
		s.Reason, "). What still fires then is told to those on call.")
	m.Buttons = []Button{{Action: "silence-longer", Label: "One hour more", Value: s.ID.String()}, s.EndButton()}
	return []Effect{NewEffect(EffectDirect, 0, "silence:"+s.step()+":soon", DirectNote{To: UserID(s.By.ID), Message: m})}
}

// Settle records that what it kept quiet was let go, and tells its maker how much that was.
func (s *Silence) Settle(kept SilenceTally) []Effect {
	if s.Settled {
		return nil
	}
	s.Settled, s.Kept = true, kept
	s.Version++
	effects := []Effect{s.told("settled")}
	if s.By.Kind == ByUser {
		m := Say(Bold(s.ID.String()), " is over: ", s.about(), " is not silenced any more. ", kept.Text(), ".")
		effects = append(effects, NewEffect(EffectDirect, 0, "silence:"+s.ID.String()+":over", DirectNote{To: UserID(s.By.ID), Message: m}))
	}
	return effects
}

// changed has everybody hear of a change, and sets the clocks of what comes next.
func (s *Silence) changed() []Effect {
	s.Version++
	ref := SilenceRef{Silence: s.ID}
	effects := []Effect{NewEffect(EffectSilence, 0, s.step(), ref), s.told(strconv.Itoa(s.Version))}
	if !s.EndedAt.IsZero() {
		return effects
	}
	if !s.Began {
		effects = append(effects, NewEffect(EffectSilence, 0, s.step()+":from", ref).At(s.From))
	}
	ref.Remind = s.Until
	if length := s.Until.Sub(s.From); length >= 3*remindBefore {
		effects = append(effects, NewEffect(EffectSilence, 0, s.step()+":soon", ref).At(s.Until.Add(-remindBefore)))
	}
	ref.Remind = time.Time{}
	return append(effects, NewEffect(EffectSilence, 0, s.step()+":until", ref).At(s.Until))
}

// remindBefore is how long before the end of a silence its maker is reminded.
const remindBefore = 10 * time.Minute

// told brings its announcement up to date.
func (s *Silence) told(step string) Effect {
	return NewEffect(EffectSilenceTold, 0, s.ID.String()+":"+step, SilenceRef{Silence: s.ID, First: s.Version == 1})
}

func (s *Silence) step() string { return s.ID.String() + ":" + strconv.Itoa(s.Version) }

// EndButton ends it.
func (s *Silence) EndButton() Button {
	return Button{Action: "unsilence", Label: "End now", Value: s.ID.String()}
}

// Over reports whether it has ended by a time.
func (s *Silence) Over(at time.Time) bool { return !s.EndedAt.IsZero() || !at.Before(s.Until) }

// InForce reports whether it keeps people quiet at a time.
func (s *Silence) InForce(at time.Time) bool { return !s.Over(at) && !at.Before(s.From) }

// Covers reports whether an alert of this meaning is one that it keeps quiet: all of the
// alert's scope must be silenced. Nothing of the gravest severity is.
func (s *Silence) Covers(v Verdict, p *Policy) bool {
	return !v.NoAgent && !p.Gravest(v.Severity) && (s.Class == "" || s.Class == v.Class) && s.Scope.Covers(v.Scope, p.Agents[v.Scope.Agent])
}

// Same reports whether two silence the same.
func (s *Silence) Same(scope Scope, class string) bool { return s.Scope == scope && s.Class == class }

// CoveringSilence is the one in force at a time that covers an alert of this meaning and ends
// last; nil if there is none.
func CoveringSilence(all []*Silence, v Verdict, p *Policy, at time.Time) *Silence {
	var best *Silence
	for _, s := range all {
		if s.InForce(at) && s.Covers(v, p) && (best == nil || s.Until.After(best.Until)) {
			best = s
		}
	}
	return best
}

// SilencesNow are those that are not over at a time, planned ones too.
func SilencesNow(all []*Silence, at time.Time) []*Silence {
	return slices.DeleteFunc(slices.Clone(all), func(s *Silence) bool { return s.Over(at) })
}

// SilencesOn are those, planned ones too, that touch a scope.
func SilencesOn(all []*Silence, scope Scope, a *Agent, at time.Time) []*Silence {
	return slices.DeleteFunc(SilencesNow(all, at), func(s *Silence) bool { return !s.Scope.Touches(scope, a) })
}
