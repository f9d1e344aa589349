package bot

import (
	"cmp"
	"context"

	"github.com/slack-go/slack"
)

// channelPage is how many channels one page of a listing holds.
const channelPage = 1000

func (s *slackGo) CreateChannel(ctx context.Context, channel NewChannel) (Channel, error) {
	made, err := s.client.CreateConversationContext(ctx, slack.CreateConversationParams{
		ChannelName: channel.Name, IsPrivate: channel.Private,
	})
	if err != nil {
		return Channel{}, err
	}
	return channelOf(*made), nil
}

func (s *slackGo) OwnChannels(ctx context.Context, cursor string) ([]Channel, string, error) {
	page, next, err := s.client.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{
		Cursor: cursor, Limit: channelPage, Types: []string{"public_channel", "private_channel"},
	})
	return channelsOf(page), next, err
}

func (s *slackGo) Channels(ctx context.Context, cursor string) ([]Channel, string, error) {
	page, next, err := s.client.GetConversationsContext(ctx, &slack.GetConversationsParameters{
		Cursor: cursor, Limit: channelPage, Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true,
	})
	return channelsOf(page), next, err
}

func channelsOf(page []slack.Channel) []Channel {
	channels := make([]Channel, 0, len(page))
	for _, c := range page {
		channels = append(channels, channelOf(c))
	}
	return channels
}

func channelOf(c slack.Channel) Channel {
	return Channel{
		ID: c.ID, Name: c.Name, Creator: c.Creator, Purpose: c.Purpose.Value,
		Created: c.Created.Time(), Archived: c.IsArchived,
	}
}

func (s *slackGo) Join(ctx context.Context, channel string) error {
	_, _, _, err := s.client.JoinConversationContext(ctx, channel)
	return err
}

func (s *slackGo) Invite(ctx context.Context, channel string, users []string) error {
	_, err := s.client.ForceInviteUsersToConversationContext(ctx, channel, users...)
	return err
}

func (s *slackGo) SetTopic(ctx context.Context, channel, topic string) error {
	_, err := s.client.SetTopicOfConversationContext(ctx, channel, topic)
	return err
}

func (s *slackGo) SetPurpose(ctx context.Context, channel, purpose string) error {
	_, err := s.client.SetPurposeOfConversationContext(ctx, channel, purpose)
	return err
}

func (s *slackGo) Pin(ctx context.Context, at Place) error {
	return s.client.AddPinContext(ctx, at.Channel, slack.NewRefToMessage(at.Channel, at.TS))
}

func (s *slackGo) User(ctx context.Context, id string) (Member, error) {
	u, err := s.client.GetUserInfoContext(ctx, id)
	if err != nil {
		return Member{}, err
	}
	return memberOf(u), nil
}

func (s *slackGo) UserByEmail(ctx context.Context, email string) (Member, error) {
	u, err := s.client.GetUserByEmailContext(ctx, email)
	if err != nil {
		return Member{}, err
	}
	return memberOf(u), nil
}

func memberOf(u *slack.User) Member {
	return Member{
		ID: u.ID, Name: cmp.Or(u.RealName, u.Profile.RealName, u.Name), Team: u.TeamID, Guest: u.IsRestricted || u.IsUltraRestricted || u.IsStranger,
		Bot: u.IsBot || u.IsWorkflowBot || u.IsConnectorBot, Gone: u.Deleted,
	}
}

func (s *slackGo) GroupMembers(ctx context.Context, group string) ([]string, error) {
	return s.client.GetUserGroupMembersContext(ctx, group)
}
