package store_test

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// requested asks for everything to be resumed and returns the digest.
func requested(t *testing.T, s *store.Store, id tagout.IncidentID) *tagout.ResumeRequest {
	t.Helper()
	i := mustUpdate(t, s, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RequestResume(tagout.ResumeDraft{ID: "r1", By: tagout.User{ID: "U0IC", Team: "T1"}, Target: tagout.Running}, sev1, agents, nil, now)
	})
	return i.Request
}

func signing(r *tagout.ResumeRequest, user, role, verdict string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		_, c, err := i.Sign(tagout.Signing{
			User: tagout.User{ID: tagout.UserID(user), Team: "T1"}, HomeTeam: "T1", Roles: []string{role}, Verdict: verdict, Request: r.ID, Digest: r.Digest,
		}, agents, now)
		return c, err
	}
}

func TestHoldsStandUntilTheyAreSignedOffAndAreLiftedOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer/email"))
		mustUpdate(t, s, i.ID, stopping("h2", "mailer/sms"))
		mustJoin(t, s, tagout.Match{}, stopping("h3", "researcher"))
		holds, err := s.Holds(t.Context())
		if err != nil || len(holds) != 3 || holds[0].ID != "h1" || holds[0].Incident != i.ID || holds[0].Reason != "because" || !holds[0].At.Equal(noon) {
			t.Fatalf("%+v, %v", holds, err)
		}
		r := requested(t, s, i.ID)
		mustUpdate(t, s, i.ID, signing(r, "U0LEGAL", "legal", tagout.Go))
		c.Pass(time.Minute)
		var lifted atomic.Int64
		var wait sync.WaitGroup
		for _, user := range []string{"U0PLATFORM", "U0OTHER", "U0THIRD", "U0PLATFORM"} { // GO clicks at once
			wait.Go(func() {
				if _, err := s.Update(soon(t), i.ID, signing(r, user, "platform", tagout.Go)); err == nil {
					lifted.Add(1)
				}
			})
		}
		wait.Wait()
		if lifted.Load() != 1 {
			t.Fatalf("lifted %d times", lifted.Load())
		}
		if holds, err = s.Holds(t.Context()); err != nil || len(holds) != 1 || holds[0].ID != "h3" {
			t.Fatalf("%+v, %v", holds, err)
		}
		known, err := s.KnownHolds(t.Context(), []tagout.HoldID{"h1", "h3", "never"})
		if err != nil || len(known) != 2 || known["h1"].LiftedBy != "r1" || !known["h1"].LiftedAt.Equal(noon.Add(time.Minute)) || !known["h3"].Active() {
			t.Fatalf("%+v, %v", known, err)
		}
		db := rawDB(t, url)
		if n := count(t, db, "SELECT count(*) FROM signoffs"); n != 2 {
			t.Errorf("%d sign-offs", n)
		}
		if n := count(t, db, "SELECT count(*) FROM resume_requests WHERE state = 'approved'"); n != 1 {
			t.Errorf("%d approved requests", n)
		}
		mustVerify(t, s, i.ID)
	})
}

func TestALiftedHoldIsNeverRevivedAndNoneIsForgotten(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		set := func(change func(h *tagout.Hold)) tagout.Transition {
			return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				change(&i.Holds[0])
				return i.AddNote("x", ic, now)
			}
		}
		_, err := s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Holds = nil
			return i.AddNote("x", ic, now)
		})
		wantCode(t, err, tagout.Internal)
		lifted := mustUpdate(t, s, i.ID, set(func(h *tagout.Hold) { h.LiftedAt, h.LiftedBy = time.Now(), "r" }))
		_, err = s.Update(t.Context(), i.ID, set(func(h *tagout.Hold) { h.LiftedAt, h.LiftedBy = time.Time{}, "" }))
		wantCode(t, err, tagout.Conflict)
		if read, err := s.Incident(t.Context(), i.ID); err != nil || !reflect.DeepEqual(read.Head, lifted.Head) {
			t.Fatal("a refused change moved the timeline", err)
		}
		db := rawDB(t, url)
		for _, statement := range []string{"UPDATE holds SET lifted_at = NULL", "DELETE FROM holds", "DELETE FROM incidents"} {
			if _, err := db.Exec(statement); err == nil {
				t.Errorf("%s was not refused", statement)
			}
		}
	})
}

func TestANoGoIsRecordedWhoeverSignedBefore(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		r := requested(t, s, i.ID)
		mustUpdate(t, s, i.ID, signing(r, "U0LEGAL", "legal", tagout.Go))
		refused := mustUpdate(t, s, i.ID, signing(r, "U0PLATFORM", "platform", tagout.NoGo))
		if refused.Request.State != tagout.RequestRefused || len(refused.ActiveHolds()) != 1 {
			t.Fatalf("%+v", refused.Request)
		}
		_, err := s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { // a defect that counts a role twice
			i.Request.Signoffs = append(i.Request.Signoffs, tagout.Signoff{Request: "r1", Role: "legal", By: "U0SECOND", Verdict: tagout.Go, At: now})
			return tagout.Change{}, nil
		})
		wantCode(t, err, tagout.Conflict)
	})
}
