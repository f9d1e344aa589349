package kubernetes

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"tagout"
)

// maxAnswer is how many bytes of one answer are read.
const maxAnswer = 64 << 20

// transport keeps the client from waiting when it is asked to come back, since the
// reconciler does that, and from reading without end.
type transport struct{ inner http.RoundTripper }

// RoundTrip makes one request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("Retry-After")
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// failure says what went wrong without repeating what the other side said. It is final if
// asking again cannot help.
func (c *Control) failure(ctx context.Context, err error, tried string) error {
	code := 0
	if answer, ok := errors.AsType[*apierrors.StatusError](err); ok {
		code = int(answer.ErrStatus.Code)
	}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return tagout.Errorf(tagout.Unavailable, "The %s could not %s: the Kubernetes API did not answer in time.", c.what(), tried)
	case code == 0:
		return tagout.Errorf(tagout.Unavailable, "The %s could not %s: the Kubernetes API could not be reached, or its answer not be understood.", c.what(), tried)
	}
	problem := tagout.Errorf(tagout.Unavailable, "The %s could not %s: the Kubernetes API answered %d.%s", c.what(), tried, code, advice(code))
	if code == http.StatusConflict || code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500 {
		return problem
	}
	return tagout.Final(problem)
}

func advice(code int) string {
	switch code {
	case http.StatusUnauthorized:
		return " Fix: Renew the credentials of the kubeconfig or the service account."
	case http.StatusForbidden:
		return " Fix: Allow it in the Role of Tagout's service account."
	case http.StatusNotFound:
		return " Fix: Check the cluster and the namespace."
	}
	return ""
}
