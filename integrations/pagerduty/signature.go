package pagerduty

import (
	"bytes"
	"io"
	"net/http"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"tagout"
)

// verify checks X-PagerDuty-Signature, for the pager and the source alike: one of the
// signatures that PagerDuty lists, several while a secret is being replaced, must be of the
// secret. It returns Unauthorized; key is the secret's name in the configuration.
func verify(in tagout.Delivery, secret, key string) error {
	request := &http.Request{Header: http.Header(in.Header), Body: io.NopCloser(bytes.NewReader(in.Body))}
	if secret == "" || webhookv3.VerifySignature(request, secret) != nil { // an empty secret would verify
		return tagout.Errorf(tagout.Unauthorized, "The header X-PagerDuty-Signature holds no signature of this body with the %s.", key)
	}
	return nil
}
