package main

import "testing"

func TestAsMuchGarbageMayGatherHoweverMuchIsInUse(t *testing.T) {
	t.Parallel()
	for megabytes, want := range map[uint64]int{0: 600, 1: 600, 16: 600, 32: 300, 48: 200, 96: 100, 1000: 100} {
		if got := percentOf(megabytes << 20); got != want {
			t.Errorf("%d MB: %d %%, want %d %%", megabytes, got, want)
		}
	}
}
