package integrations_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
)

// twoComponents are settings of a switch and two components with requests of their own.
const twoComponents = `
apply: {url: "%[1]s/mode", body: '{"mode": {{json .Mode}}}'}
read: {url: "%[1]s/mode", path: mode, values: {halted: halted, running: running}}
versions:
  model:
    apply: {method: PUT, url: "%[1]s/model"}
    read: {url: "%[1]s/model", path: version}
  prompt:
    apply: {method: PUT, url: "%[1]s/prompt"}
    read: {url: "%[1]s/prompt", path: version}
`

func TestAVersionThatHangsHidesNeitherTheStopNorTheOthers(t *testing.T) {
	t.Parallel()
	var prompts atomic.Int32
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/model":
			<-over
		case "/prompt":
			if r.Method == http.MethodPut {
				prompts.Add(1)
			}
			_, _ = io.WriteString(w, `{"version":"v41"}`)
		default:
			_, _ = io.WriteString(w, `{"mode":"halted"}`)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	control := newHTTPControl(t, fmt.Sprintf(twoComponents, server.URL))
	w := rolledBack()
	w.Versions["model"] = "m1"

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := control.Apply(ctx, w); err == nil || tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
	if n := prompts.Load(); n != 1 {
		t.Errorf("the prompt was asked for %d times", n)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	o, err := control.Read(ctx, "mailer")
	if err != nil || !o.Confirms(w, nil) || o.Versions["prompt"] != "v41" || o.Versions["model"] != "" {
		t.Errorf("%+v, error %v", o, err)
	}
}
