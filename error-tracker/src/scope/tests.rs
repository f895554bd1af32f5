use std::cell::RefCell;
use std::collections::HashSet;
use std::error::Error;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use super::{FutureScopeExt, Scope, configure_scope, propagate, record_handled_with, with_scope};
use crate::event::{Breadcrumb, Event, Level, Request};
use crate::json::{Value, json};

fn tag(name: &str) -> Option<String> {
    Scope::current().tag(name).map(str::to_owned)
}

#[test]
fn a_thread_starts_with_an_empty_scope() {
    configure_scope(|scope| scope.set_tag("a", 1));
    assert!(std::thread::spawn(|| Scope::current().data.is_none()).join().unwrap());
}

#[test]
fn with_scope_inherits_and_restores_also_after_a_panic() {
    configure_scope(|scope| scope.set_tag("outer", 1));
    let caught = catch_unwind(|| {
        with_scope(
            |scope| scope.set_tag("inner", 2),
            || {
                assert_eq!(
                    (tag("outer").as_deref(), tag("inner").as_deref()),
                    (Some("1"), Some("2"))
                );
                configure_scope(|scope| scope.set_tag("within", 3));
                assert_eq!(tag("within").as_deref(), Some("3"));
                panic!("on purpose");
            },
        )
    });
    assert!(caught.is_err());
    assert_eq!((tag("outer").as_deref(), tag("inner"), tag("within")), (Some("1"), None, None));
}

#[test]
fn a_panic_while_configuring_loses_nothing() {
    configure_scope(|scope| scope.set_tag("a", 1));
    let caught = catch_unwind(|| {
        configure_scope(|scope| {
            scope.set_tag("b", 2);
            panic!("on purpose");
        })
    });
    assert!(caught.is_err());
    assert_eq!((tag("a").as_deref(), tag("b").as_deref()), (Some("1"), Some("2")));
}

#[test]
fn a_copy_changes_alone() {
    let mut one = Scope::new();
    one.set_tag("a", 1);
    let mut two = one.clone();
    two.set_tag("a", 2);
    two.remove_extra("never set");
    assert_eq!((one.tag("a"), two.tag("a")), (Some("1"), Some("2")));
    two.remove_tag("a");
    assert_eq!(two.tag("a"), None);
    two.set_extra("x", 1);
    two.remove_extra("x");
    assert_eq!(two.extra("x"), None);
    one.clear();
    assert!(one.data.is_none());
}

#[test]
fn events_get_the_data_of_the_scope_and_keep_their_own() {
    let mut scope = Scope::new();
    scope.set_extra("order", json!({"id": 7}));
    scope.set_extra("own", "scope");
    scope.set_tag("tenant", "acme");
    scope.set_user([("id", "42"), ("email", "ann@example.org")]);
    scope.set_fingerprint(["payment", "refused"]);
    scope.set_level(Level::Warning);
    scope.add_breadcrumb(Breadcrumb::new("http", "POST /charge").data("status", 502));
    scope.set_request(Request { method: "GET".into(), ..Request::default() });
    let mut event = Event::default();
    event.context.extras.insert("own", "event");
    scope.run(|| Scope::current().fill(&mut event));
    assert_eq!(event.context.extras["order"], json!({"id": 7}));
    assert_eq!(event.context.extras["own"], "event");
    assert_eq!(event.context.tags["tenant"], "acme");
    assert_eq!(event.context.user["email"], "ann@example.org");
    assert_eq!(event.fingerprint, ["payment", "refused"]);
    assert_eq!(event.level, Level::Warning);
    assert_eq!(event.context.breadcrumbs[0].data["status"], 502);
    assert_eq!(event.context.request.unwrap().method, "GET");
    assert!(event.cut.is_empty());
}

#[test]
fn setting_a_user_replaces_the_former_one() {
    let mut scope = Scope::new();
    scope.set_user([("id", 1), ("age", 2)]);
    scope.set_user([("id", 3)]);
    assert_eq!(scope.user().collect::<Vec<_>>(), [("id", "3")]);
}

#[test]
fn an_error_in_run_handled_is_recorded_and_swallowed() {
    thread_local! { static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) }; }
    fn recorder(
        error: &(dyn Error + 'static),
        type_name: &'static str,
        at: &'static Location<'static>,
    ) {
        assert!(at.file().ends_with("scope/tests.rs"), "where it was handled: {at}");
        SEEN.with_borrow_mut(|seen| {
            seen.push(format!("{type_name}: {error} for {:?}", tag("job")));
        });
    }
    record_handled_with(recorder);
    let mut scope = Scope::new();
    scope.set_tag("job", "import");
    assert_eq!(scope.run_handled(|| "7".parse::<u8>()), Some(7));
    assert_eq!(scope.run_handled(|| "x".parse::<u8>()), None);
    assert_eq!(scope.run_handled(|| Err::<(), _>(anyhow::anyhow!("chain").context("outer"))), None);
    assert_eq!(scope.run_handled(|| Err::<(), _>("text")), None);
    let seen = SEEN.take();
    assert_eq!(
        seen[0],
        "core::num::error::ParseIntError: invalid digit found in string for Some(\"import\")"
    );
    assert_eq!(seen[1], "anyhow::Error: outer for Some(\"import\")");
    assert_eq!(seen[2], "&str: text for Some(\"import\")");
    assert!(
        catch_unwind(|| scope.run_handled(|| -> Result<(), String> { panic!("on purpose") }))
            .is_err()
    );
    assert_eq!(tag("job"), None);
}

#[test]
fn a_scope_stays_within_its_bounds() {
    let mut scope = Scope::new();
    for n in 0..1_000 {
        scope.set_extra(format!("extra {n}"), n);
        scope.set_tag(format!("tag {n}"), n);
        scope.add_breadcrumb(Breadcrumb::new("step", n.to_string()));
    }
    scope.set_extra("extra 0", "x".repeat(1 << 20));
    scope.set_extra("extra 1", vec!["y".repeat(100); 10_000]);
    scope.set_tag("tag 0", "ü".repeat(1 << 20));
    scope.set_user((0..1_000).map(|n| (n.to_string(), n)));
    scope.set_fingerprint(vec!["z".repeat(10_000); 10_000]);
    let pairs = vec![("name".repeat(1_000), "v".repeat(10_000)); 1_000];
    scope.set_request(Request { headers: pairs.clone(), form: pairs, ..Request::default() });
    let mut event = Event::default();
    scope.fill(&mut event);
    assert_eq!((event.context.extras.len(), event.context.tags.len()), (100, 100));
    assert_eq!(event.context.breadcrumbs.len(), 100);
    assert_eq!(event.context.breadcrumbs[99].message, "999");
    assert_eq!((event.context.user.len(), event.fingerprint.len()), (20, 10));
    assert!(event.cut[0].starts_with("1801 entries"), "{:?}", event.cut);
    let size = crate::json::to_string(&event).unwrap().len();
    assert!(size < 160_000, "{size}");
}

#[test]
fn values_that_cannot_be_captured_become_a_note() {
    struct Refuses;
    impl serde::Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    struct Panics;
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("on purpose")
        }
    }
    impl std::fmt::Display for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("on purpose")
        }
    }
    let mut scope = Scope::new();
    scope.set_extra("refuses", Refuses);
    scope.set_extra("panics", Panics);
    scope.set_tag("panics", Panics);
    let mut deep = Value::Null;
    for _ in 0..100 {
        deep = json!([deep]);
    }
    scope.set_extra("deep", deep);
    assert_eq!(scope.extra("refuses"), Some(&json!("<could not be serialised: no>")));
    assert_eq!(scope.extra("panics"), Some(&json!("<Serialize panicked>")));
    assert_eq!(scope.tag("panics"), Some("<Display panicked>"));
    assert!(scope.extra("deep").unwrap().to_string().len() < 100);
}

#[test]
fn carry_takes_the_scope_to_another_thread() {
    let seen = with_scope(
        |scope| scope.set_tag("job", "import"),
        || std::thread::spawn(propagate(|| tag("job"))).join().unwrap(),
    );
    assert_eq!(seen.as_deref(), Some("import"));
}

async fn hops(name: &'static str) -> HashSet<std::thread::ThreadId> {
    let mut threads = HashSet::new();
    for step in 0..200 {
        assert_eq!(tag("task").as_deref(), Some(name));
        assert_eq!(
            tag("step"),
            (step > 0).then(|| (step - 1).to_string()),
            "changes made before stay"
        );
        configure_scope(|scope| scope.set_tag("step", step));
        threads.insert(std::thread::current().id());
        tokio::task::yield_now().await;
    }
    threads
}

fn scope_of(name: &str) -> Scope {
    let mut scope = Scope::current();
    scope.set_tag("task", name);
    scope
}

#[tokio::test]
async fn futures_that_are_joined_on_one_thread_keep_their_own_scope() {
    configure_scope(|scope| scope.set_tag("task", "outer"));
    tokio::join!(hops("a").in_scope(scope_of("a")), hops("b").in_scope(scope_of("b")));
    assert_eq!((tag("task").as_deref(), tag("step")), (Some("outer"), None));
}

#[test]
fn tasks_keep_their_scope_on_every_thread_they_move_to() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let used = runtime.block_on(async {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let tasks: Vec<_> = names
            .into_iter()
            .map(|name| tokio::spawn(hops(name).in_scope(scope_of(name))))
            .collect();
        let mut used = HashSet::new();
        for task in tasks {
            used.extend(task.await.unwrap());
        }
        for _ in 0..16 {
            assert!(tokio::spawn(async { Scope::current().data.is_none() }).await.unwrap());
        }
        used
    });
    assert!(!used.contains(&std::thread::current().id()));
}

#[test]
fn a_future_sees_its_scope_wherever_it_is_polled_and_dropped() {
    struct OnDrop<'a>(&'a RefCell<Option<String>>);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            *self.0.borrow_mut() = tag("task");
        }
    }
    let dropped = RefCell::new(None);
    let held = OnDrop(&dropped);
    let mut future = Box::pin(
        async move {
            let _held = held;
            std::future::pending::<()>().await;
        }
        .in_scope(scope_of("cancelled")),
    );
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    assert_eq!(tag("task"), None);
    drop(future);
    assert_eq!(dropped.take().as_deref(), Some("cancelled"));
    assert_eq!(tag("task"), None);
}

#[test]
fn a_task_that_panics_restores_the_scope_of_its_thread() {
    configure_scope(|scope| scope.set_tag("task", "outer"));
    let mut future = Box::pin(async { panic!("on purpose") }.in_scope(scope_of("panics")));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))).is_err());
    assert_eq!(tag("task").as_deref(), Some("outer"));
}
