INSERT INTO issue (hash, family, kind, level, type, variant, message, count, first_seen, last_seen, minute, handled,
    function, module, file, line, host, method, path, release, environment, components)
SELECT hash, family, kind, level, type, variant, message, count, first_seen, last_seen, last_seen / 60000000, handled,
    function, module, file, line, host, method, path, release, environment, components
FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::boolean[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::text[],
    $17::text[], $18::text[], $19::text[], $20::text[], $21::text[])
    AS new (hash, family, kind, level, type, variant, message, count, first_seen, last_seen, handled, function, module,
    file, line, host, method, path, release, environment, components)
ORDER BY hash
ON CONFLICT (hash) DO UPDATE SET
    count = issue.count + excluded.count,
    first_seen = least(issue.first_seen, excluded.first_seen),
    last_seen = greatest(issue.last_seen, excluded.last_seen),
    minute = greatest(issue.minute, excluded.minute),
    own_first_seen = CASE WHEN issue.parts > 0 THEN least(issue.own_first_seen, excluded.first_seen) END,
    own_last_seen = CASE WHEN issue.parts > 0 THEN greatest(issue.own_last_seen, excluded.last_seen) END,
    own_handled = CASE WHEN issue.parts > 0 THEN issue.own_handled AND excluded.handled END,
    handled = issue.handled AND excluded.handled,
    family = excluded.family, kind = excluded.kind, level = excluded.level, type = excluded.type,
    variant = excluded.variant, message = excluded.message, function = excluded.function, module = excluded.module,
    file = excluded.file, line = excluded.line, host = excluded.host, method = excluded.method, path = excluded.path,
    release = excluded.release, environment = excluded.environment, components = excluded.components
