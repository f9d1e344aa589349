-- +goose Up
-- Whether anything in Slack shows an incident. Of older ones nobody knows, so they are looked at.
ALTER TABLE incidents ADD COLUMN shown boolean NOT NULL DEFAULT true;

-- +goose Down
ALTER TABLE incidents DROP COLUMN shown;
