package sandbox_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"tagout/sandbox"
)

func TestColoursAreReadableInLightAndDark(t *testing.T) {
	t.Parallel()
	const text, shape = 4.5, 3.0 // WCAG AA
	pairs := []struct {
		front, back string
		least       float64
	}{
		{"text", "bg", text}, {"text", "soft", text}, {"muted", "bg", text}, {"muted", "soft", text},
		{"accent", "bg", text}, {"accent", "accent-soft", text}, {"on-accent", "accent", text}, {"on-accent", "accent-strong", text},
		{"danger", "bg", text}, {"danger", "danger-soft", text}, {"bg", "text", text},
		{"rail-text", "rail", text}, {"rail-muted", "rail", text}, {"rail-muted", "rail-hover", text}, {"rail-text", "rail-current", text},
		{"halted", "halted-soft", text}, {"paused", "paused-soft", text}, {"review", "review-soft", text},
		{"capped", "capped-soft", text}, {"running", "running-soft", text}, {"text", "paused-soft", text},
		{"line-strong", "bg", shape}, {"accent", "soft", shape},
		{"c0", "bg", shape}, {"c1", "bg", shape}, {"c2", "bg", shape}, {"c3", "bg", shape}, {"c4", "bg", shape}, {"c5", "bg", shape},
	}
	p := newTab(t, open(t, sandbox.Options{}).URL+"/?user=U0IC")
	for _, scheme := range []string{"light", "dark"} {
		p.prefers(scheme)
		p.until(scheme, fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme))
		for _, pair := range pairs {
			front, back := p.variable(pair.front), p.variable(pair.back)
			if got := contrast(t, front, back); got < pair.least {
				t.Errorf("%s: --%s %s on --%s %s has a contrast of %.2f, want %.1f", scheme, pair.front, front, pair.back, back, got, pair.least)
			}
		}
	}
}

func (p tab) variable(name string) string {
	p.t.Helper()
	return strings.TrimSpace(js[string](p, fmt.Sprintf(`getComputedStyle(document.documentElement).getPropertyValue('--%s')`, name)))
}

// contrast is WCAG's ratio of two colours written as #rrggbb.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light, dark := luminance(t, a), luminance(t, b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	value, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("%q is not a colour like #rrggbb", colour)
	}
	part := func(shift uint, weight float64) float64 {
		c := float64(value>>shift&0xff) / 255
		if c <= 0.04045 {
			return weight * c / 12.92
		}
		return weight * math.Pow((c+0.055)/1.055, 2.4)
	}
	return part(16, 0.2126) + part(8, 0.7152) + part(0, 0.0722)
}
