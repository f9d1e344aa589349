package escalation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"

	"tagout"
)

// linkLife is how long the link of a page can be pressed.
const linkLife = 7 * 24 * time.Hour

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
	person   tagout.UserID
	queued   time.Time // to the second
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
// for a page that goes to no person. It is the same for every attempt at the page.
func (d *Desk) ackURL(ctx context.Context, p tagout.Page) (string, error) {
	if d.url == "" || p.To.ID == "" || p.Incident == 0 && !p.Test {
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
	if l.incident == 0 {
		return l.trial(), nil
	}
	i, err := d.store.Incident(ctx, l.incident)
	if err != nil {
		return tagout.PageLink{}, err
	}
	return l.view(i), nil
}

// PressLink acknowledges for the person to whom the page went. It returns Conflict, with
// what the link shows now, if that has happened before or the incident is over, and
// otherwise what [Desk.ReadLink] does.
func (d *Desk) PressLink(ctx context.Context, token string) (tagout.PageLink, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return tagout.PageLink{}, err
	}
	by := tagout.User{ID: l.person}.Actor()
	if l.incident == 0 {
		view := l.trial()
		got, err := d.ReceiveTest(string(l.page))
		view.AnsweredBy, view.AnsweredAt = by, got.ReceivedAt
		return view, err
	}
	i, err := d.store.Update(ctx, l.incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return d.acknowledge(i, by, "link", now)
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
	return l.view(i), nil
}

// trial is what the link of a trial page shows.
func (l pageLink) trial() tagout.PageLink {
	pager, _, _ := strings.Cut(string(l.page), "|")
	return tagout.PageLink{Trial: pager, Reader: l.person, ExpiresAt: l.queued.Add(linkLife)}
}

func (l pageLink) view(i *tagout.Incident) tagout.PageLink {
	v := tagout.PageLink{Incident: i.ID, Private: i.Private, Reader: l.person, State: i.State, ExpiresAt: l.queued.Add(linkLife)}
	if h, handing := i.Handing(); i.Answered() && (!handing || h.To != l.person) {
		at := i.At(tagout.Acknowledged)
		v.AnsweredBy, v.AnsweredAt = i.AcknowledgedBy, at
	}
	if i.Private {
		return v
	}
	v.Severity, v.Title, v.Scope = i.Severity, i.Title, i.Scope
	return v
}
