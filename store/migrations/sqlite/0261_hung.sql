-- Every start compares what stands with what the timelines tell of it.

-- +goose Up
CREATE INDEX events_hung ON events (incident) WHERE kind = 'hold.hung';

-- +goose Down
DROP INDEX events_hung;
