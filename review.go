package tagout

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// What a review may hold, in UTF-16 code units: what is approved is shown whole, in one
// message, and never cut.
const (
	MaxReviewPart = 3000
	MaxReview     = 9000
)

// ReviewState says how far a review is.
type ReviewState string

// The states of a review.
const (
	ReviewDraft     ReviewState = "draft"
	ReviewSubmitted ReviewState = "submitted" // it waits for its approval
	ReviewSentBack  ReviewState = "sent back"
	ReviewApproved  ReviewState = "approved"
)

// IncidentReview is what was learned from an incident: what people wrote, version by version, and
// who approved exactly that.
type IncidentReview struct {
	State    ReviewState       `json:"state"`
	Parts    map[string]string `json:"parts"`    // of the newest version, by the key of [ReviewParts]
	Versions []ReviewVersion   `json:"versions"` // who wrote when; the texts are on the timeline

	SubmittedBy User             `json:"submitted_by,omitzero"`
	SubmittedAt time.Time        `json:"submitted_at,omitzero"`
	Actions     []ReviewedAction `json:"actions,omitempty"` // as they were submitted
	Digest      string           `json:"digest,omitempty"`  // of what was submitted

	DecidedBy UserID    `json:"decided_by,omitempty"` // who approved it, or sent it back
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Reason    string    `json:"reason,omitempty"` // why it was sent back, or has to be submitted again
}

// ReviewVersion says who wrote a version of a review.
type ReviewVersion struct {
	By UserID    `json:"by"`
	At time.Time `json:"at"`
}

// ReviewedAction is a corrective action as whoever approves a review reads it.
type ReviewedAction struct {
	Number int       `json:"number"`
	Title  string    `json:"title"`
	Owner  UserID    `json:"owner"`
	Due    time.Time `json:"due"`
	Layer  Layer     `json:"layer"`
}

// same reports whether a and b read the same.
func (a ReviewedAction) same(b ReviewedAction) bool {
	return a.Number == b.Number && a.Title == b.Title && a.Owner == b.Owner && a.Layer == b.Layer && a.Due.Equal(b.Due)
}

// ReviewPart is one part of a review.
type ReviewPart struct {
	Key   string
	Label string
	Hint  string // what to write there
}

// layerPart is the key of the part with the finding on a control layer.
func layerPart(l Layer) string { return "layer_" + string(l) }

// ReviewParts lists the parts of a review in the order in which they are written and read.
func ReviewParts() []ReviewPart {
	parts := []ReviewPart{
		{"happened", "What happened", "Facts in their order, without blame."},
		{"impact", "Impact", "People and outputs affected, and what was done for them."},
		{"detection", "How it was detected", "By what, how soon, and what could have told sooner."},
		{"trigger", "Proximate trigger", "What set it off, such as a change of a prompt."},
		{"gaps", "Systemic gaps", "What let the trigger through; another thing than the trigger itself."},
	}
	hints := map[Layer]string{
		LayerTools:      "Could it do what it should not have been able to do?",
		LayerEvaluation: "Which test should have failed before this ran?",
		LayerAcceptance: "What was agreed to be good enough, and was it?",
		LayerReview:     "Who looked at it before it went out, and what could they see?",
	}
	for _, l := range ControlLayers() {
		parts = append(parts, ReviewPart{layerPart(l), l.Label(), hints[l] + " Held, failed, or missing?"})
	}
	return append(parts,
		ReviewPart{"went_well", "What went well", "What to keep doing."},
		ReviewPart{"lessons", "Lessons", "What others should know."})
}

// Version is the number of the newest version; 0: nobody has written anything yet.
func (r *IncidentReview) Version() int {
	if r == nil {
		return 0
	}
	return len(r.Versions)
}

// Authors are who wrote any version of it.
func (r *IncidentReview) Authors() []UserID {
	if r == nil {
		return nil
	}
	var authors []UserID
	for _, v := range r.Versions {
		if !slices.Contains(authors, v.By) {
			authors = append(authors, v.By)
		}
	}
	return authors
}

// Approved reports whether it was approved and nothing has come since that it does not tell of.
func (r *IncidentReview) Approved() bool { return r != nil && r.State == ReviewApproved }

// Wrote reports whether somebody had a hand in the review: then somebody else approves it.
func (r *IncidentReview) Wrote(id UserID) bool {
	return r != nil && (r.SubmittedBy.ID == id || slices.Contains(r.Authors(), id))
}

// ReviewedActions are the corrective actions as they stand now, dropped ones left out.
func (i *Incident) ReviewedActions() []ReviewedAction {
	var list []ReviewedAction
	for _, a := range i.Actions {
		if a.State != ActionDropped {
			list = append(list, ReviewedAction{a.Number, a.Title, a.Owner, Moment(a.Due), a.Layer})
		}
	}
	return list
}

// reviewText is what is approved.
type reviewText struct {
	Incident IncidentID        `json:"incident"`
	Version  int               `json:"version"`
	By       UserID            `json:"by"`
	Authors  []UserID          `json:"authors"`
	Parts    map[string]string `json:"parts"`
	Actions  []ReviewedAction  `json:"actions"`
}

func (t reviewText) json() []byte {
	text, _ := json.Marshal(t) // our own types marshal, maps in key order
	return text
}

// text is what is approved of the review as it was submitted.
func (r IncidentReview) text(id IncidentID) reviewText {
	return reviewText{id, r.Version(), r.SubmittedBy.ID, r.Authors(), r.Parts, r.Actions}
}

// Signed is the text that is approved: the incident, what people wrote, and the corrective
// actions, as JSON.
func (r IncidentReview) Signed(id IncidentID) []byte { return r.text(id).json() }

// Sum is the digest of what is approved: SHA-256 in hex over [IncidentReview.Signed].
func (r IncidentReview) Sum(id IncidentID) string { return sumOf(r.Signed(id)) }

// ReviewState is how far the review is; "" if there is none. What was submitted before the
// corrective actions changed has to be submitted again.
func (i *Incident) ReviewState() ReviewState {
	switch {
	case i.Review == nil:
		return ""
	case i.Review.State == ReviewSubmitted && !slices.EqualFunc(i.Review.Actions, i.ReviewedActions(), ReviewedAction.same):
		return ReviewDraft
	}
	return i.Review.State
}

// ReviewLacks lists, a sentence each, what keeps the review from being submitted.
func (i *Incident) ReviewLacks() []string {
	var parts map[string]string
	if i.Review != nil {
		parts = i.Review.Parts
	}
	var missing, lacks []string
	for _, p := range ReviewParts() {
		if parts[p.Key] == "" {
			missing = append(missing, p.Label)
		}
	}
	if len(missing) > 0 {
		lacks = append(lacks, "Still missing: "+strings.Join(missing, "; ")+".")
	}
	if gaps := squeezed(parts["gaps"]); gaps != "" && gaps == squeezed(parts["trigger"]) {
		lacks = append(lacks, "The systemic gaps only repeat the trigger: say what let it through.")
	}
	switch {
	case len(i.ReviewedActions()) == 0:
		lacks = append(lacks, "There is no corrective action: add at least one, with its owner, a due date and the layer that it changes.")
	case i.PromptAlone():
		lacks = append(lacks, "Every corrective action changes the prompt, and a prompt alone is no answer: add one that changes "+layerChoice()+".")
	}
	return lacks
}

// layerChoice names the control layers, any of which will do.
func layerChoice() string {
	layers := ControlLayers()
	var text string
	for n, l := range layers {
		switch {
		case n == 0:
		case n == len(layers)-1:
			text += " or "
		default:
			text += ", "
		}
		text += "the " + strings.ToLower(l.Label())
	}
	return text
}

func squeezed(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// ReviewTooLong returns Invalid for parts that would not be shown whole, with the key of the
// first that is too long; the key is "" if they are so only together.
func ReviewTooLong(parts map[string]string) (key string, err error) {
	all := 0
	for _, p := range ReviewParts() {
		n := len(utf16.Encode([]rune(parts[p.Key])))
		if n > MaxReviewPart {
			return p.Key, Errorf(Invalid, "%s: at most 3,000 characters. Nothing was saved.", p.Label)
		}
		all += n
	}
	if all > MaxReview {
		return "", Errorf(Invalid, "All parts together have %d characters, and at most 9,000 are shown whole to whoever approves them. Shorten it, or link to more. Nothing was saved.", all)
	}
	return "", nil
}

// ballot is the submitted review as something to vote on. It does not run out.
func (i *Incident) reviewBallot() ballot {
	b := ballot{expires: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), words: ballotWords{
		thing: "review", newest: "Read the newest version and decide on that.", again: "It can be submitted anew with /tagout review.",
		guest: "Guests can stop an agent, but not approve a review.",
		own:   "You submitted this review, so somebody else has to approve it.",
	}}
	r := i.Review
	if r == nil || r.Digest == "" {
		return b
	}
	b.id, b.digest, b.sum, b.by = i.reviewID(), r.Digest, r.Sum(i.ID), r.SubmittedBy.ID
	b.reason = or(r.Reason, "it is being written")
	switch i.ReviewState() {
	case ReviewSubmitted:
		b.state = RequestPending
	case ReviewApproved:
		b.state = RequestApproved
	case ReviewSentBack:
		b.state = RequestRefused
	default:
		b.state, b.reason = RequestVoid, or(r.Reason, "it, or a corrective action, was changed since")
	}
	return b
}

// reviewID names the review on its buttons.
func (i *Incident) reviewID() string { return "review-" + i.ID.String() }

// ReviewID names the review on the buttons that decide on it.
func (i *Incident) ReviewID() string { return i.reviewID() }

// reviewTodo says what would bring the review to its end.
func (i *Incident) reviewTodo() Text {
	if i.ReviewState() == ReviewSubmitted {
		return T("It is submitted and waits for its approval, by an RCA facilitator who did not write it.")
	}
	return T("Write it, and submit it for approval, with ", Typed("review "+i.ID.String()), ".")
}
