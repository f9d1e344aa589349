package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

func TestOtherProcessesAreToldOfJobs(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	s := open(t, url, store.Options{})
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `LISTEN "public.river_insert"`); err != nil {
		t.Fatal(err)
	}
	mustJoin(t, s, tagout.Match{}, asking(post("a"), post("b"), func(id tagout.IncidentID, _ time.Time) tagout.Effect {
		return tagout.NewEffect(tagout.EffectDirect, id, "c", nil)
	}))
	told := map[string]int{}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		news, err := conn.WaitForNotification(ctx)
		cancel()
		if err != nil {
			t.Fatalf("after %v: %v", told, err)
		}
		told[news.Payload]++
	}
	if told[`{"queue":"post"}`] != 1 || told[`{"queue":"direct"}`] != 1 {
		t.Errorf("it was told %v", told)
	}
}
