package bot

import (
	"context"

	"github.com/slack-go/slack"
)

func (s *slackGo) Message(ctx context.Context, at Place) (Said, error) {
	const page = 10 // a message in a thread may come with the one that began it
	found, _, _, err := s.client.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: at.Channel, Timestamp: at.TS, Latest: at.TS, Oldest: at.TS, Inclusive: true, Limit: page,
	})
	if err != nil {
		return Said{}, err
	}
	for _, m := range found {
		if m.Timestamp == at.TS {
			return Said{Author: orText(m.User, orText(m.Username, m.BotID)), Text: m.Text}, nil
		}
	}
	return Said{}, slack.SlackErrorResponse{Err: "message_not_found"}
}

func (s *slackGo) Permalink(ctx context.Context, at Place) (string, error) {
	return s.client.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: at.Channel, Ts: at.TS})
}

func (s *slackGo) Hidden(ctx context.Context, channel string) (bool, error) {
	found, err := s.client.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return false, err
	}
	return found.IsPrivate || found.IsIM || found.IsMpIM, nil
}
