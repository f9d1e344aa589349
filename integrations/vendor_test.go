package integrations_test

import (
	"reflect"
	"testing"
	"time"

	"tagout"
)

// vendor is a configured adapter with these settings.
func vendor(name, kind string, settings map[string]string) tagout.Vendor {
	return tagout.Vendor{Name: name, Kind: kind, Place: "tagout.yaml:7:3", Decode: func(into any) error {
		v := reflect.ValueOf(into).Elem()
		taken := 0
		for i := range v.NumField() {
			if value, ok := settings[v.Type().Field(i).Tag.Get("yaml")]; ok {
				v.Field(i).SetString(value)
				taken++
			}
		}
		if taken < len(settings) {
			return tagout.Errorf(tagout.Invalid, "tagout.yaml:7:3: unknown key")
		}
		return nil
	}}
}

// page is a page to one person, with hostile text in it.
func page(id tagout.PageID) tagout.Page {
	return tagout.Page{
		ID: id, Dedup: "tagout-abc-" + string(id), Incident: 7, Round: 1, Severity: tagout.Sev1, Why: "SEV-1 pages Legal", URL: "https://tagout.example.com/i/7",
		AckURL:   "https://tagout.example.com/ack/signed-" + string(id),
		To:       tagout.Person{ID: "U0LEGAL", Email: "legal@example.com", Phone: "+15550100", Roles: []string{"legal"}},
		Message:  tagout.Message{Title: "mailer/email ■ halted", Body: []tagout.Text{tagout.T("Complaints are up.\n.\nQUIT\n")}}.Fact("Scope", "mailer/email"),
		QueuedAt: time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC),
	}
}

func mustPager(t *testing.T, p tagout.Pager, err error) tagout.Pager {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
