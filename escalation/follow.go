package escalation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// installation is what tells this Tagout from every other one that pages by the same
// service.
type installation struct {
	mu   sync.Mutex
	mark string
}

// dedupMark starts the names under which a pager's service knows our incidents. It returns
// Unavailable if the database cannot be reached and was never read.
func (d *Desk) dedupMark(ctx context.Context) (string, error) {
	d.own.mu.Lock()
	defer d.own.mu.Unlock()
	if d.own.mark == "" {
		id, err := d.store.DatabaseID(ctx)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256([]byte("dedup\n" + id))
		d.own.mark = "tagout-" + hex.EncodeToString(sum[:6]) + "-"
	}
	return d.own.mark, nil
}

// dedup names an incident to the services of pagers, for the pages of one ladder. Services
// do not call anybody again under a name that was acknowledged there. So whatever must be
// heard although somebody has acknowledged before has a name of its own: a ladder that
// starts again, and pages that go out even then. So has a game day, which may become real.
func dedup(mark string, id tagout.IncidentID, r tagout.PageRound) string {
	ladder := base(r.Key)
	_, again, lapsed := strings.Cut(ladder, "~")
	switch {
	case r.Even || r.Always:
		sum := sha256.Sum256([]byte(ladder))
		return mark + id.String() + "-" + hex.EncodeToString(sum[:4])
	case tagout.OfDrill(ladder):
		return mark + id.String() + drilled + again
	case lapsed:
		return mark + id.String() + "-again" + again
	}
	return mark + id.String()
}

// drilled ends the name of a game day.
const drilled = "-drill"

// incidentOf reads a name that dedup made with this mark.
func incidentOf(mark, name string) (tagout.IncidentID, bool) {
	rest, ours := strings.CutPrefix(name, mark+"INC-")
	number, _, _ := strings.Cut(rest, "-")
	id, err := tagout.ParseIncidentID(number)
	return id, ours && err == nil
}

// AcknowledgeBy records what a pager's own app says: somebody has taken a page on. An
// acknowledgement that is not of ours, of an incident that is over, or that was given before
// (be it before another one ran out, since services repeat themselves) changes nothing. It
// returns Unavailable if the database cannot be reached: it is then to be told again.
func (d *Desk) AcknowledgeBy(ctx context.Context, ack tagout.Acknowledgement, pager string) error {
	mark, err := d.dedupMark(ctx)
	if err != nil {
		return err
	}
	id, ours := incidentOf(mark, ack.Dedup)
	if !ours {
		d.log.Info("a pager acknowledged what is not ours", "pager", pager)
		return nil
	}
	answer := d.answer(ctx, d.actorAt(pager, ack), pager)
	_, err = d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if strings.Contains(ack.Dedup, drilled) && !i.Drill {
			return tagout.Change{}, tagout.Errorf(tagout.Conflict, "This was pressed for a drill, which %s is not any more.", i.ID)
		}
		if !ack.At.IsZero() && ack.At.Before(i.Lapsed) {
			return tagout.Change{}, tagout.Errorf(tagout.Conflict, "This was pressed before the acknowledgement of %s ran out.", i.ID)
		}
		return d.acknowledge(i, answer, now)
	})
	if code := tagout.CodeOf(err); code == tagout.Conflict || code == tagout.NotFound {
		d.log.Info("an acknowledgement by a pager changes nothing", "pager", pager, "incident", id.String(), "reason", string(code))
		return nil
	}
	return err
}

// actorAt is who acknowledged in a pager's app: the person whose address the service gives,
// or who it is there. Only one person may have that address.
func (d *Desk) actorAt(pager string, ack tagout.Acknowledgement) tagout.Actor {
	var found []tagout.UserID
	for id, p := range d.policy.People {
		if ack.Email != "" && strings.EqualFold(p.Email, ack.Email) {
			found = append(found, id)
		}
	}
	if len(found) == 1 {
		return tagout.User{ID: found[0]}.Actor()
	}
	name := strings.Join(strings.Fields(ack.By), " ")
	if name == "" {
		name = "somebody"
	}
	return tagout.Actor{Kind: tagout.ByPager, ID: cutAt(name, 100) + " in " + pager}
}

// cutAt is text of at most n characters, without half a secret at its end.
func cutAt(text string, n int) string { return cut(text, n) }

// follow tells a pager's service what became of an incident; without a pager, it makes an
// effect for each that was paged and wants to know, and each name by which it was.
func (d *Desk) follow(ctx context.Context, e tagout.Effect) error {
	crashpoint.Here("page.follow")
	var data tagout.FollowUp
	if err := e.Decode(&data); err != nil {
		return err
	}
	if data.Pager == "" {
		return d.followAll(ctx, e.Incident, data)
	}
	pager, ok := d.follower(data.Pager)
	if !ok {
		return nil
	}
	news, err := d.discreetNews(ctx, data.News)
	if err != nil {
		return err
	}
	if news.Dedup == "" { // queued before there was more than one name
		mark, err := d.dedupMark(ctx)
		if err != nil {
			return err
		}
		news.Dedup = dedup(mark, e.Incident, tagout.PageRound{})
	}
	return pager.Follow(ctx, news)
}

func (d *Desk) followAll(ctx context.Context, id tagout.IncidentID, data tagout.FollowUp) error {
	pages, err := d.store.Pages(ctx, id)
	if err != nil {
		return err
	}
	var c tagout.Change
	told := map[tagout.FollowUp]bool{}
	for _, p := range pages {
		data.Pager, data.News.Dedup = p.Pager, p.Dedup
		if data.Drill && !tagout.OfDrill(p.Ladder) {
			continue
		}
		if _, follows := d.follower(p.Pager); follows && !told[data] {
			told[data] = true
			c.Effects = append(c.Effects, followUp(id, data))
		}
	}
	if c.IsEmpty() {
		return nil
	}
	_, err = d.store.Update(ctx, id, func(*tagout.Incident, time.Time) (tagout.Change, error) { return c, nil })
	return err
}

// tooLate tells a pager's service at once what became of an incident while its page was on
// the way.
func (d *Desk) tooLate(i *tagout.Incident, p tagout.Page, now time.Time) (c tagout.Change) {
	status, by := tagout.PageResolved, tagout.Tagout
	if !i.State.Ended() {
		status, by = tagout.PageAcknowledged, i.AcknowledgedBy
	}
	_, follows := d.follower(p.Pager)
	if !follows || p.Status != tagout.PageSent || !i.State.Ended() && !i.Answered() {
		return c
	}
	news := tagout.PageNews{Incident: i.ID, Dedup: p.Dedup, Status: status, By: by.Text().String(), At: tagout.Moment(now)}
	c.Effects = append(c.Effects, followUp(i.ID, tagout.FollowUp{Pager: p.Pager, News: news}))
	return c
}

func followUp(id tagout.IncidentID, data tagout.FollowUp) tagout.Effect {
	key := string(data.News.Status) + ":" + data.News.At.Format(time.RFC3339Nano) + ":" + data.Pager + ":" + data.News.Dedup
	return tagout.NewEffect(tagout.EffectFollow, id, key, data)
}

func (d *Desk) follower(name string) (tagout.PageFollower, bool) {
	n := slices.IndexFunc(d.pagers, func(p tagout.Pager) bool { return p.Name() == name })
	if n < 0 {
		return nil, false
	}
	f, ok := d.pagers[n].(tagout.PageFollower)
	return f, ok
}
