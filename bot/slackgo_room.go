package bot

import (
	"context"

	"github.com/slack-go/slack"

	"tagout"
)

func (s *slackGo) Archive(ctx context.Context, channel string) error {
	return s.client.ArchiveConversationContext(ctx, channel)
}

func (s *slackGo) Bookmarks(ctx context.Context, channel string) ([]tagout.Bookmark, error) {
	listed, err := s.client.ListBookmarksContext(ctx, channel)
	found := make([]tagout.Bookmark, 0, len(listed))
	for _, b := range listed {
		found = append(found, tagout.Bookmark{ID: b.ID, Title: b.Title, URL: b.Link})
	}
	return found, err
}

func (s *slackGo) AddBookmark(ctx context.Context, channel string, b tagout.Bookmark) (string, error) {
	added, err := s.client.AddBookmarkContext(ctx, channel, slack.AddBookmarkParameters{Title: b.Title, Type: "link", Link: b.URL})
	return added.ID, err
}

func (s *slackGo) EditBookmark(ctx context.Context, channel string, b tagout.Bookmark) error {
	_, err := s.client.EditBookmarkContext(ctx, channel, b.ID, slack.EditBookmarkParameters{Title: &b.Title, Link: b.URL})
	return err
}

func (s *slackGo) RemoveBookmark(ctx context.Context, channel, id string) error {
	return s.client.RemoveBookmarkContext(ctx, channel, id)
}

func (s *slackGo) PublishHome(ctx context.Context, user string, view slack.HomeTabViewRequest) error {
	_, err := s.client.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: view})
	return err
}
