package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Kinds of payload, as Socket Mode names them.
const (
	kindCommand     = "slash_commands"
	kindInteraction = "interactive"
	kindEvent       = "events_api"
)

// delivery is one payload for the app.
type delivery struct {
	kind    string
	payload obj
	retry   int // of events: 0 is the first attempt
	reason  string
}

// deliver hands a payload to the app, by HTTP or socket, and returns what the app put
// into its acknowledgement. The error is DispatchFailed if the app cannot be reached
// or refused, OperationTimeout if it took too long.
func (s *Sandbox) deliver(ctx context.Context, d delivery) (ack, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.AckTimeout)
	defer cancel()
	s.mu.Lock()
	target := map[string]string{
		kindCommand: s.urls.commands, kindInteraction: s.urls.interactions, kindEvent: s.urls.events,
	}[d.kind]
	down := s.down || s.closed
	copies := 1
	if s.copies > 0 && !down {
		s.copies--
		copies = 2
	}
	s.mu.Unlock()
	if down {
		return ack{}, DispatchFailed
	}
	if target != "" {
		answer, err := s.deliverHTTP(ctx, target, d, copies)
		if d.kind != kindEvent && errors.Is(err, errNoRetry) {
			err = DispatchFailed
		}
		return answer, err
	}
	return s.deliverSocket(ctx, d, copies)
}

// ack is what came with an acknowledgement.
type ack struct {
	body json.RawMessage
	text bool // the body is plain text, not JSON
}

func (s *Sandbox) deliverSocket(ctx context.Context, d delivery, copies int) (ack, error) {
	env := &envelope{
		id: newUUID(), kind: d.kind, payload: encode(d.payload), attempt: d.retry, reason: d.reason,
		on: make([]*socket, copies), acks: make(chan json.RawMessage, copies),
	}
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return ack{}, DispatchFailed
	}
	s.pending[env.id] = env
	for i := range copies {
		s.sendLocked(env, i)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pending, env.id)
		s.changedLocked()
		s.mu.Unlock()
	}()
	return s.awaitAcks(ctx, env, copies)
}

// awaitAcks waits for every copy; the first acknowledgement is the one that counts.
func (s *Sandbox) awaitAcks(ctx context.Context, env *envelope, copies int) (ack, error) {
	var first ack
	for n := range copies {
		select {
		case payload := <-env.acks:
			if n == 0 {
				first.body = payload
			}
		case <-ctx.Done():
			if n > 0 {
				return first, nil
			}
			return ack{}, timedOut(ctx)
		case <-s.ctx.Done():
			return ack{}, DispatchFailed
		}
	}
	return first, nil
}

// timedOut tells Slack's own deadline from the end of the caller's context.
func timedOut(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return OperationTimeout
}

// event sends an event and returns after the first attempt. What failed is sent
// again in the background, after each of the retry delays.
func (s *Sandbox) event(ctx context.Context, event obj) {
	d := delivery{kind: kindEvent, payload: s.eventPayload(event)}
	_, err := s.deliver(ctx, d)
	if err == nil || errors.Is(err, errNoRetry) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.jobs.Go(func() { s.retryEvent(d, err) })
}

func (s *Sandbox) retryEvent(d delivery, err error) {
	for i, delay := range s.opts.RetryDelays {
		select {
		case <-time.After(delay):
		case <-s.ctx.Done():
			return
		}
		d.retry, d.reason = i+1, retryReason(err)
		if _, err = s.deliver(s.ctx, d); err == nil || errors.Is(err, errNoRetry) {
			return
		}
	}
}

func retryReason(err error) string {
	if errors.Is(err, OperationTimeout) {
		return "timeout"
	}
	return "connection_failed"
}

// Duplicate makes the next n payloads arrive twice: with the same envelope ID over a
// socket, with the same body and headers over HTTP.
func (s *Sandbox) Duplicate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copies = n
}
