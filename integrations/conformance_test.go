package integrations_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"tagout"
	"tagout/integrations"
)

// behaviour is how the other side of an adapter treats a request.
type behaviour int

const (
	accepts behaviour = iota
	asksToComeBack
	refusesForGood
	hangs
)

// The secrets that stand in settings and answers, and must not stand in an error.
const (
	password = "s3cret-password"
	token    = "s3cret-token"
	echoed   = "s3cret-answer"
)

// far is the other side of an adapter.
type far interface {
	behave(b behaviour)
	requests() []request  // accepted or not, in order
	arrived() <-chan bool // one for each request, as it comes in
}

// request is what the other side received: the idempotency key and the text.
type request struct{ key, text string }

// rig is an adapter that talks to a far side: send makes one request of a page.
type rig struct {
	far  far
	send func(ctx context.Context, p tagout.Page) error
	pagerTraits
}

// adapters are all adapters that reach out, each with a fresh far side. The rows that are
// not pagers derive their request from the page.
func adapters() map[string]func(t *testing.T) rig {
	all := map[string]func(t *testing.T) rig{
		"webhook control, apply": webhookApply, "webhook control, read": webhookRead,
		"http control, apply": httpApply, "http control, read": httpRead,
		"kubernetes control, apply": kubernetesApply, "kubernetes control, read": kubernetesRead,
	}
	maps.Copy(all, pagers())
	return all
}

func TestEveryAdapterTellsRetryableFromFinal(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		far   behaviour
		wrong bool
		final bool
	}{
		"accepted":           {accepts, false, false},
		"asked to come back": {asksToComeBack, true, false},
		"refused for good":   {refusesForGood, true, true},
	}
	for kind, make := range adapters() {
		for name, c := range cases {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				r := make(t)
				r.far.behave(c.far)
				err := r.send(t.Context(), page("p-1"))
				if (err != nil) != c.wrong || tagout.IsFinal(err) != c.final {
					t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
				}
				mentionsNoSecret(t, err)
				if len(r.far.requests()) != 1 {
					t.Errorf("%d requests; retries are the caller's", len(r.far.requests()))
				}
			})
		}
	}
}

func TestEveryAdapterGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	for kind, make := range adapters() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := make(t)
			r.far.behave(hangs)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := goSend(ctx, r)
			<-r.far.arrived()
			cancel()
			err := <-done
			if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
				t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
			}
			mentionsNoSecret(t, err)
		})
	}
}

func goSend(ctx context.Context, r rig) <-chan error {
	done := make(chan error, 1)
	go func() { done <- r.send(ctx, page("p-1")) }()
	return done
}

// closedPort is an address on which nothing listens, and that no other test is given.
const closedPort = "127.0.0.1:1"

func TestAnUnreachableFarSideIsTriedAgain(t *testing.T) {
	t.Parallel()
	address := closedPort
	sends := map[string]func() error{
		"webhook pager": func() error {
			return newWebhookPager(t, "http://user:"+password+"@"+address+"/?key="+token, "").Send(t.Context(), page("p-1"))
		},
		"webhook control": func() error {
			c := newWebhookControl(t, "http://user:"+password+"@"+address+"/?key="+token, "")
			_, err := c.Read(t.Context(), "mailer")
			mentionsNoSecret(t, err)
			return c.Apply(t.Context(), tagout.Wanted{Agent: "mailer"})
		},
		"http control": func() error {
			c := newHTTPControl(t, everyMode("http://user:"+password+"@"+address+"/?key="+token))
			_, err := c.Read(t.Context(), "mailer")
			mentionsNoSecret(t, err)
			return c.Apply(t.Context(), tagout.Wanted{Agent: "mailer"})
		},
		"kubernetes control": func() error {
			path := kubeconfig(t, "http://"+address)
			c, err := integrations.NewControl(yamlVendor("kubernetes", "{namespace: agents, selector: app=mailer, kubeconfig: "+path+"}"), integrations.Deps{})
			if err != nil {
				return err
			}
			return c.Apply(t.Context(), tagout.Wanted{Agent: "mailer"})
		},
		"email pager": func() error {
			return newEmailPager(t, "smtp://user:"+password+"@"+address).Send(t.Context(), page("p-1"))
		},
	}
	for kind, send := range sends {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			err := send()
			if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
				t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
			}
			mentionsNoSecret(t, err)
		})
	}
}

// mentionsNoSecret looks through the whole chain of an error.
func mentionsNoSecret(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = unwrap(err) {
		for _, secret := range []string{password, token, echoed, signingSecret, "key="} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q shows a secret", err)
			}
		}
	}
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
