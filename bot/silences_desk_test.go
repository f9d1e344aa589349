package bot_test

import (
	"context"

	"tagout"
)

func (d *desk) SilenceMessage(context.Context, tagout.SilenceID) (tagout.Message, *tagout.Silence, error) {
	return tagout.Message{}, nil, tagout.Errorf(tagout.NotFound, "There is no such silence.")
}

func (d *desk) PlaceSilence(context.Context, tagout.SilenceID, string, string) error { return nil }
