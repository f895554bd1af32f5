//! What people change of issues.

use error_tracker::event::Status;
use error_tracker::store::{IssueChange, SqliteStore, Store};
use error_tracker_notify::NotifyRules;
use error_tracker_tests::until;

use crate::{MINUTE, Told};

const RESOLVED: IssueChange = IssueChange::SetStatus(Status::Resolved);
const OPEN: IssueChange = IssueChange::SetStatus(Status::Unresolved);

/// Waits until so many messages were sent in all.
fn wait(told: &Told, sent: u64) {
    told.advance(MINUTE);
    until(|| told.health().sent == sent);
}

#[test]
fn people_are_told_what_others_change_in_whichever_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let told = Told::with_store(SqliteStore::open(&path).unwrap(), |channel| channel);
    told.fail("no disk");
    told.told();
    // As the command line has it.
    let other = SqliteStore::open(&path).unwrap();
    let hash = told.hash("no disk");
    let summaries = ["Resolved", "Opened again", "Muted"];
    for ((sent, change), summary) in
        (2..).zip([RESOLVED, OPEN, IssueChange::MuteFor(9)]).zip(summaries)
    {
        other.change(&[&hash], &change).unwrap();
        wait(&told, sent);
        assert_eq!(told.told(), [format!("io::Error::Other: no disk: {summary}.")]);
    }
    // Nothing has changed.
    other.change(&[&hash], &IssueChange::MuteFor(10)).unwrap();
    told.advance(MINUTE);
    told.fail("no light");
    assert_eq!(told.told(), ["io::Error::Other: no light: New issue."]);
}

#[test]
fn a_person_who_changes_many_issues_leaves_room_for_a_new_one() {
    let told = Told::new(|channel| channel.per_hour(8));
    for text in ["no disk", "no light", "no paper", "no ink"] {
        told.fail(text);
    }
    told.advance(61 * MINUTE);
    let store = told.tracker.store();
    let hashes = ["no disk", "no light", "no paper", "no ink"].map(|text| told.hash(text));
    store.change(&hashes.each_ref().map(|hash| &**hash), &RESOLVED).unwrap();
    wait(&told, 4 + 2);
    until(|| told.health().held_back == 2);
    for text in ["no coffee", "no tea"] {
        told.fail(text);
    }
    assert_eq!(told.health().sent, 8);
}

#[test]
fn changes_are_not_told_where_nobody_wants_to_know() {
    let told = Told::new(|channel| channel.rules(NotifyRules::once()));
    told.fail("no disk");
    told.tracker.store().change(&[&told.hash("no disk")], &RESOLVED).unwrap();
    told.advance(MINUTE);
    told.fail("no light");
    assert_eq!(told.health().sent, 2);
}
