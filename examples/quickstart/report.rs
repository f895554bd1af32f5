//! What the import met: the traceback of each new issue, then all issues in a table.

use std::io::{self, Write};
use std::time::Duration;

use error_tracker::Tracker;
use error_tracker::format::{Format, escape};
use error_tracker::store::{IssueQuery, Sort};

pub fn print(tracker: &Tracker) -> anyhow::Result<()> {
    tracker.flush(Duration::from_secs(10))?;
    let mut query = IssueQuery::default();
    (query.sort, query.ascending, query.limit) = (Sort::FirstSeen, true, 100);
    let issues = tracker.issues(&query)?.items;

    let mut out = io::stdout();
    let process = std::process::id();
    for issue in &issues {
        let Some((_, Some(event))) = tracker.issue(&issue.hash)? else { continue };
        // Issues of earlier runs that did not come back were printed then.
        if event.origin.process == process {
            Format::new().print(&event, &mut out)?;
            writeln!(out)?;
        }
    }

    writeln!(out, "{:>5}  {:<22} {:<36} LATEST MESSAGE", "COUNT", "TYPE", "WHERE")?;
    for issue in &issues {
        let place = format!("{}:{}", issue.file, issue.line);
        let (count, message) = (issue.count, escape(&issue.message));
        writeln!(out, "{count:>5}  {:<22} {place:<36} {message:.60}", issue.short_type())?;
    }
    Ok(())
}
