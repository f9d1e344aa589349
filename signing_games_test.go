package tagout_test

import "testing"

// The race detector makes a game ten times as long and has nothing to see in it, so there a part
// of the games are played; TestEveryCheckOfASignoffIsNeeded plays all of them without it.
func TestNoSequenceOfPressesLiftsAHoldButTheSignoffsThatTheRuleNeeds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(games / slower) {
		if err := play(seed); err != nil {
			t.Fatal(err)
		}
	}
}
