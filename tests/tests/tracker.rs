//! Setting a tracker up, and what it offers beside recording.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use error_tracker::event::{Event, Status, Timestamp};
use error_tracker::json::Map;
use error_tracker::mask::Masking;
use error_tracker::store::{
    EventSelector, IssueChange, IssueQuery, MemoryStore, Page, Recorded, Sighting, SqliteStore,
    Store, StoreError,
};
use error_tracker::{InitError, Tracker, TrackerBuilder};
use error_tracker_tests::process::BoundedCommand as _;
use error_tracker_tests::{SOON, events_in, tracker};

macro_rules! json {
    ($($json:tt)+) => {
        error_tracker::json::to_value(serde_json::json!($($json)+)).unwrap()
    };
}

/// A tracker of its own, and the events that `capture` makes with it.
fn events_with(
    set_up: impl FnOnce(TrackerBuilder) -> TrackerBuilder,
    capture: impl FnOnce(&Tracker),
) -> Vec<Event> {
    let tracker = set_up(error_tracker::builder().store(MemoryStore::new())).build().unwrap();
    capture(&tracker);
    tracker.flush(SOON).unwrap();
    events_in(tracker.store())
}

fn fail(tracker: &Tracker) {
    tracker.capture_exception(&io::Error::other("no disk")).unwrap();
}

static LIMITS: [u32; 2] = [3, 4];
static API_TOKEN: &str = "a token of some length";

#[test]
fn globals_of_the_builder_show_with_every_event_and_are_masked_by_name() {
    let set_up = |builder: TrackerBuilder| {
        builder.global("LIMITS", || &LIMITS).global("API_TOKEN", || API_TOKEN)
    };
    let events = events_with(set_up, |tracker| {
        fail(tracker);
        tracker.capture_message("a message");
    });
    assert_eq!(events.len(), 2);
    for event in events {
        let shown: Vec<_> = event
            .globals
            .iter()
            .map(|v| (v.name.as_str(), v.value.as_deref().unwrap(), v.masked))
            .collect();
        assert_eq!(shown, [("LIMITS", "[3, 4]", false), ("API_TOKEN", "**************", true)]);
    }
}

#[test]
fn own_rules_decide_what_is_masked_and_by_which_text() {
    let rule = |name: &str| (name == "iban").then_some(Cow::Borrowed("<account>"));
    let masking = Masking::default()
        .rule(rule)
        .mask_word("colour")
        .allow("session_key")
        .replacement("<hidden>");
    let set_up = |builder: TrackerBuilder| {
        builder.masking(masking).context(|| {
            Map::from_iter([
                ("iban".to_owned(), json!("an account")),
                ("colour".to_owned(), json!("a deep blue")),
                ("session_key".to_owned(), json!("shown")),
                ("nested".to_owned(), json!({ "password": "a password", "page": 3 })),
            ])
        })
    };
    let events = events_with(set_up, fail);
    let extras = &events[0].context.extras;
    assert_eq!((&extras["iban"], &extras["colour"]), (&json!("<account>"), &json!("<hidden>")));
    assert_eq!(
        (&extras["session_key"], &extras["nested"]),
        (&json!("shown"), &json!({ "password": "<hidden>", "page": 3 }))
    );
}

#[test]
fn an_empty_list_of_masked_names_turns_masking_off() {
    let context = || Map::from_iter([("password".to_owned(), json!("a password"))]);
    let masking = Masking::default().mask_only(Vec::<&str>::new());
    let events = events_with(|builder| builder.masking(masking).context(context), fail);
    assert_eq!(events[0].context.extras["password"], "a password");
}

#[test]
fn context_builders_run_for_each_event_and_one_that_panics_adds_nothing() {
    let counted = std::sync::atomic::AtomicU32::new(0);
    let set_up = |builder: TrackerBuilder| {
        builder
            .context(move || {
                let count = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Map::from_iter([("build".to_owned(), json!(count))])
            })
            .context(|| panic!("no data centre"))
            .tag("region", "north")
    };
    let events = events_with(set_up, |tracker| (0..3).for_each(|_| fail(tracker)));
    let builds: Vec<_> =
        events.iter().map(|event| event.context.extras["build"].as_u64().unwrap()).collect();
    assert_eq!(builds, [0, 1, 2]);
    assert!(events.iter().all(|event| event.context.tags["region"] == "north"));
}

#[test]
fn events_may_be_changed_dropped_or_ignored_before_they_are_queued() {
    let set_up = |builder: TrackerBuilder| {
        builder
            .release("shop@1.4.2")
            .environment("staging")
            .host("till-3")
            .ignore_type("ParseIntError")
            .ignore(|event| event.message == "ignored by rule")
            .before_capture(|mut event| {
                event.context.tags.insert("seen".into(), "yes".into());
                (event.message != "dropped").then_some(event)
            })
    };
    let events = events_with(set_up, |tracker| {
        assert!(tracker.capture_exception(&"x".parse::<u8>().unwrap_err()).is_none());
        assert!(tracker.capture_message("ignored by rule").is_none());
        assert!(tracker.capture_message("dropped").is_none());
        assert!(tracker.capture_message("kept").is_some());
    });
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].message.as_str(), events[0].context.tags["seen"].as_str()),
        ("kept", "yes")
    );
    let origin = &events[0].origin;
    assert_eq!(
        (&*origin.release, &*origin.environment, &*origin.host),
        ("shop@1.4.2", "staging", "till-3")
    );
}

#[test]
fn issues_are_listed_shown_changed_deleted_and_made() {
    let folder = tempfile::tempdir().unwrap();
    let tracker =
        error_tracker::builder().database(folder.path().join("errors.db")).build().unwrap();
    (0..3).for_each(|_| fail(&tracker));
    tracker.capture_message("a message");
    tracker.flush(SOON).unwrap();
    let issues = tracker.issues(&IssueQuery::default()).unwrap().items;
    let counts: Vec<_> = issues.iter().map(|issue| (issue.message.as_str(), issue.count)).collect();
    assert_eq!(counts, [("a message", 1), ("no disk", 3)], "newest first");
    assert!(issues[1].first_seen < issues[1].last_seen);

    let hash = issues[1].hash.clone();
    let (issue, event) = tracker.issue(&hash).unwrap().unwrap();
    let event = event.unwrap();
    assert_eq!((issue.count, event.type_name.as_str()), (3, "std::io::error::Error"));
    assert_eq!(event.grouping.hash, hash);

    assert!(tracker.change_issue(&hash, &IssueChange::SetStatus(Status::Resolved)).unwrap());
    let mut made = event.clone();
    made.id.clear();
    made.at = Timestamp::now();
    let recorded = tracker.record_event(made.clone()).unwrap();
    assert_eq!(recorded, Recorded::seen(4).regression(true), "the same issue, open again");
    made.type_name = "shop::Other".into();
    assert_eq!(tracker.record_event(made).unwrap(), Recorded::seen(1).with_new(true));

    assert!(tracker.delete_issue(&hash).unwrap());
    assert!(!tracker.delete_issue(&hash).unwrap() && tracker.issue(&hash).unwrap().is_none());
    assert_eq!(tracker.issues(&IssueQuery::default()).unwrap().items.len(), 2);
}

#[test]
fn pages_of_issues_follow_one_another() {
    let tracker = error_tracker::builder().store(MemoryStore::new()).build().unwrap();
    for number in 0..45 {
        let mut event = Event::default();
        event.at = Timestamp::now();
        event.fingerprint = vec![format!("issue {number}")];
        tracker.record_event(event).unwrap();
    }
    let mut query = IssueQuery::default();
    let (mut sizes, mut hashes) = (Vec::new(), Vec::new());
    loop {
        let page = tracker.issues(&query).unwrap();
        sizes.push(page.items.len());
        hashes.extend(page.items.into_iter().map(|issue| issue.hash));
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    hashes.sort();
    hashes.dedup();
    assert_eq!((sizes, hashes.len()), (vec![20, 20, 5], 45));
}

/// The least that a store of one's own needs.
#[derive(Debug, Default)]
struct Least(std::sync::Mutex<Vec<Event>>);

impl Store for Least {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.0.lock().unwrap().extend(batch.iter().map(|sighting| sighting.event.clone()));
        Ok(vec![Recorded::default(); batch.len()])
    }

    fn issues(&self, _: &IssueQuery) -> Result<Page<error_tracker::event::Issue>, StoreError> {
        Ok(Page::new(Vec::new(), None, None))
    }

    fn issue(&self, _: &str) -> Result<Option<error_tracker::event::Issue>, StoreError> {
        Ok(None)
    }

    fn event(&self, _: &str, _: &EventSelector) -> Result<Option<Event>, StoreError> {
        Ok(self.0.lock().unwrap().last().cloned())
    }

    fn change(&self, _: &[&str], _: &IssueChange) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn delete(&self, _: &[&str]) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[test]
fn a_custom_store_gets_every_event_complete() {
    let store = Arc::new(Least::default());
    let tracker =
        error_tracker::builder().shared_store(Arc::<Least>::clone(&store)).build().unwrap();
    fail(&tracker);
    tracker.flush(SOON).unwrap();
    let events = store.0.lock().unwrap();
    assert_eq!((events.len(), events[0].grouping.hash.len()), (1, 64));
    let health = tracker.health();
    assert_eq!((health.raised, health.stored, health.dropped.len()), (1, 1, 0));
}

#[test]
fn a_second_tracker_cannot_be_installed_but_works_independently() {
    let global = tracker();
    let second = error_tracker::builder().store(MemoryStore::new()).install();
    assert_eq!(second.err(), Some(InitError::Installed));
    let before = global.health().raised;
    assert_eq!(events_with(|builder| builder, fail).len(), 1);
    assert_eq!(global.health().raised, before);
}

#[test]
fn an_invalid_setting_is_named_by_build() {
    let error = error_tracker::builder().queue(0).build().unwrap_err();
    assert_eq!(error.to_string(), "error-tracker's setting `queue`: must be from 1 to 1000000");
    let settings = serde_json::from_value(serde_json::json!({ "max_age_days": 0 })).unwrap();
    let error = error_tracker::builder().settings(settings).build().unwrap_err();
    assert!(error.to_string().contains("`max_age_days`"), "{error}");
}

fn run(folder: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_from_environment"));
    command.current_dir(folder).envs(variables.iter().copied()).run()
}

fn events_of_program(folder: &Path, file: &str) -> Vec<Event> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(folder.join(file)).unwrap());
    events_in(&store)
}

#[test]
fn without_settings_events_are_in_errors_db_of_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &[]).status.success());
    let events = events_of_program(folder.path(), "errors.db");
    assert_eq!(
        events.iter().map(|e| e.message.as_str()).collect::<Vec<_>>(),
        ["cancelled", "11 15", "a panic"]
    );
}

#[test]
fn environment_variables_configure_everything() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("ERROR_TRACKER_DATABASE", "own.db"),
        ("ERROR_TRACKER_RELEASE", "shop@2"),
        ("ERROR_TRACKER_ENVIRONMENT", "production"),
        ("ERROR_TRACKER_HOST", "till-4"),
        ("ERROR_TRACKER_MASK", "colour"),
        ("ERROR_TRACKER_MASK_WITH", "<hidden>"),
        ("ERROR_TRACKER_IGNORE", "Cancelled, Other"),
        ("ERROR_TRACKER_PANICS", "off"),
    ];
    assert!(run(folder.path(), &variables).status.success());
    let events = events_of_program(folder.path(), "own.db");
    assert_eq!(events.len(), 1);
    let origin = &events[0].origin;
    assert_eq!(
        (&*origin.release, &*origin.environment, &*origin.host),
        ("shop@2", "production", "till-4")
    );
    let shown = error_tracker_tests::shown(&events[0].frames[0].arguments);
    assert_eq!(shown, ["colour = <hidden>", "password = \"hunter2-hunter2\""]);
    assert!(!folder.path().join("errors.db").exists());
}

#[test]
fn an_environment_variable_turns_recording_off() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &[("ERROR_TRACKER_ENABLED", "false")]).status.success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file is made");
}

#[test]
fn an_invalid_variable_is_named_with_its_remedy() {
    for (name, value, fix) in [
        ("ERROR_TRACKER_PANICS", "perhaps", "`true` or `false`"),
        ("ERROR_TRACKER_QUEUE", "many", "whole number"),
        ("ERROR_TRACKER_QUEUE", "0", "from 1 to 1000000"),
        ("ERROR_TRACKER_DATABSE", "x.db", "DATABASE"),
        ("ERROR_TRACKER_DATABASE", "", "name a file"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = run(folder.path(), &[(name, value)]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {said}");
        assert!(said.contains(fix), "{name}={value}: {said}");
        assert!(said.to_uppercase().contains(name.trim_start_matches("ERROR_TRACKER_")), "{said}");
    }
}
