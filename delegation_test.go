package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

// lent is a delegation of Legal for a day from noon.
func lent(to, by tagout.UserID) tagout.Delegation {
	return tagout.Delegation{ID: "d-" + string(to) + string(by), Role: "legal", To: to, By: by, From: noon, Until: noon.Add(24 * time.Hour)}
}

// inPlace is a GO of somebody with delegations and no role.
func inPlace(i *tagout.Incident, by tagout.UserID, all ...tagout.Delegation) tagout.Signing {
	s := signing(i, person(by))
	s.Delegations = all
	return s
}

func TestADelegateSignsInThePlaceOfAMember(t *testing.T) {
	i := asked(t, sev1)
	_, c, err := i.Sign(inPlace(i, "U0ENG", lent("U0ENG", "U0LEGAL")), testAgents, noon.Add(time.Minute))
	if err != nil || len(i.ActiveHolds()) != 0 {
		t.Fatalf("%v, %d holds stand", err, len(i.ActiveHolds()))
	}
	if s := i.Request.Signoffs[0]; s.Role != "legal" || s.By != "U0ENG" || s.Delegation == nil || s.Delegation.By != "U0LEGAL" || len(c.Events) == 0 {
		t.Errorf("recorded %+v", s)
	}
}

func TestDelegationsThatDoNotCount(t *testing.T) {
	revoked := lent("U0ENG", "U0LEGAL")
	revoked.RevokedAt = noon
	mops := lent("U0ENG", "U0LEGAL")
	mops.Role = "mops"
	for name, c := range map[string]struct {
		by tagout.UserID
		d  tagout.Delegation
		at time.Duration
	}{
		"to somebody else": {"U0ENG", lent("U0MOPS", "U0LEGAL"), 0},
		"of another role":  {"U0ENG", mops, 0},
		"before it begins": {"U0ENG", lent("U0ENG", "U0LEGAL"), -time.Second},
		"after it ended":   {"U0ENG", func() tagout.Delegation { d := lent("U0ENG", "U0LEGAL"); d.Until = noon.Add(time.Hour); return d }(), time.Hour},
		"revoked":          {"U0ENG", revoked, 0},
		"to the requester": {requester.ID, lent(requester.ID, "U0LEGAL"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, sev1)
			_, _, err := i.Sign(inPlace(i, c.by, c.d), testAgents, noon.Add(c.at))
			if tagout.CodeOf(err) != tagout.Forbidden || len(i.ActiveHolds()) != 1 {
				t.Errorf("%v, %d holds stand", err, len(i.ActiveHolds()))
			}
		})
	}
	i := asked(t, sev1)
	s := inPlace(i, "U0ENG", lent("U0ENG", "U0LEGAL"))
	s.Causers = []tagout.Causer{{Person: "U0ENG", Change: "mailer prompt v42"}}
	if _, _, err := i.Sign(s, testAgents, noon); tagout.CodeOf(err) != tagout.Forbidden {
		t.Errorf("who changed the agent: %v", err)
	}
}

func TestAMemberAndWhoeverSignsForThemCountOnce(t *testing.T) {
	two := ruled(several(2, "legal"))
	for name, presses := range map[string][]func(*tagout.Incident) tagout.Signing{
		"the member first": {
			func(i *tagout.Incident) tagout.Signing { return signing(i, legal, "legal") },
			func(i *tagout.Incident) tagout.Signing { return inPlace(i, "U0ENG", lent("U0ENG", legal.ID)) }},
		"the delegate first": {
			func(i *tagout.Incident) tagout.Signing { return inPlace(i, "U0ENG", lent("U0ENG", legal.ID)) },
			func(i *tagout.Incident) tagout.Signing { return signing(i, legal, "legal") }},
		"two delegates of one": {
			func(i *tagout.Incident) tagout.Signing { return inPlace(i, "U0ENG", lent("U0ENG", legal.ID)) },
			func(i *tagout.Incident) tagout.Signing { return inPlace(i, "U0MOPS", lent("U0MOPS", legal.ID)) }},
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, two)
			if _, _, err := i.Sign(presses[0](i), testAgents, noon); err != nil {
				t.Fatal(err)
			}
			if _, _, err := i.Sign(presses[1](i), testAgents, noon); tagout.CodeOf(err) != tagout.Conflict || len(i.ActiveHolds()) != 1 {
				t.Errorf("%v, %d holds stand", err, len(i.ActiveHolds()))
			}
			if _, _, err := i.Sign(inPlace(i, "U0X", lent("U0X", "U0LEGAL2")), testAgents, noon); err != nil {
				t.Errorf("in the place of another member: %v", err)
			}
		})
	}
}

func TestTheAuditLooksAtDelegations(t *testing.T) {
	for name, c := range map[string]struct {
		d    tagout.Delegation
		fine bool
	}{
		"in force":         {lent("U0ENG", "U0LEGAL"), true},
		"of somebody else": {lent("U0MOPS", "U0LEGAL"), false},
		"over":             {func() tagout.Delegation { d := lent("U0ENG", "U0LEGAL"); d.Until = noon; return d }(), false},
	} {
		t.Run(name, func(t *testing.T) {
			i := &tagout.Incident{ID: 7}
			var events []tagout.Event
			take := func(c tagout.Change, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range c.Events {
					i.Head = e.Seal(i.ID, i.Head)
					events = append(events, e)
				}
			}
			take(i.Open(tagout.Opening{Title: "x", Scope: tagout.MustScope("mailer"), Row: sev1}, noon))
			take(i.Hang(hold("h1", "mailer", tagout.Halted, noon), testAgents, noon))
			take(i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, sev1, testAgents, nil, noon))
			_, change, err := i.Sign(inPlace(i, "U0ENG", lent("U0ENG", "U0LEGAL")), testAgents, noon)
			for n, e := range change.Events { // as if it had been written otherwise
				if s := i.Request.Signoffs[0]; e.Kind == tagout.EventSigned {
					s.Delegation = &c.d
					change.Events[n] = tagout.NewEvent(e.Kind, e.Actor, e.At, s)
				}
			}
			take(change, err)
			if err := i.Audit(events); (err == nil) != c.fine {
				t.Errorf("the audit says %v", err)
			}
		})
	}
}

func TestADelegationSaysWhatIsWrongWithIt(t *testing.T) {
	for name, change := range map[string]func(*tagout.Delegation){
		"to oneself": func(d *tagout.Delegation) { d.To = d.By },
		"too long":   func(d *tagout.Delegation) { d.Until = d.From.Add(8 * 24 * time.Hour) },
		"no time":    func(d *tagout.Delegation) { d.Until = d.From },
		"no role":    func(d *tagout.Delegation) { d.Role = "" },
	} {
		d := lent("U0ENG", "U0LEGAL")
		if err := d.Check(0); err != nil {
			t.Fatal(err)
		}
		if change(&d); tagout.CodeOf(d.Check(0)) != tagout.Invalid {
			t.Errorf("%s: %v", name, d.Check(0))
		}
	}
}
