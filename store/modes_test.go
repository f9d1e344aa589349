package store_test

import (
	"encoding/json"
	"testing"

	"tagout"
	"tagout/store"
)

func TestAlertsAreTakenInEveryWayInWhichTheURLMaySayStatementsAreSent(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	for _, mode := range []string{"simple_protocol", "exec", "describe_exec", "cache_describe"} {
		t.Run(mode, func(t *testing.T) {
			s := open(t, url+"&default_query_exec_mode="+mode, store.Options{})
			for n := range 8 {
				mustFold(t, s, stormy(mode, n, 0, "mailer"))
			}
		})
	}
}

// TestTheReleaseBeforeReadsHowManyAlertsThereAre: it knows of nothing but the document.
func TestTheReleaseBeforeReadsHowManyAlertsThereAre(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		first := stormy("a", 0, 0, "mailer")
		first.Alert.Name = "NUL \x00 in its name"
		mustFold(t, s, first)
		mustFold(t, s, stormy("b", 0, 0, "mailer"))
		before := mustRead(t, s, 1).Alerts
		if err := store.MigrateTo(t.Context(), url, 199); err != nil {
			t.Fatal(err)
		}
		var doc string
		if err := rawDB(t, url).QueryRow("SELECT doc FROM incidents WHERE id = 1").Scan(&doc); err != nil {
			t.Fatal(err)
		}
		var i tagout.Incident
		if err := json.Unmarshal([]byte(doc), &i); err != nil || i.Alerts.Distinct != 2 || !i.Alerts.LastAt.Equal(before.LastAt) {
			t.Errorf("%+v, %v; want %+v", i.Alerts, err, before)
		}
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		if after := mustRead(t, open(t, url, store.Options{}), 1).Alerts; after != before {
			t.Errorf("%+v, want %+v", after, before)
		}
	})
}
