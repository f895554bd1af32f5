//! The links from the list to years, months and days.

use std::sync::Arc;

use super::{body, get, over};
use crate::event::Event;
use crate::store::{MemoryStore, Sighting, Store};
use crate::viewer::{Viewer, sample};

/// Returns a viewer of issues that were last seen at these times, which are their messages. Handled
/// ones have a `-`.
fn seen(times: &[&str]) -> Viewer {
    let store = MemoryStore::new();
    for time in times {
        let mut event = Event { handled: time.starts_with('-'), ..Event::default() };
        event.at = time.trim_start_matches('-').parse().unwrap();
        event.id = (*time).to_owned();
        event.message = (*time).to_owned();
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

#[test]
fn no_link_to_a_date_leads_to_an_empty_list() {
    let mut times: Vec<_> =
        (1..=30).map(|day| format!("2026-{:02}-{day:02}T10:00:00Z", 9 + day % 2)).collect();
    times.push("2026-11-05T23:00:00Z".to_owned());
    let viewer = seen(&times.iter().map(String::as_str).collect::<Vec<_>>());
    for (filter, months) in [
        ("text=Z", "Sep Oct Nov"),
        // The matching issues fill more than a page, a page, and none.
        ("text=T10", "Sep Oct"),
        ("text=-09-", "Sep"),
        ("text=T23", "Nov"),
        ("text=nowhere", ""),
        ("text=T10&date=2026", "Sep Oct"),
        ("text=Z&until=2026-10-31T00:00:00Z", "Sep Oct"),
        ("text=Z&since=2026-10-31T00:00:00Z", "Nov"),
    ] {
        let links = dates(&viewer, &format!("?{filter}"));
        let shown: Vec<_> = links
            .iter()
            .filter_map(|link| {
                link.split_once(" ./").filter(|(_, link)| link.contains("date=2026-"))
            })
            .map(|(month, _)| month)
            .collect();
        assert_eq!(shown.join(" "), months, "{filter}: {links:?}");
    }
}
