//! Held errors are stored if the program ends while requests are being handled.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::convert::Infallible;
use std::process::Command;

use error_tracker::auto_track_exception;
use error_tracker::store::{EventSelector, IssueQuery, SqliteStore, Store as _};
use error_tracker_tower::layer;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _};

/// The environment variable with the database file of the child process.
const DATABASE: &str = "PROGRAM_END_DATABASE";

#[auto_track_exception]
fn in_stock(article: &str) -> Result<u32, String> {
    Err(format!("no {article}"))
}

#[test]
fn held_errors_are_stored_when_the_program_exits() {
    if let Some(database) = std::env::var_os(DATABASE) {
        exits_while_a_request_waits(&database);
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("errors.db");
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "held_errors_are_stored_when_the_program_exits"])
        .env(DATABASE, &database)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    let store = SqliteStore::open_read_only(&database).unwrap();
    let issues = store.issues(&IssueQuery::default()).unwrap().items;
    assert_eq!(issues.len(), 1);
    let event = store.event(&issues[0].hash, &EventSelector::Latest).unwrap().unwrap();
    assert_eq!((&*event.message, event.handled), ("no kettle", false));
    assert_eq!(event.context.request.unwrap().path, "/orders");
}

fn exits_while_a_request_waits(database: &std::ffi::OsStr) -> ! {
    // Forgotten, because the guard of a real program is dropped at the end of `main`, which is
    // not reached here.
    std::mem::forget(error_tracker::builder().database(database).install().unwrap());
    let handler = |_: Request<()>| async {
        let _ = in_stock("kettle");
        std::process::exit(3);
        #[expect(unreachable_code, reason = "it has the type of a response")]
        Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::default()))
    };
    let service = layer().layer(tower::service_fn(handler));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = Request::get("/orders").body(()).unwrap();
    let _ = runtime.block_on(service.oneshot(request));
    unreachable!("the handler has ended the program")
}
