package escalation_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// fate plays an incident at random: time passes, people act, pagers fail, the policy changes,
// and the process dies between any two commits.
type fate struct {
	*world
	r       *rand.Rand
	began   map[string]time.Time // when each ladder was seen to begin
	rested  map[string]bool      // ladders during which somebody answered, or that were overtaken
	sends   map[tagout.PageID]int
	repeats map[tagout.PageID]int // how often the send of a page was carried out again
}

var errPower = errors.New("the power failed")

// rings carries out what is due. Any effect may be carried out again after it was done, and
// any commit may happen without its process hearing of it.
func (f *fate) rings() {
	do := f.desk.Effects()
	for {
		f.store.mu.Lock()
		n := slices.IndexFunc(f.store.effects, func(e tagout.Effect) bool { return do[e.Kind] != nil && !e.Due.After(f.clock.Now()) })
		if n < 0 {
			f.store.mu.Unlock()
			return
		}
		e := f.store.effects[n]
		f.store.effects = slices.Delete(f.store.effects, n, n+1)
		f.store.mu.Unlock()
		dies := f.r.IntN(6) == 0
		if dies && f.r.IntN(2) == 0 {
			f.store.after = func(string) error { return errPower } // committed, but nobody heard of it
		}
		err := do[e.Kind](f.t.Context(), e)
		f.store.after = nil
		if (err == nil || tagout.IsFinal(err)) && !dies {
			continue
		}
		var send tagout.SendPage
		if e.Kind == tagout.EffectSend && e.Decode(&send) == nil {
			f.repeats[send.Page.ID]++
		}
		if err != nil && !errors.Is(err, errPower) {
			e.Due = f.clock.Now().Add(time.Second) // the pager may work again
		}
		f.store.mu.Lock()
		f.store.effects = append(f.store.effects, e)
		f.store.mu.Unlock()
	}
}

// acts lets one thing happen.
func (f *fate) acts() {
	people := []tagout.UserID{"U0IC", "U0LEGAL", "U0EXEC", "U0PROGRAM"}
	who := people[f.r.IntN(len(people))]
	by := tagout.User{ID: who}.Actor()
	switch f.r.IntN(12) {
	case 0:
		if f.r.IntN(4) > 0 {
			return // mostly nobody answers
		}
		_, _ = f.desk.Acknowledge(f.t.Context(), 1, tagout.User{ID: who})
	case 1:
		_, _ = f.desk.HandOver(f.t.Context(), 1, people[f.r.IntN(len(people))], by)
	case 2:
		_, _ = f.desk.Note(f.t.Context(), 1, "at it", by)
	case 3:
		f.policy.Severities["sev1"].Repeat = time.Duration(f.r.IntN(3)) * time.Minute
	case 4:
		f.policy.Severities["sev1"].AnswerExpires = time.Duration(f.r.IntN(3)) * 10 * time.Minute
	case 5:
		f.email.err = []error{nil, errors.New("connection refused"), tagout.Final(errors.New("no such mailbox"))}[f.r.IntN(3)]
	case 6:
		f.slack.err = []error{nil, nil, errors.New("connection refused"), tagout.Final(errors.New("user_disabled"))}[f.r.IntN(4)]
	case 7:
		_, _ = f.desk.Assign(f.t.Context(), 1, "comms", who, by)
	default:
		f.clock.Pass(time.Duration(f.r.IntN(240)) * time.Second)
	}
	f.rings()
	f.looks()
}

// looks checks what must hold at every moment.
func (f *fate) looks() {
	i := f.incident(1)
	now := f.clock.Now()
	for key, rounds := range i.Ladder {
		if strings.Contains(key, ":") || !strings.HasPrefix(key, "sev1") {
			continue
		}
		if _, seen := f.began[key]; !seen && rounds > 0 {
			f.began[key] = now
		}
	}
	if i.Answered() {
		for key := range f.began {
			f.rested[key] = true
		}
		for key := range i.Calls {
			if !strings.HasPrefix(key, "handover") {
				f.t.Fatalf("%s is answered for, but still pages %s", i.ID, key)
			}
		}
	}
	for key, began := range f.began {
		if due := 5*time.Minute + time.Second; !f.rested[key] && now.Sub(began) > due && i.Ladder[key+":rung0"] == 0 {
			f.t.Fatalf("the rung of %s was skipped: it began at %s, now it is %s", key, began, now)
		}
	}
	for key, rounds := range i.Ladder {
		if rounds > 1 && strings.Contains(key, ":rung") {
			f.t.Fatalf("the rung %s was paged %d times", key, rounds)
		}
	}
}

// concludes checks that nothing was doubled beyond what the crashes explain.
func (f *fate) concludes() {
	for _, b := range []*box{f.slack, f.email} {
		for _, p := range b.sent {
			f.sends[p.ID]++
		}
	}
	for id, n := range f.sends {
		if n > 1+f.repeats[id] {
			f.t.Errorf("page %s went out %d times, its send was carried out again %d times", id, n, f.repeats[id])
		}
	}
	rounds := map[string]bool{}
	for _, p := range f.store.pages {
		one := fmt.Sprint(p.Ladder, p.Round, p.To.ID, p.Pager)
		if rounds[one] {
			f.t.Errorf("two pages for %s", one)
		}
		rounds[one] = true
	}
}

func TestNoRungIsSkippedAndNothingDoubledWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(80) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, expiring)
			r := rand.New(rand.NewPCG(seed, 7))
			w.policy.People["U0LEGAL"] = tagout.Person{Email: "l@example.com", Pagers: []string{"slack", "email"}, After: 2 * time.Minute}
			f := &fate{world: w, r: r, began: map[string]time.Time{}, rested: map[string]bool{}, sends: map[tagout.PageID]int{}, repeats: map[tagout.PageID]int{}}
			w.accept(alert("A", "mailer/email/eu", "critical"))
			f.rings()
			for range 60 {
				f.acts()
			}
			f.concludes()
		})
	}
}
