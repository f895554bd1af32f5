//! The links from the list to years, months and days.

use std::sync::Arc;

use super::{body, get, over};
use crate::event::Event;
use crate::store::{MemoryStore, Sighting, Store};
use crate::viewer::{Viewer, sample};

/// Returns a viewer of issues that were last seen at these times. Handled ones have a `-`.
fn seen(times: &[&str]) -> Viewer {
    let store = MemoryStore::new();
    for time in times {
        let mut event = Event { handled: time.starts_with('-'), ..Event::default() };
        event.at = time.trim_start_matches('-').parse().unwrap();
        event.id = (*time).to_owned();
        event.grouping.hash = sample::hash(time);
        store.record(&[Sighting::new(event)]).unwrap();
    }
    over(Arc::new(store))
}

/// Returns the texts and targets of the links to dates, and the current date in brackets.
fn dates(viewer: &Viewer, query: &str) -> Vec<String> {
    let html = body(&get(viewer, &format!("/{query}"))).to_owned();
    let Some(nav) = html.split("<nav class=\"dates\"").nth(1) else { return Vec::new() };
    let nav = nav.split("</nav>").next().unwrap();
    let mut found = Vec::new();
    for part in nav.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        if let Some(href) = tag.strip_prefix("a href=\"") {
            found.push(format!("{text} {}", href.trim_end_matches('"').replace("&amp;", "&")));
        } else if tag.contains("aria-current") {
            found.push(format!("[{text}]"));
        }
    }
    found
}

#[test]
fn the_list_leads_to_the_years_months_and_days_in_which_issues_were_last_seen() {
    let viewer = seen(&[
        "2025-12-31T23:59:59.999999Z",
        "2026-01-01T00:00:00Z",
        "2026-11-05T10:00:00Z",
        "2026-11-05T23:00:00Z",
        "2026-11-30T10:00:00Z",
        "-2026-07-01T10:00:00Z",
    ]);
    assert_eq!(dates(&viewer, ""), ["2025 ./?date=2025", "2026 ./?date=2026"]);
    let in_2026 = ["Jan ./?date=2026-01", "Nov ./?date=2026-11"];
    let all = ["All dates ./", "[2026]"];
    assert_eq!(dates(&viewer, "?date=2026"), [all, in_2026].concat());
    assert_eq!(
        dates(&viewer, "?date=2026-11&kind=error"),
        [
            "All dates ./?kind=error",
            "2026 ./?kind=error&date=2026",
            "[Nov]",
            "5 ./?kind=error&date=2026-11-05",
            "30 ./?kind=error&date=2026-11-30"
        ]
    );
    let day = dates(&viewer, "?date=2026-11-05");
    assert_eq!(day, ["All dates ./", "2026 ./?date=2026", "Nov ./?date=2026-11", "[5]"]);
    let rows = |query: &str| body(&get(&viewer, query)).matches("class=\"open\"").count();
    assert_eq!((rows("/?date=2025"), rows("/?date=2026"), rows("/?date=2026-11-05")), (1, 4, 2));
    let handled = dates(&viewer, "?date=2026&handled=true");
    assert_eq!(handled.last().unwrap(), "Jul ./?handled=true&date=2026-07");
}

#[test]
fn the_only_year_is_open() {
    let viewer = seen(&["2026-10-01T10:00:00Z", "2026-11-01T10:00:00Z"]);
    assert_eq!(dates(&viewer, ""), ["[2026]", "Oct ./?date=2026-10", "Nov ./?date=2026-11"]);
    assert_eq!(dates(&seen(&[]), ""), Vec::<String>::new());
    assert_eq!(get(&viewer, "/?date=2026-13").status(), 400);
    assert_eq!(get(&viewer, "/api/issues?date=2026-10").status(), 200);
}
