package bot

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"tagout"
)

const (
	roomPause = 10 * time.Second // how long after an incident's start its messages wait for its channel
	roomQueue = time.Hour        // how long its notes do, while channels wait for Slack's limit
)

// Effects are the effects that the Slack edge carries out.
func (b *Bot) Effects() map[tagout.EffectKind]tagout.EffectFunc {
	return map[tagout.EffectKind]tagout.EffectFunc{
		tagout.EffectOpenChannel: b.openChannel,
		tagout.EffectAnnounce:    b.announceIncident,
		tagout.EffectPost:        b.postNote,
		tagout.EffectDecision:    b.decide,
		tagout.EffectDirect:      b.direct,
		tagout.EffectNoteDraft:   b.draftNote,
		tagout.EffectNotePost:    b.postStatusNote,
		tagout.EffectReview:      b.review,
		tagout.EffectRunbook:     b.runbook,
		tagout.EffectPacket:      b.packet,
		tagout.EffectRetireRoom:  b.retire,
		tagout.EffectRecord:      b.shareRecord,
		tagout.EffectFlag:        b.triage,
		tagout.EffectDigest:      b.digest,
		tagout.EffectSilenceTold: b.tellSilence,
	}
}

// incident reads an incident; that it does not exist is final.
func (b *Bot) incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	inc, err := b.desk.Incident(ctx, id)
	if tagout.CodeOf(err) == tagout.NotFound {
		return nil, tagout.Final(err)
	}
	return inc, err
}

// settled marks what Slack refused for good as final. A refusal of our token is not: the
// operator can put it right, and then it goes on.
func settled(err error) error {
	if f := readFailure(err); err != nil && f.refused() && !refusedUs(f.name) {
		return tagout.Final(err)
	}
	return err
}

// refusedUs reports whether Slack refused the app as a whole rather than what it asked.
func refusedUs(name string) bool {
	switch name {
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope", "team_access_not_granted":
		return true
	}
	return false
}

// announceIncident posts the incident's line in the announce channel, or brings it up to
// date.
func (b *Bot) announceIncident(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if inc.Room.Announced != "" {
		b.Changed(inc.ID)
		return nil
	}
	if inc.Private { // it is not announced at all
		return nil
	}
	line, err := b.desk.Announcement(ctx, inc.ID)
	if err != nil {
		return err
	}
	place, err := b.post(ctx, outgoing{channel: b.announce, priority: postsThen, key: "announce:" + inc.ID.String(), message: line})
	if err != nil {
		b.unannounced(ctx, err, "an incident", "incident", inc.ID.String())
		return settled(err)
	}
	b.announced.Store(&place.Channel)
	_, err = b.desk.SetRoom(ctx, inc.ID, func(r *tagout.Room) { r.Announced, r.AnnounceIn = place.TS, place.Channel })
	b.Changed(inc.ID)
	return err
}

// unannounced logs that something does not stand in the announce channel. While Tagout stops this
// is no error: it is posted after the next start.
func (b *Bot) unannounced(ctx context.Context, err error, what string, which ...any) {
	level := slog.LevelError
	if b.draining.Load() {
		level = slog.LevelInfo
	}
	b.log.Log(ctx, level, what+" could not be announced", append(which, "channel", b.announce, "error", tagout.Sentence(err))...)
}

// postNote posts a message in the incident's channel.
func (b *Bot) postNote(ctx context.Context, e tagout.Effect) error {
	var note tagout.PostNote
	if err := e.Decode(&note); err != nil {
		return err
	}
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if note.Thread != "" {
		return settled(b.postInThread(ctx, inc, e.Key, note))
	}
	if err := b.roomFirst(inc); err != nil {
		return err
	}
	_, err = b.postTo(ctx, inc, e.Key, note.Message)
	return settled(err)
}

// roomFirst puts off what waits for an incident's channel.
func (b *Bot) roomFirst(inc *tagout.Incident) error {
	if age := b.clock.Now().Sub(inc.At(tagout.Detected)); b.roomComes(inc, age) {
		return tagout.Postpone(tagout.Errorf(tagout.Unavailable, "The channel of %s waits for Slack, which lets one open few a minute.", inc.ID), max(roomPause, age/4))
	}
	return nil
}

// postInThread posts below the decision message of a resume request, once that stands. Where
// it does not stand in the incident's channel, the message goes without a thread.
func (b *Bot) postInThread(ctx context.Context, inc *tagout.Incident, key string, note tagout.PostNote) error {
	room, r := inc.Room, inc.Request
	if room.DecisionOf != note.Thread || room.Decision == "" || room.Channel == "" {
		if r != nil && r.ID == note.Thread && room.Failure == "" && room.Decision == "" && b.clock.Now().Sub(r.At) < roomPause {
			return tagout.Errorf(tagout.Unavailable, "The decision message of %s is still being posted.", inc.ID)
		}
		_, err := b.postTo(ctx, inc, key, note.Message)
		return err
	}
	_, err := b.post(ctx, outgoing{channel: room.Channel, priority: postsThen, key: key, message: note.Message, thread: room.Decision})
	if err != nil && readFailure(err).refused() && !refusedUs(slackName(err)) {
		_, err = b.postTo(ctx, inc, key, note.Message)
	}
	return err
}

// roomComes reports whether an incident's channel is on its way though that takes long: in a
// storm of incidents Slack lets us open about one in three seconds. The announce channel is
// not to drown meanwhile in what belongs there.
func (b *Bot) roomComes(inc *tagout.Incident, age time.Duration) bool {
	return inc.Room.Channel == "" && inc.Room.Failure == "" && age < roomQueue && b.pacer.waits("conversations.create")
}

// postTo posts in the incident's channel or, if there is none that works, in the announce
// channel — a private incident's people are told directly instead.
func (b *Bot) postTo(ctx context.Context, inc *tagout.Incident, key string, m tagout.Message) (Place, error) {
	if inc.Room.Channel != "" {
		place, err := b.post(ctx, outgoing{channel: inc.Room.Channel, priority: postsThen, key: key, message: m})
		if err == nil || !lostChannel(slackName(err)) {
			return place, err
		}
		now, readErr := b.incident(ctx, inc.ID)
		if readErr != nil {
			return Place{}, readErr
		}
		if now.Room.Channel != inc.Room.Channel { // it moved: nothing of it may fall back into the open
			return Place{}, tagout.Errorf(tagout.Unavailable, "%s has moved to another channel meanwhile.", inc.ID)
		}
		b.log.Error("an incident's channel cannot be used", "incident", inc.ID.String(), "channel", inc.Room.Channel, "error", slackName(err))
		if inc.Room.Failure == "" {
			b.noteFailure(ctx, inc, err)
		}
	} else if inc.Room.Failure == "" && (inc.Room.Moving || b.clock.Now().Sub(inc.At(tagout.Detected)) < roomPause) {
		return Place{}, tagout.Errorf(tagout.Unavailable, "The channel of %s is still being opened.", inc.ID)
	}
	if inc.Private {
		return Place{}, b.tellInvitees(ctx, inc, key, m)
	}
	return b.post(ctx, outgoing{channel: b.announce, priority: postsThen, key: key + ":announce", message: labelled(inc.ID, m)})
}

// lostChannel reports whether a channel is gone for us.
func lostChannel(name string) bool {
	switch name {
	case "is_archived", "channel_not_found", "not_in_channel", "restricted_action", "restricted_action_read_only_channel":
		return true
	}
	return false
}

// labelled says of which incident a message is that stands outside its channel.
func labelled(id tagout.IncidentID, m tagout.Message) tagout.Message {
	if strings.Contains(m.Title, id.String()) {
		return m
	}
	if m.Title != "" {
		m.Title = id.String() + " · " + m.Title
		return m
	}
	m.Body = append([]tagout.Text{tagout.T(tagout.Bold(id.String()))}, m.Body...)
	return m
}

func (b *Bot) tellInvitees(ctx context.Context, inc *tagout.Incident, key string, m tagout.Message) error {
	people, err := b.desk.Invitees(ctx, inc.ID)
	if err != nil {
		return err
	}
	for _, person := range people {
		if err := b.directly(ctx, person, postsThen, key+":"+string(person), labelled(inc.ID, m)); err != nil && !readFailure(err).refused() {
			return err
		}
	}
	return nil
}

// decide posts the message with GO and NO-GO, or brings it up to date.
func (b *Bot) decide(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil || inc.Request == nil {
		return err
	}
	if inc.Room.DecisionOf == inc.Request.ID && inc.Room.Decision != "" {
		b.Changed(inc.ID)
		return nil
	}
	m, err := b.desk.Decision(ctx, inc.ID)
	if err != nil {
		return err
	}
	place, err := b.postTo(ctx, inc, "decision:"+inc.ID.String()+":"+inc.Request.ID, m)
	if err != nil {
		return settled(err)
	}
	request := inc.Request.ID
	err = b.placed(ctx, inc.ID, inc.Room.Channel, place, func(r *tagout.Room) { r.Decision, r.DecisionOf = place.TS, request })
	b.Changed(inc.ID)
	return err
}

// direct sends a message to one person.
func (b *Bot) direct(ctx context.Context, e tagout.Effect) error {
	var note tagout.DirectNote
	if err := e.Decode(&note); err != nil {
		return err
	}
	return settled(b.directly(ctx, note.To, answersNext, e.Key, note.Message))
}

// directly posts under somebody's ID, which needs no conversation to be opened first: Slack
// lets one open few of them a minute. That is done only if Slack does not find the person,
// since then it says why.
func (b *Bot) directly(ctx context.Context, to tagout.UserID, urgency priority, key string, m tagout.Message) error {
	return b.directlyAs(ctx, to, outgoing{priority: urgency, key: key, message: m})
}

func (b *Bot) directlyAs(ctx context.Context, to tagout.UserID, o outgoing) error {
	o.channel = string(to)
	_, err := b.post(ctx, o)
	if slackName(err) != "channel_not_found" {
		return err
	}
	if o.channel, err = b.dm(ctx, to, o.priority); err != nil {
		return err
	}
	_, err = b.post(ctx, o)
	return err
}

// channelID is the ID of a channel that may be given as "#name"; "" if there is none of
// that name.
func (b *Bot) channelID(ctx context.Context, channel string) (string, error) {
	name, named := strings.CutPrefix(channel, "#")
	if !named {
		return channel, nil
	}
	if id := b.announced.Load(); id != nil && channel == b.announce {
		return *id, nil
	}
	for cursor := ""; ; {
		var page []Channel
		err := b.do(ctx, call{method: "conversations.list", priority: postsThen}, func(ctx context.Context) (err error) {
			page, cursor, err = b.api.Channels(ctx, cursor)
			return err
		})
		if readFailure(err).refused() && err != nil {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		for _, c := range page {
			if c.Name == name {
				if channel == b.announce {
					b.announced.Store(&c.ID)
				}
				return c.ID, nil
			}
		}
		if cursor == "" {
			return "", nil
		}
	}
}
