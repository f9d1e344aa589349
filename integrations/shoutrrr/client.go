package shoutrrr

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
	"github.com/nicholas-fedor/shoutrrr/pkg/util/jsonclient"

	"tagout/integrations/outgoing"
)

// adopt makes a service use our client, which obeys the context and follows no redirect. It
// reports false for a service that does not let itself be given one: Teams, Telegram and
// most others use clients of their own, of which nothing is seen.
func adopt(service types.Service, client *http.Client) bool {
	switch s := service.(type) {
	case interface{ SetHTTPClient(*http.Client) }:
		s.SetHTTPClient(client)
	case *discord.Service:
		s.HTTPClient = client
	case *rocketchat.Service:
		s.Client = client
	case *pushover.Service:
		s.Client = client
	case interface{ GetHTTPClient() *http.Client }:
		own := s.GetHTTPClient()
		if own == nil {
			return false
		}
		*own = *client
	default:
		return false
	}
	return true
}

// unwatched judges the error of a service whose answers are not seen, by the status that it
// quotes, if it does.
func unwatched(call *outgoing.Call, err error) error {
	if answer, ok := errors.AsType[jsonclient.Error](err); ok {
		return call.Refused(answer.StatusCode)
	}
	text := err.Error()
	for status := 300; status < 600; status++ {
		if words := http.StatusText(status); words != "" && strings.Contains(text, fmt.Sprintf("%d %s", status, words)) {
			return call.Refused(status)
		}
	}
	return call.Failed(err)
}

// takes reports whether a service's configuration has the property.
func takes(service types.Service, property string) bool {
	config := reflect.Indirect(reflect.ValueOf(service)).FieldByName("Config")
	if !config.IsValid() || config.Kind() != reflect.Pointer {
		return false
	}
	for i := range config.Type().Elem().NumField() {
		keys := config.Type().Elem().Field(i).Tag.Get("key")
		for key := range strings.SplitSeq(keys, ",") {
			if key == property {
				return true
			}
		}
	}
	return false
}
