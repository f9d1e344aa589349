package bot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/slack-go/slack"

	"tagout"
)

// failure says what a failed call means.
type failure struct {
	name  string        // Slack's error name, "" if Slack did not answer
	after time.Duration // Slack wants us to wait so long: it did nothing
	limit bool          // too many calls: it did nothing
	maybe bool          // nobody knows whether it was done
	never bool          // the request did not reach Slack: it did nothing
}

// defaultPause is how long a rate limit lasts that does not say.
const defaultPause = 5 * time.Second

// readFailure classifies an error of [API].
func readFailure(err error) failure {
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return failure{name: "ratelimited", limit: true, after: max(time.Second, limited.RetryAfter)}
	}
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return readName(refused.Err)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		if status.Code == http.StatusTooManyRequests {
			return failure{name: "ratelimited", limit: true, after: defaultPause}
		}
		return failure{maybe: true}
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return failure{never: true}
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return failure{never: true}
	}
	return failure{maybe: true}
}

func readName(name string) failure {
	switch name {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return failure{name: name, limit: true, after: defaultPause}
	case "internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org":
		return failure{name: name, maybe: true}
	}
	return failure{name: name}
}

// refused reports whether Slack understood the call and said no, for good.
func (f failure) refused() bool { return f.name != "" && !f.limit && !f.maybe }

// slackName is Slack's name for an error, or "".
func slackName(err error) string {
	if err == nil {
		return ""
	}
	return readFailure(err).name
}

// withoutURL strips the URL from a transport error: a response_url is a secret.
func withoutURL(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

// explain makes a failed call an error that a person can act on. It keeps the cause, but
// for the URL.
func explain(method string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ours := errors.AsType[*tagout.Error](err); ours {
		return err
	}
	err = withoutURL(err)
	f := readFailure(err)
	switch {
	case f.limit:
		return &tagout.Error{Code: tagout.TooMany, Message: "Slack asks us to slow down (" + method + "); it is tried again.", Err: err}
	case f.name == "":
		return &tagout.Error{Code: tagout.Unavailable, Message: "Slack cannot be reached (" + method + "); it is tried again.", Err: err}
	}
	sentence, ok := sentences()[f.name]
	if !ok {
		sentence = "Slack refused"
	}
	code := tagout.Forbidden
	switch f.name {
	case "channel_not_found", "message_not_found", "user_not_found", "users_not_found", "no_such_subteam":
		code = tagout.NotFound
	case "is_archived", "name_taken":
		code = tagout.Conflict
	}
	return &tagout.Error{Code: code, Message: sentence + " (" + method + ": " + clipText(f.name, 60) + ").", Err: err}
}

// sentences say what Slack's error names mean and what to do; docs/connect-slack.md
// explains them at length.
func sentences() map[string]string {
	return map[string]string{
		"missing_scope":                         "The Slack app lacks a permission: reinstall it from `tagout slack manifest`",
		"invalid_auth":                          "Slack does not accept the bot token: check SLACK_BOT_TOKEN",
		"not_authed":                            "There is no bot token: set SLACK_BOT_TOKEN",
		"token_revoked":                         "The bot token was revoked: reinstall the Slack app",
		"token_expired":                         "The bot token has expired: reinstall the Slack app",
		"account_inactive":                      "The Slack app was removed or disabled: reinstall it",
		"not_allowed_token_type":                "That is not a bot token: SLACK_BOT_TOKEN starts with xoxb-",
		"is_archived":                           "The Slack channel is archived: unarchive it, or go on in the announce channel",
		"channel_not_found":                     "There is no such Slack channel, or the app may not see it: invite the app to it",
		"not_in_channel":                        "The app is not a member of the Slack channel: invite it",
		"restricted_action":                     "The workspace does not let the app do this: an admin can allow it",
		"user_is_restricted":                    "The workspace does not let the app do this: an admin can allow it",
		"name_taken":                            "A Slack channel of this name exists already",
		"invalid_name_specials":                 "Slack does not accept the channel name: check slack.channel_name",
		"invalid_name":                          "Slack does not accept the channel name: check slack.channel_name",
		"user_not_found":                        "There is no such person in this workspace: check the user ID in the configuration",
		"users_not_found":                       "There is no such person in this workspace: check the user ID in the configuration",
		"user_disabled":                         "This person's Slack account is deactivated: replace them in the configuration",
		"cannot_dm_bot":                         "This user ID belongs to a bot, which cannot be paged: check the configuration",
		"paid_teams_only":                       "Slack user groups need a paid plan: name members or a rotation instead",
		"no_such_subteam":                       "There is no such Slack user group: check slack_group in the configuration",
		"subteam_max_users":                     "The Slack user group is too large to be read",
		"message_not_found":                     "The Slack message is gone",
		"expired_trigger_id":                    "It took longer than the three seconds that Slack gives: please run it again",
		"trigger_expired":                       "It took longer than the three seconds that Slack gives: please run it again",
		"msg_too_long":                          "Slack finds the message too long",
		"msg_blocks_too_long":                   "Slack finds the message too long",
		"invalid_blocks":                        "Slack does not accept the shape of the message; this is a defect of Tagout",
		"too_many_members":                      "The Slack channel is full",
		"max_channels_reached":                  "The workspace has as many channels as it may have: archive some",
		"team_access_not_granted":               "The Slack app is not installed in this workspace",
		"ekm_access_denied":                     "The workspace's administrators have suspended posting",
		"access_denied":                         "The workspace does not let the app do this: an admin can allow it",
		"no_permission":                         "The Slack app lacks a permission: reinstall it from `tagout slack manifest`",
		"method_not_supported_for_channel_type": "This kind of Slack channel cannot be used here",
	}
}
