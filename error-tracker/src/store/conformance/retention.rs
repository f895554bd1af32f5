//! What every store keeps and what it deletes.

use std::time::Duration;

use super::{event, found, record};
use crate::event::{Status, Timestamp};
use crate::store::{IssueQuery, Retention, Sighting, Store, Which};

/// The ids of the occurrences that are kept, in their order.
fn kept(store: &dyn Store, hash: &str) -> Vec<String> {
    let mut ids = Vec::from_iter(store.event(hash, &Which::Oldest).unwrap().map(|event| event.id));
    while let Some(last) = ids.last().cloned()
        && let Some(next) = store.event(hash, &Which::After(last)).unwrap()
    {
        ids.push(next.id);
    }
    ids
}

pub(super) fn pruning_keeps_what_is_young_and_within_the_numbers(store: &dyn Store) {
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

    store.set_status(&["a"], Status::Resolved).unwrap();
    batch(210..212, "");
    assert_eq!(kept(store, "a"), ids(&[2..5, 165..212]), "those from before it came back go first");
    batch(212..400, "");
    assert_eq!(kept(store, "a"), ids(&[210..215, 355..400]), "counted anew since it came back");

    batch(400..410, "shop@2");
    batch(410..600, "shop@2");
    assert_eq!(kept(store, "a"), ids(&[400..405, 555..600]), "counted anew since the release changed");

    store.prune(&Retention { max_occurrences: 4, ..Retention::default() }).unwrap();
    assert_eq!(kept(store, "a"), ids(&[400..402, 598..600]), "at most half of them are first ones");
    store.prune(&Retention { max_occurrences: 1, ..Retention::default() }).unwrap();
    assert_eq!(kept(store, "a"), ["a-599"]);
    assert_eq!(kept(store, "b"), ["b-0"]);
}

pub(super) fn numbers_are_kept_within_bounds_at_every_batch(store: &dyn Store) {
    for second in 0..10 {
        let batch: Vec<_> = (0..5).map(|nth| Sighting::new(event("a", second * 10 + nth))).collect();
        store.record(&batch).unwrap();
    }
    assert_eq!(kept(store, "a"), ["a-0", "a-93", "a-94"]);
    for second in 0..20 {
        record(store, &format!("i{second:02}"), 1000 + second);
    }
    assert_eq!(found(store, IssueQuery::default()), ["i15", "i16", "i17", "i18", "i19"]);
}

/// The bounds that the stores of these tests have for [`numbers_are_kept_within_bounds_at_every_batch`].
pub(super) fn tight() -> Retention {
    Retention { max_issues: 5, max_occurrences: 3, ..Retention::default() }
}
