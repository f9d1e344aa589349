-- Resume requests that stand: an alert is dated after them.

-- +goose Up
CREATE INDEX resume_requests_pending ON resume_requests (requested_at) WHERE state = 'pending';

-- +goose Down
DROP INDEX resume_requests_pending;
