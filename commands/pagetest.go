package commands

import (
	"context"
	"iter"
	"strings"

	"tagout"
)

// PageTester is what trying one's pagers needs.
type PageTester interface {
	// TestPages sends a page marked TEST by each of somebody's pagers, or by one, and yields
	// how far each got. It returns Invalid for a pager that does not reach them, and TooMany
	// right after another trial.
	TestPages(ctx context.Context, t tagout.PageTest) (iter.Seq[[]tagout.PageTried], error)
	// ReceiveTest takes somebody's word that a trial arrived. It returns Invalid for the
	// value of another button.
	ReceiveTest(value string) (tagout.PageTried, error)
}

// pageTest lets everybody try their own pagers.
func pageTest(d PageTester) tagout.Command {
	return tagout.Command{
		Name: "page-test", Summary: "Page yourself as a trial, by each of your pagers.", Usage: "[PAGER]", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/page-test", "/page-test email"},
			"Each page is marked TEST and has an Acknowledge button or link; press it to prove that it reached you. No incident is opened, and nothing counts in the figures."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "be paged"); err != nil {
				return tagout.Reply{}, err
			}
			words := strings.Fields(line(in.Text))
			if len(words) > 1 {
				return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
					"%q was not understood: write /tagout page-test, or the name of one pager after it.",
					clip(words[1]))
			}
			t := tagout.PageTest{ID: in.ID, By: in.User}
			if len(words) == 1 {
				t.Pager = strings.ToLower(bare(words[0]))
			}
			tried, err := d.TestPages(ctx, t)
			if err != nil {
				return tagout.Reply{}, err
			}
			first, rest := head(tried)
			return tagout.Reply{Message: triedText(first), Updates: rest}, nil
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"page-test": func(_ context.Context, c tagout.Click) (tagout.Reply, error) {
				got, err := d.ReceiveTest(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				m := tagout.Say("Received: ", tagout.Bold(got.Pager), " reached you after ",
					tagout.Elapsed(got.ReceivedAt.Sub(got.BeganAt)), ". It was a trial; there is no incident.")
				m.Tone = tagout.ToneGood
				return tagout.Reply{Message: m}, nil
			},
		},
	}
}

// head is what is known at once, and the messages that follow.
func head(tried iter.Seq[[]tagout.PageTried]) ([]tagout.PageTried, iter.Seq[tagout.Message]) {
	var first []tagout.PageTried
	for now := range tried {
		first = now
		break
	}
	return first, func(yield func(tagout.Message) bool) {
		for now := range tried {
			if !yield(triedText(now)) {
				return
			}
		}
	}
}

// triedText tells how far each pager got.
func triedText(tried []tagout.PageTried) tagout.Message {
	m := tagout.Message{Title: "Trial of your pagers"}
	for _, t := range tried {
		switch {
		case t.Error != "":
			m.Tone = tagout.ToneDanger
			m = m.Fact(t.Pager, tagout.Bold("failed"), ": "+line(t.Error))
		case !t.ReceivedAt.IsZero():
			m = m.Fact(t.Pager, tagout.Bold("received"), " after "+tagout.Elapsed(t.ReceivedAt.Sub(t.BeganAt)))
		case !t.SentAt.IsZero():
			m = m.Fact(t.Pager, "sent after "+tagout.Elapsed(t.SentAt.Sub(t.BeganAt))+"; press Acknowledge where it arrives")
		default:
			m = m.Fact(t.Pager, "being sent…")
		}
	}
	m.Footer = tagout.T("No incident was opened.")
	return m
}
