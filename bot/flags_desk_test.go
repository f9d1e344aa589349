package bot_test

import (
	"context"

	"tagout"
)

func (d *desk) Flag(context.Context, tagout.FlagID) (*tagout.Flag, error) {
	return nil, tagout.Errorf(tagout.NotFound, "There is no such flag.")
}

func (d *desk) FlagMessage(*tagout.Flag) tagout.Message { return tagout.Say("A flag.") }

func (d *desk) QuoteFlag(ctx context.Context, id tagout.FlagID, _ tagout.Quote) (*tagout.Flag, error) {
	return d.Flag(ctx, id)
}

func (d *desk) PlaceFlag(ctx context.Context, id tagout.FlagID, _, _ string) (*tagout.Flag, error) {
	return d.Flag(ctx, id)
}
