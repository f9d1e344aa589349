package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"tagout"
)

// maxSkew is how old, or how far ahead, a signed request may be.
const maxSkew = 5 * time.Minute

// verify checks Slack's signature over the raw body. It returns Unauthorized, saying what
// is wrong but nothing of the request.
func verify(secret string, header http.Header, body []byte, now time.Time) error {
	if secret == "" {
		return tagout.Errorf(tagout.Unauthorized, "There is no signing secret: set SLACK_SIGNING_SECRET.")
	}
	stamp := header.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return tagout.Errorf(tagout.Unauthorized, "The request has no timestamp.")
	}
	if skew := now.Sub(time.Unix(seconds, 0)); skew > maxSkew || skew < -maxSkew {
		return tagout.Errorf(tagout.Unauthorized, "The request is too old, or a clock is wrong.")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	want := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(header.Get("X-Slack-Signature"))) {
		return tagout.Errorf(tagout.Unauthorized, "The signature is wrong: check SLACK_SIGNING_SECRET.")
	}
	return nil
}
