package tagout

import (
	"slices"
	"strings"
	"time"
)

// RequestResume proposes to lift the incident's holds on a scope. It replaces an earlier
// request. row is the severity's row as configured now: what it asks for beyond what stood
// when the severity was reached is asked for too, never less. It returns Forbidden for
// guests and bots, Conflict if nothing is held, and Invalid naming each missing deliverable.
func (i *Incident) RequestResume(d ResumeDraft, row *SeverityPolicy, agents Registry, firing []string, at time.Time) (Change, error) {
	if d.By.Guest || d.By.Bot || d.By.ID == "" {
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can ask to resume; guests and bots cannot.")
	}
	r := ResumeRequest{ID: d.ID, Incident: i.ID, By: d.By, At: Moment(at), Target: d.Target, Versions: d.Versions, Firing: firing, Causers: d.Causers,
		Severity: i.HighestSeverity, Rule: i.Rule, Monitor: i.Monitor, Head: i.Head, State: RequestPending}
	if i.FalseAlarm != nil {
		r.FalseAlarm = i.FalseAlarm.Reason
	}
	require := slices.Clone(i.Require)
	if row != nil && row.Severity == i.HighestSeverity {
		r.Rule, r.Monitor = r.Rule.With(row.Resume.Rule), max(r.Monitor, row.Resume.Monitor)
		require = append(require, row.Resume.Require...)
		r.Expires = at.Add(row.Resume.Expires)
	}
	if !r.Expires.After(at) {
		r.Expires = at.Add(24 * time.Hour)
	}
	r.Expires = Moment(r.Expires)
	if err := i.chooseHolds(&r, d.Scope, agents); err != nil {
		return Change{}, err
	}
	if err := deliver(&r, d.Deliverables, require); err != nil {
		return Change{}, err
	}
	if err := i.planStages(&r, d.Stages, row, agents); err != nil {
		return Change{}, err
	}
	if len(r.Rule) == 0 {
		return Change{}, Errorf(Conflict,
			"Nobody is named to sign for %s: add signoffs to its resume section in the configuration.",
			i.HighestSeverity.Label())
	}
	return i.propose(r, d.By, at), nil
}

// propose puts a request, complete but for its digest, in the place of an earlier one: it is
// posted to be signed, its signers are told and reminded, and it expires.
func (i *Incident) propose(r ResumeRequest, by User, at time.Time) Change {
	r.Digest = r.Sum()
	c := i.voidRequest("a newer request replaced it", by.Actor(), at)
	i.Request = &r
	c.event(EventRequested, by.Actor(), at, r)
	c.effect(EffectDecision, i.ID, r.ID, nil)
	c.effectAt(r.Expires, EffectExpire, i.ID, r.ID, nil)
	c.effectAt(at.Add(linkPatience), EffectSigners, i.ID, r.ID, SignerCall{r.ID}) // those who were not told when the message was posted
	return c.And(i.remindLater(&r, "first"))
}

// chooseHolds sets the holds that the request is about, and checks that lifting them leads
// to the target.
func (i *Incident) chooseHolds(r *ResumeRequest, narrower *Scope, agents Registry) error {
	r.Scope = i.Scope
	if narrower != nil {
		r.Scope = *narrower
	}
	var looser []Hold // than the target, or at it: they stand as they are
	for _, h := range i.ActiveHolds() {
		if narrower != nil && !narrower.Touches(h.Scope, agents[narrower.Agent]) {
			continue
		}
		if !h.Mode.Stricter(r.Target) {
			looser = append(looser, h)
			continue
		}
		if narrower != nil {
			if _, err := h.Scope.Complement(*narrower, agents); err != nil {
				return err
			}
		}
		r.Holds = append(r.Holds, h.ID)
	}
	if len(r.Holds) == 0 && len(looser) > 0 {
		return Errorf(Invalid,
			"%s is held at %s, which is not stricter than %s. To hold it further use /tagout hold.", looser[0].Scope,
			looser[0].Mode, r.Target)
	}
	if len(r.Holds) == 0 && narrower == nil && len(i.Pins) > 0 {
		return nil // nothing is held, but versions are pinned that can be let go of
	}
	if len(r.Holds) == 0 {
		return Errorf(Conflict, "%s holds nothing on %s; there is nothing to resume.", i.ID, r.Scope)
	}
	if narrower == nil {
		r.Scope = i.widest(r.Holds)
	}
	slices.Sort(r.Holds)
	return nil
}

// widest is the scope that covers all of these holds.
func (i *Incident) widest(ids []HoldID) Scope {
	first, _ := i.Hold(ids[0])
	scope := first.Scope
	for _, id := range ids[1:] {
		h, _ := i.Hold(id)
		if h.Scope.Agent != scope.Agent {
			return Everything
		}
		if h.Scope.Channel != scope.Channel {
			scope.Channel, scope.Region = "", ""
		}
		if h.Scope.Region != scope.Region {
			scope.Region = ""
		}
		if h.Scope.Tool != scope.Tool {
			scope.Tool = ""
		}
	}
	return scope
}

func deliver(r *ResumeRequest, given map[string]string, require []string) error {
	var missing []string
	for _, key := range require {
		if label := or(DeliverableLabels[key], key); strings.TrimSpace(given[key]) == "" && !slices.Contains(missing, label) {
			missing = append(missing, label)
		}
	}
	if len(missing) > 0 {
		return Errorf(Invalid, "The request is not complete. Still missing: %s.", strings.Join(missing, "; "))
	}
	r.Deliverables = map[string]string{}
	for key, text := range given {
		if text = strings.TrimSpace(text); text != "" {
			r.Deliverables[key] = clip(text, 3000)
		}
	}
	return nil
}

// Signing is one press of GO or NO-GO with all that decides whether it counts.
type Signing struct {
	User     User
	HomeTeam string   // the workspace whose people may sign
	Roles    []string // the roles for which the user is a signer
	Verdict  string   // Go or NoGo
	Request  string
	Digest   string // of what the user was shown
	Reason   string
	Quiet    Quiet
	Causers  []Causer // who changed the agents, also after the request was made

	Delegations []Delegation // to the user, by people who are members of the role now

	RoleName func(role string) string // what a role is called; nil: by its key
}

// Lifting is what an approved request took off and hung instead.
type Lifting struct {
	Lifted       []HoldID
	Replacements []Hold
}

// Sign counts one sign-off. The last one that the rule needs lifts exactly the holds of the
// request. It returns Forbidden or Conflict, with the reason, for a click that does not
// count; then nothing is changed.
func (i *Incident) Sign(s Signing, agents Registry, at time.Time) (Lifting, Change, error) {
	r := i.Request
	if said, ok := r.ballot().explained(s, at); ok {
		return Lifting{}, i.explain(r, said), nil
	}
	signoff, err := r.ballot().vote(s, at)
	if err != nil {
		return Lifting{}, Change{}, err
	}
	by, role := s.User.Actor(), signoff.Role
	key := r.ID + ":" + role + ":" + string(s.User.ID)
	if s.Verdict == NoGo {
		r.Signoffs = append(r.Signoffs, signoff)
		var c Change
		c.event(EventSigned, by, at, signoff)
		r.State, r.Reason = RequestRefused, "NO-GO"
		c.effect(EffectDecision, i.ID, r.ID+":nogo", nil)
		c.post(i, "sign:"+key, Message{Tone: ToneDanger, Body: []Text{T(by.Text(), " said ", Bold(NoGo),
			strings.TrimRight(" for "+s.roleName(role)+". Everything stays held. "+signoff.Reason, " "))}})
		return Lifting{}, c, nil
	}
	if err := s.Quiet.Ready(r.Monitor, at); err != nil {
		return Lifting{}, Change{}, err
	}
	if err := i.divisible(r, agents); err != nil {
		return Lifting{}, Change{}, err
	}
	if err := i.stillPlannable(r, agents); err != nil {
		return Lifting{}, Change{}, err
	}
	r.Signoffs = append(r.Signoffs, signoff)
	var c Change
	c.event(EventSigned, by, at, signoff)
	c.effect(EffectDecision, i.ID, key, nil)
	if len(r.Missing()) > 0 {
		c.effect(EffectSigners, i.ID, key, SignerCall{r.ID}) // it may be somebody's turn now
		c.post(i, "sign:"+key, Say(by.Text(), " said ", Bold(Go), " for "+s.roleName(role)+". More sign-offs are needed; everything stays held."))
		return Lifting{}, c, nil
	}
	lifting, approved := i.approve(r, agents, s, at)
	return lifting, c.And(approved), nil
}

// explain keeps why a NO-GO that stands already was given. It lifts nothing.
func (i *Incident) explain(r *ResumeRequest, said Signoff) Change {
	r.Signoffs = append(r.Signoffs, said)
	var c Change
	c.event(EventSigned, Actor{Kind: ByUser, ID: string(said.By)}, said.At, said)
	c.effect(EffectDecision, i.ID, r.ID+":why", nil)
	c.post(i, "why:"+r.ID+":"+string(said.By), Say(Mention(said.By), " said why it is ", Bold(NoGo), ": "+said.Reason))
	return c
}

// divisible returns Conflict if what was not asked for could not stay held any more, since
// the configuration has changed after the request was made.
func (i *Incident) divisible(r *ResumeRequest, agents Registry) error {
	for _, id := range r.Holds {
		h, ok := i.Hold(id)
		if !ok || !h.Active() {
			continue
		}
		if _, err := h.Scope.Complement(r.Scope, agents); err != nil {
			return Errorf(Conflict, "The configuration has changed since this was asked for: the rest of %s could not stay held. Ask again with /tagout resume.", h.Scope)
		}
	}
	return nil
}

// approve lifts exactly the holds of the request, or replaces them by the target and by
// what was not asked for, after the last sign-off that it needed.
func (i *Incident) approve(r *ResumeRequest, agents Registry, last Signing, at time.Time) (Lifting, Change) {
	by := last.User.Actor()
	l := Lifting{Lifted: r.Holds}
	for _, id := range r.Holds {
		if h, ok := i.Hold(id); ok && h.Active() {
			l.Replacements = append(l.Replacements, h.replacedBy(r, agents, at)...)
		}
	}
	r.State = RequestApproved
	var c Change
	c.event(EventApproved, by, at, map[string]any{"request": r.ID, "digest": r.Digest, "holds": r.Holds, "target": r.Target})
	if i.mark(Mitigated, at) {
		c.event(EventMitigated, by, at, map[string]any{"by": "approved request"})
	}
	goesTo := T(r.Target)
	switch {
	case r.Amends != "":
		amended, changed := i.amend(r, agents, by, at)
		l, c, goesTo = amended, c.And(changed), T(i.Staging.Current())
	case len(r.Stages) > 0:
		hung, begun := i.begin(r, by, agents, at)
		l.Replacements = append(l.Replacements, hung...)
		c = c.And(begun).And(i.lift(r.Holds, l.Replacements, r.ID, by, at))
		goesTo = T(i.Staging.Current())
	default:
		c = c.And(i.endStaging(r)).And(i.lift(r.Holds, l.Replacements, r.ID, by, at))
	}
	names := make([]any, 0, 2*len(r.Signoffs))
	for n, s := range r.Signoffs {
		if n > 0 {
			names = append(names, ", ")
		}
		names = append(names, Mention(s.By), " for "+last.roleName(s.Role))
	}
	c.post(i, "approved:"+r.ID, Message{Tone: ToneGood, Body: []Text{
		T(Bold(Go), " by ", T(names...), ": ", Fixed(r.Scope.String()), " goes to ", goesTo, ", at ", at, ".")}})
	return l, c.And(i.settle(by, at))
}

// replacedBy lists the holds that stand in for h once r is approved.
func (h Hold) replacedBy(r *ResumeRequest, agents Registry, at time.Time) []Hold {
	agent := agents[or(h.Scope.Agent, r.Scope.Agent)]
	rest, _ := h.Scope.Complement(r.Scope, agents) // divisible has checked that it can be
	hang := func(s Scope, m Mode) Hold {
		next := h
		next.ID = HoldID(DeriveID("replace", string(h.ID), r.ID, s.String(), string(m)))
		next.Scope, next.Mode, next.At, next.Drill = s, m, Moment(at), ""
		return next
	}
	var next []Hold
	for _, s := range rest {
		next = append(next, hang(s, h.Mode))
	}
	if both, ok := h.Scope.Intersect(r.Scope, agent); ok && r.Target != Running {
		staged := hang(both, r.Target)
		staged.Plan, staged.CanaryShare = "", 0
		next = append(next, staged)
	}
	return next
}

// voidRequest makes a pending request void, so that no signature on it counts any more.
func (i *Incident) voidRequest(reason string, by Actor, at time.Time) Change {
	r := i.Request
	if r == nil || r.State != RequestPending {
		return Change{}
	}
	r.State, r.Reason = RequestVoid, reason
	var c Change
	c.event(EventVoided, by, at, map[string]any{"request": r.ID, "reason": reason})
	c.effect(EffectDecision, i.ID, r.ID+":void", nil)
	c.post(i, "void:"+r.ID, Message{Tone: ToneWarning, Body: []Text{T("The resume request is void: "+reason+". Everything stays held; ask again with ", Typed("resume"), " when you are ready.")}})
	return c
}

// VoidRequest is for facts outside the incident, such as a stop by another one.
func (i *Incident) VoidRequest(reason string, by Actor, at time.Time) Change {
	return i.voidRequest(reason, by, at)
}

// ExpireRequest records that a request ran out. It changes nothing before its time.
func (i *Incident) ExpireRequest(id string, at time.Time) Change {
	r := i.Request
	if r == nil || r.ID != id || r.State != RequestPending || at.Before(r.Deadline()) {
		return Change{}
	}
	r.State, r.Reason = RequestExpired, "expired"
	var c Change
	c.event(EventVoided, Tagout, at, map[string]any{"request": r.ID, "reason": "expired"})
	c.effect(EffectDecision, i.ID, r.ID+":expired", nil)
	c.post(i, "expired:"+r.ID, Message{Tone: ToneWarning, Body: []Text{T("The resume request expired without all sign-offs. Everything stays held; ask again with ", Typed("resume"), ".")}})
	return c
}

// RefuseSigning records a click that did not count.
func (i *Incident) RefuseSigning(s Signing, reason string, at time.Time) Change {
	var c Change
	c.event(EventRefused, s.User.Actor(), at, map[string]any{"request": s.Request, "verdict": s.Verdict, "reason": reason})
	return c
}
