package tagout

import (
	"slices"
	"strings"
	"time"
)

// Correction is what somebody said of a milestone in place of what the facts had set. The
// facts stay as they were for everything that decides about holds, sign-offs and who may give
// them; the figures, the deadlines and what people read follow the correction.
type Correction struct {
	Milestone Milestone `json:"milestone"`
	From      time.Time `json:"from,omitzero"` // as it stood before; zero: nobody knew
	To        time.Time `json:"to"`
	Why       string    `json:"why"`
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
}

// Text says who corrected it, from what and why.
func (c Correction) Text() string {
	before := "not known before"
	if !c.From.IsZero() {
		before = "before: " + stampUTC(c.From)
	}
	return "corrected by " + c.By.Text().String() + " (" + before + "): " + c.Why
}

// longestOnset is how long before its detection an incident can have begun: a source that says
// that it was longer does not know.
const longestOnset = 365 * 24 * time.Hour

// maxCorrections bounds how often the milestones of one incident are corrected.
const maxCorrections = 100

// beganAt sets the onset as an alert tells it, if it is known and the earliest so far.
func (i *Incident) beganAt(onset, at time.Time) {
	if onset.IsZero() || !onset.Before(at) || at.Sub(onset) > longestOnset {
		return
	}
	if known := i.At(Onset); !known.IsZero() && Moment(onset).Before(known) {
		i.Milestones[Onset] = Moment(onset)
		return
	}
	i.mark(Onset, onset)
}

// ParseMilestone reads the name of a milestone in any case, or a beginning that only one has.
// It returns Invalid, listing them, for anything else.
func ParseMilestone(word string) (Milestone, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	var found []Milestone
	for _, m := range Milestones() {
		if string(m) == word {
			return m, nil
		}
		if len(word) >= 3 && strings.HasPrefix(string(m), word) {
			found = append(found, m)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return "", Errorf(Invalid,
		"%q is not a milestone: use onset, detected, acknowledged, contained, mitigated, resumed or reviewed. Nothing was changed.",
		clip(word, 40))
}

// Corrected is the newest correction of a milestone; false if nobody corrected it.
func (i *Incident) Corrected(m Milestone) (Correction, bool) {
	for _, c := range slices.Backward(i.Corrections) {
		if c.Milestone == m {
			return c, true
		}
	}
	return Correction{}, false
}

// When is a milestone as people are told it and as it counts in the figures: as it was
// corrected last, else as the facts set it. Zero: it is not reached.
func (i *Incident) When(m Milestone) time.Time {
	if c, corrected := i.Corrected(m); corrected {
		return c.To
	}
	return i.At(m)
}

// Whens are the milestones that were reached, as they count.
func (i *Incident) Whens() map[Milestone]time.Time {
	all := map[Milestone]time.Time{}
	for _, m := range Milestones() {
		if at := i.When(m); !at.IsZero() {
			all[m] = at
		}
	}
	return all
}

// dueFrom is when the time of what is due began: with the detection, or with an earlier one by
// correction. A later one never gives more time.
func (i *Incident) dueFrom() time.Time {
	from := i.At(Detected)
	for _, c := range i.Corrections {
		if c.Milestone == Detected && c.To.Before(from) {
			from = c.To
		}
	}
	return from
}

// PlatformOwners are the members of the configured role platform; none if there is no such.
func (p *Policy) PlatformOwners() []UserID {
	if role := p.Roles["platform"]; role != nil {
		return role.Members
	}
	return nil
}

// MayCorrect returns Forbidden unless this person may correct milestones of the incident: the
// incident commander, the RCA facilitator or the platform owner, by their role in it or, for
// the platform owner, by the configuration.
func (i *Incident) MayCorrect(by User, platform []UserID) error {
	if by.ID == "" || by.Bot || by.Guest {
		return Errorf(Forbidden, "Only a full member of the workspace can correct milestones; guests, bots and API tokens cannot. Nothing was changed.")
	}
	for _, role := range []string{IncidentCommander, RCAFacilitator, PlatformOwner} {
		if i.Roles[role] == by.ID {
			return nil
		}
	}
	if slices.Contains(platform, by.ID) {
		return nil
	}
	return Errorf(Forbidden,
		"Only the incident commander, the RCA facilitator and the platform owner of %s can correct its milestones. Nothing was changed.",
		i.ID)
}

// before are the milestones that cannot come after a milestone.
func before(m Milestone) []Milestone {
	switch m {
	case Detected:
		return []Milestone{Onset}
	case Acknowledged, Contained, Mitigated, Reviewed:
		return []Milestone{Onset, Detected}
	case Resumed:
		return []Milestone{Onset, Detected, Acknowledged, Contained, Mitigated}
	}
	return nil
}

// inOrder returns Invalid, naming the other milestone, if m cannot have been at a time.
func (i *Incident) inOrder(m Milestone, to time.Time) error {
	for _, o := range Milestones() {
		at := i.When(o)
		switch {
		case at.IsZero() || o == m:
		case slices.Contains(before(m), o) && to.Before(at):
			return Errorf(Invalid,
				"%s cannot be before %s, which was at %s. If that is wrong too, correct it first. Nothing was changed.",
				m, o, stampUTC(at))
		case slices.Contains(before(o), m) && to.After(at):
			return Errorf(Invalid,
				"%s cannot be after %s, which was at %s. If that is wrong too, correct it first. Nothing was changed.",
				m, o, stampUTC(at))
		}
	}
	if detected := i.When(Detected); m == Onset && detected.Sub(to) > longestOnset {
		return Errorf(Invalid, "%s is more than a year before it was detected. Check the year. Nothing was changed.", stampUTC(to))
	}
	return nil
}
