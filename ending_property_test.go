package tagout_test

import (
	"math/rand/v2"
	"testing"

	"tagout"
)

func TestNoWayToAnEndAndNoReviewLiftsAHold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		i := opened(t, reviewedRow)
		hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
		must(i.AddAction(act(tagout.LayerTools), author, noon))
		steps := []func(){
			func() { _, _ = i.Cancel("none", member, noon) },
			func() { _, _ = i.Withdraw(member, noon) },
			func() { _, _ = i.Close("over", member, noon) },
			func() {
				_, _ = i.SaveReview(tagout.ReviewEdit{By: author, Base: i.Review.Version(), Parts: written()}, noon)
			},
			func() { _, _ = i.SubmitReview(i.Review.Version(), author, nil, noon) },
			func() {
				if i.Review != nil {
					_, _ = i.DecideReview(deciding(i, facilitator, []string{tagout.Go, tagout.NoGo}[r.IntN(2)]), noon)
				}
			},
		}
		for range 12 {
			steps[r.IntN(len(steps))]()
			if h, _ := i.Hold("h1"); !h.Active() || i.State.Ended() || !i.At(tagout.Resumed).IsZero() {
				t.Fatalf("game %d: the hold is lifted, or the incident is %s", seed, i.State)
			}
		}
	}
}
