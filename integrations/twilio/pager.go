// Package twilio pages people by SMS.
package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tagout"
	"tagout/integrations/outgoing"
)

// service is Twilio's API unless the configuration says otherwise.
const service = "https://api.twilio.com"

// Pager sends text messages. Twilio has no idempotency key: a message whose answer was lost
// is sent again.
type Pager struct {
	name    string
	account string
	user    string // the account, or an API key
	secret  string
	from    string // a number or a messaging service
	url     *url.URL
	http    *http.Client
}

// pagerSettings are the keys of the pager.
type pagerSettings struct {
	AccountSID string `yaml:"account_sid" need:"true"`
	APIKey     string `yaml:"api_key"`
	AuthToken  string `yaml:"auth_token" need:"true"`
	From       string `yaml:"from" need:"true"`
	APIURL     string `yaml:"api_url"`
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	keySID     = regexp.MustCompile(`^SK[0-9a-fA-F]{32}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	number     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	plain      = regexp.MustCompile(`^[0-9A-Za-z]+$`)
)

// NewPager makes a pager from its settings. It returns Invalid, with the place, if they
// cannot work.
func NewPager(v tagout.Vendor, http *http.Client) (*Pager, error) {
	s := pagerSettings{APIURL: service}
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	wrong := func(sentence string) (*Pager, error) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: %s", v.Place, sentence)
	}
	switch {
	case !accountSID.MatchString(s.AccountSID):
		return wrong("The account_sid is not one of Twilio. Fix: Copy it from Twilio's console: AC and 32 digits.")
	case s.APIKey != "" && !keySID.MatchString(s.APIKey):
		return wrong("The api_key is not one of Twilio. Fix: Copy its SID from Twilio's console: SK and 32 digits.")
	case !plain.MatchString(s.AuthToken):
		return wrong("The auth_token is not one of Twilio. Fix: Copy it, or the API key's secret, from Twilio's console: letters and digits.")
	case !number.MatchString(s.From) && !serviceSID.MatchString(s.From):
		return wrong("The sender is neither a number nor a messaging service. Fix: Write `from: \"+15550100\"`, or the service's SID, which begins with MG.")
	}
	address, err := outgoing.Address(v.Place, "api_url", s.APIURL)
	if err != nil {
		return nil, err
	}
	user := s.AccountSID
	if s.APIKey != "" {
		user = s.APIKey
	}
	return &Pager{v.Name, s.AccountSID, user, s.AuthToken, s.From, address, http}, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Reaches reports whether the person has a phone.
func (p *Pager) Reaches(to tagout.Person) bool { return to.Phone != "" }

// Send hands one message to Twilio. An error is final if Twilio refused it for good, such as
// for a number that does not exist or has unsubscribed.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	if !number.MatchString(in.To.Phone) {
		return tagout.Final(tagout.Errorf(tagout.Invalid, "The person %s has no phone number that can be used.", in.To.ID))
	}
	call, httpClient, stop := outgoing.NewCall(ctx, "Twilio (pager "+p.name+")", p.http)
	defer stop()
	httpClient.Transport = redirected{p.url, httpClient.Transport}
	base := &client.Client{Credentials: client.NewCredentials(p.user, p.secret), HTTPClient: httpClient}
	base.SetAccountSid(p.account)
	params := (&api.CreateMessageParams{}).SetTo(in.To.Phone).SetBody(Text(in))
	if serviceSID.MatchString(p.from) {
		params.SetMessagingServiceSid(p.from)
	} else {
		params.SetFrom(p.from)
	}
	// Made by hand: the library's constructor takes a region from the environment.
	_, err := api.NewApiService(&client.RequestHandler{Client: base}).CreateMessage(params)
	if refusal, ok := errors.AsType[*client.TwilioRestError](err); ok && call.Status() != 0 {
		if told := p.refused(in, refusal.Code); told != nil {
			return told
		}
	}
	return call.Outcome(err)
}

// refused is what Twilio's codes mean for us; nil for one that its status tells well enough.
// https://www.twilio.com/docs/api/errors
func (p *Pager) refused(in tagout.Page, code int) error {
	final := func(format string, args ...any) error {
		return tagout.Final(tagout.Errorf(tagout.Unavailable, format, args...))
	}
	switch code {
	case 21211, 21217, 21614:
		return final("Twilio refused the number of %s (code %d): it does not exist or takes no SMS. Fix: Correct `phone` under `people`.", in.To.ID, code)
	case 21610:
		return final("%s has unsubscribed from SMS (code 21610). Fix: Let them answer START to the sender's number.", in.To.ID)
	case 21408, 21612:
		return final("Twilio may not send SMS to the country or carrier of %s (code %d). Fix: Permit it in Twilio's console under Geo permissions.", in.To.ID, code)
	case 21608, 21219:
		return final("Twilio's trial account does not know the number of %s (code %d). Fix: Verify the number there, or upgrade.", in.To.ID, code)
	case 21212, 21603, 21606, 21659:
		return final("Twilio refused the sender of the pager %s (code %d). Fix: Correct `from`.", p.name, code)
	case 14107, 20429, 21611, 30001, 63038:
		return tagout.Errorf(tagout.TooMany, "Twilio has had too many messages of this sender (code %d).", code)
	}
	return nil
}

// redirected sends requests to another address than the library's own.
type redirected struct {
	to   *url.URL
	next http.RoundTripper
}

// RoundTrip sends the request there.
func (t redirected) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = t.to.Scheme, t.to.Host, ""
	r.URL.Path = t.to.Path + r.URL.Path
	return t.next.RoundTrip(r)
}
