-- What people change of issues. The upsert writes none of it, and looks only at issues that are not open.
ALTER TABLE issue ADD COLUMN resolved_in TEXT;
-- The number of the latest release that was known when an issue was resolved in one.
ALTER TABLE issue ADD COLUMN resolved_known INTEGER;
ALTER TABLE issue ADD COLUMN muted_until INTEGER;
ALTER TABLE issue ADD COLUMN muted_until_count INTEGER;
ALTER TABLE issue ADD COLUMN assignee TEXT COLLATE NOCASE;
CREATE INDEX issue_assignee ON issue (assignee, last_seen, hash) WHERE assignee IS NOT NULL;

-- The store decides whether an issue opens again.
ALTER TABLE issue DROP COLUMN reopened_from;

CREATE TABLE note (
    issue INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    id TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (issue, at, id)
) STRICT, WITHOUT ROWID;

-- Numbered in the order in which they were seen first.
CREATE TABLE release (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO release (name)
    SELECT release
    FROM (SELECT release, seq FROM occurrence UNION ALL SELECT release, 9223372036854775807 FROM issue)
    WHERE release <> '' GROUP BY release ORDER BY min(seq), release;
