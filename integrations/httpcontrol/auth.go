// Package httpcontrol drives anything that an HTTP request can stop: the requests are
// templates in the configuration, and so is how the mode is read back.
package httpcontrol

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"tagout"
	"tagout/integrations/outgoing"
)

// authSettings say how requests show who sends them: one of the three, or none.
type authSettings struct {
	Bearer string          `yaml:"bearer"`
	Header *headerSettings `yaml:"header"`
	OAuth2 *oauth2Settings `yaml:"oauth2"`
}

type headerSettings struct {
	Name  string `yaml:"name" need:"true"`
	Value string `yaml:"value" need:"true"`
}

type oauth2Settings struct {
	TokenURL     string            `yaml:"token_url" need:"true"`
	ClientID     string            `yaml:"client_id" need:"true"`
	ClientSecret string            `yaml:"client_secret" need:"true"`
	Scopes       []string          `yaml:"scopes"`
	Parameters   map[string]string `yaml:"parameters"`
}

// credential puts the credential into a request's header. fresh asks for a new one, since
// the one before was refused.
type credential interface {
	show(ctx context.Context, header http.Header, fresh bool) error
	renewable() bool
}

// static is a header that stays the same.
type static struct{ name, value string }

func (s static) show(_ context.Context, header http.Header, _ bool) error {
	if s.name != "" {
		header.Set(s.name, s.value)
	}
	return nil
}

func (static) renewable() bool { return false }

// granted is a token that an OAuth2 server grants for the client's own credentials.
type granted struct {
	what   string
	config clientcredentials.Config
	client *http.Client

	mu    sync.Mutex
	token *oauth2.Token
}

func (g *granted) renewable() bool { return true }

func (g *granted) show(ctx context.Context, header http.Header, fresh bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if fresh || !g.token.Valid() {
		token, err := g.config.Token(context.WithValue(ctx, oauth2.HTTPClient, g.client))
		if err != nil {
			return g.failure(ctx, err)
		}
		g.token = token
	}
	header.Set("Authorization", g.token.Type()+" "+g.token.AccessToken)
	return nil
}

// failure says why there is no token, without what the server said.
func (g *granted) failure(ctx context.Context, err error) error {
	refused, answered := errors.AsType[*oauth2.RetrieveError](err)
	if !answered || refused.Response == nil {
		return tagout.Errorf(tagout.Unavailable, "The %s got no token from its OAuth2 server: %s.", g.what, outgoing.Reason(ctx, err))
	}
	status := refused.Response.StatusCode
	problem := tagout.Errorf(tagout.Unavailable, "The %s got no token: its OAuth2 server answered %d.", g.what, status)
	if retryable(status) {
		return problem
	}
	return tagout.Final(problem)
}

// newCredential reads the settings. The error is half a sentence and a fix.
func newCredential(s authSettings, what string, client *http.Client) (credential, error) {
	given := 0
	for _, one := range []bool{s.Bearer != "", s.Header != nil, s.OAuth2 != nil} {
		if one {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, tagout.Errorf(tagout.Invalid, "auth holds more than one way to sign in. Fix: Keep one of bearer, header and oauth2.")
	case s.Bearer != "":
		return static{"Authorization", "Bearer " + s.Bearer}, nil
	case s.Header != nil:
		return static{s.Header.Name, s.Header.Value}, nil
	case s.OAuth2 == nil:
		return static{}, nil
	}
	u, err := url.Parse(s.OAuth2.TokenURL)
	if err != nil || !secure(u) {
		return nil, tagout.Errorf(tagout.Invalid, "auth.oauth2.token_url is not an https URL. Fix: Write it as https://host/path.")
	}
	parameters := url.Values{}
	for name, value := range s.OAuth2.Parameters {
		parameters.Set(name, value)
	}
	return &granted{what: what, client: client, config: clientcredentials.Config{
		ClientID: s.OAuth2.ClientID, ClientSecret: s.OAuth2.ClientSecret, TokenURL: u.String(), Scopes: s.OAuth2.Scopes, EndpointParams: parameters,
	}}, nil
}
