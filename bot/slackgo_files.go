package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/slack-go/slack"
)

func (s *slackGo) UploadURL(ctx context.Context, u Upload) (url, file string, err error) {
	answer, err := s.client.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: u.Name, FileSize: len(u.Content), AltTxt: u.Alt})
	if err != nil {
		return "", "", err
	}
	return answer.UploadURL, answer.FileID, nil
}

func (s *slackGo) SendFile(ctx context.Context, url string, content []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(content))
	if err != nil {
		return errors.New("no usable address for the upload")
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	client := http.Client{Transport: s.http.Transport} // a large file may take longer than a call; ctx bounds it
	answer, err := client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10))
	if answer.StatusCode != http.StatusOK {
		return slack.StatusCodeError{Code: answer.StatusCode, Status: answer.Status}
	}
	return nil
}

func (s *slackGo) ShareFile(ctx context.Context, file string, u Upload) error {
	_, err := s.client.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: file, Title: u.Name}}, Channel: u.Channel, InitialComment: u.Comment,
	})
	return err
}
