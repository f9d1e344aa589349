package alertmanager_test

import (
	"os"
	"testing"

	"tagout"
	"tagout/integrations/alertmanager"
)

func FuzzDecode(f *testing.F) {
	body, err := os.ReadFile("../testdata/alertmanager/group.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"version":"4","alerts":[{"status":"firing","labels":null,"startsAt":"x"}]}`))
	f.Add([]byte(`{"version":"4","truncatedAlerts":1,"alerts":[{"status":"resolved"}]}`))
	source, err := alertmanager.New(tagout.Vendor{Name: "am", Decode: func(any) error { return nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		alerts, err := source.Decode(t.Context(), tagout.Delivery{Body: body})
		if err != nil && tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("error %v", err)
		}
		if err == nil && len(alerts) == 0 {
			t.Error("neither alerts nor an error")
		}
		for _, a := range alerts {
			if a.Name == "" || a.Source != "am" || a.Status == tagout.Momentary {
				t.Errorf("alert %+v", a)
			}
		}
	})
}
