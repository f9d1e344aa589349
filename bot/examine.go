package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Examination is what is to be examined of a Slack app and its workspace.
type Examination struct {
	APIURL   string
	BotToken string
	AppToken string                   // for Socket Mode; "": http mode
	Announce string                   // "#name" or a channel's ID
	Groups   map[string]string        // user groups by the role that they are for
	People   map[tagout.UserID]string // whom the configuration names, and as what
	HTTP     *http.Client
	Now      func() time.Time
}

const (
	examineWithin  = 10 * time.Second // for one call
	examinedPages  = 20               // of channels, a thousand each
	examinedMost   = 80               // people: users.info takes 100 a minute
	clockMayDiffer = 10 * time.Second
)

// Examine asks Slack, without changing or posting anything, whether the app would work.
func Examine(ctx context.Context, e Examination) []tagout.Checkup {
	x := &examiner{Examination: e, ctx: ctx}
	var who struct{ Team, User, URL string }
	header, err := x.call(e.BotToken, "auth.test", nil, &who)
	if err != nil {
		return []tagout.Checkup{x.refused("Slack", "The bot token is not accepted", err)}
	}
	x.found = append(x.found, tagout.Fine("Slack", "Connected to the workspace "+who.Team+" as @"+who.User+"."))
	x.clock(header)
	granted := x.scopes(header)
	x.app()
	x.announce(granted)
	x.groups()
	x.people()
	return x.found
}

// examiner is one examination under way.
type examiner struct {
	Examination
	ctx   context.Context
	found []tagout.Checkup
}

// slackError is what Slack answered instead of ok.
type slackError string

func (e slackError) Error() string { return string(e) }

// call makes one call of the Web API, and returns its header.
func (x *examiner) call(token, method string, args url.Values, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(x.ctx, examineWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(x.APIURL, "/")+"/"+method, strings.NewReader(args.Encode()))
	if err != nil {
		return nil, errors.New("slack.api_url is no address")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := x.HTTP.Do(r)
	if err != nil {
		return nil, errors.New("it could not be reached")
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	var answer struct {
		OK    *bool
		Error string
	}
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.OK == nil {
		return nil, errors.New("what answers there is not Slack")
	}
	if !*answer.OK {
		return response.Header, slackError(clipText(oneLine(answer.Error), 80))
	}
	if into != nil && json.Unmarshal(body, into) != nil {
		return nil, errors.New("what answers there is not Slack")
	}
	return response.Header, nil
}

// refused is the checkup of a call that failed, with what to do about it.
func (x *examiner) refused(part, what string, err error) tagout.Checkup {
	fix := "Check slack.api_url and the network; a proxy is taken from HTTPS_PROXY."
	var code slackError
	if errors.As(err, &code) {
		switch code {
		case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type":
			fix = "Copy the token again from the app's pages at api.slack.com/apps: the bot token (xoxb-) from OAuth & Permissions, the app token (xapp-) from Basic Information."
		case "missing_scope":
			fix = manifestFix
		case "ratelimited":
			fix = "Ask again in a minute."
		default:
			fix = "Look this error up in Slack's documentation of the method."
		}
	}
	return tagout.Broken(part, what+": "+err.Error()+".", fix)
}

const manifestFix = "Run `tagout slack manifest`, paste it at api.slack.com/apps under App Manifest, and reinstall the app."

// clock compares this machine's clock with Slack's.
func (x *examiner) clock(header http.Header) {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	off := x.Now().Sub(theirs).Round(time.Second)
	switch {
	case off.Abs() <= clockMayDiffer:
		x.found = append(x.found, tagout.Fine("Clock", "This machine's clock and Slack's agree."))
	case off.Abs() < 4*time.Minute:
		x.found = append(x.found, tagout.Doubtful("Clock", "This machine's clock differs from Slack's by "+off.String()+".", "Have it set by NTP: leases and deadlines are measured by it."))
	default:
		x.found = append(x.found, tagout.Broken("Clock", "This machine's clock differs from Slack's by "+off.String()+"; from 5 min on signed requests are refused.", "Have it set by NTP."))
	}
}

// scopes compares the token's permissions with those that the manifest asks for.
func (x *examiner) scopes(header http.Header) (granted []string) {
	if len(header.Values("X-Oauth-Scopes")) == 0 {
		x.found = append(x.found, tagout.Doubtful("Slack permissions", "Slack does not say which permissions the token has.", "Compare the app's scopes with `tagout slack manifest`."))
		return nil
	}
	for _, scope := range strings.Split(header.Get("X-Oauth-Scopes"), ",") {
		granted = append(granted, strings.TrimSpace(scope))
	}
	wanted := Scopes()
	var missing []string
	for _, scope := range slices.Sorted(maps.Keys(wanted)) {
		if !slices.Contains(granted, scope) {
			missing = append(missing, scope+" ("+wanted[scope]+")")
		}
	}
	if len(missing) > 0 {
		x.found = append(x.found, tagout.Broken("Slack permissions", "The token lacks "+strings.Join(missing, "; ")+".", manifestFix))
	} else {
		x.found = append(x.found, tagout.Fine("Slack permissions", "The token has every permission that the manifest asks for."))
	}
	return granted
}

// app tries the app token, without opening a connection.
func (x *examiner) app() {
	if x.AppToken == "" {
		return
	}
	if _, err := x.call(x.AppToken, "apps.connections.open", nil, nil); err != nil {
		one := x.refused("Slack Socket Mode", "The app token is not accepted", err)
		var code slackError
		if errors.As(err, &code) && code == "missing_scope" {
			one.Fix = "Make an app-level token with the scope connections:write (Basic Information, App-Level Tokens)."
		}
		x.found = append(x.found, one)
		return
	}
	x.found = append(x.found, tagout.Fine("Slack Socket Mode", "The app token opens connections."))
}
