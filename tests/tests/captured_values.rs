//! What an event shows of a value, however busy the program and its machine are.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, events_of, frame_of, shown, value, variable};

#[derive(Debug, Clone)]
#[expect(dead_code, reason = "only shown")]
struct Order {
    id: u32,
    customer: String,
}

fn order(id: u32) -> Order {
    Order { id, customer: "Ann".into() }
}

/// More calls than are followed at once, and more renderings than the budget allows.
const MANY: u32 = 120_000;
const RENDERINGS: u32 = 20_000;

#[auto_track_exception(context(file = "orders.csv", line = line))]
fn import(line: u32) -> Result<u32, String> {
    let next = line + 1;
    if line == MANY { Err(format!("line {next}")) } else { Ok(next) }
}

#[auto_track_exception(context(order = order(line)))]
fn import_order(line: u32) -> Result<u32, String> {
    let next = line + 1;
    if line == RENDERINGS { Err(format!("order {next}")) } else { Ok(next) }
}

#[test]
fn context_is_recorded_for_any_number_of_calls() {
    let event = event_of(|| (0..=MANY).try_for_each(|line| import(black_box(line)).map(drop)));
    let extras = &event.context.extras;
    assert_eq!(extras.get("file").and_then(|file| file.as_str()), Some("orders.csv"), "{extras:?}");
    assert_eq!(extras.get("line").and_then(|line| line.as_u64()), Some(MANY.into()), "{extras:?}");
    let event =
        event_of(|| (0..=RENDERINGS).try_for_each(|line| import_order(black_box(line)).map(drop)));
    let order = event.context.extras.get("order").and_then(|order| order.as_str()).unwrap();
    assert_eq!(order, format!("Order {{ id: {RENDERINGS}, customer: \"Ann\" }}"));
}

#[auto_track_exception]
fn checks(line: u32) -> Result<u32, String> {
    let order = order(line);
    let total = order.id + 1;
    if line == 2_000 { Err(format!("total {total}")) } else { Ok(total) }
}

#[test]
fn a_first_failure_shows_all_locals_though_its_function_was_called_thousands_of_times_before() {
    let frame = frame_of(|| (0..=2_000).try_for_each(|line| checks(black_box(line)).map(drop)));
    assert_eq!(
        shown(&frame.locals),
        ["order = Order { id: 2000, customer: \"Ann\" }", "total = 2001"]
    );
}

#[auto_track_exception]
fn reads_lines(text: &str) -> Result<usize, std::num::ParseIntError> {
    let mut sum = 0;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(';').collect();
        let owned = fields[0].to_uppercase();
        let number: usize = fields[1].parse()?;
        sum += number + owned.len();
    }
    Ok(sum)
}

#[test]
fn variables_of_a_loop_show_their_last_values_after_any_number_of_iterations() {
    let mut text = "tea;3\n".repeat(3_000);
    text.push_str("coffee, the strong one;x\n");
    let frame = frame_of(move || reads_lines(&text));
    assert_eq!(value(&frame, "line"), "\"coffee, the strong one;x\"");
    assert_eq!(value(&frame, "fields"), "[\"coffee, the strong one\", \"x\"]");
    assert_eq!(value(&frame, "owned"), "\"COFFEE, THE STRONG ONE\"");
}

#[auto_track_exception]
fn many_values(text: &str) -> Result<(), String> {
    let all = [text, "b", "c", "d", "e", "f", "g", "h"].map(|text| vec![text.to_owned(); 12]);
    let [a, b, c, d, e, f, g, h] = all.clone();
    let (i, j, k, l) = (a.clone(), a.clone(), a.clone(), a.clone());
    Err(format!("{}", [a, b, c, d, e, f, g, h, i, j, k, l].len() + all.len()))
}

#[test]
fn many_long_values_of_one_call_are_captured() {
    let frame = frame_of(|| many_values("a value that is as long as those of real programs are"));
    for variable in &frame.locals {
        assert!(variable.value.is_some(), "{variable:?}");
    }
    assert_eq!(frame.locals.len(), 13);
}

/// Its `Debug` takes long.
#[derive(Clone, Copy)]
struct Slow(u32);

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sleep(Duration::from_millis(15));
        write!(f, "Slow({})", self.0)
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slow {}", self.0)
    }
}

impl std::error::Error for Slow {}

#[auto_track_exception]
fn fails_slowly(id: u32, name: &str, order: &Order) -> Result<u32, Slow> {
    let length = name.len() as u32 + order.id;
    let text = name.to_uppercase();
    Err(Slow(id + length + text.len() as u32))
}

#[test]
fn the_first_ten_failures_are_read_in_full_even_with_a_slow_debug() {
    for id in 0..10 {
        let event = event_of(move || fails_slowly(id, "Ann", &order(7)));
        assert_eq!(event.debug, Some(format!("Slow({})", id + 13)));
        let arguments = [
            format!("id = {id}"),
            "name = \"Ann\"".into(),
            "order = Order { id: 7, customer: \"Ann\" }".into(),
        ];
        assert_eq!(shown(&event.frames[0].arguments), arguments);
        assert_eq!(shown(&event.frames[0].locals), ["length = 10", "text = \"ANN\""]);
    }
}

#[auto_track_exception]
fn given_slow(id: u32, name: &str, slow: &Slow) -> Result<u32, String> {
    let twice = id * 2;
    Err(format!("{name} {id} {twice} {}", slow.0))
}

#[test]
fn numbers_and_texts_are_read_even_if_an_argument_is_too_slow_to_be_read_each_time() {
    let events = events_of(|| (0..30).for_each(|id| drop(given_slow(id, "Ann", &Slow(1)))));
    let mut slow = 0;
    for event in &events {
        let frame = &event.frames[0];
        assert_eq!(value(frame, "name"), "\"Ann\"");
        assert_eq!(shown(&frame.locals).len(), 1, "{frame:?}");
        assert!(frame.arguments[0].value.is_some() && frame.locals[0].value.is_some(), "{frame:?}");
        slow += usize::from(variable(frame, "slow").value.is_some());
    }
    assert!(slow < events.len(), "{slow} of {}", events.len());
    assert!(events[..10].iter().all(|event| value(&event.frames[0], "slow") == "Slow(1)"));
}

#[auto_track_exception]
fn bytes(
    slice: &[u8],
    owned: Vec<u8>,
    cow: Cow<'_, [u8]>,
    shared: Arc<[u8]>,
) -> Result<(), String> {
    let tag = *b"fdAT";
    let longer = *b"a text of bytes";
    let boxed: Box<[u8]> = owned.as_slice().into();
    let maybe = Some(owned.clone());
    let lines: Vec<&[u8]> = slice.split(|byte| *byte == b'\n').collect();
    let by_name: HashMap<u8, Vec<Vec<u8>>> = HashMap::from([(1, vec![owned.clone()])]);
    let empty = [0_u8; 4];
    let numbers = vec![102_u32, 100];
    let latin = b"S\xf8ren".to_vec();
    let all = (
        tag,
        longer,
        boxed,
        maybe,
        lines,
        by_name.len(),
        empty,
        numbers,
        latin,
        cow.len(),
        shared.len(),
    );
    Err(format!("{}", all.0.len()))
}

#[test]
fn bytes_that_are_text_read_as_text() {
    let frame = frame_of(|| {
        bytes(
            b"one\ntwo",
            b"owned".to_vec(),
            Cow::Borrowed(b"lent"),
            Arc::from(b"shared".as_slice()),
        )
    });
    let arguments = [
        r#"slice = b"one\ntwo""#,
        r#"owned = b"owned""#,
        r#"cow = b"lent""#,
        r#"shared = b"shared""#,
    ];
    assert_eq!(shown(&frame.arguments), arguments);
    for (name, text) in [
        ("tag", r#"b"fdAT""#),
        ("longer", r#"b"a text of bytes""#),
        ("boxed", r#"b"owned""#),
        ("maybe", r#"Some(b"owned")"#),
        ("lines", r#"[b"one", b"two"]"#),
        ("empty", "[0, 0, 0, 0]"),
        ("numbers", "[102, 100]"),
        ("latin", r#"b"S\xf8ren""#),
    ] {
        assert_eq!(value(&frame, name), text, "{name}");
    }
    assert_eq!(variable(&frame, "tag").type_name, "[u8; 4]");
}

#[auto_track_exception]
fn secret_bytes(body: &[u8], header: Vec<u8>) -> Result<(), String> {
    let copy = body.to_vec();
    Err(format!("{} {}", copy.len(), header.len()))
}

#[test]
fn bytes_are_masked_as_text_is() {
    let frame = frame_of(|| {
        secret_bytes(
            b"user=ann&password=hunter2secret",
            b"Authorization: Bearer abcdef0123456789".to_vec(),
        )
    });
    for name in ["body", "copy", "header"] {
        let shown = value(&frame, name);
        assert!(shown.starts_with("b\"") && shown.contains("*****"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("abcdef0123456789"), "{shown}");
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "only shown")]
struct Job {
    id: u32,
    error: Option<anyhow::Error>,
    tries: u32,
}

fn report() -> anyhow::Error {
    anyhow::anyhow!("no such file").context("cannot read orders.csv")
}

#[auto_track_exception]
fn reports(lent: &anyhow::Error) -> Result<(), String> {
    let error = report();
    let maybe = Some(report());
    let job = Job { id: 7, error: Some(report()), tries: 3 };
    let eyre = eyre::eyre!("no such file").wrap_err("cannot read orders.csv");
    let outcome: Result<u32, anyhow::Error> = Err(report());
    Err(format!("{}", (lent, error, maybe, job.id, eyre, outcome).3))
}

#[test]
fn a_report_of_an_error_shows_its_message_and_causes_and_no_backtrace() {
    let frame = frame_of(|| reports(&report()));
    let text = "cannot read orders.csv: no such file";
    for (name, expected) in [
        ("lent", text.to_owned()),
        ("error", text.to_owned()),
        ("maybe", format!("Some({text})")),
        ("job", format!("Job {{ id: 7, error: Some({text}), tries: 3 }}")),
        ("eyre", text.to_owned()),
        ("outcome", format!("Err({text})")),
    ] {
        assert_eq!(value(&frame, name), expected, "{name}");
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "only shown")]
struct Batch {
    errors: Vec<anyhow::Error>,
    id: u32,
}

#[auto_track_exception(locals = "always")]
fn many_reports() -> Result<(), String> {
    let list = Vec::from([anyhow::anyhow!("first"), report(), anyhow::anyhow!("last")]);
    let batch =
        Batch { errors: vec![anyhow::anyhow!("first"), report(), anyhow::anyhow!("last")], id: 7 };
    let eyre = Vec::from([
        eyre::eyre!("first"),
        eyre::eyre!("no such file").wrap_err("cannot read orders.csv"),
    ]);
    Err(format!("{} {} {}", list.len(), batch.id, eyre.len()))
}

#[test]
fn each_report_of_a_list_shows_its_message_and_causes() {
    let frame = frame_of(many_reports);
    let list = "[first, cannot read orders.csv: no such file, last]";
    assert_eq!(value(&frame, "list"), list);
    assert_eq!(value(&frame, "batch"), format!("Batch {{ errors: {list}, id: 7 }}"));
    assert_eq!(value(&frame, "eyre"), "[first, cannot read orders.csv: no such file]");
}
