package jira

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"tagout"
)

// Moved reads a webhook of Jira: which issue it is about, and no more. It returns
// Unauthorized if X-Hub-Signature is not of webhook_secret, or none is configured, and Invalid
// for what is not JSON of Jira's.
func (t *Tracker) Moved(_ context.Context, in tagout.Delivery) ([]string, error) {
	if t.settings.Secret == "" {
		return nil, tagout.Errorf(tagout.Unauthorized, "The tracker %s has no webhook_secret, so nothing can be believed. Fix: Configure the secret of the webhook.", t.name)
	}
	if !signed(http.Header(in.Header).Get("X-Hub-Signature"), in.Body, t.settings.Secret) {
		return nil, tagout.Errorf(tagout.Unauthorized, "The header X-Hub-Signature holds no signature of this body with the webhook_secret.")
	}
	var told struct {
		Issue *struct {
			Key string `json:"key"`
		} `json:"issue"`
	}
	if err := json.Unmarshal(in.Body, &told); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a webhook of Jira.")
	}
	if told.Issue == nil || !issueKey.MatchString(told.Issue.Key) {
		return nil, nil
	}
	return []string{told.Issue.Key}, nil
}

// signed reports whether a header such as sha256=… is the HMAC of the body.
func signed(header string, body []byte, secret string) bool {
	digits, found := strings.CutPrefix(header, "sha256=")
	given, err := hex.DecodeString(digits)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return found && err == nil && hmac.Equal(given, mac.Sum(nil))
}
