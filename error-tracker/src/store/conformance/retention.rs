//! Tests of what is stored and what is deleted.

use std::time::Duration;

use super::{event, found, later, record};
use crate::event::{Event, Kind, Location, Status, Timestamp};
use crate::store::{EventSelector, IssueChange, IssueQuery, Retention, Sighting, Store};

/// Returns the ids of the stored occurrences, in their order.
fn kept(store: &dyn Store, hash: &str) -> Vec<String> {
    let mut ids =
        Vec::from_iter(store.event(hash, &EventSelector::Oldest).unwrap().map(|event| event.id));
    while let Some(last) = ids.last().cloned()
        && let Some(next) = store.event(hash, &EventSelector::After(last)).unwrap()
    {
        ids.push(next.id);
    }
    ids
}

pub(super) fn pruning_keeps_young_issues_within_the_numbers(store: &dyn Store) {
    let now = Timestamp::now();
    let day = Duration::from_secs(86_400);
    let seen = |hash: &str, days: u32, nth: u64| {
        let mut event = event(hash, nth);
        event.at = now.minus(day * days);
        store.record(&[Sighting::new(event)]).unwrap();
    };
    seen("old", 100, 0);
    for nth in 0..4 {
        seen("young", 1, nth);
    }
    seen("younger", 0, 0);
    seen("week", 7, 0);
    let retention = Retention { max_occurrences: 2, ..Retention::default() };
    let pruned = store.prune(&retention).unwrap();
    assert_eq!((pruned.issues, pruned.occurrences), (1, 3));
    assert_eq!(store.issue("old").unwrap(), None);
    assert_eq!(store.issue("young").unwrap().unwrap().count, 4, "the count stays");
    assert_eq!(kept(store, "young"), ["young-0", "young-3"]);
    let pruned = store.prune(&Retention { max_issues: 1, ..retention.clone() }).unwrap();
    assert_eq!((pruned.issues, pruned.occurrences), (2, 3));
    assert_eq!(found(store, IssueQuery::default()), ["younger"]);
    let pruned = store.prune(&retention).unwrap();
    assert_eq!((pruned.issues, pruned.occurrences), (0, 0));
}

pub(super) fn the_first_occurrences_and_the_newest_are_kept(store: &dyn Store) {
    let ids = |parts: &[std::ops::Range<u64>]| -> Vec<String> {
        parts.iter().cloned().flatten().map(|second| format!("a-{second}")).collect()
    };
    let batch = |seconds: std::ops::Range<u64>, release: &str| {
        let of = |second| {
            let mut event = event("a", second);
            event.origin.release = release.into();
            event.at = if second < 210 { event.at } else { later(second) };
            Sighting::new(event)
        };
        store.record(&seconds.map(of).collect::<Vec<_>>()).unwrap();
    };
    record(store, "b", 0);
    batch(0..3, "");
    batch(3..200, "");
    assert_eq!(kept(store, "a"), ids(&[0..5, 155..200]));
    for second in 200..210 {
        batch(second..second + 1, "");
    }
    assert_eq!(kept(store, "a"), ids(&[0..5, 165..210]));

    store.change(&["a"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    batch(210..212, "");
    assert_eq!(kept(store, "a"), ids(&[2..5, 165..212]), "those from before it came back go first");
    batch(212..400, "");
    assert_eq!(kept(store, "a"), ids(&[210..215, 355..400]), "counted anew since it came back");

    batch(400..410, "shop@2");
    batch(410..600, "shop@2");
    assert_eq!(
        kept(store, "a"),
        ids(&[400..405, 555..600]),
        "counted anew since the release changed"
    );

    store.prune(&Retention { max_occurrences: 4, ..Retention::default() }).unwrap();
    assert_eq!(kept(store, "a"), ids(&[400..402, 598..600]), "at most half of them are first ones");
    store.prune(&Retention { max_occurrences: 1, ..Retention::default() }).unwrap();
    assert_eq!(kept(store, "a"), ["a-599"]);
    assert_eq!(kept(store, "b"), ["b-0"]);
}

pub(super) fn numbers_are_kept_within_bounds_at_every_batch(store: &dyn Store) {
    for second in 0..10 {
        let batch: Vec<_> =
            (0..5).map(|nth| Sighting::new(event("a", second * 10 + nth))).collect();
        store.record(&batch).unwrap();
    }
    assert_eq!(kept(store, "a"), ["a-0", "a-93", "a-94"]);
    for second in 0..20 {
        record(store, &format!("i{second:02}"), 1000 + second);
    }
    assert_eq!(found(store, IssueQuery::default()), ["i15", "i16", "i17", "i18", "i19"]);
}

pub(super) fn releases_side_by_side_keep_the_first_occurrences_of_each(store: &dyn Store) {
    let of = |second, release: &str| {
        let mut event = event("a", second);
        event.origin.release = release.into();
        Sighting::new(event)
    };
    for second in 0..100 {
        store.record(&[of(2 * second, "shop@1"), of(2 * second + 1, "shop@2")]).unwrap();
    }
    let expected: Vec<_> = (0..10).chain(160..200).map(|second| format!("a-{second}")).collect();
    assert_eq!(kept(store, "a"), expected);
    // One batch with both releases.
    let batch: Vec<_> = (200..400)
        .map(|second| of(second, if second % 2 == 0 { "shop@1" } else { "shop@2" }))
        .collect();
    store.record(&batch).unwrap();
    let expected: Vec<_> = (0..10).chain(360..400).map(|second| format!("a-{second}")).collect();
    assert_eq!(kept(store, "a"), expected);
    // If there are too many releases, those that were seen last.
    for second in 400..1_000 {
        record_one(store, of(second, &format!("shop@{}", second % 20)));
    }
    assert_eq!(kept(store, "a").len(), 50);
    let newest: Vec<_> = (975..1_000).map(|second| format!("a-{second}")).collect();
    assert!(kept(store, "a").ends_with(&newest), "{:?}", kept(store, "a"));
}

fn record_one(store: &dyn Store, sighting: Sighting) {
    store.record(&[sighting]).unwrap();
}

/// Returns an event of the issue `hash`, with this kind and line.
fn placed(hash: &str, second: u64, kind: Kind, line: u32) -> Sighting {
    let mut event = Event { kind, type_name: "anyhow::Error".into(), ..event(hash, second) };
    event.location = Some(Location { file: "src/main.rs".into(), line, column: 5 });
    Sighting::new(event)
}

pub(super) fn a_flood_evicts_only_similar_issues(store: &dyn Store) {
    // With space for 40: one of each line, then ever new texts from line 9.
    let alone: Vec<_> =
        (10..40).map(|line| placed(&format!("alone-{line}"), 0, Kind::Error, line)).collect();
    store.record(&alone).unwrap();
    for second in 1..200 {
        record_one(store, placed(&format!("flood-{second:03}"), second, Kind::Error, 9));
    }
    let mut expected: Vec<_> = (10..40).map(|line| format!("alone-{line}")).collect();
    expected.extend((190..200).map(|second| format!("flood-{second}")));
    assert_eq!(found(store, all()), expected);
    // A whole batch of a flood, then pruning.
    let batch: Vec<_> = (200..400)
        .map(|second| placed(&format!("flood-{second}"), second, Kind::Error, 9))
        .collect();
    store.record(&batch).unwrap();
    store
        .prune(&Retention { max_issues: 31, max_age: Duration::MAX, ..Retention::default() })
        .unwrap();
    expected.truncate(30);
    expected.push("flood-399".into());
    assert_eq!(found(store, all()), expected);
}

pub(super) fn an_unresolved_panic_outlives_messages_from_anywhere(store: &dyn Store) {
    store
        .record(&[placed("panic", 0, Kind::Panic, 7), placed("resolved", 0, Kind::Panic, 8)])
        .unwrap();
    store.change(&["resolved"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    record_one(store, placed("error", 1, Kind::Error, 9));
    for second in 2..400 {
        let line = u32::try_from(second).unwrap();
        record_one(store, placed(&format!("said-{second}"), second, Kind::Message, line));
    }
    let left = found(store, all());
    assert_eq!(left.len(), 40);
    for kept in ["error", "panic", "resolved", "said-399"] {
        assert!(left.iter().any(|hash| hash == kept), "{kept}: {left:?}");
    }
}

fn all() -> IssueQuery {
    IssueQuery { limit: 1_000, ..IssueQuery::default() }
}

pub(super) fn forty_issues() -> Retention {
    Retention::default().max_issues(40).max_occurrences(50)
}

pub(super) fn five_issues_of_three() -> Retention {
    Retention::default().max_issues(5).max_occurrences(3)
}
