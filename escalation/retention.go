package escalation

import (
	"context"
	"time"

	"tagout"
)

// forgetAtOnce is how many pieces of evidence are looked up at a time.
const forgetAtOnce = 100

// ForgetOld takes away the content of evidence of ended incidents that is older than the
// policy keeps it; its hash and the reason stay on the record. It returns how many pieces it
// took away, and Forbidden if the program's database role may not.
func (d *Desk) ForgetOld(ctx context.Context) (gone int, err error) {
	if d.policy.KeepEvidence <= 0 {
		return 0, nil
	}
	for {
		old, err := d.store.OldEvidence(ctx, d.clock.Now().Add(-d.policy.KeepEvidence), forgetAtOnce)
		if err != nil || len(old) == 0 {
			return gone, err
		}
		before := gone
		for _, e := range old {
			_, err := d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				if !i.State.Ended() {
					return tagout.Change{}, tagout.Errorf(tagout.Conflict, "%s was opened again.", i.ID)
				}
				return i.Redact(e, "it was kept for "+tagout.Elapsed(d.policy.KeepEvidence)+", as evidence.keep says", tagout.Tagout, now)
			})
			if err != nil && tagout.CodeOf(err) != tagout.Conflict { // then another has done it: two pieces may be one content
				return gone, err
			}
			if err == nil {
				gone++
			}
		}
		if gone == before {
			return gone, nil
		}
	}
}
