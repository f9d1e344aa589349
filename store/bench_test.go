package store_test

import (
	"fmt"
	"testing"

	"tagout"
	"tagout/store"
)

// together is how many alerts come in one call.
const together = 64

// Durable intake on Postgres with fsync on, 64 alerts in one call, as the desk brings them
// when as many senders post at once:
//
//	go test ./store -run '^$' -bench Intake -benchtime 20000x
func BenchmarkIntake(b *testing.B) {
	b.Run("folding", func(b *testing.B) {
		s := intake(b)
		postAll(b, s, func(n int64) tagout.Incoming { return alert(fmt.Sprint("distinct", n), "mailer", tagout.Firing) })
	})
	b.Run("repeats", func(b *testing.B) {
		s := intake(b)
		postAll(b, s, func(int64) tagout.Incoming { return alert("warm", "mailer", tagout.Firing) })
	})
	b.Run("openings", func(b *testing.B) {
		s := intake(b)
		postAll(b, s, func(n int64) tagout.Incoming {
			return alert(fmt.Sprint("opening", n), fmt.Sprint("agent", n), tagout.Firing)
		})
	})
}

func intake(b *testing.B) *store.Store {
	s := open(b, freshPostgres(b), store.Options{})
	if _, err := s.Fold(b.Context(), []tagout.Incoming{alert("warm", "mailer", tagout.Firing)}, taking); err != nil {
		b.Fatal(err)
	}
	return s
}

// postAll takes b.N alerts in calls of together, and reports how many were durable in a second.
func postAll(b *testing.B, s *store.Store, next func(n int64) tagout.Incoming) {
	b.ResetTimer()
	for n := 0; n < b.N; n += together {
		var in []tagout.Incoming
		for m := n; m < min(n+together, b.N); m++ {
			in = append(in, next(int64(m)))
		}
		out, err := s.Fold(b.Context(), in, taking)
		if err != nil || out[0].Err != nil {
			b.Fatal(err, out)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
	b.ReportMetric(0, "ns/op")
}
