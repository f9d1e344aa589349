-- +goose Up
-- When the last alert came that was not a repeat. Where it is missing, as in older rows, the
-- document tells.
ALTER TABLE incidents ADD COLUMN alerted_at datetime;

-- +goose Down
UPDATE incidents SET doc = json_set(doc, '$.Alerts.distinct', alerts_distinct, '$.Alerts.firing', alerts_firing,
    '$.Alerts.last_at', replace(replace(alerted_at, ' ', 'T'), '+00:00', 'Z'))
WHERE alerted_at IS NOT NULL AND json_extract(doc, '$.Alerts') IS NOT NULL;
ALTER TABLE incidents DROP COLUMN alerted_at;
