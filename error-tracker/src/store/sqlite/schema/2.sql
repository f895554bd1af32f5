-- SQLite writes a text index out whenever a statement begins, so a row of it for each issue was dear: the store adds those of
-- a transaction's new issues together (write.rs).
DROP TRIGGER issue_added;

CREATE TRIGGER issue_added AFTER INSERT ON issue BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'issues';
END;
