// Package shoutrrr pages by any of the services that the library shoutrrr knows: ntfy,
// Teams, Discord, Gotify, Pushover and more, each by a URL that holds its secrets.
package shoutrrr

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"tagout"
	"tagout/integrations/outgoing"
)

const (
	maxText  = 1000 // characters; the tightest of the services takes 1024
	maxTitle = 120
	maxOpen  = 64 // deliveries that go on although nobody waits for them any more
)

// Pager posts pages to one service. Whoever reads there is reached; the services have no
// idempotency key, so a message whose answer was lost is sent again.
type Pager struct {
	name    string
	service string // the URL's scheme: all of it that may be shown
	url     string
	roles   outgoing.Roles
	http    *http.Client
	open    chan struct{}
}

// pagerSettings are the keys of the pager.
type pagerSettings struct {
	URL   string   `yaml:"url" need:"true"`
	Roles []string `yaml:"roles"`
}

// NewPager makes a pager from its settings. It returns Invalid, with the place and never the
// URL, if they cannot work.
func NewPager(v tagout.Vendor, client *http.Client) (*Pager, error) {
	var s pagerSettings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	p := &Pager{name: v.Name, url: s.URL, roles: s.Roles, http: client, open: make(chan struct{}, maxOpen)}
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The url cannot be read. Fix: Write it as shoutrrr does, such as ntfy://ntfy.sh/TOPIC.", v.Place)
	}
	p.service, _, _ = strings.Cut(strings.ToLower(u.Scheme), "+")
	if _, err := new(router.ServiceRouter).NewService(p.service); err != nil || p.service == "logger" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The url is of no service that shoutrrr can page by. Fix: Take one of its list, such as ntfy, teams, discord, gotify or pushover.", v.Place)
	}
	if _, err := new(router.ServiceRouter).Locate(s.URL); err != nil { // it quotes the URL
		return nil, tagout.Errorf(tagout.Invalid, "%s: The url is not one of the service %s. Fix: Compare it with shoutrrr's page on %s.", v.Place, p.service, p.service)
	}
	return p, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Roles are those that it is limited to; none: it serves all.
func (p *Pager) Roles() []string { return p.roles }

// PagesRoles reports whether it serves any of these roles.
func (p *Pager) PagesRoles(roles []string) bool { return p.roles.Pages(roles) }

// Reaches reports whether the page is for everybody who reads there: no person has an
// address of their own.
func (p *Pager) Reaches(to tagout.Person) bool { return to.ID == "" }

// Send posts the page. An error is final if the service is known to have refused it for good.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	select {
	case p.open <- struct{}{}:
	default:
		return tagout.Errorf(tagout.Unavailable, "The service %s of the pager %s has left %d pages without an answer.", p.service, p.name, maxOpen)
	}
	// A service of one's own: they keep their last message, and are not made to be shared.
	service, err := new(router.ServiceRouter).Locate(p.url)
	if err != nil {
		<-p.open
		return tagout.Final(tagout.Errorf(tagout.Invalid, "The pager %s cannot work with its settings.", p.name))
	}
	call, client, stop := outgoing.NewCall(ctx, "the service "+p.service+" (pager "+p.name+")", p.http)
	defer stop()
	watched := adopt(service, client)
	done := make(chan error, 1)
	go func() {
		defer func() { <-p.open }()
		done <- deliver(service, in)
	}()
	select {
	case err = <-done:
	case <-call.Done():
		err = context.Cause(ctx)
		if err == nil {
			err = context.DeadlineExceeded
		}
	}
	if watched || err == nil {
		return call.Outcome(err)
	}
	return unwatched(call, err)
}

// deliver hands the page to the service; a panic in it is an error like any other.
func deliver(service types.Service, in tagout.Page) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = tagout.Errorf(tagout.Internal, "the service panicked") // its value may quote the URL
		}
	}()
	params := types.Params{}
	if takes(service, "title") {
		params.SetTitle(harmless(outgoing.Headline(in, maxTitle)))
	}
	text := harmless(outgoing.Text(in, maxText)) // with the headline: some services drop the title
	for n := maxText / 2; len([]rune(text)) > maxText; n /= 2 {
		text = harmless(outgoing.Text(in, n))
	}
	return service.Send(text, &params)
}

// harmless is s without what a service could read as a mention of everybody, a person or a
// channel: an invisible character keeps @ and < apart from what follows them.
func harmless(s string) string {
	return strings.NewReplacer("@", "@\u200b", "<", "<\u200b").Replace(s)
}
