package generic_test

import (
	"os"
	"testing"

	"tagout"
	"tagout/integrations/generic"
)

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"one.json", "array.json"} {
		body, err := os.ReadFile("../testdata/generic/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`[{"name":"x","starts_at":"x"}, null]`))
	source, err := generic.New(tagout.Vendor{Name: "g", Decode: func(any) error { return nil }})
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
			if a.Name == "" || a.Source != "g" || a.Fingerprint == "" {
				t.Errorf("alert %+v", a)
			}
		}
	})
}
