package bot_test

import (
	"context"

	"tagout"
)

// DigestMessage is what the test says.
func (d *desk) DigestMessage(_ context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder, v tagout.Viewer) (tagout.Message, error) {
	return tagout.Message{}, nil
}
