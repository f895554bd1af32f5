//! Sample issues of a program that imports orders, for tests and for viewing the pages.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{
    BacktraceFrame, Breadcrumb, CaptureTime, Cause, Event, Exit, FingerprintComponent, Frame,
    Grouping, Kind, Level, Location, Request, Snippet, Timestamp, UserKey, Variable,
};
use crate::json::json;
use crate::store::{IssueChange, MemoryStore, Sighting, Store};

/// The current time in tests.
pub(super) fn now() -> Timestamp {
    "2026-11-24T08:14:12Z".parse().unwrap()
}

pub(super) fn before(seconds: u64) -> Timestamp {
    now().minus(Duration::from_secs(seconds))
}

/// Returns a store with all of the events below.
pub(super) fn store() -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    for (event, times, age) in [
        (parse_error(), 1284, 130),
        (payment(), 41, 5_000),
        (panic(), 7, 9_000),
        (message(), 312, 40_000),
        (hostile(), 3, 90_000),
        (missing(), 1, 400_000),
    ] {
        record(&store, &event, times, age);
    }
    let numbers = [
        ("io", "std::io::error::Error", "connection reset by peer", "Shipping::quote"),
        (
            "utf8",
            "core::str::error::Utf8Error",
            "invalid utf-8 sequence of 1 bytes from index 17",
            "read_line",
        ),
        (
            "json",
            "serde_json::error::Error",
            "expected `,` or `}` at line 1 column 38",
            "decode_address",
        ),
        ("csv", "orders::csv::ColumnError", "row 512 has 6 columns, 7 expected", "columns"),
        ("dup", "orders::ImportError", "order 10482 is there twice", "Import::insert"),
    ];
    for (at, (name, type_name, text, function)) in (1_u64..).zip(numbers) {
        let mut event = Event { at: before(at * 3_000), ..event(&format!("{name}-1")) };
        event.type_name = type_name.into();
        event.message = text.into();
        event.frames = vec![Frame {
            function: function.into(),
            module: "orders::import".into(),
            file: "src/import.rs".into(),
            line: u32::try_from(at * 17).unwrap(),
            column: 9,
            expression: "self.next(row)".into(),
            ..Frame::default()
        }];
        event.grouping.hash = hash(name);
        record(&store, &event, at * 13, at * 3_000);
    }
    store
        .change(&[&hash("utf8")], &IssueChange::SetStatus(crate::event::Status::Resolved))
        .unwrap();
    store.change(&[&hash("io")], &IssueChange::SetStatus(crate::event::Status::Muted)).unwrap();
    Arc::new(store)
}

/// Records `times` occurrences, spread over time, users and releases, the last of them `age` seconds
/// ago.
fn record(store: &MemoryStore, event: &Event, times: u64, age: u64) {
    let mut left = times;
    for part in (0..16_u64).rev() {
        let count = if part == 0 { left } else { (times * (part * 7 % 5 + 1) / 60).min(left) };
        if count == 0 {
            continue;
        }
        left -= count;
        let mut event = event.clone();
        event.at = before(age + part * part * 5_400);
        event.id = format!("019ab3c2-7f10-7000-8000-{:012x}", 4_096 - part);
        if part > 6 {
            event.origin.release = format!("orders@1.{}.0", part / 4);
        }
        let user = |nth: u64| UserKey::of(&[("id".into(), nth.to_string())].into());
        let users = (0..times / 14).filter(|nth| nth % 16 >= part / 2).filter_map(user).collect();
        let routes = match &event.context.request {
            Some(_) => vec![
                ("GET /orders/{id}".to_owned(), count / 5),
                (format!("PUT /orders/{{id}}/lines/{{line}}/{}", part % 7), count / 9),
            ],
            None => Vec::new(),
        };
        let sighting = Sighting::new(event.clone()).repeated(count, event.at);
        store.record(&[sighting.users(users).other_routes(routes)]).unwrap();
    }
}

pub(super) fn hash(name: &str) -> String {
    use hmac_sha256::Hash;
    Hash::hash(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn event(name: &str) -> Event {
    let mut event =
        Event { id: format!("019ab3c2-{name}"), thread: "main".into(), ..Event::default() };
    event.origin.host = "import-3".into();
    event.origin.release = "orders@1.4.2".into();
    event.origin.environment = "production".into();
    event.origin.process = 48_213;
    event
}

fn variable(name: &str, type_name: &str, value: &str, taken: CaptureTime) -> Variable {
    Variable {
        name: name.into(),
        type_name: type_name.into(),
        value: Some(value.into()),
        taken,
        ..Variable::default()
    }
}

fn masked(name: &str, part: &str) -> Variable {
    Variable {
        masked: true,
        masked_by: Some(format!("name contains `{part}`")),
        taken: CaptureTime::Never,
        ..variable(name, "&str", "**************", CaptureTime::Never)
    }
}

fn snippet(first_line: u32, text: &str) -> Option<Snippet> {
    Some(Snippet { first_line, lines: text.lines().map(String::from).collect() })
}

/// An error that passed three `?` and an anyhow context, within a request.
pub(super) fn parse_error() -> Event {
    let mut event = event("parse");
    event.type_name = "core::num::error::ParseIntError".into();
    event.variant = Some("InvalidDigit".into());
    event.message = "invalid digit found in string".into();
    event.debug = Some("ParseIntError { kind: InvalidDigit }".into());
    event.chain = vec![
        Cause {
            type_name: Some("anyhow::Error".into()),
            message: "import of orders-2026-11.csv failed".into(),
            ..Cause::default()
        },
        Cause {
            type_name: Some("orders::ImportError".into()),
            message: "row 417: bad amount \"12,5O\"".into(),
            ..Cause::default()
        },
        Cause {
            type_name: Some("core::num::error::ParseIntError".into()),
            message: "invalid digit found in string".into(),
            ..Cause::default()
        },
    ];
    event.frames = vec![
        Frame {
            function: "Amount::parse".into(),
            module: "orders::amount".into(),
            file: "src/amount.rs".into(),
            line: 38,
            column: 21,
            expression: "cents.parse::<i64>()".into(),
            exit: Exit::Question,
            arguments: vec![variable("text", "&str", "\"12,5O\"", CaptureTime::Failure)],
            locals: vec![
                variable("sign", "i64", "1", CaptureTime::Failure),
                variable("whole", "&str", "\"12\"", CaptureTime::Bound),
                variable("cents", "&str", "\"5O\"", CaptureTime::Bound),
                Variable { note: Some("no Debug".into()), value: None, taken: CaptureTime::Never, ..variable("rounding", "orders::amount::Rounding<impl Fn(i64) -> i64>", "", CaptureTime::Never) },
            ],
            snippet: snippet(
                33,
                "    pub fn parse(text: &str) -> Result<Self, ParseIntError> {\n        let (sign, text) = split_sign(text);\n        let (whole, cents) = text.split_once(',').unwrap_or((text, \"00\"));\n        // Some exports write one digit for tens of cents.\n        let whole = whole.parse::<i64>()?;\n        let cents = cents.parse::<i64>()?;\n        let cents = if cents < 10 { cents * 10 } else { cents };\n        Ok(Self(sign * (whole * 100 + cents)))\n    }\n\n    pub fn is_negative(self) -> bool {",
            ),
            ..Frame::default()
        },
        Frame {
            function: "Order::from_row".into(),
            module: "orders::order".into(),
            file: "src/order.rs".into(),
            line: 71,
            column: 22,
            expression: "Amount::parse(row.amount)\n            .map_err(|error| ImportError::amount(row.number, error))".into(),
            exit: Exit::Question,
            error: Some(Cause { type_name: Some("orders::ImportError".into()), message: "row 417: bad amount \"12,5O\"".into(), ..Cause::default() }),
            arguments: vec![variable("row", "&orders::csv::Row", "Row { number: 417, id: \"10482\", customer: \"Ayşe Yılmaz\", amount: \"12,5O\", currency: \"EUR\", note: \"\" }", CaptureTime::Bound)],
            locals: vec![variable("id", "u64", "10482", CaptureTime::Failure)],
            snippet: snippet(
                68,
                "    pub fn from_row(row: &Row) -> Result<Self, ImportError> {\n        let id = row.id.parse().map_err(|_| ImportError::Id(row.number))?;\n        let customer = Customer::named(row.customer);\n        let amount = Amount::parse(row.amount)\n            .map_err(|error| ImportError::amount(row.number, error))?;\n        Ok(Self { id, customer, amount })\n    }",
            ),
            ..Frame::default()
        },
        Frame {
            function: "import_file".into(),
            module: "orders::import".into(),
            file: "src/import.rs".into(),
            line: 112,
            column: 13,
            expression: "orders.push(Order::from_row(&row)?)".into(),
            exit: Exit::Question,
            error: Some(Cause { type_name: Some("anyhow::Error".into()), message: "import of orders-2026-11.csv failed".into(), ..Cause::default() }),
            arguments: vec![
                variable("path", "&std::path::Path", "\"/srv/in/orders-2026-11.csv\"", CaptureTime::Failure),
                variable("user", "&str", "\"importer\"", CaptureTime::Failure),
                masked("password", "password"),
            ],
            locals: vec![
                variable("orders", "alloc::vec::Vec<orders::order::Order>", "[Order { id: 10001, amount: Amount(1250), .. }, Order { id: 10002, amount: Amount(399), .. }, … 414 more]", CaptureTime::Bound),
                variable("row", "orders::csv::Row", "Row { number: 417, .. }", CaptureTime::Bound),
            ],
            ..Frame::default()
        },
    ];
    event.callers = vec![Frame {
        function: "handle_upload".into(),
        module: "orders::web".into(),
        file: "src/web.rs".into(),
        line: 24,
        exit: Exit::Running,
        arguments: vec![variable("size", "usize", "48211", CaptureTime::Failure)],
        ..Frame::default()
    }];
    event.context.request = Some(Request {
        method: "POST".into(),
        host: "orders.example".into(),
        path: "/import/{supplier}".into(),
        url: "https://orders.example/import/acme?dry=false&month=2026-11".into(),
        query: vec![("dry".into(), "false".into()), ("month".into(), "2026-11".into())],
        headers: vec![
            (
                "user-agent".into(),
                "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/145.0".into(),
            ),
            ("authorization".into(), "**************".into()),
            ("content-type".into(), "text/csv; charset=utf-8".into()),
        ],
        cookies: vec![("session".into(), "**************".into())],
        form: Vec::new(),
        json: json!({ "supplier": "acme", "rows": 1013, "options": { "skip_empty": true } }),
        ..Request::default()
    });
    event.context.tags.insert("supplier".into(), "acme".into());
    event.context.user.insert("id".into(), "u-2291".into());
    event.context.user.insert("email".into(), "ayse@orders.example".into());
    event.context.extras.insert("batch", json!({ "rows": 1013, "done": 416 }));
    event.context.breadcrumbs = vec![
        crumb(9_420, "http", "POST /import/acme", Level::Info, json!({ "bytes": 48211 })),
        crumb(9_100, "db", "begin transaction", Level::Debug, json!({})),
        crumb(
            400,
            "import",
            "row 388 has no currency, EUR assumed",
            Level::Warning,
            json!({ "row": 388 }),
        ),
        crumb(20, "import", "row 417 read", Level::Info, json!({})),
    ];
    event.globals = vec![variable(
        "CONFIG",
        "orders::Config",
        "Config { workers: 4, currency: \"EUR\", api_token: ************** }",
        CaptureTime::Failure,
    )];
    event.backtrace = [
        ("orders::amount::Amount::parse", "src/amount.rs", 38, true),
        ("orders::order::Order::from_row", "src/order.rs", 71, true),
        (
            "<core::iter::adapters::map::Map<I,F> as core::iter::traits::iterator::Iterator>::try_fold",
            "/rustc/ed61e7d/library/core/src/iter/adapters/map.rs",
            117,
            false,
        ),
        (
            "core::ops::function::FnOnce::call_once",
            "/rustc/ed61e7d/library/core/src/ops/function.rs",
            253,
            false,
        ),
        ("orders::import::import_file", "src/import.rs", 112, true),
        ("orders::web::handle_upload", "src/web.rs", 31, true),
        (
            "tokio::runtime::task::core::Core<T,S>::poll",
            "/root/.cargo/registry/src/tokio-1.54.1/src/runtime/task/core.rs",
            365,
            false,
        ),
        (
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "/rustc/ed61e7d/library/std/src/sys/backtrace.rs",
            158,
            false,
        ),
    ]
    .map(|(function, file, line, in_app)| BacktraceFrame {
        function: function.into(),
        file: Some(file.into()),
        line: Some(line),
        in_app,
        ..BacktraceFrame::default()
    })
    .into();
    event.cut = vec!["212 of 1,013 characters of the variable `note`".into()];
    event.grouping = grouping(
        "parse",
        &[
            ("kind", "error"),
            ("type", "core::num::error::ParseIntError::InvalidDigit"),
            ("place", "orders::amount::Amount::parse  cents.parse::<i64>()  #0"),
        ],
    );
    event
}

fn crumb(
    milliseconds: u64,
    category: &str,
    message: &str,
    level: Level,
    data: crate::json::Value,
) -> Breadcrumb {
    Breadcrumb {
        at: now().minus(Duration::from_millis(130_000 + milliseconds)),
        category: category.into(),
        message: message.into(),
        level,
        data: data.as_object().cloned().unwrap_or_default(),
    }
}

fn grouping(name: &str, components: &[(&str, &str)]) -> Grouping {
    let component = |(label, value): &(&str, &str)| FingerprintComponent {
        label: (*label).into(),
        value: (*value).into(),
    };
    Grouping {
        hash: hash(name),
        version: "g1".into(),
        components: components.iter().map(component).collect(),
    }
}

fn payment() -> Event {
    let mut event = event("payment");
    event.type_name = "orders::payment::PaymentError".into();
    event.variant = Some("Declined".into());
    event.message = "the bank declined 1,250.00 EUR for order 10533: insufficient funds\n\nAsk the customer for another way to pay.\nThe bank's answer was:\n  { \"code\": \"51\", \"retry\": false, \"trace\": \"a8f0\" }".into();
    event.handled = true;
    event.frames = vec![Frame {
        function: "Gateway::charge".into(),
        module: "orders::payment".into(),
        file: "src/payment.rs".into(),
        line: 90,
        column: 13,
        expression: "Err(PaymentError::Declined { order, amount, reason })".into(),
        exit: Exit::Tail,
        arguments: vec![
            variable("order", "u64", "10533", CaptureTime::Failure),
            masked("api_token", "token"),
        ],
        snippet: snippet(
            88,
            "        match answer.code {\n            0 => Ok(Receipt::new(order, amount)),\n            _ => Err(PaymentError::Declined { order, amount, reason }),\n        }",
        ),
        ..Frame::default()
    }];
    event.frames[0].column = 18;
    event.grouping = grouping("payment", &[("kind", "error")]);
    event
}

pub(super) fn panic() -> Event {
    let mut event = event("panic");
    event.kind = Kind::Panic;
    event.level = Level::Fatal;
    event.type_name = "panic".into();
    event.message = "index out of bounds: the len is 6 but the index is 6".into();
    event.location = Some(Location { file: "src/csv.rs".into(), line: 55, column: 30 });
    event.frames = vec![Frame {
        function: "Row::split".into(),
        module: "orders::csv".into(),
        file: "src/csv.rs".into(),
        line: 55,
        column: 30,
        expression: "cells[6]".into(),
        exit: Exit::Panic,
        arguments: vec![variable(
            "line",
            "&str",
            "\"10611;Bo Ek;12,50;EUR;2026-11-02;\"",
            CaptureTime::Bound,
        )],
        snippet: snippet(
            53,
            "        let cells: Vec<_> = line.split(';').collect();\n        let id = cells[0];\n        let note = unescape(cells[6]);",
        ),
        ..Frame::default()
    }];
    event.frames[0].column = 29;
    event.grouping = grouping("panic", &[("kind", "panic")]);
    event
}

fn message() -> Event {
    let mut event = event("message");
    event.kind = Kind::Message;
    event.level = Level::Warning;
    event.type_name = "message".into();
    event.template = Some("order {id} ships without insurance".into());
    event.message = "order 10377 ships without insurance".into();
    event.handled = true;
    event.location = Some(Location { file: "src/shipping.rs".into(), line: 19, column: 5 });
    event.grouping = grouping("message", &[("template", "order {id} ships without insurance")]);
    event
}

fn missing() -> Event {
    let mut event = event("missing");
    event.kind = Kind::None;
    event.type_name = "core::option::Option<orders::Customer>".into();
    event.message = "None".into();
    event.grouping = grouping("missing", &[("kind", "none")]);
    event
}

/// Text that tries to inject markup, and text with other writing directions.
pub(super) fn hostile() -> Event {
    let evil =
        "\"><script>document.title='owned'</script><img src=x onerror=alert(1)>{{ 7*7 }}' `onx=1`";
    with_everywhere(
        event("hostile"),
        &format!("{evil} \u{202e}gnp.exe \u{0}\u{1b}[31m שלום עולם مرحبا"),
    )
}

/// Returns `event` with `text` in every text field.
pub(super) fn with_everywhere(mut event: Event, text: &str) -> Event {
    let variable = Variable {
        note: Some(text.into()),
        masked: true,
        masked_by: Some(text.into()),
        ..variable(text, text, text, CaptureTime::Failure)
    };
    let cause = Cause { type_name: Some(text.into()), message: text.into(), ..Cause::default() };
    let frame = Frame {
        function: text.into(),
        module: text.into(),
        file: text.into(),
        line: 3,
        column: 5,
        expression: text.into(),
        error: Some(cause.clone()),
        arguments: vec![variable.clone()],
        locals: vec![variable.clone()],
        snippet: snippet(2, &format!("    a\n    {text}\n    b")),
        ..Frame::default()
    };
    let pairs = vec![(text.to_owned(), text.to_owned())];
    event.type_name = text.into();
    event.variant = Some(text.into());
    event.message = text.into();
    event.debug = Some(format!("Debug {text}"));
    event.chain = vec![cause];
    event.frames = vec![frame.clone(), Frame { snippet: None, ..frame.clone() }];
    event.callers = vec![frame];
    event.backtrace = [true, false]
        .map(|in_app| BacktraceFrame {
            function: text.into(),
            file: Some(text.into()),
            line: None,
            in_app,
            ..BacktraceFrame::default()
        })
        .into();
    event.thread = text.into();
    event.globals = vec![variable];
    event.context.extras.insert(text, json!({ text: [text] }));
    event.context.tags.insert(text.into(), text.into());
    event.context.user.insert(text.into(), text.into());
    event.context.breadcrumbs = vec![crumb(0, text, text, Level::Info, json!({ text: text }))];
    event.context.request = Some(Request {
        method: text.into(),
        host: text.into(),
        path: text.into(),
        url: format!("javascript:{text}"),
        query: pairs.clone(),
        headers: pairs.clone(),
        cookies: pairs.clone(),
        form: pairs,
        json: json!({ text: text }),
        ..Request::default()
    });
    event.origin.host = text.into();
    event.origin.release = text.into();
    event.origin.environment = text.into();
    event.cut = vec![text.into()];
    event.grouping = grouping("hostile", &[(text, text)]);
    event
}
