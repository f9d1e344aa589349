-- +goose Up
-- When the last alert came that was not a repeat. Where it is missing, as in older rows, the
-- document tells.
ALTER TABLE incidents ADD COLUMN alerted_at timestamptz;

-- +goose Down
-- jsonb refuses the escape of NUL.
UPDATE incidents SET doc = jsonb_set(replace(doc, '\u0000', '\ufffd')::jsonb, '{Alerts}', (replace(doc, '\u0000', '\ufffd')::jsonb -> 'Alerts') || jsonb_build_object(
    'distinct', alerts_distinct, 'firing', alerts_firing, 'last_at', to_char(alerted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::text
WHERE alerted_at IS NOT NULL AND replace(doc, '\u0000', '\ufffd')::jsonb -> 'Alerts' IS NOT NULL;
ALTER TABLE incidents DROP COLUMN alerted_at;
