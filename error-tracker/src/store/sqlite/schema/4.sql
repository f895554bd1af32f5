-- When an issue was resolved: what was captured before then does not open it again.
ALTER TABLE issue ADD COLUMN resolved_at INTEGER;

-- When it had been resolved before the latest sighting opened it again.
ALTER TABLE issue DROP COLUMN reopened;
ALTER TABLE issue ADD COLUMN reopened_from INTEGER;

-- Issues of one kind, type and place have one number (store/retention.rs). Older ones have none, and count apart.
ALTER TABLE issue ADD COLUMN family INTEGER NOT NULL DEFAULT 0;
UPDATE issue SET family = -id;

-- All that decides which issues go, so that no row is read for it.
DROP INDEX issue_last_seen;
CREATE INDEX issue_last_seen ON issue (last_seen, hash, family, kind, status);

-- The first occurrences of each release stay.
ALTER TABLE occurrence ADD COLUMN release TEXT NOT NULL DEFAULT '';
UPDATE occurrence SET release = ifnull(payload ->> '$.origin.release', '');
DROP INDEX occurrence_issue;
CREATE INDEX occurrence_issue ON occurrence (issue, seq, id, release);

-- Random bytes that the forms of the pages are signed with, the same for all who open the file.
CREATE TABLE secret (bytes BLOB NOT NULL) STRICT;
INSERT INTO secret VALUES (randomblob(32));
