package integrations

import (
	"context"
	"unicode/utf8"

	"tagout"
)

// What one delivery may hold. Longer text is cut in the alert and stays whole in its raw
// form.
const (
	maxBody   = 8 << 20 // bytes
	maxAlerts = 10_000
	maxPairs  = 256   // labels or annotations of one alert
	maxLabel  = 4096  // bytes of a name, a label or an identifier
	maxText   = 65536 // bytes of a summary or an annotation
)

// guarded is a source whose deliveries and alerts are kept within limits.
type guarded struct {
	name  string
	inner tagout.Source
}

// Signs reports whether the sender must sign what it posts.
func (g guarded) Signs() bool {
	s, ok := g.inner.(tagout.SignedSource)
	return ok && s.Signs()
}

// Verify is the inner source's, for a delivery within the limits. It returns Unauthorized.
func (g guarded) Verify(in tagout.Delivery) (err error) {
	s, ok := g.inner.(tagout.SignedSource)
	if !ok || len(in.Body) > maxBody {
		return tagout.Errorf(tagout.Unauthorized, "This source takes no signatures.")
	}
	defer func() {
		if recover() != nil {
			err = tagout.Errorf(tagout.Unauthorized, "The signature could not be read.")
		}
	}()
	return s.Verify(in)
}

// Decode is the inner source's, with the limits above. It returns TooLarge for a delivery
// that exceeds them, and Invalid for one that the source cannot read.
func (g guarded) Decode(ctx context.Context, in tagout.Delivery) (alerts []tagout.Alert, err error) {
	if len(in.Body) > maxBody {
		return nil, tagout.Errorf(tagout.TooLarge, "The body is larger than 8 MiB: send fewer alerts at once.")
	}
	defer func() {
		if broken := recover(); broken != nil { // its value may quote the body
			alerts, err = nil, tagout.Errorf(tagout.Invalid, "The body could not be read.")
		}
	}()
	in.Source = g.name
	in.Body = tagout.WithoutNul(in.Body)
	alerts, err = g.inner.Decode(ctx, in)
	if err != nil {
		return nil, err
	}
	if len(alerts) > maxAlerts {
		return nil, tagout.Errorf(tagout.TooLarge, "There are more than %d alerts: send fewer at once.", maxAlerts)
	}
	for i := range alerts {
		if err := limit(&alerts[i], i); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

func limit(a *tagout.Alert, i int) error {
	if len(a.Labels) > maxPairs || len(a.Annotations) > maxPairs {
		return tagout.Errorf(tagout.TooLarge, "Alert %d has more than %d labels or annotations.", i, maxPairs)
	}
	for _, short := range []*string{&a.Name, &a.Fingerprint, &a.CorrelationID, &a.URL} {
		*short = cut(*short, maxLabel)
	}
	a.Summary = cut(a.Summary, maxText)
	a.Labels = cutAll(a.Labels, maxLabel)
	a.Annotations = cutAll(a.Annotations, maxText)
	a.StartsAt = tagout.Moment(a.StartsAt)
	return nil
}

func cutAll(pairs map[string]string, most int) map[string]string {
	for key, value := range pairs {
		if len(key) > maxLabel {
			delete(pairs, key)
			key = cut(key, maxLabel)
			pairs[key] = cut(value, most)
		} else if len(value) > most {
			pairs[key] = cut(value, most)
		}
	}
	return pairs
}

// cut is s in at most n bytes, ending in … if something was cut off.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
