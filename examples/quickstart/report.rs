//! What the import met: the traceback of each new issue, then all issues in a table.

use std::io::{self, Write};
use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::format::Format;
use error_tracker::store::{IssueQuery, Sort};

pub fn print(tracker: &Tracker) -> anyhow::Result<()> {
    tracker.flush(Duration::from_secs(10))?;
    let mut query = IssueQuery::default();
    (query.sort, query.ascending, query.limit) = (Sort::FirstSeen, true, 100);
    let issues = tracker.get_exceptions(&query)?.items;

    let mut out = io::stdout();
    let process = std::process::id();
    for issue in &issues {
        let Some((_, Some(event))) = tracker.get_exception(&issue.hash)? else { continue };
        // Issues of earlier runs that did not come back were printed then.
        if event.origin.process == process {
            Format::new().print(&event, &mut out)?;
            writeln!(out)?;
        }
    }

    writeln!(out, "{:>5}  {:<34} {:<26} WHERE", "COUNT", "ISSUE", "FUNCTION")?;
    for issue in &issues {
        let place = format!("{}:{}", issue.file, issue.line);
        writeln!(out, "{:>5}  {:<34} {:<26} {place}", issue.count, issue.short_type(), issue.function)?;
    }
    Ok(())
}
