package incoming

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Signed reports whether one of the signatures, in hexadecimal, is the HMAC-SHA256 of the
// parts with the secret. It takes the same time whichever is wrong. Without a secret nothing
// is signed.
func Signed(secret string, signatures []string, parts ...[]byte) bool {
	if secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range parts {
		mac.Write(part)
	}
	want := mac.Sum(nil)
	found := false
	for _, text := range signatures {
		if got, err := hex.DecodeString(strings.TrimSpace(text)); err == nil && hmac.Equal(got, want) {
			found = true
		}
	}
	return found
}

// Fresh reports whether a Unix time, in seconds, is within the tolerance of now.
func Fresh(unix string, now time.Time, tolerance time.Duration) bool {
	seconds, err := strconv.ParseInt(strings.TrimSpace(unix), 10, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(seconds, 0))
	return age <= tolerance && age >= -tolerance
}
