package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout"
)

var update = flag.Bool("update", false, "write the golden files")

// evil is what an alert may try.
const evil = "<!channel> <@U0LEGAL> <https://evil.example|login> & *bold* _it_ ~no~ `code` :tada: @here #general"

var night = time.Date(2026, 11, 20, 3, 4, 5, 0, time.UTC)

func killAnswer() tagout.Message {
	return tagout.Message{Title: "■ halted: mailer/email/eu", Tone: tagout.ToneDanger}.
		Para("INC-7: ", tagout.Fixed("mailer/email/eu"), " is ", tagout.Halted, " since ", night, " by ", tagout.Mention("U0IC"), ".").
		Para("Waiting for ", tagout.Bold("2 of 3"), " enforcement points. Talk in ", tagout.ChannelLink("C0INC7"), ".").
		Fact("Severity", "SEV-2").Fact("Requested", night).Fact("Class", "judgment_error")
}

func pageDM() tagout.Message {
	m := tagout.Message{Title: "SEV-1 · INC-7 · Policy violation", Tone: tagout.ToneDanger}.
		Para("You are paged as ", tagout.Bold("Legal"), " because SEV-1 pages Legal.").
		Fact("Scope", tagout.Fixed("mailer")).Fact("Since", night)
	m.Buttons = []tagout.Button{{Action: "ack", Label: "Acknowledge", Value: "INC-7", Tone: tagout.ToneGood}}
	m.Footer = tagout.T("Repeated every minute until acknowledged.")
	return m
}

func card() tagout.Message {
	m := tagout.Message{Title: "INC-7 · SEV-1 · Policy violation", Tone: tagout.ToneWarning}
	for _, label := range []string{"State", "Owner", "Scope", "Held", "Requested", "Accepted", "Observed", "Alerts", "Pages", "Deadline", "Class", "Opened"} {
		m = m.Fact(label, "value of "+label)
	}
	m = m.Fact("Next", "inform by ", night).Fact("Group", tagout.Span{Kind: tagout.SpanGroup, Text: "S0LEGAL"})
	m.Buttons = []tagout.Button{
		{Action: "ack", Label: "Acknowledge", Value: "INC-7"},
		{Action: "status", Label: "Status", Value: "INC-7"},
		{Action: "status", Label: "Status of all", Value: "*"},
	}
	m.Footer = tagout.T("Updated ", night, " · ", tagout.Span{Kind: tagout.SpanLink, Text: "open | see", URL: "https://tagout.example.com/i/7"})
	return m
}

func decision() tagout.Message {
	m := tagout.Message{Title: "Resume mailer?"}.
		Para(tagout.Mention("U0IC"), " asks to resume ", tagout.Fixed("mailer"), " to ", tagout.Running, ".").
		Fact("Cause", "a prompt was shipped without review").Fact("Digest", tagout.Fixed("9f2c…"))
	m.Buttons = []tagout.Button{
		{Action: "go", Label: "GO", Value: "INC-7 r1 9f2c", Tone: tagout.ToneGood, Confirm: "This lets mailer run again."},
		{Action: "nogo", Label: "NO-GO", Value: "INC-7 r1 9f2c", Tone: tagout.ToneDanger},
	}
	return m
}

// decisionHostile is a decision message all of whose foreign words are as bad and as long as
// they may be.
func decisionHostile() tagout.Message {
	long := strings.Repeat(evil+"\n", 3000/len(evil)+1)[:3000]
	m := tagout.Message{Title: "Resume " + evil + "?", Footer: tagout.T(evil)}.
		Para(tagout.Mention("U0IC"), " asks to resume ", tagout.Fixed(evil), " to ", tagout.Running, ".")
	for _, part := range []string{"Cause", "Control changes", "Verified", "Verified against", "Fix", "Alerting", "Impact", "Remediation", "Changes", "Alerts", "Versions to run", "Rollback"} {
		m = m.Fact(part, long)
	}
	m = m.Fact("Signed", tagout.Bold("GO"), " by ", tagout.Mention("U0LEGAL"), ": "+long)
	m.Buttons = decision().Buttons
	return m
}

func timeline() tagout.Message {
	m := tagout.Message{Title: "Timeline of INC-7"}
	for range 40 {
		m.Lines = append(m.Lines, "03:04:05  user:U0IC    hold.hung       mailer/email halted: spike of complaints")
	}
	return m
}

func hostile() tagout.Message {
	m := tagout.Message{Title: evil, Lines: []string{evil, "a\nb"}, Footer: tagout.T(evil)}.
		Para(evil).Para(tagout.Bold(evil), " ", tagout.Fixed(evil)).
		Para(tagout.Mention(tagout.UserID(evil)), tagout.ChannelLink("<!channel>"), tagout.Span{Kind: tagout.SpanGroup, Text: "!here"}).
		Para(tagout.Span{Kind: tagout.SpanLink, Text: evil, URL: "javascript:alert(1)"}, tagout.Span{Kind: tagout.SpanLink, Text: evil, URL: "https://ours.example/x?a=1&b=2"}).
		Fact(evil, evil).Fact("Summary", "<!channel>").Fact("Who", tagout.Mention("U0IC"), " ", "<!here>")
	m.Buttons = []tagout.Button{{Action: "x", Label: evil, Value: evil, Confirm: evil}}
	return m
}

func strange() tagout.Message {
	return tagout.Message{Title: "שלום \u200fINC-7\u200f 🚨🚨"}.
		Para("\u202egnp.exe\u202c \u2066isolated\u2069 bell\u0007 bad\xff utf8 مرحبا 👩\u200d👩\u200d👧").
		Fact("عنوان", "قيمة \u200fRTL\u200f").Fact("Emoji", "🛑")
}

func huge() tagout.Message {
	text := strings.Repeat("Ünïcödé <&> 🚨 ", 1<<20/20)
	m := tagout.Message{Title: text, Footer: tagout.T(text), Lines: []string{text, text, text}}.
		Para(text).Para(text, tagout.Bold(text)).Fact(text, text)
	for range 60 {
		m = m.Para("one of many paragraphs").Fact("label", text[:900])
	}
	for range 40 {
		m.Buttons = append(m.Buttons, tagout.Button{Action: "a", Label: text, Value: "v", Confirm: text})
	}
	return m
}

func TestMessagesRenderAsRecorded(t *testing.T) {
	t.Parallel()
	messages := map[string]tagout.Message{
		"kill_answer": killAnswer(), "page_dm": pageDM(), "card": card(), "decision": decision(), "decision_hostile": decisionHostile(), "timeline": timeline(),
		"hostile": hostile(), "strange": strange(), "huge": huge(), "empty": {}, "one_line": tagout.Say("INC-7 was acknowledged."),
	}
	for name, m := range messages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := renderer{}.content(m)
			golden(t, name+".message", map[string]any{"text": content.Text, "blocks": content.Blocks})
		})
	}
}

func TestFormsRenderAsRecorded(t *testing.T) {
	t.Parallel()
	var many []tagout.Option
	for _, r := range strings.Split("abcdefghijklmnopqrst", "") {
		many = append(many, tagout.Option{Value: r, Label: "Option " + r})
	}
	form := tagout.Form{
		ID: "resume", Title: "Ask to resume the mailer agent", Submit: "Ask", State: "INC-7",
		Intro: []tagout.Text{tagout.T("What was wrong with ", tagout.Fixed("mailer"), "? ", evil)},
		Fields: []tagout.Field{
			{Key: "cause", Label: "Cause", Kind: tagout.FieldParagraph, Hint: "What really happened", Value: evil},
			{Key: "title", Label: evil, Kind: tagout.FieldLine, Optional: true, Value: "one\ntwo"},
			{Key: "target", Label: "Target", Kind: tagout.FieldChoice, Value: "review", Options: []tagout.Option{{Value: "running", Label: "● running"}, {Value: "review", Label: "◆ review"}}},
			{Key: "checked", Label: "Checked", Kind: tagout.FieldChoices, Value: "b", Options: []tagout.Option{{Value: "a", Label: evil}, {Value: "b", Label: "Logs"}}},
			{Key: "many", Label: "Many", Kind: tagout.FieldChoices, Options: many, Optional: true},
			{Key: "owner", Label: "Owner", Kind: tagout.FieldPerson, Value: "U0IC"},
			{Key: "review", Label: "Review at", Kind: tagout.FieldMoment, Value: "2026-11-23T09:00:00Z"},
		},
	}
	view, err := renderer{}.view(form, "C0INC7")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "form.view", view)
}

func TestAFormThatWouldLoseSomethingIsRefused(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]tagout.Form{
		"state too long":  {ID: "x", State: strings.Repeat("s", 3000)},
		"no ID":           {},
		"choice too long": {ID: "x", Fields: []tagout.Field{{Key: "k", Kind: tagout.FieldChoice, Options: []tagout.Option{{Value: strings.Repeat("v", 151)}}}}},
		"no choices":      {ID: "x", Fields: []tagout.Field{{Key: "k", Kind: tagout.FieldChoice}}},
		"no key":          {ID: "x", Fields: []tagout.Field{{Kind: tagout.FieldLine}}},
	} {
		if _, err := (renderer{}).view(form, "C1"); tagout.CodeOf(err) != tagout.Internal {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNothingForeignBecomesAMention(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]tagout.Message{"hostile": hostile(), "kill": killAnswer()} {
		content := renderer{}.content(m)
		for _, s := range append(mrkdwnTexts(content.Blocks), content.Text) {
			for _, token := range []string{"<!channel", "<!here", "<@U0LEGAL", "<https://evil", "<javascript"} {
				if strings.Contains(s, token) {
					t.Errorf("%s: %q stands in %q", name, token, s)
				}
			}
		}
	}
}

// mrkdwnTexts are the texts in which Slack would look for markup.
func mrkdwnTexts(blocks []slack.Block) []string {
	var texts []string
	add := func(o *slack.TextBlockObject) {
		if o != nil && o.Type == slack.MarkdownType {
			texts = append(texts, o.Text)
		}
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case *slack.SectionBlock:
			add(b.Text)
			for _, f := range b.Fields {
				add(f)
			}
		case *slack.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				if o, ok := e.(*slack.TextBlockObject); ok {
					add(o)
				}
			}
		}
	}
	return texts
}

func TestALongTimelineIsSplitAndKeepsItsButtons(t *testing.T) {
	t.Parallel()
	m := tagout.Message{Title: "Timeline", Buttons: []tagout.Button{{Action: "more", Label: "More", Value: "7"}}}
	for range 400 {
		m.Lines = append(m.Lines, strings.Repeat("x", 100))
	}
	parts := renderer{}.parts(m)
	if len(parts) != maxParts {
		t.Fatalf("%d parts", len(parts))
	}
	if parts[0].Title == "" || len(parts[0].Buttons) != 0 || len(parts[maxParts-1].Buttons) != 1 {
		t.Errorf("title and buttons are in the wrong parts")
	}
	for i, part := range parts {
		if last := i == maxParts-1; strings.Contains(strings.Join(part.Lines, "\n"), "cut, see /timeline") != last && last {
			t.Errorf("the last part does not say that it was cut")
		}
		if text, _ := json.Marshal(renderer{}.content(part).Blocks); i < maxParts-1 && strings.Contains(string(text), "cut, see") {
			t.Errorf("part %d is cut again", i)
		}
	}
}

func TestWhatFormatsAndWhatDoesNot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"policy_violation": false, "mailer/email": false, "15:04:05": false, "2*3*4": false, "a b": false, "": false,
		"*bold*": true, "_x_": true, "~x~": true, "`x`": true, ":tada:": true, "a *b": true, "> quote": true,
	} {
		if got := formats(text); got != want {
			t.Errorf("formats(%q) = %v", text, got)
		}
	}
}

// golden compares v with a recorded file, or records it with -update.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s differs from what is recorded (go test ./bot -update records it anew):\n%s", file, clipText(got.String(), 4000))
	}
}

func TestCommandsAreShownAsTheyAreTypedInThisWorkspace(t *testing.T) {
	t.Parallel()
	m := tagout.Say("Type ", tagout.Typed("kill AGENT"), ".").Fact("To resume", tagout.Typed("resume INC-7"))
	m.Footer = tagout.T("Or ", tagout.Typed("status"))
	content := renderer{prefix: "ai-"}.content(m)
	blocks, err := json.Marshal(content.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/ai-kill AGENT", "/ai-resume INC-7", "/ai-status"} {
		if !strings.Contains(content.Text, want) || !strings.Contains(string(blocks), want) {
			t.Errorf("%q is missing in %q and %s", want, content.Text, blocks)
		}
	}
	if m.Body[0][1].Kind != tagout.SpanCommand {
		t.Error("the message that was rendered was changed")
	}
}
