package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

func TestEffectsAreCountedByWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	for outcome, failure := range map[string]error{
		"done": nil, "failed": errors.New("away"), "given_up": tagout.Final(errors.New("gone")), "postponed": tagout.Postpone(errors.New("slow"), time.Minute),
	} {
		registry := prometheus.NewRegistry()
		a := &App{did: newEffectMetric(registry)}
		do := a.counted(map[tagout.EffectKind]tagout.EffectFunc{"digest": func(context.Context, tagout.Effect) error { return failure }})["digest"]
		if err := do(t.Context(), tagout.Effect{}); !errors.Is(err, failure) {
			t.Errorf("the error %v became %v", failure, err)
		}
		families, err := registry.Gather()
		if err != nil || len(families) != 1 {
			t.Fatal(families, err)
		}
		text := strings.Join(strings.Fields(families[0].String()), " ")
		if !strings.Contains(text, `value:"digest"`) || !strings.Contains(text, `value:"`+outcome+`"`) || !strings.Contains(text, "counter:{value:1 ") {
			t.Errorf("%s: %s", outcome, text)
		}
	}
}
