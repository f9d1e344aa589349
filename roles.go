package tagout

import "time"

// The roles of an incident, beside [IncidentCommander].
const (
	CommsLead      = "comms"
	PlatformOwner  = "platform"
	DomainOwner    = "domain"
	RCAFacilitator = "rca"
)

// IncidentRoles lists the roles of an incident in the order in which they are shown.
func IncidentRoles() []string {
	return []string{IncidentCommander, CommsLead, PlatformOwner, DomainOwner, RCAFacilitator}
}

// IncidentRoleName is a role of an incident in words.
func IncidentRoleName(role string) string {
	switch role {
	case IncidentCommander:
		return "Incident commander"
	case CommsLead:
		return "Comms lead"
	case PlatformOwner:
		return "Platform owner"
	case DomainOwner:
		return "Domain owner"
	case RCAFacilitator:
		return "RCA facilitator"
	}
	return role
}

// Assign gives a role of the incident to somebody, who is told. It returns Invalid for a role
// that there is not, and Conflict if that person has it or the incident is closed.
func (i *Incident) Assign(role string, to UserID, by Actor, at time.Time) (Change, error) {
	switch {
	case IncidentRoleName(role) == role:
		return Change{}, Errorf(Invalid, "%q is not a role of an incident: use ic, comms, platform, domain or rca. Nothing was changed.", clip(role, 40))
	case i.State == StateClosed || i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s is %s; its roles stay as they were.", i.ID, i.State)
	case i.Roles[role] == to:
		return Change{}, Errorf(Conflict, "@%s is %s of %s already.", to, IncidentRoleName(role), i.ID)
	}
	var c Change
	if h := i.handing(); h != nil && role == IncidentCommander {
		h.Taken = true // somebody else was chosen
		i.forget()
	}
	c.event(EventRole, by, at, map[string]any{"role": role, "from": i.Roles[role], "to": to})
	i.hold(role, to)
	key := "role:" + role + ":" + Moment(at).Format(time.RFC3339Nano)
	c.post(i, key, Say(by.Text(), " made ", Mention(to), " ", Bold(IncidentRoleName(role)), "."))
	if by != (User{ID: to}).Actor() {
		c.tell(i, key, to, T(by.Text(), " made you ", Bold(IncidentRoleName(role)), " of ", Bold(i.ID.String())))
	}
	return c, nil
}

// FillRoles gives the roles that nobody has to whom the policy names. They are told, but for
// those who are told otherwise.
func (i *Incident) FillRoles(holders map[string]UserID, told []UserID, at time.Time) Change {
	var c Change
	mine := map[UserID]string{}
	var filled []string
	var people []UserID
	for _, role := range IncidentRoles() {
		who := holders[role]
		if who == "" || i.Roles[role] != "" {
			continue
		}
		i.hold(role, who)
		filled = append(filled, IncidentRoleName(role)+" @"+string(who))
		if mine[who] == "" {
			people = append(people, who)
			mine[who] = IncidentRoleName(role)
		} else {
			mine[who] += " and " + IncidentRoleName(role)
		}
	}
	if len(filled) == 0 {
		return c
	}
	c.event(EventRole, Tagout, at, map[string]any{"filled": filled})
	paged := map[UserID]bool{}
	for _, id := range told {
		paged[id] = true
	}
	for _, who := range people {
		if !paged[who] {
			c.tell(i, "roles:"+string(who), who, T("You are ", Bold(mine[who]), " of ", Bold(i.ID.String())))
		}
	}
	return c
}

// tell queues a direct message about the incident; of a private one it says the number alone.
func (c *Change) tell(i *Incident, key string, to UserID, t Text) {
	if !i.Private {
		t = append(t, T(": "+i.Title+". It is "+i.Severity.Label()+", on ", i.ScopeText())...)
	}
	m := Message{Body: []Text{append(t, T(".")...)}}
	if i.Room.Channel != "" {
		m = m.Para("It is talked about in ", ChannelLink(i.Room.Channel), ".")
	}
	c.effect(EffectDirect, i.ID, key, DirectNote{To: to, Message: m})
}
