-- +goose Up
CREATE INDEX incidents_resumed ON incidents (id) WHERE state = 'resumed';

-- +goose Down
DROP INDEX incidents_resumed;
