-- Times are microseconds, hours are hours, both since 1970-01-01 UTC.
CREATE TABLE issue (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    type TEXT NOT NULL,
    variant TEXT,
    message TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'unresolved',
    handled INTEGER NOT NULL,
    function TEXT NOT NULL,
    module TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    host TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    release TEXT NOT NULL,
    environment TEXT NOT NULL,
    notification_sent INTEGER NOT NULL DEFAULT 0,
    ticket_raised INTEGER NOT NULL DEFAULT 0,
    ticket TEXT,
    components TEXT NOT NULL,
    -- Whether the latest sighting opened it again.
    reopened INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX issue_last_seen ON issue (last_seen, hash);
CREATE INDEX issue_first_seen ON issue (first_seen, hash);
CREATE INDEX issue_count ON issue (count, hash);
CREATE INDEX issue_type ON issue (type, hash);

-- In the order in which they came, which is not that of a clock that jumps.
CREATE TABLE occurrence (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    issue INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;

CREATE INDEX occurrence_issue ON occurrence (issue, seq, id);

CREATE TABLE bucket (
    issue INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (issue, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('issues', 0);

CREATE VIRTUAL TABLE issue_text USING fts5 (
    type, message, function, file, content = 'issue', content_rowid = 'id', tokenize = 'trigram'
);

CREATE TRIGGER issue_added AFTER INSERT ON issue BEGIN
    INSERT INTO issue_text (rowid, type, message, function, file)
    VALUES (new.id, new.type, new.message, new.function, new.file);
    UPDATE meta SET value = value + 1 WHERE key = 'issues';
END;

CREATE TRIGGER issue_deleted AFTER DELETE ON issue BEGIN
    INSERT INTO issue_text (issue_text, rowid, type, message, function, file)
    VALUES ('delete', old.id, old.type, old.message, old.function, old.file);
    UPDATE meta SET value = value - 1 WHERE key = 'issues';
END;

CREATE TRIGGER issue_changed AFTER UPDATE OF type, message, function, file ON issue
WHEN (old.type, old.message, old.function, old.file) IS NOT (new.type, new.message, new.function, new.file)
BEGIN
    INSERT INTO issue_text (issue_text, rowid, type, message, function, file)
    VALUES ('delete', old.id, old.type, old.message, old.function, old.file);
    INSERT INTO issue_text (rowid, type, message, function, file)
    VALUES (new.id, new.type, new.message, new.function, new.file);
END;
