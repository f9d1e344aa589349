package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// metadataType marks the messages of ours that carry a key.
const metadataType = "tagout"

// historyPage is how many messages one look into the history reads.
const historyPage = 200

// idleConnections are kept for the next calls, so that many pages at once need not each
// connect anew.
const idleConnections = 48

// slackGo is [API] by slack-go.
type slackGo struct {
	client *slack.Client
	http   *http.Client
	url    string
}

// NewAPI connects to Slack with a bot token. apiURL is https://slack.com/api/ unless a
// stand-in is used; nil httpClient means one with a time-out of 15 s.
func NewAPI(token, apiURL string, httpClient *http.Client) API {
	if httpClient == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = idleConnections
		httpClient = &http.Client{Timeout: 15 * time.Second, Transport: transport}
	}
	return &slackGo{client: newClient(token, "", apiURL, httpClient), http: httpClient, url: apiURL}
}

// newClient makes a slack-go client that retries nothing and logs nothing by itself.
func newClient(botToken, appToken, apiURL string, httpClient *http.Client) *slack.Client {
	if apiURL == "" {
		apiURL = slack.APIURL
	}
	return slack.New(botToken,
		slack.OptionAPIURL(strings.TrimRight(apiURL, "/")+"/"),
		slack.OptionAppLevelToken(appToken),
		slack.OptionHTTPClient(httpClient),
		slack.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)))
}

func (s *slackGo) Identify(ctx context.Context) (Identity, error) {
	answer, err := s.client.AuthTestContext(ctx)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Team: answer.TeamID, User: answer.UserID, Bot: answer.BotID, URL: answer.URL}, nil
}

// options are what a message is sent with.
func (c Content) options() []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(c.Text, false), // the renderer escaped it
		slack.MsgOptionBlocks(c.Blocks...),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
	if c.Key != "" {
		options = append(options, slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{"key": c.Key},
		}))
	}
	if c.Thread != "" {
		options = append(options, slack.MsgOptionTS(c.Thread))
	}
	return options
}

func (s *slackGo) Post(ctx context.Context, channel string, c Content) (Place, error) {
	id, ts, err := s.client.PostMessageContext(ctx, channel, c.options()...)
	return Place{Channel: id, TS: ts}, err
}

func (s *slackGo) Whisper(ctx context.Context, channel, user string, c Content) error {
	c.Key = ""
	_, err := s.client.PostEphemeralContext(ctx, channel, user, c.options()...)
	return err
}

func (s *slackGo) Update(ctx context.Context, at Place, c Content) error {
	_, _, _, err := s.client.UpdateMessageContext(ctx, at.Channel, at.TS, c.options()...)
	return err
}

func (s *slackGo) Respond(ctx context.Context, url string, r Response) error {
	kind := "ephemeral"
	if r.InChannel {
		kind = "in_channel"
	}
	body, err := json.Marshal(map[string]any{
		"response_type": kind, "replace_original": false, "text": r.Text, "blocks": r.Blocks,
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("response_url: not a URL")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := s.http.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	return readResponse(answer, text)
}

// readResponse understands the answer of a response_url: "ok", JSON, or a bare error name.
func readResponse(answer *http.Response, text []byte) error {
	if answer.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return &slack.RateLimitedError{RetryAfter: time.Duration(max(1, seconds)) * time.Second}
	}
	if answer.StatusCode >= 500 {
		return slack.StatusCodeError{Code: answer.StatusCode, Status: answer.Status}
	}
	var said struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	_ = json.Unmarshal(text, &said)
	if answer.StatusCode == http.StatusOK && (said.OK == nil || *said.OK) {
		return nil
	}
	if said.Error == "" {
		said.Error = "response_url_refused"
	}
	return slack.SlackErrorResponse{Err: said.Error}
}

func (s *slackGo) History(ctx context.Context, channel string, oldest time.Time) ([]Posted, error) {
	params := &slack.GetConversationHistoryParameters{ChannelID: channel, Limit: historyPage, IncludeAllMetadata: true}
	if !oldest.IsZero() {
		params.Oldest = fmt.Sprintf("%d.%06d", oldest.Unix(), oldest.Nanosecond()/1000)
	}
	answer, err := s.client.GetConversationHistoryContext(ctx, params)
	if err != nil {
		return nil, err
	}
	found := make([]Posted, 0, len(answer.Messages))
	for _, m := range answer.Messages {
		p := Posted{TS: m.Timestamp, Bot: m.BotID}
		if m.Metadata.EventType == metadataType {
			p.Key, _ = m.Metadata.EventPayload["key"].(string)
		}
		for _, f := range m.Files {
			p.Files = append(p.Files, f.Name)
		}
		found = append(found, p)
	}
	return found, nil
}

func (s *slackGo) OpenView(ctx context.Context, trigger string, view slack.ModalViewRequest) (string, error) {
	answer, err := s.client.OpenViewContext(ctx, trigger, view)
	if err != nil {
		return "", err
	}
	return answer.View.ID, nil
}

func (s *slackGo) OpenDM(ctx context.Context, user string) (string, error) {
	channel, _, _, err := s.client.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", err
	}
	if channel == nil {
		return "", fmt.Errorf("conversations.open named no channel")
	}
	return channel.ID, nil
}
