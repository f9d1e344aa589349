-- +goose Up
-- Every start compares what was ever lifted with what the timelines tell of it.
CREATE INDEX events_liftings ON events (incident) WHERE kind IN ('hold.lifted', 'drill.lifted');

-- +goose Down
DROP INDEX events_liftings;
