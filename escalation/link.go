package escalation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tagout"
)

// linkLife is how long the link of a page can be pressed.
const linkLife = 7 * 24 * time.Hour

// namePatience is how long the page of a link waits to learn somebody's name.
const namePatience = 700 * time.Millisecond

// links is the key that the links of pages are signed with, once it was read.
type links struct {
	mu  sync.Mutex
	key []byte
}

func (d *Desk) linkKey(ctx context.Context) ([]byte, error) {
	d.links.mu.Lock()
	defer d.links.mu.Unlock()
	if d.links.key == nil {
		key, err := d.store.Secret(ctx, "links")
		if err != nil {
			return nil, err
		}
		d.links.key = key
	}
	return d.links.key, nil
}

// pageLink is what the link of a page says: nothing but that this person takes this page on.
type pageLink struct {
	incident tagout.IncidentID
	page     tagout.PageID
	person   tagout.UserID // "" for somebody without Slack: the page says who
	queued   time.Time     // to the second
}

func (l pageLink) text() string {
	return strings.Join([]string{strconv.FormatInt(int64(l.incident), 10), string(l.page), string(l.person), strconv.FormatInt(l.queued.Unix(), 10)}, "\n")
}

// sum signs the link for this one use of the key.
func (l pageLink) sum(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("tagout-ack-1\n" + l.text()))
	return mac.Sum(nil)
}

// ackURL is the link by which the reader of a page acknowledges; "" without a public URL, or
// for a page that goes to whoever a service has on call. It is the same for every attempt at the page.
func (d *Desk) ackURL(ctx context.Context, p tagout.Page) (string, error) {
	if d.url == "" || p.To.ID == "" && p.To.Stranger() == "" || p.Incident == 0 && !p.Test {
		return "", nil
	}
	key, err := d.linkKey(ctx)
	if err != nil {
		return "", err
	}
	l := pageLink{p.Incident, p.ID, p.To.ID, p.QueuedAt}
	if p.Test {
		l.page = tagout.PageID(p.Message.Buttons[0].Value)
	}
	token := base64.RawURLEncoding.EncodeToString([]byte(l.text())) + "." + base64.RawURLEncoding.EncodeToString(l.sum(key))
	return strings.TrimSuffix(d.url, "/") + "/ack/" + token, nil
}

// openLink reads a token. It returns NotFound for one that we did not make, and Expired for
// one that is too old.
func (d *Desk) openLink(ctx context.Context, token string) (pageLink, error) {
	wrong := tagout.Errorf(tagout.NotFound, "This link is not one of Tagout's, or it is not whole. Open it from the message again.")
	body, sum, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(body)
	given, err2 := base64.RawURLEncoding.Strict().DecodeString(sum)
	parts := strings.Split(string(text), "\n")
	if err != nil || err2 != nil || len(parts) != 4 {
		return pageLink{}, wrong
	}
	number, err := strconv.ParseInt(parts[0], 10, 64)
	queued, err2 := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || err2 != nil {
		return pageLink{}, wrong
	}
	l := pageLink{tagout.IncidentID(number), tagout.PageID(parts[1]), tagout.UserID(parts[2]), time.Unix(queued, 0).UTC()}
	key, err := d.linkKey(ctx)
	switch {
	case err != nil:
		return pageLink{}, err
	case !hmac.Equal(given, l.sum(key)):
		return pageLink{}, wrong
	case d.clock.Now().After(l.queued.Add(linkLife)):
		return pageLink{}, tagout.Errorf(tagout.Expired, "This link has expired: it worked for 7 days. Acknowledge in Slack instead.")
	}
	return l, nil
}

// ReadLink tells what the link of a page is about; it changes nothing, since mail scanners
// open links too. It returns NotFound for a token that is not ours, Expired for one that is
// too old, and Unavailable if the database cannot be reached.
func (d *Desk) ReadLink(ctx context.Context, token string) (tagout.PageLink, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return tagout.PageLink{}, err
	}
	reader, err := d.readerOf(ctx, l)
	if err != nil {
		return tagout.PageLink{}, err
	}
	if l.incident == 0 {
		return l.trial(reader), nil
	}
	i, err := d.store.Incident(ctx, l.incident)
	if err != nil {
		return tagout.PageLink{}, err
	}
	return d.viewLink(ctx, l, reader, i)
}

// readerOf is whom a link was sent to. It returns NotFound if that is not known any more.
func (d *Desk) readerOf(ctx context.Context, l pageLink) (tagout.Actor, error) {
	if l.person != "" {
		return tagout.User{ID: l.person}.Actor(), nil
	}
	pages, err := d.store.Pages(ctx, l.incident)
	if err != nil {
		return tagout.Actor{}, err
	}
	n := slices.IndexFunc(pages, func(p tagout.Page) bool { return p.ID == l.page })
	if n < 0 {
		return tagout.Actor{}, tagout.Errorf(tagout.NotFound, "The page of this link is not known any more. Acknowledge in Slack instead.")
	}
	to := pages[n].To
	name := strings.Join(strings.Fields(to.Name+" ("+to.Email+")"), " ")
	return tagout.Actor{Kind: tagout.ByPager, ID: cutAt(name, 100)}, nil
}

// PressLink acknowledges for the person to whom the page went, if they were shown what it is: real
// tells that they were shown a real incident. If they were shown a drill that has become one,
// nothing is acknowledged, and the link tells that it became. It returns Conflict, with
// what the link shows now, if somebody has acknowledged before or the incident is over, and
// otherwise what [Desk.ReadLink] does.
func (d *Desk) PressLink(ctx context.Context, token string, real bool) (tagout.PageLink, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return tagout.PageLink{}, err
	}
	by, err := d.readerOf(ctx, l)
	if err != nil {
		return tagout.PageLink{}, err
	}
	if l.incident == 0 {
		view := l.trial(by)
		got, err := d.ReceiveTest(string(l.page))
		view.AnsweredBy, view.AnsweredAt = by, got.ReceivedAt
		return view, err
	}
	answer := d.answer(ctx, by, "link")
	unaware := false
	i, err := d.store.Update(ctx, l.incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		became, err := d.became(ctx, l, i)
		if unaware = became && !real; unaware || err != nil {
			return tagout.Change{}, err
		}
		return d.acknowledge(i, answer, now)
	})
	if tagout.CodeOf(err) == tagout.Conflict {
		view, failed := d.ReadLink(ctx, token)
		if failed != nil {
			return view, failed
		}
		return view, err
	}
	if err != nil {
		return tagout.PageLink{}, err
	}
	view, err := d.viewLink(ctx, l, by, i)
	view.Became = unaware
	return view, err
}

// became reports whether the page of a link was of a drill that has become a real incident, or may
// have been.
func (d *Desk) became(ctx context.Context, l pageLink, i *tagout.Incident) (bool, error) {
	if i.Drill || i.Exercise == nil {
		return false, nil
	}
	pages, err := d.store.Pages(ctx, l.incident)
	n := slices.IndexFunc(pages, func(p tagout.Page) bool { return p.ID == l.page })
	return n < 0 || pages[n].OfDrill(), err
}

// trial is what the link of a trial page shows.
func (l pageLink) trial(reader tagout.Actor) tagout.PageLink {
	pager, _, _ := strings.Cut(string(l.page), "|")
	return tagout.PageLink{Trial: pager, Reader: reader, ExpiresAt: l.queued.Add(linkLife)}
}

func (d *Desk) viewLink(ctx context.Context, l pageLink, reader tagout.Actor, i *tagout.Incident) (tagout.PageLink, error) {
	became, err := d.became(ctx, l, i)
	if err != nil {
		return tagout.PageLink{}, err
	}
	v := tagout.PageLink{Incident: i.ID, Private: i.Private, Reader: reader, ReaderName: d.nameOf(ctx, reader), State: i.State, Leads: i.LedBy(reader), Drill: i.Drill, Became: became, ExpiresAt: l.queued.Add(linkLife)}
	if h, handing := i.Handing(); i.Answered() && (!handing || h.To != l.person) {
		v.AnsweredBy, v.Answerer, v.AnsweredAt = i.AcknowledgedBy, d.nameOf(ctx, i.AcknowledgedBy), i.LastAnswered()
	}
	if i.Private {
		if v.AnsweredBy.Kind != "" && v.AnsweredBy != reader {
			v.AnsweredBy, v.Answerer = tagout.Tagout, "somebody"
		}
		return v, nil
	}
	v.Severity, v.Title, v.Scope = i.Severity, i.Title, i.Scope
	return v, nil
}

// nameOf is somebody in words for a page outside Slack: as Slack knows them, else their ID.
func (d *Desk) nameOf(ctx context.Context, a tagout.Actor) string {
	if a.Kind != tagout.ByUser {
		return a.Text().String()
	}
	id := tagout.UserID(a.ID)
	account, heard := d.knowledge.account(id)
	if !heard && d.directory != nil {
		ctx, cancel := context.WithTimeout(ctx, namePatience)
		defer cancel()
		if now, err := d.directory.Account(ctx, id); err == nil {
			d.knowledge.hear(id, now)
			account = now
		}
	}
	if account.Name == "" {
		return "@" + a.ID
	}
	return account.Name
}
