package tagout_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

var privateAt = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// aPrivateIncident is open, with somebody of each kind among its people.
func aPrivateIncident(t *testing.T) *tagout.Incident {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	row := &tagout.SeverityPolicy{Severity: tagout.Sev1, Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}}}
	c, err := i.Open(tagout.Opening{Title: "a complaint", By: tagout.User{ID: "U0OPENER"}.Actor(), Row: row, Private: true}, privateAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Effects {
		if e.Kind == tagout.EffectAnnounce {
			t.Error("a private incident is announced")
		}
	}
	i.PageOut(tagout.Paging{Round: tagout.PageRound{Key: "sev1"}, Pages: []tagout.Page{{ID: "p", To: tagout.Person{ID: "U0PAGED"}}, {ID: "q"}}}, privateAt)
	i.Roles["comms"] = "U0COMMS"
	i.Room = tagout.Room{Channel: "C0INC", Private: true}
	return i
}

func TestAPrivateIncidentIsReadByItsPeopleOnly(t *testing.T) {
	t.Parallel()
	p := &tagout.Policy{PrivateRoles: []string{"privacy"}}
	for name, tt := range map[string]struct {
		viewer tagout.Viewer
		change func(*tagout.Incident)
		want   bool
	}{
		"who opened it":                        {viewer: tagout.Viewer{User: tagout.User{ID: "U0OPENER"}}, want: true},
		"who is paged":                         {viewer: tagout.Viewer{User: tagout.User{ID: "U0PAGED"}}, want: true},
		"who has a role":                       {viewer: tagout.Viewer{User: tagout.User{ID: "U0COMMS"}}, want: true},
		"who must sign":                        {viewer: tagout.Viewer{User: tagout.User{ID: "U0LAW"}, Roles: []string{"legal"}}, want: true},
		"a role of the configuration":          {viewer: tagout.Viewer{User: tagout.User{ID: "U0PRIV"}, Roles: []string{"mops", "privacy"}}, want: true},
		"another role":                         {viewer: tagout.Viewer{User: tagout.User{ID: "U0MOPS"}, Roles: []string{"mops"}}},
		"nobody in particular":                 {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}}},
		"a program":                            {viewer: tagout.Viewer{}},
		"a program in the channel":             {viewer: tagout.Viewer{Channel: "C0INC"}},
		"a bot of its people":                  {viewer: tagout.Viewer{User: tagout.User{ID: "U0PAGED", Bot: true}}},
		"a role without a person":              {viewer: tagout.Viewer{Roles: []string{"legal"}}},
		"a member of its channel":              {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}, Channel: "C0INC"}, want: true},
		"in another channel":                   {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}, Channel: "C0OTHER"}},
		"in a channel that is not private":     {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}, Channel: "C0INC"}, change: func(i *tagout.Incident) { i.Room.Private = false }},
		"no channel, when it has none":         {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}}, change: func(i *tagout.Incident) { i.Room.Channel = "" }},
		"anybody, when it is public":           {viewer: tagout.Viewer{}, change: func(i *tagout.Incident) { i.Private = false }, want: true},
		"a role that nobody has":               {viewer: tagout.Viewer{User: tagout.User{ID: "U0X"}}, change: func(i *tagout.Incident) { i.Roles["ic"] = "" }},
		"who acknowledged it":                  {viewer: tagout.Viewer{User: tagout.User{ID: "U0ACK"}}, change: func(i *tagout.Incident) { _, _ = i.Acknowledge(tagout.User{ID: "U0ACK"}.Actor(), privateAt) }, want: true},
		"who stopped something that joined it": {viewer: tagout.Viewer{User: tagout.User{ID: "U0STOP"}}, change: hangs("U0STOP")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := aPrivateIncident(t)
			if tt.change != nil {
				tt.change(i)
			}
			if got := i.VisibleTo(tt.viewer, p); got != tt.want {
				t.Errorf("visible: %v", got)
			}
		})
	}
}

func hangs(by tagout.UserID) func(*tagout.Incident) {
	return func(i *tagout.Incident) {
		_, _ = i.Hang(tagout.Hold{ID: "h", Scope: tagout.MustScope("mailer"), Mode: tagout.Halted, By: tagout.User{ID: by}.Actor(), Reason: "zanzibar", At: privateAt}, nil, privateAt)
	}
}

func TestAHoldOfAPrivateIncidentTellsOnlyItsIDOutside(t *testing.T) {
	t.Parallel()
	i := aPrivateIncident(t)
	hangs("U0STOP")(i)
	if h := i.Holds[0]; !h.Private || h.Reason != "zanzibar" || h.Hushed().Reason != "" || h.Hushed().By != (tagout.Actor{}) {
		t.Errorf("the hold is %+v", h)
	}
	d := tagout.Evaluate("mailer", &tagout.Agent{Name: "mailer", Fallback: "the plain template"}, i.Holds, tagout.Attributes{})
	m := tagout.FlagMetadata(d, map[string]string{"prompt": "v1"})
	want := map[string]any{"mode": "halted", "incident": "INC-7", "fallback": "the plain template", "versions.prompt": "v1"}
	if len(m) != len(want) {
		t.Errorf("told %v", m)
	}
	for key, value := range want {
		if m[key] != value {
			t.Errorf("%s is %v, want %v", key, m[key], value)
		}
	}
}

func TestMakingAnIncidentPrivateMovesItToAnotherChannel(t *testing.T) {
	t.Parallel()
	i := aPrivateIncident(t)
	i.Private = false
	i.Room = tagout.Room{Channel: "C0OLD", Name: "inc-7-mailer", Card: "1.1", Decision: "1.2", Announced: "1.3", AnnounceIn: "C0ALL", Topic: "t"}
	hangs("U0STOP")(i)
	i.Request = &tagout.ResumeRequest{ID: "R1", State: tagout.RequestPending}
	c, err := i.MakePrivate(tagout.User{ID: "U0BY"}, privateAt)
	if err != nil {
		t.Fatal(err)
	}
	if !i.Private || !i.Holds[0].Private || !slices.Contains(i.People(), "U0BY") || i.Request.State != tagout.RequestPending {
		t.Errorf("after it: %+v", i)
	}
	if want := (tagout.Room{Announced: "1.3", AnnounceIn: "C0ALL", Moving: true}); i.Room.Channel != want.Channel || i.Room.Announced != want.Announced || !i.Room.Moving || i.Room.Card+i.Room.Decision+i.Room.Topic != "" {
		t.Errorf("the room is %+v", i.Room)
	}
	var kinds []string
	for _, e := range c.Effects {
		kinds = append(kinds, string(e.Kind))
		var old tagout.RetiredRoom
		if e.Kind == tagout.EffectRetireRoom {
			if err := e.Decode(&old); err != nil || old != (tagout.RetiredRoom{Channel: "C0OLD", Card: "1.1", Decision: "1.2", Announce: "C0ALL"}) {
				t.Errorf("retires %+v: %v", old, err)
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "retire_channel open_channel announce decision" {
		t.Errorf("effects %s", got)
	}
	if len(c.Events) != 1 || c.Events[0].Kind != tagout.EventPrivate {
		t.Errorf("events %+v", c.Events)
	}
	if _, err := i.MakePrivate(tagout.User{ID: "U0BY"}, privateAt); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("a second time: %v", err)
	}
}
