//! The tests that every store has to pass, also for stores outside of this crate (feature
//! `test-util`).

mod changes;
mod facets;
mod listing;
mod merging;
mod outbox;
mod retention;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{EventSelector, IssueChange, IssueQuery, Retention, Sighting, Store};
use crate::event::{
    Event, FingerprintComponent, Frame, Grouping, Issue, Kind, Level, Request, Status, Timestamp,
};
use changes::{
    an_assignee_stays_while_events_come_and_is_found,
    an_issue_muted_for_some_occurrences_opens_at_the_one_after_them,
    an_issue_muted_until_a_time_opens_at_its_first_event_from_then_on,
    an_issue_resolved_in_the_next_release_opens_at_a_greater_version_only,
    an_issue_without_a_release_is_not_resolved_in_the_next_one,
    notes_are_kept_in_order_within_bounds_until_they_or_the_issue_are_deleted,
    without_versions_a_release_that_was_not_seen_before_is_newer,
};
use facets::{
    each_user_of_an_issue_is_counted_once, frequent_routes_are_found_among_any_number_of_rare_ones,
    releases_and_routes_are_counted_and_found,
};
use listing::{
    a_foreign_cursor_is_refused, filters_and_text_find_the_matching_issues,
    walking_the_pages_visits_every_issue_once_in_order,
};
use merging::{
    a_merged_issue_has_the_numbers_and_events_of_its_parts, a_part_keeps_its_own_status,
    chains_of_merges_are_one_issue_whose_parts_leave_one_by_one,
    counts_stay_exact_whatever_is_merged_when,
    later_events_of_a_part_count_for_the_issue_that_it_was_merged_into,
    parts_are_deleted_with_their_issue_and_never_alone,
};
use outbox::{
    a_digest_has_everything_that_was_held_back, a_message_is_sent_once_by_one_owner,
    a_message_that_was_not_sent_is_claimed_again,
    changes_of_status_by_people_are_kept_until_the_issue_is_deleted,
    messages_about_a_deleted_issue_are_deleted_but_stay_counted,
    what_a_limit_holds_back_is_told_by_the_next_message,
};
use retention::{
    a_flood_evicts_only_similar_issues, an_unresolved_panic_outlives_messages_from_anywhere,
    five_issues_of_three, forty_issues, numbers_are_kept_within_bounds_at_every_batch,
    pruning_keeps_young_issues_within_the_numbers,
    releases_side_by_side_keep_the_first_occurrences_of_each,
    the_first_occurrences_and_the_newest_are_kept,
};

/// A test of a store.
struct StorePromise {
    name: &'static str,
    /// Panics if the store fails the test.
    check: fn(&dyn Store),
    /// Returns the bounds within which the store has to keep.
    retention: fn() -> Retention,
}

macro_rules! promises {
    ($($promise:ident $(within $retention:ident)?),+ $(,)?) => {
        const PROMISES: &[StorePromise] = &[$(
            StorePromise {
                name: stringify!($promise),
                check: $promise,
                retention: promises!(@retention $($retention)?),
            }
        ),+];
    };
    (@retention) => { Retention::default };
    (@retention $retention:ident) => { $retention };
}

promises!(
    recorded_events_are_read_back,
    counts_are_exact_and_new_issues_are_marked,
    counting_again_keeps_no_occurrence_unless_the_issue_was_deleted,
    an_issue_counts_as_handled_until_one_of_its_events_was_not,
    a_resolved_issue_that_comes_back_is_a_regression_and_a_muted_one_stays_muted,
    events_captured_before_the_resolution_do_not_reopen_an_issue,
    an_issue_muted_until_a_time_opens_at_its_first_event_from_then_on,
    an_issue_muted_for_some_occurrences_opens_at_the_one_after_them,
    an_issue_resolved_in_the_next_release_opens_at_a_greater_version_only,
    without_versions_a_release_that_was_not_seen_before_is_newer,
    an_issue_without_a_release_is_not_resolved_in_the_next_one,
    an_assignee_stays_while_events_come_and_is_found,
    notes_are_kept_in_order_within_bounds_until_they_or_the_issue_are_deleted,
    occurrences_are_walked_in_the_order_of_recording,
    an_event_is_found_by_its_id_alone,
    filters_and_text_find_the_matching_issues,
    deleted_issues_are_gone,
    an_event_is_rewritten_in_its_place,
    hours_add_up_to_the_count,
    each_user_of_an_issue_is_counted_once,
    releases_and_routes_are_counted_and_found,
    frequent_routes_are_found_among_any_number_of_rare_ones,
    a_merged_issue_has_the_numbers_and_events_of_its_parts,
    later_events_of_a_part_count_for_the_issue_that_it_was_merged_into,
    a_part_keeps_its_own_status,
    chains_of_merges_are_one_issue_whose_parts_leave_one_by_one,
    parts_are_deleted_with_their_issue_and_never_alone within five_issues_of_three,
    counts_stay_exact_whatever_is_merged_when,
    pruning_keeps_young_issues_within_the_numbers,
    the_first_occurrences_and_the_newest_are_kept,
    releases_side_by_side_keep_the_first_occurrences_of_each,
    a_flood_evicts_only_similar_issues within forty_issues,
    an_unresolved_panic_outlives_messages_from_anywhere within forty_issues,
    numbers_are_kept_within_bounds_at_every_batch within five_issues_of_three,
    a_foreign_cursor_is_refused,
    walking_the_pages_visits_every_issue_once_in_order,
    a_message_is_sent_once_by_one_owner,
    a_message_that_was_not_sent_is_claimed_again,
    changes_of_status_by_people_are_kept_until_the_issue_is_deleted,
    what_a_limit_holds_back_is_told_by_the_next_message,
    a_digest_has_everything_that_was_held_back,
    messages_about_a_deleted_issue_are_deleted_but_stay_counted,
);

/// Runs all tests of this crate's own stores on another store.
///
/// Calls `open` once for each test; it has to return an empty store that keeps within the given
/// [`Retention`] after every batch. The tests cover every method of [`Store`] that reads or changes
/// issues and events, including those that have a default.
///
/// ```
/// use error_tracker::store::{MemoryStore, conformance};
///
/// // In a test of your store.
/// conformance::check(|retention| Box::new(MemoryStore::with_retention(retention)));
/// ```
///
/// # Panics
/// If the store fails a test. All tests run first; the message has the names of those that failed,
/// and the panic of each shows what differed.
pub fn check(open: impl Fn(Retention) -> Box<dyn Store>) {
    let is_broken = |promise: &&StorePromise| {
        let run = AssertUnwindSafe(|| (promise.check)(&*open((promise.retention)())));
        catch_unwind(run).is_err()
    };
    let broken: Vec<_> = PROMISES.iter().filter(is_broken).map(|promise| promise.name).collect();
    assert!(
        broken.is_empty(),
        "the store fails {} of {} tests:\n  {}",
        broken.len(),
        PROMISES.len(),
        broken.join("\n  ")
    );
}

/// Returns an event of issue `hash`, captured `second` seconds after a fixed time.
fn event(hash: &str, second: u64) -> Event {
    let mut event = Event {
        id: format!("{hash}-{second}"),
        at: moment(second),
        type_name: format!("shop::{hash}"),
        message: format!("message of {hash} at {second}"),
        ..Event::default()
    };
    event.grouping = Grouping {
        hash: hash.to_owned(),
        version: "g1".into(),
        components: vec![FingerprintComponent { label: "type".into(), value: hash.into() }],
    };
    event
}

fn moment(second: u64) -> Timestamp {
    Timestamp::from_micros((1_790_000_000 + second) * 1_000_000)
}

/// Returns the time `seconds` from now.
fn later(seconds: u64) -> Timestamp {
    Timestamp::from_micros(Timestamp::now().as_micros() + seconds * 1_000_000)
}

fn record(store: &dyn Store, hash: &str, second: u64) {
    store.record(&[Sighting::new(event(hash, second))]).unwrap();
}

fn hashes(issues: &[Issue]) -> Vec<&str> {
    issues.iter().map(|issue| issue.hash.as_str()).collect()
}

fn found(store: &dyn Store, query: IssueQuery) -> Vec<String> {
    let mut found: Vec<_> =
        store.issues(&query).unwrap().items.into_iter().map(|issue| issue.hash).collect();
    found.sort();
    found
}

fn recorded_events_are_read_back(store: &dyn Store) {
    let mut full = event("a", 5);
    full.kind = Kind::Panic;
    full.level = Level::Fatal;
    full.variant = Some("Gone".into());
    full.handled = true;
    full.frames = vec![Frame {
        function: "Cart::total".into(),
        module: "shop::cart".into(),
        file: "src/cart.rs".into(),
        line: 7,
        ..Frame::default()
    }];
    full.context.request = Some(Request {
        method: "GET".into(),
        host: "h:80".into(),
        path: "/x".into(),
        ..Request::default()
    });
    full.origin.release = "shop@1".into();
    full.origin.environment = "test".into();
    store.record(&[Sighting::new(full.clone())]).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap(), Issue::of(&full));
    assert_eq!(store.event("a", &EventSelector::Latest).unwrap().unwrap(), full);
    assert_eq!(store.issue("b").unwrap(), None);
    assert_eq!(store.event("b", &EventSelector::Latest).unwrap(), None);
}

fn an_event_is_found_by_its_id_alone(store: &dyn Store) {
    let (one, other) = (event("a", 1), event("b", 2));
    store.record(&[Sighting::new(one.clone()), Sighting::new(other.clone())]).unwrap();
    for (event, hash) in [(&one, "a"), (&other, "b")] {
        assert_eq!(store.issue_of_event(&event.id).unwrap().as_deref(), Some(hash));
    }
    assert_eq!(store.issue_of_event("").unwrap(), None);
    store.delete(&["a"]).unwrap();
    assert_eq!(store.issue_of_event(&one.id).unwrap(), None);
}

fn counts_are_exact_and_new_issues_are_marked(store: &dyn Store) {
    let batch = [
        Sighting::new(event("a", 1)),
        Sighting::new(event("b", 2)),
        Sighting::new(event("a", 3)).repeated(10, moment(9)),
        Sighting::new(event("a", 3)).repeated(5, moment(8)).again(true),
    ];
    let recorded = store.record(&batch).unwrap();
    let answers: Vec<_> =
        recorded.iter().map(|each| (each.new, each.regression, each.count)).collect();
    assert_eq!(
        answers,
        [(true, false, 1), (true, false, 1), (false, false, 11), (false, false, 16)]
    );
    let issue = store.issue("a").unwrap().unwrap();
    assert_eq!((issue.count, issue.first_seen, issue.last_seen), (16, moment(1), moment(9)));
    assert_eq!(store.record(&batch[..1]).unwrap()[0].count, 17);
    let issue = store.issue("a").unwrap().unwrap();
    assert_eq!(
        (issue.first_seen, issue.last_seen),
        (moment(1), moment(9)),
        "an old event does not turn time back"
    );
}

fn counting_again_keeps_no_occurrence_unless_the_issue_was_deleted(store: &dyn Store) {
    record(store, "a", 1);
    let again = [Sighting::new(event("a", 1)).repeated(7, moment(2)).again(true)];
    store.record(&again).unwrap();
    assert_eq!(store.event("a", &EventSelector::After("a-1".into())).unwrap(), None);
    assert_eq!(store.issue("a").unwrap().unwrap().count, 8);
    store.delete(&["a"]).unwrap();
    assert!(store.record(&again).unwrap()[0].new);
    assert!(store.event("a", &EventSelector::Latest).unwrap().is_some());
    assert_eq!(store.issue("a").unwrap().unwrap().count, 7);
}

fn an_issue_counts_as_handled_until_one_of_its_events_was_not(store: &dyn Store) {
    let handled = |hash, second| Sighting::new(Event { handled: true, ..event(hash, second) });
    let listed = |handled| found(store, IssueQuery { handled, ..IssueQuery::default() });
    let by_hand = Sighting::new(Event { handled: true, captured: true, ..event("c", 1) });
    store.record(&[handled("a", 1), handled("b", 1), by_hand]).unwrap();
    assert_eq!(
        (listed(Some(true)), listed(Some(false))),
        (vec!["a".into(), "b".into()], vec!["c".into()])
    );
    store
        .record(&[handled("a", 2), Sighting::new(event("a", 3)), handled("a", 4), handled("b", 2)])
        .unwrap();
    store.record(&[handled("a", 5)]).unwrap();
    assert_eq!(
        (listed(Some(true)), listed(Some(false))),
        (vec!["b".into()], vec!["a".into(), "c".into()])
    );
    assert_eq!(listed(None), ["a", "b", "c"]);
}

fn a_resolved_issue_that_comes_back_is_a_regression_and_a_muted_one_stays_muted(store: &dyn Store) {
    record(store, "a", 1);
    record(store, "m", 1);
    assert_eq!(
        store.change(&["a", "nowhere"], &IssueChange::SetStatus(Status::Resolved)).unwrap(),
        1
    );
    assert_eq!(store.change(&["m"], &IssueChange::SetStatus(Status::Muted)).unwrap(), 1);
    let again = |hash: &str| {
        let late = [2, 3].map(|second| Event { at: later(second), ..event(hash, second) });
        store.record(&late.map(Sighting::new)).unwrap()
    };
    let back = again("a");
    assert_eq!((back[0].regression, back[1].regression), (true, false));
    assert_eq!(store.issue("a").unwrap().unwrap().status, Status::Unresolved);
    assert!(!again("a")[0].regression);
    assert!(!again("m")[0].regression);
    assert_eq!(store.issue("m").unwrap().unwrap().status, Status::Muted);
}

fn events_captured_before_the_resolution_do_not_reopen_an_issue(store: &dyn Store) {
    let of = |at, release: &str| {
        let mut event = Event { at, ..event("a", 1) };
        event.origin.release = release.into();
        Sighting::new(event)
    };
    record(store, "a", 1);
    store.change(&["a"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    let status = || store.issue("a").unwrap().unwrap().status;
    let waited = of(moment(2), "shop@2");
    let counted = of(moment(1), "").repeated(70, moment(3)).again(true);
    for late in store.record(&[waited.clone(), counted]).unwrap() {
        assert!(!late.regression);
    }
    assert_eq!((status(), store.issue("a").unwrap().unwrap().count), (Status::Resolved, 72));
    let answers = store.record(&[waited, of(later(1), "shop@2"), of(later(2), "shop@2")]).unwrap();
    let answers: Vec<_> = answers.iter().map(|each| each.regression).collect();
    assert_eq!(answers, [false, true, false]);
    assert_eq!(status(), Status::Unresolved);

    store.change(&["a"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    store.change(&["a"], &IssueChange::SetStatus(Status::Unresolved)).unwrap();
    store.change(&["a"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    let storm = of(moment(1), "").repeated(3, later(3)).again(true);
    assert!(store.record(&[storm]).unwrap()[0].regression, "the last of a storm counts");
}

fn occurrences_are_walked_in_the_order_of_recording(store: &dyn Store) {
    for second in [5, 9, 2] {
        record(store, "a", second);
    }
    record(store, "b", 7);
    let id = |which| store.event("a", &which).unwrap().map(|event| event.id);
    assert_eq!(id(EventSelector::Oldest).as_deref(), Some("a-5"));
    assert_eq!(
        id(EventSelector::Latest).as_deref(),
        Some("a-2"),
        "a clock that jumps back does not change the order"
    );
    assert_eq!(id(EventSelector::Id("a-9".into())).as_deref(), Some("a-9"));
    assert_eq!(id(EventSelector::After("a-5".into())).as_deref(), Some("a-9"));
    assert_eq!(id(EventSelector::Before("a-2".into())).as_deref(), Some("a-9"));
    for none in [
        EventSelector::After("a-2".into()),
        EventSelector::Before("a-5".into()),
        EventSelector::Id("b-7".into()),
    ] {
        assert_eq!(id(none.clone()), None, "{none:?}");
    }
    assert_eq!(id(EventSelector::After("nowhere".into())), None);
}

fn deleted_issues_are_gone(store: &dyn Store) {
    for hash in ["a", "b"] {
        record(store, hash, 1);
    }
    assert_eq!(store.delete(&["a", "nowhere"]).unwrap(), 1);
    assert_eq!(store.issue("a").unwrap(), None);
    assert_eq!(store.event("a", &EventSelector::Latest).unwrap(), None);
    assert_eq!(store.hourly_counts("a", Timestamp::default()).unwrap(), []);
    assert_eq!(found(store, IssueQuery { text: "message".into(), ..IssueQuery::default() }), ["b"]);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

fn an_event_is_rewritten_in_its_place(store: &dyn Store) {
    record(store, "a", 1);
    record(store, "a", 2);
    let mut first = store.event("a", &EventSelector::Oldest).unwrap().unwrap();
    let issue = store.issue("a").unwrap();
    first.thread = "another".into();
    assert_eq!(store.rewrite(std::slice::from_ref(&first)).unwrap(), 1);
    assert_eq!(store.event("a", &EventSelector::Oldest).unwrap().unwrap(), first);
    assert_ne!(store.event("a", &EventSelector::Latest).unwrap().unwrap().thread, "another");
    assert_eq!(store.issue("a").unwrap(), issue);
    first.id = "unknown".into();
    assert_eq!(store.rewrite(std::slice::from_ref(&first)).unwrap(), 0);
    let mut handled = Event { handled: true, ..event("h", 1) };
    store.record(&[Sighting::new(handled.clone())]).unwrap();
    assert!(store.issue("h").unwrap().unwrap().handled);
    handled.handled = false;
    first.id.clone_from(&store.event("a", &EventSelector::Oldest).unwrap().unwrap().id);
    first.thread = "a third".into();
    assert_eq!(store.rewrite(&[first.clone(), handled]).unwrap(), 2);
    assert_eq!(store.event("a", &EventSelector::Oldest).unwrap().unwrap(), first);
    assert!(!store.issue("h").unwrap().unwrap().handled);
}

fn hours_add_up_to_the_count(store: &dyn Store) {
    for second in [0, 1, 3600, 7200] {
        record(store, "a", second);
    }
    store.record(&[Sighting::new(event("a", 1)).repeated(9, moment(3600)).again(true)]).unwrap();
    let hour = moment(0).hour();
    assert_eq!(
        store.hourly_counts("a", Timestamp::default()).unwrap(),
        [(hour, 2), (hour + 1, 10), (hour + 2, 1)]
    );
    assert_eq!(store.hourly_counts("a", moment(3600)).unwrap(), [(hour + 1, 10), (hour + 2, 1)]);
}
