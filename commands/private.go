package commands

import (
	"context"
	"strings"
	"unicode"

	"tagout"
)

// Seer is what keeping private incidents private needs.
type Seer interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Sees reports whether somebody may read about an incident.
	Sees(ctx context.Context, i *tagout.Incident, v tagout.Viewer) bool
}

// privacy keeps private incidents from those who may not read about them, whatever the
// command: what names one is refused before it runs, and its channel means nothing to them.
// Stops are not kept from anybody; their answers tell no more than the ID.
type privacy struct{ desk Seer }

func viewerOf(u tagout.User, channel string) tagout.Viewer {
	return tagout.Viewer{User: u, Channel: channel}
}

// guard puts a command behind the rule.
func (p privacy) guard(c tagout.Command) tagout.Command {
	if c.Right == tagout.MayStop {
		return c
	}
	run, clicks, forms := c.Run, c.Clicks, c.Forms
	c.Run = func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
		v := viewerOf(in.User, in.Channel)
		words := []string{firstWord(in.Text)}
		if c.Right == tagout.MayRead { // its text names things; that of other commands may be prose
			words = strings.Fields(in.Text)
		}
		for _, word := range words {
			if err := p.check(ctx, word, v); err != nil {
				return tagout.Reply{}, err
			}
		}
		in.Incident = p.here(ctx, in.Incident, v)
		return run(ctx, in)
	}
	c.Clicks = map[string]func(context.Context, tagout.Click) (tagout.Reply, error){}
	for action, handle := range clicks {
		c.Clicks[action] = func(ctx context.Context, click tagout.Click) (tagout.Reply, error) {
			v := viewerOf(click.User, click.Channel)
			if err := p.carried(ctx, click.Value, v); err != nil {
				return tagout.Reply{}, err
			}
			click.Incident = p.here(ctx, click.Incident, v)
			return handle(ctx, click)
		}
	}
	c.Forms = map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){}
	for form, handle := range forms {
		c.Forms[form] = func(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
			v := viewerOf(s.User, s.Channel)
			if err := p.carried(ctx, s.State, v); err != nil {
				return tagout.Reply{}, err
			}
			s.Incident = p.here(ctx, s.Incident, v)
			return handle(ctx, s)
		}
	}
	return c
}

// check returns Forbidden if word names a private incident that the viewer may not read
// about, and what reading it returned if that failed. Any other word is none of its business.
func (p privacy) check(ctx context.Context, word string, v tagout.Viewer) error {
	if !looksLikeIncident(word) {
		return nil
	}
	id, err := tagout.ParseIncidentID(strings.TrimRight(bare(word), "."))
	if err != nil {
		return nil // the command says what is wrong with it
	}
	return p.allow(ctx, id, v)
}

// carried is check for what a button or form carries, read as those read it who use it.
func (p privacy) carried(ctx context.Context, value string, v tagout.Viewer) error {
	id, err := tagout.ParseIncidentID(subject(value))
	if err != nil {
		return p.check(ctx, subject(value), v)
	}
	return p.allow(ctx, id, v)
}

func (p privacy) allow(ctx context.Context, id tagout.IncidentID, v tagout.Viewer) error {
	i, err := p.desk.Incident(ctx, id)
	switch {
	case tagout.CodeOf(err) == tagout.NotFound:
		return nil // so does it what does not exist
	case err != nil || p.desk.Sees(ctx, i, v):
		return err
	}
	return isPrivate(id)
}

func isPrivate(id tagout.IncidentID) error {
	return tagout.Errorf(tagout.Forbidden, "%s is private: it is shown to its people only. Stops work all the same.", id)
}

// here is the incident of the channel as the viewer may know it: 0 if they may not.
func (p privacy) here(ctx context.Context, id tagout.IncidentID, v tagout.Viewer) tagout.IncidentID {
	if id == 0 {
		return 0
	}
	i, err := p.desk.Incident(ctx, id)
	if err == nil && !p.desk.Sees(ctx, i, v) {
		return 0
	}
	return id
}

func firstWord(text string) string {
	text = strings.TrimSpace(text)
	if n := strings.IndexFunc(text, unicode.IsSpace); n >= 0 {
		return text[:n]
	}
	return text
}

// subject is the incident that a button or form carries: all before the first bar.
func subject(value string) string {
	subject, _, _ := strings.Cut(value, "|")
	return firstWord(subject)
}

// inPublic reports whether an answer is read by others than the incident's people: then it
// tells no more of a private one than its ID.
func inPublic(i *tagout.Incident, channel string) bool {
	return i != nil && i.Private && !(i.Room.Private && channel != "" && channel == i.Room.Channel)
}
