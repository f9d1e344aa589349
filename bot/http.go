package bot

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"tagout"
)

// maxBody is how large a request of Slack's may be.
const maxBody = 1 << 20

// Handler serves HTTP mode: /slack/commands, /slack/interactions and /slack/events. What
// is not signed with the secret is refused before it is parsed.
func (b *Bot) Handler(signingSecret string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /slack/commands", b.signed(signingSecret, b.serveDelivery(decodeCommandForm)))
	mux.Handle("POST /slack/interactions", b.signed(signingSecret, b.serveDelivery(decodeInteractionForm)))
	mux.Handle("POST /slack/events", b.signed(signingSecret, b.serveEvent))
	return mux
}

type serveBody func(w http.ResponseWriter, r *http.Request, body []byte)

// signed reads the body and lets through what Slack signed.
func (b *Bot) signed(secret string, next serveBody) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
				refuse(w, http.StatusRequestEntityTooLarge, "The request is larger than 1 MB.")
				return
			}
			refuse(w, http.StatusBadRequest, "The request could not be read.")
			return
		}
		if err := verify(secret, r.Header, body, b.clock.Now()); err != nil {
			b.metrics.deliveries.WithLabelValues("http", "refused").Inc()
			b.log.Warn("a request to the Slack endpoints was refused", "path", r.URL.Path, "remote", r.RemoteAddr, "reason", tagout.Sentence(err))
			refuse(w, http.StatusUnauthorized, tagout.Sentence(err))
			return
		}
		next(w, r, body)
	})
}

// refuse answers with a problem document.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

// serveDelivery takes a delivery and answers once it is acknowledged.
func (b *Bot) serveDelivery(decode func([]byte, time.Time) (*delivery, error)) serveBody {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		d, err := decode(body, b.clock.Now())
		if err != nil {
			refuse(w, http.StatusBadRequest, tagout.Sentence(err))
			return
		}
		acks := make(chan any, 1)
		d.respond = func(body any) { acks <- body }
		b.take(d)
		select {
		case ack := <-acks:
			writeAck(w, ack)
		case <-r.Context().Done():
		}
	}
}

func writeAck(w http.ResponseWriter, ack any) {
	if ack == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(ack)
}

// serveReaction acknowledges a reaction that flags a message once that is durable. If it
// cannot be, Slack is told to deliver it again.
func (b *Bot) serveReaction(w http.ResponseWriter, r *http.Request, d *delivery) {
	durable := make(chan bool, 1)
	d.respond = func(any) { durable <- true }
	d.refuse = func() { durable <- false }
	b.take(d)
	select {
	case ok := <-durable:
		if !ok {
			refuse(w, http.StatusServiceUnavailable, "The flag could not be recorded. Please deliver it again.")
			return
		}
		w.WriteHeader(http.StatusOK)
	case <-r.Context().Done():
	}
}

// serveEvent answers Slack's check of the URL, and acknowledges events before they are
// worked, but those that flag a message.
func (b *Bot) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	var event struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.Type == "" {
		refuse(w, http.StatusBadRequest, "That is not an event.")
		return
	}
	if event.Type == "url_verification" {
		writeAck(w, map[string]string{"challenge": clipText(event.Challenge, 1000)})
		return
	}
	if d := b.flagging(body); d != nil {
		b.serveReaction(w, r, d)
		return
	}
	w.WriteHeader(http.StatusOK)
	b.takeEvent(body)
}
