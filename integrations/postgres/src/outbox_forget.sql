-- Deletes the messages about issues. What was not sent stays counted.
WITH gone AS (
    DELETE FROM outbox WHERE hash = ANY($1) RETURNING id, channel, state, created
), freed AS (
    DELETE FROM held_back WHERE hash = ANY($1) RETURNING channel, message, count, since
), counted AS (
    SELECT channel, 0 AS message, 1 AS count, created AS since FROM gone WHERE state = 'waiting'
    UNION ALL
    SELECT channel, CASE WHEN message IN (SELECT id FROM gone) THEN 0 ELSE message END, count, since FROM freed
)
INSERT INTO held_back (channel, hash, message, count, since)
    SELECT channel, '', message, sum(count)::bigint, min(since) FROM counted GROUP BY channel, message
    ON CONFLICT (channel, hash, message) DO UPDATE
        SET count = held_back.count + excluded.count, since = least(held_back.since, excluded.since)
