-- The users whom an issue affected: their number, and the sketch that it is estimated from (store/user_sketch.rs). Of older events
-- they are not known.
ALTER TABLE issue ADD COLUMN users INTEGER NOT NULL DEFAULT 0;

CREATE TABLE issue_users (
    issue INTEGER PRIMARY KEY REFERENCES issue (id) ON DELETE CASCADE,
    sketch BLOB NOT NULL
) STRICT;

-- The releases and routes in which an issue occurred (store/facets.rs). `before` is the most occurrences that a value may have had
-- before it was listed.
CREATE TABLE facet (
    issue INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    before INTEGER NOT NULL,
    PRIMARY KEY (issue, kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX facet_value ON facet (kind, value, issue);
