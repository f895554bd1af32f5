-- Messages to people. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    -- Of the issue; empty for a digest.
    hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    event TEXT NOT NULL,
    created INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    due INTEGER NOT NULL,
    -- Who has claimed it, and until when.
    owner TEXT,
    claimed_until INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    finished INTEGER,
    result TEXT NOT NULL DEFAULT '',
    -- The messages about an issue are found by it as well.
    UNIQUE (hash, channel, reason)
) STRICT;

-- Those that wait, those that count for a limit, and the latest. Each index takes a page of a small file.
CREATE INDEX outbox_state ON outbox (channel, state, created);

-- How many messages were held back for an issue (empty: for issues that are deleted), and the message that tells of them
-- (0: none yet).
CREATE TABLE held_back (
    channel TEXT NOT NULL,
    hash TEXT NOT NULL,
    message INTEGER NOT NULL,
    count INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (channel, hash, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_back_issue ON held_back (hash);

-- What people have changed of the status of issues, for channels that tell of it.
CREATE TABLE status_change (
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (hash, at)
) STRICT, WITHOUT ROWID;

-- What was not sent stays counted.
CREATE TRIGGER issue_messages_deleted AFTER DELETE ON issue BEGIN
    INSERT INTO held_back (channel, hash, message, count, since)
        SELECT channel, '', 0, count(*), min(created) FROM outbox
            WHERE hash = old.hash AND state = 'waiting' GROUP BY channel
        ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since);
    INSERT INTO held_back (channel, hash, message, count, since)
        SELECT channel, '', 0, sum(count), min(since) FROM held_back
            WHERE hash = old.hash AND message IN (SELECT id FROM outbox WHERE hash = old.hash) GROUP BY channel
        ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since);
    DELETE FROM held_back WHERE hash = old.hash AND message IN (SELECT id FROM outbox WHERE hash = old.hash);
    INSERT INTO held_back (channel, hash, message, count, since)
        SELECT channel, '', message, sum(count), min(since) FROM held_back WHERE hash = old.hash GROUP BY channel, message
        ON CONFLICT DO UPDATE SET count = count + excluded.count, since = min(since, excluded.since);
    DELETE FROM held_back WHERE hash = old.hash;
    DELETE FROM outbox WHERE hash = old.hash;
    DELETE FROM status_change WHERE hash = old.hash;
END;
