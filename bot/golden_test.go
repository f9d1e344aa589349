package bot_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagout/sandbox"
)

func TestEveryRecordedRenderingIsAcceptedBySlack(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d recorded files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, ".view.golden.json") {
				for _, p := range sandbox.ValidateView(raw) {
					t.Error(p)
				}
				return
			}
			var message struct {
				Text   string          `json:"text"`
				Blocks json.RawMessage `json:"blocks"`
			}
			if err := json.Unmarshal(raw, &message); err != nil {
				t.Fatal(err)
			}
			if message.Text == "" || len(message.Text) > 4000 {
				t.Errorf("the fallback text has %d bytes", len(message.Text))
			}
			if string(message.Blocks) == "null" {
				return
			}
			for _, p := range sandbox.ValidateMessage(message.Blocks) {
				t.Error(p)
			}
		})
	}
}
