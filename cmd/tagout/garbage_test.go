package main

import "testing"

func TestUnderLoadAsMuchGarbageMayGatherHoweverMuchIsInUse(t *testing.T) {
	t.Parallel()
	for megabytes, want := range map[uint64]int{0: 600, 1: 600, 16: 600, 32: 300, 48: 200, 96: 100, 1000: 100} {
		c := collector{percent: ownPercent}
		if got, giveBack := c.look(100<<20, megabytes<<20); got != want || giveBack {
			t.Errorf("%d MB: %d %%, %v, want %d %%", megabytes, got, giveBack, want)
		}
	}
}

func TestAfterLoadMemoryGoesBackOnce(t *testing.T) {
	t.Parallel()
	c := collector{percent: ownPercent}
	allocated := uint64(100 << 20)
	if percent, _ := c.look(allocated, 16<<20); percent != 600 {
		t.Fatal(percent)
	}
	for n := 1; n <= 20; n++ {
		allocated += 1 << 20 // what little is done without load
		percent, giveBack := c.look(allocated, 16<<20)
		if back := n == untilQuiet; giveBack != back {
			t.Errorf("second %d: given back: %v", n, giveBack)
		}
		if quiet := n >= untilQuiet; (percent == ownPercent) != quiet {
			t.Errorf("second %d: %d %%", n, percent)
		}
	}
	if percent, _ := c.look(allocated+100<<20, 16<<20); percent != 600 {
		t.Error(percent)
	}
}
