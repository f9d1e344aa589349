package api

import (
	"crypto/sha256"
	"net/http"

	"tagout"
)

// presented is the hash of the secret with which a sender authenticates: a bearer token, or
// the password of basic authentication for senders that know nothing else. The user's name
// does not matter.
func presented(r *http.Request) (fingerprint, bool) {
	if shown, ok := bearer(r); ok {
		return shown, true
	}
	if _, password, ok := r.BasicAuth(); ok && password != "" {
		return sha256.Sum256([]byte(password)), true
	}
	return fingerprint{}, false
}

// admitTo lets a request post to a source: as [edge.admit] says, and where the source's
// sender signs, only with a signature, which is checked once the body is read. An API token
// that may report needs none. It returns Unauthorized or Forbidden.
func (e *edge) admitTo(r *http.Request, s *source) (mustSign bool, err error) {
	shown, ok := presented(r)
	if ok && s.token != nil && s.token.matches(shown) {
		return s.signed != nil, nil
	}
	if ok {
		if c := e.tokens.find(shown); c != nil {
			return false, c.need(tagout.MayReport)
		}
	}
	if s.token == nil && s.signed != nil {
		return true, nil
	}
	return false, e.admit(r, s.token)
}

// delivery is what a sender posts to its source, once it is believed and not too much. What
// is not signed as it should be takes nothing of the source's share, so that nobody can use
// that up for the sender. It returns what the request is to be answered with.
func (e *edge) delivery(w http.ResponseWriter, r *http.Request, s *source) (tagout.Delivery, error) {
	d := tagout.Delivery{Source: s.name, At: e.Clock.Now()}
	mustSign, err := e.admitTo(r, s)
	if err != nil {
		return d, err
	}
	if !mustSign && !s.limiter.AllowN(d.At, 1) {
		return d, tooMany()
	}
	if d.Body, err = readJSON(w, r, e.MaxBody); err != nil {
		return d, err
	}
	d.Header = withoutSecrets(r.Header)
	if mustSign {
		if err := s.signed.Verify(d); err != nil {
			return d, err
		}
		if !s.limiter.AllowN(d.At, 1) {
			return d, tooMany()
		}
	}
	return d, nil
}
