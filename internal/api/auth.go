package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"tagout"
)

// fingerprint is the hash of a secret: what is kept and compared, so that comparing takes
// the same time whatever is presented.
type fingerprint [sha256.Size]byte

func (f fingerprint) matches(o fingerprint) bool { return subtle.ConstantTimeCompare(f[:], o[:]) == 1 }

// caller is a program that showed its token.
type caller struct {
	name        string
	fingerprint fingerprint
	may         []tagout.Right
}

func (c *caller) actor() tagout.Actor { return tagout.Actor{Kind: tagout.ByToken, ID: c.name} }

// can reports whether the token has the right. No token has a right that is for people.
func (c *caller) can(right tagout.Right) bool {
	return right != tagout.MayNot && slices.Contains(c.may, right)
}

// need returns Forbidden if the token does not have the right.
func (c *caller) need(right tagout.Right) error {
	switch {
	case c.can(right):
		return nil
	case right == tagout.MayNot:
		return tagout.Errorf(tagout.Forbidden, "A token may stop, read and report; resuming and approving need a person in Slack.")
	}
	return tagout.Errorf(tagout.Forbidden, "This token may not %s. Use one whose `may` lists %q.", right, right)
}

type tokens []*caller

func newTokens(configured []Token) tokens {
	var list tokens
	for _, t := range configured {
		if t.Secret == "" {
			continue
		}
		grantable := func(r tagout.Right) bool {
			return r == tagout.MayStop || r == tagout.MayRead || r == tagout.MayReport || r == tagout.MayRollback || r == tagout.MayDrill
		}
		may := slices.DeleteFunc(slices.Clone(t.May), func(r tagout.Right) bool { return !grantable(r) })
		list = append(list, &caller{name: t.Name, fingerprint: sha256.Sum256([]byte(t.Secret)), may: may})
	}
	return list
}

// find is the program that this secret belongs to, or nil. It looks at every token.
func (l tokens) find(shown fingerprint) *caller {
	var found *caller
	for _, c := range l {
		if c.fingerprint.matches(shown) {
			found = c
		}
	}
	return found
}

// bearer is the hash of the token that a request shows.
func bearer(r *http.Request) (fingerprint, bool) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "bearer") || secret == "" {
		return fingerprint{}, false
	}
	return sha256.Sum256([]byte(secret)), true
}

// authenticate is the program that asks, or Unauthorized.
func (e *edge) authenticate(r *http.Request) (*caller, error) {
	if shown, ok := bearer(r); ok {
		if c := e.tokens.find(shown); c != nil {
			return c, nil
		}
	}
	return nil, tagout.Errorf(tagout.Unauthorized, "Send a token that Tagout knows in the header Authorization, as Bearer TOKEN.")
}

// admit lets a request report: with the source's own token, with an API token that may
// report, or, if the source has no token, from a program on this machine. own is nil for
// a source without a token. It returns Unauthorized or Forbidden.
func (e *edge) admit(r *http.Request, own *fingerprint) error {
	if shown, ok := bearer(r); ok {
		if own != nil && own.matches(shown) {
			return nil
		}
		if c := e.tokens.find(shown); c != nil {
			return c.need(tagout.MayReport)
		}
	}
	switch {
	case own != nil || !e.AllowOpenSources:
		return tagout.Errorf(tagout.Unauthorized, "Send the token of this source in the header Authorization, as Bearer TOKEN.")
	case !direct(r):
		return tagout.Errorf(tagout.Unauthorized, "This is open only to programs on this machine, and the request came through a proxy or a web page. Configure a token and send it.")
	}
	return nil
}

// direct reports whether a request on a loopback address came straight from a program: not
// through a proxy, which would make everybody local, and not from a foreign web page.
func direct(r *http.Request) bool {
	for _, header := range [...]string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if _, there := r.Header[header]; there {
			return false
		}
	}
	origins := r.Header["Origin"]
	return !slices.ContainsFunc(origins, func(origin string) bool { return !loopbackOrigin(origin) })
}

func loopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return loopbackHost(u.Host)
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

type callerKey struct{}

// callerOf is the program that was authenticated for this request.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	if c == nil {
		return &caller{} // no right at all
	}
	return c
}
