package github

import (
	"net/http"
	"strings"

	"tagout"
	"tagout/integrations/incoming"
)

// verify returns Unauthorized unless X-Hub-Signature-256 is a signature of the body with the
// secret. Without a secret nothing is believed.
func verify(in tagout.Delivery, secret, whose string) error {
	if secret == "" {
		return tagout.Errorf(tagout.Unauthorized, "%s has no webhook_secret, so nothing can be believed. Fix: Configure the secret of the webhook.", whose)
	}
	signature, ok := strings.CutPrefix(http.Header(in.Header).Get("X-Hub-Signature-256"), "sha256=")
	if !ok || !incoming.Signed(secret, []string{signature}, in.Body) {
		return tagout.Errorf(tagout.Unauthorized, "The header X-Hub-Signature-256 holds no signature of this body with the webhook_secret.")
	}
	return nil
}
