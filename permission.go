package tagout

import "slices"

// Permit says who may use one thing: a command, a button, a form, a path of the API or a verb
// of the command line. It is what the edges ask, what the documentation shows, and what the
// tests try against the running program.
type Permit struct {
	Thing string // "/kill", "/role ROLE @PERSON", "button go", "form nogo", "GET /v1/agents"
	For   Circle // of people in Slack; "": none
	To    string // what it is for, as a refusal says it: "change a severity"
	Right Right  // what a token must have; [MayNot]: no token
	Open  bool   // without any token
	Note  string // what else decides
}

// Circle is which people may use something.
type Circle string

// The circles. Nobody is in one of them from another workspace, and no bot.
const (
	ForEverybody   Circle = "everybody"    // guests too
	ForMembers     Circle = "full members" // of the workspace
	ForSigners     Circle = "signers"      // of a role that must sign, but neither who asked nor who made the change
	ForRoleMembers Circle = "role members" // of the role that it is about
	ForStagers     Circle = "stagers"      // signers of a plan, and who commanded the incident when it was asked for
	ForHolders     Circle = "holders"      // who has the role in the incident that it is about, such as the RCA facilitator
	ForTenders     Circle = "tenders"      // the incident commander, RCA facilitator and platform owner of the incident; of a corrective action its owner, too
)

// Capacity is what somebody is, for the question what they may.
type Capacity string

// The capacities that the table of permissions tells apart.
const (
	AsGuest     Capacity = "guest"
	AsMember    Capacity = "full member"
	AsSigner    Capacity = "signer"
	AsRequester Capacity = "who asked"
	AsCommander Capacity = "incident commander"
	AsBot       Capacity = "bot"
)

// Capacities lists them in the order of the table.
func Capacities() []Capacity {
	return []Capacity{AsGuest, AsMember, AsSigner, AsRequester, AsCommander, AsBot}
}

// Allows reports whether somebody of this capacity may. A signer is taken to be a member of
// the role that it is about.
func (p Permit) Allows(s Capacity) bool {
	switch p.For {
	case ForEverybody:
		return s != AsBot
	case ForMembers:
		return s != AsBot && s != AsGuest
	case ForSigners, ForRoleMembers:
		return s == AsSigner
	case ForTenders:
		return s == AsCommander
	case ForStagers:
		return s == AsSigner || s == AsCommander
	}
	return false // only the incident tells who holds its roles
}

// AllowsToken reports whether a token with these rights may; without any right it is no token.
func (p Permit) AllowsToken(may ...Right) bool {
	return p.Open || p.Right != MayNot && slices.Contains(may, p.Right)
}

// Admit returns Forbidden, saying why, for whoever cannot be in the circle whatever their
// roles: bots and programs, and guests where only full members may. Who of the others has the
// role is told by what is done, which records who tried.
func (p Permit) Admit(u User) error {
	switch {
	case p.For == "":
		return Errorf(Forbidden, "Nobody may %s: no permission is written down for it.", or(p.To, "do this"))
	case u.ID == "" || u.Bot:
		return Errorf(Forbidden, "Only a person in Slack can %s; API tokens and bots cannot.", or(p.To, "do this"))
	case u.Guest && p.For != ForEverybody && p.For != ForSigners: // a guest who tries to sign is told so, and that is recorded
		return Errorf(Forbidden, "Guests can stop an agent and declare an incident, but not %s. Ask a member of the workspace.", or(p.To, "do this"))
	}
	return nil
}
