//! The lists that are timed.

use std::time::Duration;

use error_tracker::store::{IssueQuery, Sort, Store};

use crate::million::{ISSUES, OLDEST, ONCE, SELDOM};

/// The filters of a list as its URL has them, with the share of the issues that match. Without
/// `handled`, these are the issues that were not handled, four of five.
const FILTERS: [(&str, &str); 43] = [
    ("", "80 %"),
    ("handled=any", "all"),
    ("handled=true", "20 %"),
    ("kind=error", "78 %"),
    ("kind=panic", "1.6 %"),
    ("kind=message&handled=any", "0.1 %"),
    ("kind=none", "none"),
    ("status=unresolved", "69 %"),
    ("status=resolved", "10 %"),
    ("status=muted", "1 %"),
    ("method=GET", "40 %"),
    ("method=DELETE", "none"),
    ("since={HOUR}", "0.1 %"),
    ("since={MONTH}", "40 %"),
    ("until={MONTH}", "40 %"),
    ("since={MONTH}&until={WEEK}&kind=panic", "0.6 %"),
    ("assignee=ada", "0.8 %"),
    ("assignee=grace", "0.05 %"),
    ("assignee=nobody", "none"),
    ("release=shop@1.7.0", "4 %"),
    ("release=shop@1.7.0&kind=panic", "0.08 %"),
    ("release=shop@2.0.0", "none"),
    ("route=PUT+/cart/{id}/17", "0.04 %"),
    ("type=error", "80 %"),
    ("type=voucher::Error17", "0.2 %"),
    ("type=xylophone", "none"),
    ("function=cart_107", "0.04 %"),
    ("function=xylophone", "none"),
    ("host=shop17.example", "2 %"),
    ("host=xylophone", "none"),
    ("path=/cart/{id}/17", "0.2 %"),
    ("path=xylophone", "none"),
    ("text=cannot+be", "80 %"),
    ("text=converted", "11 %"),
    ("text={SELDOM}&handled=any", "0.1 %"),
    ("text={OLDEST}", "0.08 %, the least recent"),
    ("text={ONCE}", "1"),
    ("text=glockenspiel", "none"),
    ("text=be", "80 %"),
    ("text=qq", "none"),
    ("text=cannot+be&kind=panic&status=muted&handled=any", "none"),
    ("kind=panic&status=resolved&method=PUT", "0.04 %"),
    ("host=shop17.example&path=/cart/{id}/17&since={MONTH}", "0.002 %"),
];

/// Returns the query strings of all lists, each with the share of the issues that match.
pub fn all(store: &dyn Store) -> Result<Vec<(String, &'static str)>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for sort in [Sort::LastSeen, Sort::FirstSeen, Sort::Count, Sort::Type] {
        for order in ["desc", "asc"] {
            all.push((format!("sort={sort}&order={order}"), "80 %"));
        }
        let cursor = cursor_behind(store, sort, ISSUES / 10)?;
        all.push((format!("sort={sort}&after={cursor}"), "70 %, behind a tenth"));
    }
    // From the newest issue on, because the file is used again later.
    let newest = store.issues(&IssueQuery::default().limit(1))?.items[0].last_seen;
    let since = |hours: u64| newest.minus(Duration::from_secs(hours * 3_600)).to_string();
    let parts = [
        ("{SELDOM}", SELDOM.to_owned()),
        ("{OLDEST}", OLDEST.to_owned()),
        ("{ONCE}", ONCE.to_owned()),
        ("{HOUR}", since(1)),
        ("{WEEK}", since(7 * 24)),
        ("{MONTH}", since(30 * 24)),
    ];
    for (filter, matches) in FILTERS {
        let fill = |filter: String, (name, part): &(&str, String)| filter.replace(name, part);
        let filter = parts.iter().fold(filter.to_owned(), fill);
        all.push((filter.clone(), matches));
        all.push((format!("{filter}&sort=count").trim_start_matches('&').to_owned(), matches));
    }
    Ok(all)
}

/// Returns the cursor behind so many issues that were not handled.
fn cursor_behind(
    store: &dyn Store,
    sort: Sort,
    issues: u64,
) -> Result<String, Box<dyn std::error::Error>> {
    const AT_ONCE: u64 = 1_000;
    let mut query = IssueQuery::default().handled(false).sort(sort).limit(AT_ONCE as usize);
    for _ in 0..issues / AT_ONCE {
        query.after = store.issues(&query)?.next;
    }
    query.after.ok_or_else(|| "the list is shorter".into())
}
