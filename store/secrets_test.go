package store_test

import (
	"bytes"
	"sync"
	"testing"

	"tagout/store"
)

func TestReplicasThatAskAtOnceShareOneSecretOfEachName(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		one, two := open(t, url, store.Options{}), open(t, url, store.Options{})
		var mu sync.Mutex
		var seen [][]byte
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				s := one
				if n%2 == 1 {
					s = two
				}
				secret, err := s.Secret(t.Context(), "links")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, secret)
			})
		}
		all.Wait()
		for _, secret := range seen {
			if len(secret) != 32 || !bytes.Equal(secret, seen[0]) {
				t.Fatalf("secrets of one name differ, or are %d bytes", len(secret))
			}
		}
		other, err := one.Secret(t.Context(), "replicas")
		if err != nil || bytes.Equal(other, seen[0]) {
			t.Errorf("two names share a secret (%v)", err)
		}
	})
}
