//! Tests of what people change of issues: until when one is muted or resolved, its assignee, notes.

use super::{event, found, later, moment, record};
use crate::event::{Issue, Note, Status, Timestamp};
use crate::store::{IssueChange, IssueQuery, Recorded, Sighting, Store, StoreError};

fn issue(store: &dyn Store, hash: &str) -> Issue {
    store.issue(hash).unwrap().unwrap()
}

fn change(store: &dyn Store, hash: &str, change: IssueChange) {
    assert_eq!(store.change(&[hash], &change).unwrap(), 1, "{change:?}");
}

/// Returns a sighting of issue `hash` that is captured `at` this time, of a release.
fn of_release(hash: &str, at: Timestamp, release: &str) -> Sighting {
    let mut event = event(hash, 1);
    event.at = at;
    event.origin.release = release.into();
    Sighting::new(event)
}

/// Returns which answers say that an issue is open again: `r`egression, `u`nmuted, or neither.
fn reopened(answers: &[Recorded]) -> String {
    let letter = |answer: &Recorded| match (answer.regression, answer.unmuted) {
        (true, false) => 'r',
        (false, true) => 'u',
        (false, false) => '-',
        (true, true) => '?',
    };
    answers.iter().map(letter).collect()
}

pub(super) fn an_issue_muted_until_a_time_opens_at_its_first_event_from_then_on(store: &dyn Store) {
    record(store, "a", 1);
    let until = moment(100);
    change(store, "a", IssueChange::MuteUntil(until));
    let muted = issue(store, "a");
    assert_eq!((muted.status, muted.muted_until), (Status::Muted, Some(until)));
    let at = |second| Sighting::new(event("a", second));
    let storm = Sighting::new(event("a", 2)).repeated(7, moment(99)).again(true);
    let answers = store.record(&[at(50), storm, at(100), at(101)]).unwrap();
    assert_eq!(reopened(&answers), "--u-");
    let open = issue(store, "a");
    assert_eq!((open.status, open.muted_until, open.count), (Status::Unresolved, None, 11));
    assert_eq!(reopened(&store.record(&[at(102)]).unwrap()), "-");

    change(store, "a", IssueChange::MuteUntil(moment(200)));
    change(store, "a", IssueChange::SetStatus(Status::Muted));
    assert_eq!(issue(store, "a").muted_until, None, "now it is muted for good");
    assert_eq!(reopened(&store.record(&[at(201)]).unwrap()), "-");
    assert_eq!(issue(store, "a").status, Status::Muted);
}

pub(super) fn an_issue_muted_for_some_occurrences_opens_at_the_one_after_them(store: &dyn Store) {
    store.record(&[Sighting::new(event("a", 1)).repeated(5, moment(1))]).unwrap();
    change(store, "a", IssueChange::MuteFor(4));
    assert_eq!(issue(store, "a").muted_until_count, Some(9));
    let once = || Sighting::new(event("a", 2));
    let answers = store.record(&[once(), once().repeated(3, moment(2)).again(true)]).unwrap();
    assert_eq!(reopened(&answers), "--", "four are muted");
    assert_eq!(issue(store, "a").status, Status::Muted);
    let answers = store.record(&[once().again(true), once()]).unwrap();
    assert_eq!(reopened(&answers), "u-", "an occurrence that is only counted is one");
    let open = issue(store, "a");
    assert_eq!((open.status, open.muted_until_count), (Status::Unresolved, None));

    change(store, "a", IssueChange::MuteFor(u64::MAX));
    assert_eq!(reopened(&store.record(&[once()]).unwrap()), "-");
    change(store, "a", IssueChange::SetStatus(Status::Unresolved));
    assert_eq!(reopened(&store.record(&[once()]).unwrap()), "-", "it is open");
}

pub(super) fn an_issue_resolved_in_the_next_release_opens_at_a_greater_version_only(
    store: &dyn Store,
) {
    store.record(&[of_release("a", moment(1), "shop@1.4.2")]).unwrap();
    change(store, "a", IssueChange::ResolveInNextRelease);
    let resolved = issue(store, "a");
    assert_eq!(
        (resolved.status, resolved.resolved_in.as_deref()),
        (Status::Resolved, Some("shop@1.4.2"))
    );
    let late = |second, release| of_release("a", later(second), release);
    let older = ["shop@1.4.2", "shop@1.4.1", "shop@1.4.2-rc.1", "shop@1.4.2+2", ""];
    let answers = store.record(&older.map(|release| late(1, release))).unwrap();
    assert_eq!(reopened(&answers), "-----");
    assert_eq!(issue(store, "a").count, 6, "they are counted");
    let early = of_release("a", moment(2), "shop@1.5.0");
    let answers = store.record(&[early, late(2, "shop@1.10.0"), late(3, "shop@2.0.0")]).unwrap();
    assert_eq!(reopened(&answers), "-r-", "captured before it was resolved, newer, open");
    let open = issue(store, "a");
    assert_eq!((open.status, open.resolved_in), (Status::Unresolved, None));

    change(store, "a", IssueChange::ResolveInNextRelease);
    change(store, "a", IssueChange::SetStatus(Status::Resolved));
    let answers = store.record(&[late(9, "shop@1.4.0")]).unwrap();
    assert_eq!(reopened(&answers), "r", "now any event reopens it");
}

pub(super) fn without_versions_a_release_that_was_not_seen_before_is_newer(store: &dyn Store) {
    let early = |hash, release| of_release(hash, moment(1), release);
    let late = |second, release| of_release("a", later(second), release);
    store.record(&[early("b", "9fceb02"), early("b", "shop@3"), early("a", "d6cd1e2")]).unwrap();
    change(store, "a", IssueChange::ResolveInNextRelease);
    let answers = store.record(&[late(1, "9fceb02"), late(2, "shop@3"), late(3, "d6cd1e2")]);
    assert_eq!(reopened(&answers.unwrap()), "---", "also one that another issue was seen in");
    store.record(&[early("a", "6dcb09b")]).unwrap();
    let answers = store.record(&[late(4, "9fceb02"), late(5, "6dcb09b")]).unwrap();
    assert_eq!(reopened(&answers), "-r");
}

pub(super) fn an_issue_without_a_release_is_not_resolved_in_the_next_one(store: &dyn Store) {
    store.record(&[of_release("a", moment(1), "1.0"), Sighting::new(event("b", 1))]).unwrap();
    let refused = store.change(&["a", "b"], &IssueChange::ResolveInNextRelease).unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(text) if text.contains("release(..)")));
    assert!(!refused.is_transient());
    assert_eq!(issue(store, "a").status, Status::Unresolved, "all or none");
    let gone = store.change(&["nowhere"], &IssueChange::ResolveInNextRelease).unwrap();
    assert_eq!(gone, 0);
}

pub(super) fn an_assignee_stays_while_events_come_and_is_found(store: &dyn Store) {
    for hash in ["a", "b", "c"] {
        record(store, hash, 1);
    }
    assert_eq!(issue(store, "a").assignee, "");
    let assign = |name: &str| IssueChange::Assign(name.into());
    assert_eq!(store.change(&["a", "b", "nowhere"], &assign("Ada L.")).unwrap(), 2);
    change(store, "c", assign("ada"));
    record(store, "a", 2);
    assert_eq!(issue(store, "a").assignee, "Ada L.");
    let of = |name: &str| found(store, IssueQuery::default().assignee(name).handled(false));
    assert_eq!(
        (of("ADA L."), of("Ada"), of("Ad")),
        (vec!["a".into(), "b".into()], vec!["c".into()], vec![])
    );
    change(store, "a", assign(""));
    assert_eq!((of("Ada L."), of("").len()), (vec!["b".into()], 3));
    assert!(store.change(&["a"], &assign(&"x".repeat(101))).is_err());
}

pub(super) fn notes_are_kept_in_order_within_bounds_until_they_or_the_issue_are_deleted(
    store: &dyn Store,
) {
    record(store, "a", 1);
    record(store, "b", 1);
    let note = |text: &str, second| {
        let mut note = Note::new(text).author("Ada");
        note.at = moment(second);
        note
    };
    let (first, second) = (note("first\nof two lines", 5), note("ünd another", 6));
    for added in [&second, &first] {
        change(store, "a", IssueChange::AddNote(added.clone()));
    }
    assert_eq!(store.notes("a").unwrap(), [first.clone(), second.clone()]);
    assert_eq!((store.notes("b").unwrap(), store.notes("nowhere").unwrap()), (vec![], vec![]));
    let delete = |id: &str| store.change(&["a", "b"], &IssueChange::DeleteNote(id.into())).unwrap();
    assert_eq!((delete(&first.id), delete(&first.id), delete("")), (1, 0, 0));
    assert_eq!(store.notes("a").unwrap(), [second]);

    for nth in 1..100 {
        change(store, "a", IssueChange::AddNote(note("more", 10 + nth)));
    }
    let both = store.change(&["b", "a"], &IssueChange::AddNote(note("too much", 7)));
    assert!(matches!(both, Err(StoreError::Refused(_))));
    assert_eq!((store.notes("a").unwrap().len(), store.notes("b").unwrap().len()), (100, 0));
    let empty = store.change(&["b"], &IssueChange::AddNote(note(" ", 7)));
    assert!(matches!(empty, Err(StoreError::Refused(_))));
    store.delete(&["a"]).unwrap();
    record(store, "a", 2);
    assert_eq!(store.notes("a").unwrap(), []);
}
