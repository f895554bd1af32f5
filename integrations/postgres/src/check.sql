SELECT 'issue ' || encode(part.hash, 'hex') || ' is a part of one that does not exist' FROM issue AS part
    WHERE merged_into IS NOT NULL AND NOT EXISTS (SELECT FROM issue WHERE issue.hash = part.merged_into)
UNION ALL SELECT 'issue ' || encode(whole.hash, 'hex') || ' does not have the parts that it counts' FROM issue AS whole
    WHERE parts <> (SELECT count(*) FROM issue WHERE merged_into = whole.hash)
UNION ALL SELECT 'issue ' || encode(hash, 'hex') || ' is not found by searches' FROM issue
    WHERE NOT EXISTS (SELECT FROM issue_text WHERE issue = hash)
UNION ALL SELECT 'event ' || id || ' belongs to no issue' FROM occurrence
    WHERE NOT EXISTS (SELECT FROM issue WHERE hash = occurrence.issue)
UNION ALL SELECT 'a text belongs to no issue: ' || encode(issue, 'hex') FROM issue_text
    WHERE NOT EXISTS (SELECT FROM issue WHERE hash = issue_text.issue)
UNION ALL SELECT 'an hour belongs to no issue: ' || encode(issue, 'hex') FROM bucket
    WHERE NOT EXISTS (SELECT FROM issue WHERE hash = bucket.issue)
UNION ALL SELECT 'a release or route belongs to no issue: ' || encode(issue, 'hex') FROM facet
    WHERE NOT EXISTS (SELECT FROM issue WHERE hash = facet.issue)
UNION ALL SELECT 'a note belongs to no issue: ' || encode(issue, 'hex') FROM note
    WHERE NOT EXISTS (SELECT FROM issue WHERE hash = note.issue)
UNION ALL SELECT 'the index ' || indexrelid::regclass::text || ' is not valid' FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'error_tracker'::regnamespace AND NOT indisvalid
