//! What the shops of `examples` promise, of whichever framework they are.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use error_tracker::event::Event;
use error_tracker::store::{SqliteStore, Store};

use crate::answer::{Answer, ask};
use crate::process::{BoundedChild, BoundedCommand as _};
use crate::{events_in, functions, until};

/// Kinds of failures, each with the status of its answer, the text of its event, and the functions of its trace.
const KINDS: [(&str, u16, &str, &[&str]); 9] = [
    ("error", 500, "m-error is out of stock", &["in_stock", "error"]),
    ("chain", 502, "the bank refused m-chain", &["chain"]),
    ("panic", 500, "2 of m-panic were ordered", &["panics"]),
    ("status", 500, "500 Internal Server Error: No stock of m-status.", &[]),
    ("nested", 500, "m-nested is out of stock", &["in_stock", "reserve", "nested"]),
    ("spawned", 500, "m-spawned is out of stock", &["in_stock"]),
    ("blocking", 500, "m-blocking is out of stock", &["in_stock"]),
    ("handled", 200, "m-handled is out of stock", &["in_stock", "handled"]),
    ("plain", 500, "m-plain is out of stock", &[]),
];

/// A shop that runs.
pub(crate) struct RunningShop {
    pub(crate) address: SocketAddr,
    database: tempfile::TempDir,
    process: BoundedChild,
}

impl RunningShop {
    pub(crate) fn start(program: &str) -> Self {
        let database = tempfile::tempdir().unwrap();
        let file = database.path().join("errors.db");
        let mut command = Command::new(program);
        command.args(["--port", "0", "--database"]).arg(&file).stdout(Stdio::piped());
        let mut process = command.start();
        let mut line = String::new();
        BufReader::new(process.stdout()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self { address: address.parse().unwrap(), database, process }
    }

    pub(crate) fn ask(&self, request: &str) -> Answer {
        ask(self.address, request)
    }

    /// The events that it has stored, when there are so many.
    pub(crate) fn events(&self, count: usize) -> Vec<Event> {
        let file: &Path = &self.database.path().join("errors.db");
        // Made for the first event.
        until(|| SqliteStore::open_read_only(file).is_ok());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(file).unwrap());
        until(|| events_in(&store).len() >= count);
        events_in(&store)
    }
}

/// Asks for each kind of failure, and looks for its one event.
///
/// # Panics
/// A kind is not as it is described.
pub fn fails_as_described(program: &str) {
    let shop = RunningShop::start(program);
    let home = shop.ask("GET /").body;
    for (kind, status, ..) in KINDS {
        assert!(home.contains(&format!("action=/fail/{kind}>")), "{kind}");
        let answer = shop.ask(&format!("GET /fail/{kind}?marker=m-{kind}"));
        assert_eq!(answer.status, status, "{kind}: {answer:?}");
        assert_eq!(answer.header("x-event-id").is_some(), status >= 500, "{kind}: {answer:?}");
        assert!(status < 500 || !answer.body.contains(&format!("m-{kind}")), "{answer:?}");
    }
    assert_eq!(shop.ask("GET /fail/nothing").status, 404);
    let body = r#"{"marker":"m-body","password":"canary-8152"}"#;
    let request = format!("POST /fail/body\ncontent-type: application/json\n\n{body}");
    assert_eq!(shop.ask(&request).status, 500);

    let events = shop.events(KINDS.len() + 1);
    assert_eq!(events.len(), KINDS.len() + 1);
    let of_path = |path: &str| {
        let is_of =
            |event: &&Event| event.context.request.as_ref().is_some_and(|it| it.path == path);
        events.iter().find(is_of).unwrap_or_else(|| panic!("{path}"))
    };
    for (kind, status, message, trace) in KINDS {
        let event = of_path(&format!("/fail/{kind}"));
        let last = |name| str::rsplit(name, "::").next().unwrap();
        let found: Vec<_> = functions(event).into_iter().map(last).collect();
        assert_eq!((&*event.message, &*found), (message, trace), "{kind}");
        assert_eq!(event.handled, status == 200, "{kind}");
        assert_eq!(event.context.request.as_ref().unwrap().route, "/fail/{kind}");
    }
    let causes = of_path("/fail/chain").chain.iter().map(|cause| &*cause.message);
    let expected = ["the payment of order 1007 failed", "the bank refused m-chain"];
    assert_eq!(causes.collect::<Vec<_>>(), expected);
    let event = of_path("/fail/body");
    assert_eq!(event.context.request.as_ref().unwrap().json["marker"], "m-body");
    assert!(!error_tracker::json::to_string(event).unwrap().contains("canary"));
}

/// Logs in, and looks at the pages.
///
/// # Panics
/// Others see them, or who has logged in does not.
pub fn shows_its_pages_to_who_has_logged_in(program: &str) {
    let shop = RunningShop::start(program);
    assert_eq!(shop.ask("GET /fail/plain?marker=m-page").status, 500);
    shop.events(1);
    let log_in = |password: &str| {
        let kind = "content-type: application/x-www-form-urlencoded";
        shop.ask(&format!("POST /login\n{kind}\n\nuser=staff&password={password}"))
    };
    assert_eq!(log_in("teapot").status, 401);
    assert_eq!(shop.ask("GET /dev/error/").status, 401);
    assert_eq!(shop.ask("GET /dev/error/\ncookie: shop_session=1").status, 401);
    let answer = log_in("kettle");
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    let page = shop.ask(&format!("GET /dev/error/\ncookie: theme=dark; {cookie}"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("m-page is out of stock"), "{}", page.body);
}

/// Ends it by a signal right behind a failure.
///
/// # Panics
/// The failure is not stored.
pub fn stores_what_failed_before_a_signal(program: &str) {
    let shop = RunningShop::start(program);
    assert_eq!(shop.ask("GET /fail/plain?marker=m-last").status, 500);
    let RunningShop { database, process, .. } = shop;
    Command::new("kill").args(["-TERM", &process.id().to_string()]).run();
    process.wait();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open_read_only(&database.path().join("errors.db")).unwrap());
    let told: Vec<_> = events_in(&store).into_iter().map(|event| event.message).collect();
    assert_eq!(told, ["m-last is out of stock"]);
}

/// Buys something, and uploads a file.
///
/// # Panics
/// It does not work, or what fails in the background is not recorded with its request.
pub fn sells_and_records_what_fails_in_the_background(program: &str) {
    let shop = RunningShop::start(program);
    assert_eq!(shop.ask("GET /orders/1007").body, "Order 1007: 2 pieces of kettle");
    assert_eq!(shop.ask("GET /orders/1").status, 404);
    let pay = |order: u32, token: &str| {
        let body = format!("{{\"order\":{order},\"card_token\":\"{token}\"}}");
        shop.ask(&format!("POST /pay\ncontent-type: application/json\n\n{body}"))
    };
    assert_eq!(pay(1007, "tok_1").body, "{\"order\":1007,\"paid\":true}");
    assert_eq!(pay(1008, "tok_1").status, 200);
    assert_eq!(pay(1007, "stolen").status, 502);
    let file = "x".repeat(300_000);
    assert_eq!(shop.ask(&format!("POST /upload\n\n{file}")).body, "300000 bytes");
    let mut events = shop.events(2);
    events.sort_by(|a, b| a.message.cmp(&b.message));
    let told: Vec<_> = events
        .iter()
        .map(|event| (&*event.message, &*event.context.request.as_ref().unwrap().route))
        .collect();
    let expected = [
        ("the bank refused 2 pieces of kettle", "/pay"),
        ("there is no order 1008 with an address", "/pay"),
    ];
    assert_eq!(told, expected);
}
