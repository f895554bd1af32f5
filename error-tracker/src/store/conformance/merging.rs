//! Tests of merged issues.

use std::collections::BTreeMap;

use super::listing::NumberSequence;
use super::{event, found, hashes, later, moment, record};
use crate::event::{Event, Issue, Request, Status, Timestamp};
use crate::store::{EventSelector, IssueChange, IssueQuery, Retention, Sighting, Sort, Store};

fn issue(store: &dyn Store, hash: &str) -> Issue {
    store.issue(hash).unwrap().unwrap()
}

fn all(store: &dyn Store) -> Vec<String> {
    found(store, IssueQuery::default())
}

/// Returns an event of a user in a release, on a route.
fn of(hash: &str, second: u64, user: &str, release: &str) -> Event {
    let mut event = event(hash, second);
    event.context.user = [("id".to_owned(), user.to_owned())].into();
    event.origin.release = release.into();
    event.context.request = Some(Request::default().method("GET").route("/").host("h"));
    event
}

pub(super) fn a_merged_issue_has_the_numbers_and_events_of_its_parts(store: &dyn Store) {
    let batch = [of("a", 5, "ann", "1"), of("b", 3, "ann", "2"), of("b", 9_000, "bo", "1")];
    store.record(&batch.map(Sighting::new)).unwrap();
    record(store, "other", 4);
    let before = [issue(store, "a"), issue(store, "b")];
    assert_eq!(store.merge(&["b", "nowhere", "a"], "a").unwrap(), 1);
    let merged = issue(store, "a");
    assert_eq!((merged.count, merged.users, merged.parts), (3, 2, 1));
    assert_eq!((merged.first_seen, merged.last_seen), (moment(3), moment(9_000)));
    assert_eq!(merged.message, before[0].message, "it stays what it is");
    assert_eq!(issue(store, "b"), merged, "the hash of a part stands for the whole");
    assert_eq!(store.parts("a").unwrap(), [before[1].clone()]);
    assert_eq!(store.parts("b").unwrap().len(), 1);
    assert_eq!(all(store), ["a", "other"]);
    let by_count = store.issues(&IssueQuery::default().sort(Sort::Count)).unwrap();
    assert_eq!(hashes(&by_count.items), ["a", "other"]);
    assert_eq!(by_count.items[0], merged);

    let mut ids = Vec::new();
    let mut which = EventSelector::Oldest;
    while let Some(event) = store.event("a", &which).unwrap() {
        which = EventSelector::After(event.id.clone());
        ids.push(event.id);
    }
    assert_eq!(ids, ["a-5", "b-3", "b-9000"], "in the order of recording");
    let id = |which| store.event("b", &which).unwrap().map(|event| event.id);
    assert_eq!(id(EventSelector::Latest).as_deref(), Some("b-9000"));
    assert_eq!(id(EventSelector::Before("b-3".into())).as_deref(), Some("a-5"));
    assert_eq!(id(EventSelector::Id("b-3".into())).as_deref(), Some("b-3"));
    assert_eq!(store.issue_of_event("b-3").unwrap().as_deref(), Some("a"));
    let hour = moment(0).hour();
    let hours = store.hourly_counts("a", Timestamp::default()).unwrap();
    assert_eq!(hours.iter().map(|(_, count)| count).sum::<u64>(), 3);
    assert!(hours.contains(&(hour, 2)), "{hours:?}");
    let releases = store.facets("a").unwrap().releases;
    let releases: Vec<_> = releases.iter().map(|facet| (&*facet.value, facet.count)).collect();
    assert_eq!(releases, [("1", 2), ("2", 1)]);
    assert_eq!(found(store, IssueQuery::default().release("2")), ["a"]);
    assert_eq!(found(store, IssueQuery::default().text("message of B")), ["a"], "a part's text");
    assert_eq!(found(store, IssueQuery::default().text("of b").function("x")), [] as [&str; 0]);
    assert_eq!(found(store, IssueQuery::default().since(moment(8_000))), ["a"]);

    assert_eq!(store.unmerge(&["a", "other", "nowhere", "b"]).unwrap(), 1);
    assert_eq!([issue(store, "a"), issue(store, "b")], before, "as if they had never been merged");
    assert_eq!(store.parts("a").unwrap(), []);
    assert_eq!(all(store), ["a", "b", "other"]);
    assert_eq!(found(store, IssueQuery::default().text("message of b")), ["b"]);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

pub(super) fn later_events_of_a_part_count_for_the_issue_that_it_was_merged_into(
    store: &dyn Store,
) {
    record(store, "a", 1);
    store.record(&[Sighting::new(Event { handled: true, ..event("b", 1) })]).unwrap();
    store.merge(&["b"], "a").unwrap();
    let batch = [event("b", 2), event("a", 3), event("b", 4)].map(Sighting::new);
    let answers = store.record(&batch).unwrap();
    let mut counts: Vec<_> = answers.iter().map(|answer| answer.count).collect();
    counts.sort_unstable();
    assert!(answers.iter().all(|answer| !answer.new && !answer.regression));
    assert_eq!((counts, issue(store, "a").count), (vec![3, 4, 5], 5));

    assert_eq!(store.change(&["b"], &IssueChange::SetStatus(Status::Resolved)).unwrap(), 1);
    assert_eq!(issue(store, "a").status, Status::Resolved);
    assert!(!store.record(&[Sighting::new(event("b", 5))]).unwrap()[0].regression, "it is older");
    let back = Event { at: later(9), ..event("b", 6) };
    let back = [Sighting::new(back.clone()), Sighting::new(back)];
    let answers = store.record(&back).unwrap();
    assert_eq!((answers[0].regression, answers[1].regression), (true, false));
    let merged = issue(store, "a");
    assert_eq!((merged.status, merged.count), (Status::Unresolved, 8));
    // A storm that is only counted.
    store.record(&[Sighting::new(event("b", 1)).repeated(90, later(1)).again(true)]).unwrap();
    store.unmerge(&["b"]).unwrap();
    assert_eq!((issue(store, "a").count, issue(store, "b").count), (2, 96));
    assert_eq!(issue(store, "a").last_seen, moment(3));
}

pub(super) fn a_part_keeps_its_own_status(store: &dyn Store) {
    for hash in ["a", "b", "c"] {
        store.record(&[Sighting::new(Event { handled: hash != "b", ..event(hash, 1) })]).unwrap();
    }
    store.change(&["b"], &IssueChange::SetStatus(Status::Muted)).unwrap();
    store.change(&["c"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    store.merge(&["b", "c"], "a").unwrap();
    assert_eq!(issue(store, "a").status, Status::Unresolved, "that of the target counts");
    assert!(!issue(store, "a").handled, "one of them was not handled");
    store.change(&["a"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
    record(store, "b", 2);
    store.record(&[Sighting::new(Event { at: later(5), ..event("c", 2) })]).unwrap();
    store.unmerge(&["b", "c"]).unwrap();
    assert_eq!(issue(store, "b").status, Status::Muted);
    assert_eq!(issue(store, "c").status, Status::Unresolved, "it came back, as it would alone");
    assert!(issue(store, "a").handled);
    store.record(&[Sighting::new(Event { handled: true, ..event("d", 1) })]).unwrap();
    store.merge(&["a"], "d").unwrap();
    assert!(issue(store, "d").handled);
    let mut rewritten = store.event("a", &EventSelector::Id("a-1".into())).unwrap().unwrap();
    rewritten.handled = false;
    assert_eq!(store.rewrite(&[rewritten]).unwrap(), 1);
    assert!(!issue(store, "d").handled);
    store.unmerge(&["a"]).unwrap();
    assert_eq!((issue(store, "a").handled, issue(store, "d").handled), (false, true));
}

pub(super) fn chains_of_merges_are_one_issue_whose_parts_leave_one_by_one(store: &dyn Store) {
    for (hash, second) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        record(store, hash, second);
    }
    assert_eq!(store.merge(&["a"], "b").unwrap(), 1);
    assert_eq!(store.merge(&["b"], "c").unwrap(), 1);
    assert_eq!(store.merge(&["d"], "a").unwrap(), 1, "into the part of another one");
    assert_eq!(store.merge(&["c", "a"], "b").unwrap(), 0, "they are one already");
    assert_eq!(store.merge(&["d"], "nowhere").unwrap(), 0);
    assert_eq!((all(store), issue(store, "a").count), (vec!["c".to_owned()], 4));
    assert_eq!(hashes(&store.parts("c").unwrap()), ["a", "b", "d"]);
    store.unmerge(&["b"]).unwrap();
    assert_eq!((issue(store, "b").count, issue(store, "c").count), (1, 3));
    assert_eq!(issue(store, "c").first_seen, moment(1));
    store.unmerge(&["a", "d"]).unwrap();
    assert_eq!((issue(store, "c").count, issue(store, "c").parts), (1, 0));
    assert_eq!(all(store), ["a", "b", "c", "d"]);
}

pub(super) fn parts_are_deleted_with_their_issue_and_never_alone(store: &dyn Store) {
    for (hash, second) in [("part", 1), ("b", 2), ("c", 3), ("part2", 4), ("part2", 5)] {
        record(store, hash, second);
    }
    store.merge(&["part"], "b").unwrap();
    // Room for five.
    for second in 10..14 {
        record(store, &format!("i{second}"), second);
    }
    assert_eq!(store.issue("part").unwrap(), None, "with the issue that was not seen for longest");
    assert!(store.issue("i13").unwrap().is_some());
    store.merge(&["part2"], "i13").unwrap();
    store.prune(&Retention::default().max_age(std::time::Duration::MAX).max_issues(2)).unwrap();
    assert_eq!(issue(store, "part2").count, 3, "its issue was seen last");
    assert_eq!(store.delete(&["part2", "i13"]).unwrap(), 1, "they are one");
    assert_eq!(store.issue("part2").unwrap(), None);
    record(store, "part2", 20);
    assert_eq!((issue(store, "part2").count, issue(store, "part2").parts), (1, 0));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

/// What a store should have: for each issue its own count and last second, and its target.
type Model = BTreeMap<String, (u64, u64, Option<String>)>;

fn target(model: &Model, hash: &str) -> Option<String> {
    model.get(hash).map(|(.., target)| target.clone().unwrap_or_else(|| hash.to_owned()))
}

pub(super) fn counts_stay_exact_whatever_is_merged_when(store: &dyn Store) {
    let mut numbers = NumberSequence::new(7);
    let mut model = Model::new();
    let names = ["a", "b", "c", "d", "e"];
    for step in 0..400 {
        let [one, other] = [(); 2].map(|()| names[numbers.below(5) as usize]);
        match numbers.below(8) {
            0..=3 => {
                let times = 1 + numbers.below(4);
                let second = numbers.below(9_000);
                let sighting = Sighting::new(event(one, second)).repeated(times, moment(second));
                let recorded = store.record(&[sighting]).unwrap();
                let entry = model.entry(one.to_owned()).or_insert((0, 0, None));
                (entry.0, entry.1) = (entry.0 + times, entry.1.max(second));
                assert_eq!(
                    recorded[0].count,
                    sum(&model, &target(&model, one).unwrap()).0,
                    "{step}"
                );
            }
            4 | 5 => {
                let merged = store.merge(&[one], other).unwrap();
                let (source, into) = (target(&model, one), target(&model, other));
                let expected = source.is_some() && into.is_some() && source != into;
                assert_eq!(merged, u64::from(expected), "{step}: {one} into {other}");
                if let (true, Some(source), Some(into)) = (expected, source, into) {
                    for (hash, entry) in &mut model {
                        if *hash == source || entry.2.as_ref() == Some(&source) {
                            entry.2 = Some(into.clone());
                        }
                    }
                }
            }
            6 => {
                let was_part = model.get_mut(one).and_then(|entry| entry.2.take()).is_some();
                assert_eq!(store.unmerge(&[one]).unwrap(), u64::from(was_part), "{step}: {one}");
            }
            _ if numbers.below(4) == 0 => {
                store.delete(&[one]).unwrap();
                if let Some(gone) = target(&model, one) {
                    model.retain(|hash, (.., into)| *hash != gone && into.as_ref() != Some(&gone));
                }
            }
            _ => {}
        }
        let listed: Vec<_> = model.keys().filter(|hash| model[*hash].2.is_none()).collect();
        assert_eq!(all(store).iter().collect::<Vec<_>>(), listed, "{step}");
        for hash in model.keys() {
            let kept = issue(store, hash);
            let (count, last) = sum(&model, &target(&model, hash).unwrap());
            assert_eq!((kept.count, kept.last_seen), (count, moment(last)), "{step}: {hash}");
            let hours = store.hourly_counts(hash, Timestamp::default()).unwrap();
            assert_eq!(hours.iter().map(|(_, count)| count).sum::<u64>(), count, "{step}: {hash}");
        }
    }
}

/// Returns the count of an issue and its parts, and when they were last seen.
fn sum(model: &Model, hash: &str) -> (u64, u64) {
    let members = model
        .iter()
        .filter(|(own, (.., target))| own.as_str() == hash || target.as_deref() == Some(hash));
    members.fold((0, 0), |(count, last), (_, entry)| (count + entry.0, last.max(entry.1)))
}
