-- +goose Up
-- Postgres has a function here.
SELECT 1;

-- +goose Down
SELECT 1;
