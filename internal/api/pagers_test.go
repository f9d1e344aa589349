package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tagout"
)

// fakeInbox hears a body that names who acknowledged what, if the signature is right.
type fakeInbox struct {
	tagout.Pager
	saw tagout.Delivery
}

func (i *fakeInbox) Heard(_ context.Context, in tagout.Delivery) ([]tagout.Acknowledgement, error) {
	i.saw = in
	if http.Header(in.Header).Get("X-Signature") != "right" {
		return nil, tagout.Errorf(tagout.Unauthorized, "The signature is wrong.")
	}
	var acks []tagout.Acknowledgement
	if json.Unmarshal(in.Body, &acks) != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not what the service posts.")
	}
	return acks, nil
}

// openInbox believes everybody, and hears nothing new.
type openInbox struct{ tagout.Pager }

func (openInbox) Heard(context.Context, tagout.Delivery) ([]tagout.Acknowledgement, error) {
	return nil, nil
}

func pagerBench() (*bench, *fakeInbox) {
	inbox := &fakeInbox{}
	return newBench(func(o *Options) { o.Inboxes = map[string]tagout.PageInbox{"pagerduty": inbox} }), inbox
}

var signed = header("X-Signature", "right")

func TestAnAcknowledgementInThePagersAppReachesTheDesk(t *testing.T) {
	t.Parallel()
	b, inbox := pagerBench()
	got := b.do("POST", "/v1/pagers/pagerduty", `[{"Dedup":"tagout-1","By":"Alice"},{"Dedup":"tagout-2","By":"Bob"}]`, signed).is(t, http.StatusAccepted)
	if strings.TrimSpace(got.body) != `{"acknowledgements":2}` || !slices.Equal(b.desk.acks, []string{"pagerduty: Alice tagout-1", "pagerduty: Bob tagout-2"}) {
		t.Errorf("answered %s, the desk heard %q", got.body, b.desk.acks)
	}
	if inbox.saw.Source != "pagerduty" || !inbox.saw.At.Equal(noon) {
		t.Errorf("the pager saw %+v", inbox.saw)
	}
	b.do("POST", "/v1/pagers/pagerduty", `[]`, signed).is(t, http.StatusAccepted)
	if len(b.desk.acks) != 2 {
		t.Errorf("an event that says nothing was passed on: %q", b.desk.acks)
	}
}

func TestWhatAPagersServiceMayNotPostIsRefused(t *testing.T) {
	t.Parallel()
	b, _ := pagerBench()
	b.do("POST", "/v1/pagers/pigeon", `[]`, signed).isProblem(t, http.StatusNotFound, tagout.NotFound)
	b.do("POST", "/v1/pagers/pagerduty", `[]`).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
	b.do("POST", "/v1/pagers/pagerduty", `[]`, bearing(allToken)).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
	b.do("POST", "/v1/pagers/pagerduty", `{"a"`, signed).isProblem(t, http.StatusBadRequest, tagout.Invalid)
	b.do("POST", "/v1/pagers/pagerduty", `{"a":1}`, signed).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("POST", "/v1/pagers/pagerduty", `[]`, signed, header("Content-Type", "text/plain")).isProblem(t, http.StatusUnsupportedMediaType, tagout.Invalid)
	b.do("POST", "/v1/pagers/pagerduty", `["`+strings.Repeat("x", maxInbox)+`"]`, signed).isProblem(t, http.StatusRequestEntityTooLarge, tagout.TooLarge)
	b.do("GET", "/v1/pagers/pagerduty", "").isProblem(t, http.StatusMethodNotAllowed, tagout.Invalid)
	if len(b.desk.acks) > 0 {
		t.Errorf("the desk heard %q", b.desk.acks)
	}
}

func TestAnAcknowledgementThatIsNotDurableIsToBeSentAgain(t *testing.T) {
	t.Parallel()
	b, _ := pagerBench()
	for _, err := range []error{tagout.Errorf(tagout.Unavailable, "The database is away."), context.DeadlineExceeded} {
		b.desk.err = err
		got := b.do("POST", "/v1/pagers/pagerduty", `[{"Dedup":"tagout-1","By":"Alice"}]`, signed)
		got.isProblem(t, http.StatusServiceUnavailable, tagout.Unavailable)
		if got.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to come back")
		}
	}
	b.desk.err = errors.New("secret detail")
	if got := b.do("POST", "/v1/pagers/pagerduty", `[{"Dedup":"tagout-1","By":"Alice"}]`, signed).is(t, http.StatusInternalServerError); strings.Contains(got.body, "secret") {
		t.Errorf("answered %s", got.body)
	}
}
