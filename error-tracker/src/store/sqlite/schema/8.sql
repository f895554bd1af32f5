-- An issue that was merged into another one is a part of it (store/sqlite/merge.rs). Its row and its occurrences stay its own; the
-- row of the other has the totals, and in own_* what it had without its parts.
ALTER TABLE issue ADD COLUMN merged_into INTEGER REFERENCES issue (id);
ALTER TABLE issue ADD COLUMN parts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issue ADD COLUMN own_first_seen INTEGER;
ALTER TABLE issue ADD COLUMN own_last_seen INTEGER;
ALTER TABLE issue ADD COLUMN own_handled INTEGER;

CREATE INDEX issue_merged ON issue (merged_into) WHERE merged_into IS NOT NULL;

-- All that decides which issues go, so that no row is read for it. Parts go with the issue that they are a part of.
DROP INDEX issue_last_seen;
CREATE INDEX issue_last_seen ON issue (last_seen, hash, family, kind, status, merged_into);
