package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// connections is how many senders post alerts at once.
const connections = 64

// Durable intake on Postgres with fsync on, one alert per call from 64 senders at once:
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
	s := open(b, pgtest.New(b), store.Options{})
	if _, err := s.Fold(b.Context(), []tagout.Incoming{alert("warm", "mailer", tagout.Firing)}, taking); err != nil {
		b.Fatal(err)
	}
	return s
}

// postAll sends b.N alerts and reports how many were durable in a second and how long the
// slowest hundredth waited.
func postAll(b *testing.B, s *store.Store, next func(n int64) tagout.Incoming) {
	var sent atomic.Int64
	var wait sync.WaitGroup
	took := make([][]time.Duration, connections)
	b.ResetTimer()
	for c := range connections {
		wait.Go(func() {
			for n := sent.Add(1); n <= int64(b.N); n = sent.Add(1) {
				start := time.Now()
				out, err := s.Fold(b.Context(), []tagout.Incoming{next(n)}, taking)
				if err != nil || out[0].Err != nil {
					b.Error(err, out)
					return
				}
				took[c] = append(took[c], time.Since(start))
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	all := slices.Concat(took...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
