package escalation

import (
	"maps"

	"tagout"
)

// What a transition records it cuts, and knows nothing of the configuration. So these cut the texts
// of strangers before, to the same lengths, and never in the midst of what is configured to be
// masked.
const (
	reasonLength = 1000
	noteLength   = 10000
	answerLength = 3000 // of a deliverable
	askedLength  = 2000 // of a question to whoever asks to resume, and of its answer
)

func (d *Desk) clip(text string, n int) string { return d.policy.Redaction.Clip(text, n) }

// clipped is the draft of a resume request with its texts cut.
func (d *Desk) clipped(draft tagout.ResumeDraft) tagout.ResumeDraft {
	draft.Deliverables = maps.Clone(draft.Deliverables)
	for key, text := range draft.Deliverables {
		draft.Deliverables[key] = d.clip(text, answerLength)
	}
	return draft
}
