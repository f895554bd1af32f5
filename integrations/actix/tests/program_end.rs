//! Held errors are stored if the program ends while requests are being handled.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::ffi::OsStr;
use std::process::Command;

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use error_tracker::auto_track_exception;
use error_tracker::store::{EventSelector, IssueQuery, SqliteStore, Store as _};
use error_tracker_actix::middleware;
use error_tracker_tests::process::BoundedCommand as _;

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
        .run();
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    let store = SqliteStore::open_read_only(&database).unwrap();
    let issues = store.issues(&IssueQuery::default()).unwrap().items;
    assert_eq!(issues.len(), 1);
    let event = store.event(&issues[0].hash, &EventSelector::Latest).unwrap().unwrap();
    assert_eq!((&*event.message, event.handled), ("no kettle", false));
    let request = event.context.request.unwrap();
    assert_eq!((&*request.path, &*request.route), ("/orders/7", "/orders/{id}"));
}

async fn exits() -> HttpResponse {
    let _ = in_stock("kettle");
    std::process::exit(3)
}

fn exits_while_a_request_waits(database: &OsStr) -> ! {
    // Forgotten, because the guard of a real program is dropped at the end of `main`, which is
    // not reached here.
    std::mem::forget(error_tracker::builder().database(database).install().unwrap());
    actix_web::rt::System::new().block_on(async {
        let app = App::new().route("/orders/{id}", web::get().to(exits)).wrap(middleware());
        let service = init_service(app).await;
        call_service(&service, TestRequest::get().uri("/orders/7").to_request()).await;
    });
    unreachable!("the handler has ended the program")
}
