package sandbox_test

import (
	"testing"

	"github.com/slack-go/slack"

	"tagout/internal/browsertest"
)

func TestThePageShowsTopicBookmarksAndAppHome(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	if _, err := app.w.API.SetTopicOfConversationContext(soon(t), "C0INCIDENTS", "INC-7 · SEV-1 · IC <@U0IC>"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.w.API.AddBookmarkContext(soon(t), "C0INCIDENTS", slack.AddBookmarkParameters{Title: "Runbook", Type: "link", Link: "https://wiki.example.com/a"}); err != nil {
		t.Fatal(err)
	}
	p.sees(".header .topic", "INC-7 · SEV-1 · IC @Iris")
	p.sees(".header", "Runbook")

	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "You are paged for", false, false)),
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "*INC-7* ■ halted", false, false), nil, nil),
	}}}
	if _, err := app.w.API.PublishViewContext(soon(t), slack.PublishViewContextRequest{UserID: "U0IC", View: home}); err != nil {
		t.Fatal(err)
	}
	p.click("[data-channel-name=app-home]")
	p.sees(".home", "You are paged for")
	p.sees(".home .mode-halted", "halted")
	p.until("nothing but the app's own blocks at home", `document.querySelector('#messages').children.length === 1`)
	browsertest.Screenshot(t, p.ctx, "sandbox-home")
}
