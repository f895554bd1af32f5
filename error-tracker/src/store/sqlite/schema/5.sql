-- Now says whether all events were handled on the way, no longer whether the latest was; of older events that is not known.
UPDATE issue SET handled = 0 WHERE handled <> 0;
CREATE INDEX issue_handled ON issue (handled, last_seen, hash);
