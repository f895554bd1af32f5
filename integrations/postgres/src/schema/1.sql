-- Times are microseconds, minutes are minutes, hours are hours, all since 1970-01-01 UTC. A hash of 64 hexadecimal digits is kept as
-- its 32 bytes (convert.rs).

-- No index has a column that changes with every event, so that updates are HOT: they write no index, and their old versions go without a
-- vacuum. Lists are sorted by `minute`, and within a minute by `last_seen`.
CREATE TABLE issue (
    hash bytea PRIMARY KEY,
    family bigint NOT NULL,
    kind text NOT NULL,
    level text NOT NULL,
    type text COLLATE "C" NOT NULL,
    variant text,
    message text NOT NULL,
    count bigint NOT NULL,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    minute bigint NOT NULL,
    users bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'unresolved',
    resolved_at bigint,
    resolved_in text,
    -- The number of the latest release that was known when an issue was resolved in one.
    resolved_known bigint,
    muted_until bigint,
    muted_until_count bigint,
    assignee text COLLATE "C" NOT NULL DEFAULT '',
    handled boolean NOT NULL,
    function text NOT NULL,
    module text NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    host text NOT NULL,
    method text COLLATE "C" NOT NULL,
    path text NOT NULL,
    release text NOT NULL,
    environment text NOT NULL,
    components text NOT NULL,
    -- From which occurrence on the first ones are counted, which stay: since the issue was opened again.
    first_seq bigint NOT NULL DEFAULT 0,
    -- The issue that it is a part of (merge.rs). Its row and its occurrences stay its own; the row of the other has the totals, and in
    -- own_* what it had without its parts.
    merged_into bytea,
    parts bigint NOT NULL DEFAULT 0,
    own_first_seen bigint,
    own_last_seen bigint,
    own_handled boolean
) WITH (fillfactor = 70);

CREATE INDEX issue_minute ON issue (minute);
CREATE INDEX issue_handled ON issue (minute) WHERE handled;
CREATE INDEX issue_first_seen ON issue (first_seen, hash);
-- An index has no room for long types.
CREATE INDEX issue_type ON issue (left(type, 200), hash);
CREATE INDEX issue_assignee ON issue (lower(assignee)) WHERE assignee <> '';
CREATE INDEX issue_merged ON issue (merged_into) WHERE merged_into IS NOT NULL;

-- What is searched, in folded case (text.rs). Beside the issues, because it is indexed and messages may change with every event.
CREATE TABLE issue_text (
    issue bytea PRIMARY KEY,
    failure text NOT NULL,
    request text NOT NULL
) WITH (fillfactor = 90);

-- Parted by weeks (weeks.rs). `seq` is the order in which they were recorded, which is not that of the clocks of many machines.
CREATE TABLE occurrence (
    at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    issue bytea NOT NULL,
    seq bigint NOT NULL,
    release text NOT NULL,
    payload text NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

CREATE INDEX occurrence_issue ON occurrence (issue, seq);
-- Those of clocks that are far off, and those of expired weeks that stay with their issues.
CREATE TABLE occurrence_other PARTITION OF occurrence DEFAULT;
CREATE SEQUENCE batch_number;

CREATE TABLE bucket (
    issue bytea NOT NULL,
    hour bigint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (issue, hour)
) WITH (fillfactor = 70);

-- The sketches from which the numbers of users are estimated.
CREATE TABLE issue_users (issue bytea PRIMARY KEY, sketch bytea NOT NULL) WITH (fillfactor = 70);

-- The releases and routes in which an issue occurred. `before` is the most occurrences that a value may have had before it was listed.
CREATE TABLE facet (
    issue bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    before bigint NOT NULL,
    PRIMARY KEY (issue, kind, value)
) WITH (fillfactor = 70);

CREATE INDEX facet_value ON facet (kind, value);

CREATE TABLE note (
    issue bytea NOT NULL,
    at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    author text NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (issue, at, id)
);

-- Numbered in the order in which they were seen first.
CREATE TABLE release (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

-- The number of the last batch that each writing process has committed (batch_mark.rs).
CREATE TABLE writer (id bytea PRIMARY KEY, number bigint NOT NULL, at bigint NOT NULL) WITH (fillfactor = 50);

-- Random bytes that the forms of the pages are signed with, the same for all processes.
CREATE TABLE secret (bytes bytea NOT NULL);
INSERT INTO secret VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

CREATE TABLE meta (key text PRIMARY KEY, value bigint NOT NULL);

-- Messages to people. Hashes are texts here.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text COLLATE "C" NOT NULL,
    -- Of the issue; empty for a digest.
    hash text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    event text NOT NULL,
    created bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    due bigint NOT NULL,
    -- Who has claimed it, and until when.
    owner text,
    claimed_until bigint,
    attempts bigint NOT NULL DEFAULT 0,
    finished bigint,
    result text NOT NULL DEFAULT '',
    UNIQUE (channel, hash, reason)
);

CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state = 'waiting';
CREATE INDEX outbox_issue ON outbox (hash, id);
-- By these the limits are checked.
CREATE INDEX outbox_created ON outbox (channel, created);
CREATE INDEX outbox_finished ON outbox (finished) WHERE finished IS NOT NULL;

-- Whoever adds a message within limits locks the row of its channel.
CREATE TABLE outbox_channel (name text COLLATE "C" PRIMARY KEY);

-- How many messages were held back for an issue (empty: for issues that are deleted), and the message that tells of them (0: none yet).
CREATE TABLE held_back (
    channel text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    count bigint NOT NULL,
    since bigint NOT NULL,
    PRIMARY KEY (channel, hash, message)
);

CREATE INDEX held_back_message ON held_back (message) WHERE message <> 0;
CREATE INDEX held_back_issue ON held_back (hash);

-- What people have changed of the status of issues, for channels that tell of it.
CREATE TABLE status_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash text COLLATE "C" NOT NULL,
    status text NOT NULL,
    at bigint NOT NULL
);

CREATE INDEX status_change_at ON status_change (at);
CREATE INDEX status_change_issue ON status_change (hash);
