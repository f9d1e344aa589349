package store_test

import (
	"bytes"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// keeping keeps content as evidence.
func keeping(name string, content []byte) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Keep(tagout.NewEvidence(name, "application/octet-stream", content, now), ic, now), nil
	}
}

func TestEvidenceIsKeptAsItWas(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		first, second := mustJoin(t, s, tagout.Match{}, opening("mailer", "a")).ID, mustJoin(t, s, tagout.Match{}, opening("mailer", "b")).ID
		binary := []byte("\x00\xff not text\n")
		mustUpdate(t, s, first, keeping("a.bin", binary))
		mustUpdate(t, s, first, keeping("a.bin", binary)) // the same again
		mustUpdate(t, s, first, keeping("empty", nil))
		mustUpdate(t, s, second, keeping("a.bin", binary))
		list, err := s.EvidenceOf(t.Context(), first)
		if err != nil || len(list) != 2 || list[0].Name != "a.bin" || list[0].Content != nil || list[0].Size != int64(len(binary)) || list[0].MediaType != "application/octet-stream" {
			t.Fatalf("%+v, %v", list, err)
		}
		e, err := s.EvidenceContent(t.Context(), first, list[0].SHA256)
		if err != nil || !bytes.Equal(e.Content, binary) || e.Incident != first || e.At.IsZero() {
			t.Errorf("%+v, %v", e, err)
		}
		_, err = s.EvidenceContent(t.Context(), first, "00")
		wantCode(t, err, tagout.NotFound)
		_, err = s.EvidenceOf(t.Context(), 99)
		wantCode(t, err, tagout.NotFound)
		forged := tagout.NewEvidence("b", "text/plain", []byte("b"), noon)
		forged.Content, forged.Incident = []byte("c"), first
		_, err = s.Update(t.Context(), first, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return tagout.Change{Evidence: []tagout.Evidence{forged}}, nil
		})
		wantCode(t, err, tagout.Internal)
		mustVerify(t, s, first)
	})
}

func TestEvidenceRefusesToBeChanged(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		id := mustJoin(t, s, tagout.Match{}, opening("mailer", "a")).ID
		mustUpdate(t, s, id, keeping("a", []byte("as it was")))
		statements := []string{"UPDATE evidence SET content = 'x'", "UPDATE evidence SET name = name", "DELETE FROM evidence", "DELETE FROM evidence WHERE incident = 1"}
		if isPostgres(url) {
			statements = append(statements, "TRUNCATE evidence", "TRUNCATE incidents CASCADE",
				"INSERT INTO evidence SELECT * FROM evidence ON CONFLICT (incident, sha256, name) DO UPDATE SET content = 'x'")
		} else {
			statements = append(statements, "INSERT OR REPLACE INTO evidence SELECT incident, name, sha256, media_type, size, at, 'x' FROM evidence",
				"REPLACE INTO evidence SELECT * FROM evidence", "UPDATE OR REPLACE evidence SET name = 'b'",
				"INSERT INTO evidence SELECT * FROM evidence WHERE true ON CONFLICT DO UPDATE SET content = 'x'")
		}
		for _, statement := range statements {
			if _, err := rawDB(t, url).Exec(statement); err == nil {
				t.Errorf("%s was not refused", statement)
			}
		}
		list, err := s.EvidenceOf(t.Context(), id)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		if e, err := s.EvidenceContent(t.Context(), id, list[0].SHA256); err != nil || string(e.Content) != "as it was" {
			t.Errorf("%q, %v", e.Content, err)
		}
	})
}

func TestOldEvidenceIsThatOfEndedIncidentsWithItsContent(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		ended, going := mustJoin(t, s, tagout.Match{}, opening("mailer", "a")).ID, mustJoin(t, s, tagout.Match{}, opening("mailer", "b")).ID
		for _, id := range []tagout.IncidentID{ended, going} {
			mustUpdate(t, s, id, keeping("one", []byte("1")))
			mustUpdate(t, s, id, keeping("two", []byte("2")))
		}
		mustUpdate(t, s, ended, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
			i.State = tagout.StateClosed
			return tagout.Change{}, nil
		})
		later := time.Now().Add(time.Hour)
		old, err := s.OldEvidence(t.Context(), later, 10)
		if err != nil || len(old) != 2 || old[0].Incident != ended || old[0].Content != nil {
			t.Fatalf("%+v, %v", old, err)
		}
		mustUpdate(t, s, ended, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Redact(old[0], "too old", tagout.Tagout, now)
		})
		if left, err := s.OldEvidence(t.Context(), later, 10); err != nil || len(left) != 1 || left[0].Name == old[0].Name {
			t.Errorf("%+v, %v", left, err)
		}
		if none, err := s.OldEvidence(t.Context(), old[0].At.Add(-time.Second), 10); err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
		mustVerify(t, s, ended)
	})
}
