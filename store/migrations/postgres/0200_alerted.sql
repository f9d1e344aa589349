-- +goose Up
-- When the last alert came that was not a repeat. Where it is missing, as in older rows, the
-- document tells.
ALTER TABLE incidents ADD COLUMN alerted_at timestamptz;

-- +goose Down
UPDATE incidents SET doc = jsonb_set(doc::jsonb, '{Alerts}', (doc::jsonb -> 'Alerts') || jsonb_build_object(
    'distinct', alerts_distinct, 'firing', alerts_firing, 'last_at', to_char(alerted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::text
WHERE alerted_at IS NOT NULL AND doc::jsonb -> 'Alerts' IS NOT NULL;
ALTER TABLE incidents DROP COLUMN alerted_at;
