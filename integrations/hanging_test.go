package integrations_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/integrations"
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

// hangingModel is a switch with a prompt, whose model never answers.
type hangingModel struct{ prompts int }

// RoundTrip is asked for one thing after the other, but for the model.
func (h *hangingModel) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/model":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "/prompt":
		if r.Method == http.MethodPut {
			h.prompts++
		}
		_, _ = io.WriteString(w, `{"version":"v41"}`)
	default:
		_, _ = io.WriteString(w, `{"mode":"halted"}`)
	}
	return w.Result(), nil
}

func TestAVersionThatHangsHidesNeitherTheStopNorTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose time passes only while everybody waits
		far := &hangingModel{}
		control, err := integrations.NewControl(yamlVendor("http", fmt.Sprintf(twoComponents, "http://127.0.0.1:1")), integrations.Deps{HTTP: &http.Client{Transport: far}})
		if err != nil {
			t.Fatal(err)
		}
		w := rolledBack()
		w.Versions["model"] = "m1"

		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := control.Apply(ctx, w); err == nil || tagout.IsFinal(err) {
			t.Errorf("error %v", err)
		}
		if far.prompts != 1 {
			t.Errorf("the prompt was asked for %d times", far.prompts)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		o, err := control.Read(ctx, "mailer")
		if err != nil || !o.Confirms(w, nil) || o.Versions["prompt"] != "v41" || o.Versions["model"] != "" {
			t.Errorf("%+v, error %v", o, err)
		}
	})
}
