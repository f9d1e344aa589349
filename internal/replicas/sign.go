package replicas

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tagout"
)

const (
	tolerance = 5 * time.Minute // between the clocks of two replicas
	maxBody   = 64 << 10        // bytes of a request
	maxAnswer = 4 << 20         // bytes of an answer: thousands of instances
	keyBytes  = 32
)

// errUnsigned is all that is told to who did not sign well.
var errUnsigned = tagout.Errorf(tagout.Unauthorized, "This is for the other replicas, who sign what they send.")

func (p *Peers) signer() (*standardwebhooks.Webhook, error) {
	key := p.secret()
	if len(key) != keyBytes { // the library would sign with an empty one
		return nil, tagout.Errorf(tagout.Unavailable, "The key that the replicas share is not known yet: the database was not reached since the start.")
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// sign signs a body under an ID.
func (p *Peers) sign(h http.Header, id string, body []byte) error {
	signer, err := p.signer()
	if err != nil {
		return err
	}
	now := p.clock.Now()
	signature, err := signer.Sign(id, now, body)
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	h.Set("Content-Type", "application/json")
	return err
}

// verify checks the signature and the age of a body. It returns Unauthorized if they do not
// hold.
func (p *Peers) verify(h http.Header, body []byte) (id string, err error) {
	signer, err := p.signer()
	if err != nil {
		return "", errUnsigned
	}
	seconds, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil || p.clock.Now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return "", errUnsigned
	}
	if signer.VerifyIgnoringTimestamp(body, h) != nil {
		return "", errUnsigned
	}
	return h.Get(standardwebhooks.HeaderWebhookID), nil
}

// seen are the requests of the last minutes, so that none counts twice.
type seen struct {
	mu     sync.Mutex
	at     map[string]time.Time
	pruned time.Time
}

// first reports whether a signed request is new.
func (s *seen) first(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	if now.Sub(s.pruned) > tolerance {
		for old, at := range s.at {
			if now.Sub(at) > 2*tolerance {
				delete(s.at, old)
			}
		}
		s.pruned = now
	}
	if _, repeated := s.at[id]; repeated {
		return false
	}
	s.at[id] = now
	return true
}

// call sends one signed request to a replica and reads its signed answer.
func (p *Peers) call(ctx context.Context, to tagout.Replica, path string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return tagout.Errorf(tagout.Internal, "A message to another replica could not be written.")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(to.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return tagout.Errorf(tagout.Invalid, "The replica %s advertises an address that cannot be used.", to.Name())
	}
	id := freshID()
	if err := p.sign(r.Header, path+" "+id, body); err != nil {
		return err
	}
	response, err := p.client.Do(r)
	if err != nil {
		return tagout.Errorf(tagout.Unavailable, "The replica %s does not answer.", to.Name())
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return tagout.Errorf(tagout.Unauthorized, "The replica %s refuses the signature: its clock or its database is another.", to.Name())
	case response.StatusCode != http.StatusOK || err != nil || len(text) > maxAnswer:
		return tagout.Errorf(tagout.Unavailable, "The replica %s answered %d.", to.Name(), response.StatusCode)
	}
	// Somebody else may have got the address meanwhile: only a replica can sign its answer
	// to this very request.
	if answered, err := p.verify(response.Header, text); err != nil || answered != "answer "+id {
		return tagout.Errorf(tagout.Unauthorized, "What answers at the address of %s is not a replica of this database.", to.Name())
	}
	if json.Unmarshal(text, answer) != nil {
		return tagout.Errorf(tagout.Unavailable, "The answer of the replica %s cannot be read.", to.Name())
	}
	return nil
}
