//! What the options of the attributes do.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;
use std::sync::Mutex;

use error_tracker::event::{CaptureTime, Event, Exit, Frame, Kind, Level, Variable};
use error_tracker::{auto_track_exception, track_exception};
use error_tracker_tests::{event_of, events_of, find, functions, shown, value, variable};

/// A type that can be shown, but not as a primitive or text.
#[derive(Debug, Default, Clone, PartialEq)]
struct Order {
    id: u32,
    note: String,
}

static LIMIT: u32 = 30;
static TAXES: [(&str, u8); 2] = [("de", 19), ("fr", 20)];

#[auto_track_exception(skip(order, doubled))]
fn skipping(order: &Order, times: u32) -> Result<u32, String> {
    let doubled = order.id * times;
    let kept = doubled + 1;
    Err(format!("{doubled} {kept}"))
}

#[auto_track_exception(skip_all)]
fn skipping_all(times: u32) -> Result<u32, String> {
    let kept = times + 1;
    Err(format!("{kept}"))
}

#[test]
fn skip_omits_the_named_arguments_and_locals_only() {
    let frame = frame_of(event_of(|| skipping(&Order::default(), 3)));
    assert_eq!(shown(&frame.arguments), ["times = 3"]);
    assert_eq!(shown(&frame.locals), ["kept = 1"]);
}

#[test]
fn skip_all_omits_all_variables_but_not_the_frame() {
    let frame = frame_of(event_of(|| skipping_all(3)));
    assert_eq!((frame.arguments.len(), frame.locals.len()), (0, 0));
    assert_eq!(
        (frame.function.as_str(), frame.expression.as_str()),
        ("skipping_all", "Err(format!(\"{kept}\"))")
    );
}

#[auto_track_exception]
fn finds(ids: &[u32], id: u32) -> Option<usize> {
    let at = ids.iter().position(|known| *known == id)?;
    Some(at)
}

#[auto_track_exception(none)]
fn must_find(ids: &[u32], id: u32) -> Option<usize> {
    let at = ids.iter().position(|known| *known == id)?;
    Some(at)
}

#[test]
fn a_none_is_not_a_failure_without_the_option() {
    assert!(events_of(|| finds(&[1, 2], 3)).is_empty());
    let event = event_of(|| must_find(&[1, 2], 3));
    assert_eq!((event.kind, event.level), (Kind::None, Level::Warning));
    assert_eq!(event.frames[0].expression, "ids.iter().position(|known| *known == id)?");
    assert_eq!(shown(&event.frames[0].arguments), ["ids = [1, 2]", "id = 3"]);
}

#[auto_track_exception(mask(account, holder))]
fn masking(account: &str, amount: u32) -> Result<(), String> {
    let holder = format!("holder of {account}");
    Err(format!("{} {amount}", holder.len()))
}

#[test]
fn mask_hides_values_and_shows_the_rule() {
    let frame = frame_of(event_of(|| masking("DE-1234-5678", 5)));
    for name in ["account", "holder"] {
        let hidden = variable(&frame, name);
        assert!(hidden.masked && hidden.taken == CaptureTime::Never, "{hidden:?}");
        assert_eq!(hidden.value.as_deref(), Some("**************"));
        assert_eq!(hidden.masked_by.as_deref(), Some("option `mask`"));
    }
    assert_eq!(value(&frame, "amount"), "5");
}

#[auto_track_exception(silent)]
fn silent_by_question(text: &str) -> Result<Order, ParseIntError> {
    let id = text.parse()?;
    Ok(Order { id, note: text.into() })
}

#[auto_track_exception(silent)]
fn silent_by_return(text: &str) -> Result<u32, ParseIntError> {
    return u32::from_str_radix(text, 16);
}

#[auto_track_exception(silent = Order { id: fallback, note: "fallback".into() })]
fn silent_by_tail(fallback: u32) -> Result<Order, String> {
    Err(format!("no order but {fallback}"))
}

#[auto_track_exception]
fn above_silent() -> Result<u32, ParseIntError> {
    let order = silent_by_question("x")?;
    Ok(order.id)
}

#[test]
fn silent_records_the_error_and_returns_the_default() {
    let events = events_of(|| {
        assert_eq!(silent_by_question("x"), Ok(Order::default()));
        assert_eq!(silent_by_return("x"), Ok(0));
        assert_eq!(silent_by_tail(7), Ok(Order { id: 7, note: "fallback".into() }));
        assert_eq!(above_silent(), Ok(0));
    });
    let seen: Vec<_> =
        events.iter().map(|event| (functions(event)[0], event.frames[0].exit)).collect();
    let question = ("silent_by_question", Exit::Question);
    assert_eq!(
        seen,
        [question, ("silent_by_return", Exit::Return), ("silent_by_tail", Exit::Tail), question]
    );
    assert!(
        events.iter().all(|event| event.handled && event.frames.len() == 1),
        "the caller never met it"
    );
}

#[auto_track_exception(context(shop = "north", items = order.note.len(), card_token = order.id))]
fn with_context(order: &Order) -> Result<(), String> {
    Err(order.note.clone())
}

#[test]
fn context_is_evaluated_at_entry_added_to_the_event_and_masked_by_name() {
    let event = event_of(|| with_context(&Order { id: 987_654, note: "gone".into() }));
    let extras = &event.context.extras;
    assert_eq!(extras["items"], 4);
    assert_eq!(extras["shop"], "north");
    assert_eq!(extras["card_token"], "**************");
}

#[auto_track_exception(globals(LIMIT, self::TAXES, u8::MAX))]
fn with_globals(amount: u32) -> Result<(), String> {
    if amount > LIMIT { Err("over the limit".into()) } else { Ok(()) }
}

#[test]
fn globals_show_with_their_last_name() {
    let event = event_of(|| with_globals(31));
    assert_eq!(
        shown(&event.globals),
        ["LIMIT = 30", "TAXES = [(\"de\", 19), (\"fr\", 20)]", "MAX = 255"]
    );
    assert_eq!(event.globals[0].type_name, "u32");
}

#[auto_track_exception(level = "warning", name = "the import")]
fn named(line: u32) -> Result<(), String> {
    Err(format!("line {line}"))
}

#[test]
fn level_and_name_are_the_attributes_own() {
    let event = event_of(|| named(3));
    assert_eq!((event.level, functions(&event)), (Level::Warning, vec!["the import"]));
}

/// Slow enough to be left alone after the first time.
#[derive(Clone)]
struct Slow(u32);

impl std::fmt::Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::thread::sleep(std::time::Duration::from_millis(3));
        write!(f, "Slow({})", self.0)
    }
}

#[auto_track_exception(locals = "never")]
fn never(id: u32) -> Result<(), String> {
    let local = id + 1;
    Err(format!("never {local}"))
}

#[auto_track_exception(locals = "always")]
fn always(id: u32) -> Result<(), String> {
    let local = Slow(id);
    Err(format!("always {}", local.0))
}

#[auto_track_exception]
fn adaptive(id: u32) -> Result<(), String> {
    let local = Slow(id);
    Err(format!("adaptive {}", local.0))
}

#[test]
fn locals_are_captured_never_always_or_as_long_as_they_are_quick() {
    let frame = frame_of(event_of(|| never(1)));
    assert_eq!((shown(&frame.arguments), frame.locals.len()), (vec!["id = 1".to_owned()], 0));
    for id in 0..3 {
        let frame = frame_of(event_of(move || always(id)));
        assert_eq!(value(&frame, "local"), format!("Slow({id})"));
    }
    let kept: Vec<_> = (0..3).map(|id| frame_of(event_of(move || adaptive(id)))).collect();
    assert_eq!(value(&kept[0], "local"), "Slow(0)");
    assert_eq!((value(&kept[1], "local"), value(&kept[2], "local")), ("", ""));
    assert!(
        variable(&kept[1], "local").note.as_deref().is_some_and(|note| note.contains("costly"))
    );
    assert!(variable(&kept[1], "local").type_name.ends_with("Slow"));
}

#[track_exception]
fn on_e(e: &ParseIntError) {
    REPORTS.lock().unwrap().push(format!("e {e}"));
}

#[track_exception]
fn on_err(err: ParseIntError, attempt: u32) {
    REPORTS.lock().unwrap().push(format!("err {err} {attempt}"));
}

#[track_exception]
fn on_error(error: Box<dyn std::error::Error + Send + Sync>) -> String {
    error.to_string()
}

#[track_exception]
fn on_exception(exception: &anyhow::Error) -> String {
    exception.to_string()
}

#[track_exception(error = problem)]
fn on_problem(problem: &str) -> String {
    problem.to_owned()
}

static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn a_handler_records_its_error_and_runs() {
    let handlers: [(&str, fn()); 5] = [
        ("on_e", || on_e(&"e".parse::<u8>().unwrap_err())),
        ("on_err", || on_err("".parse::<u8>().unwrap_err(), 3)),
        ("on_error", || drop(on_error("a boxed text".into()))),
        ("on_exception", || drop(on_exception(&anyhow::anyhow!("an anyhow text")))),
        ("on_problem", || drop(on_problem("a plain text"))),
    ];
    for (name, handler) in handlers {
        let event = event_of(handler);
        assert_eq!((functions(&event), event.handled), (vec![name], true));
        assert_eq!(event.frames[0].exit, Exit::Captured);
    }
    assert_eq!(
        *REPORTS.lock().unwrap(),
        ["e invalid digit found in string", "err cannot parse integer from empty string 3"]
    );
}

#[track_exception]
fn no_handler(amount: u32) -> Result<u32, String> {
    amount.checked_sub(1).ok_or_else(|| "nothing left".into())
}

#[auto_track_exception]
fn fails_and_handles(text: &str) -> u32 {
    match silent_never(text) {
        Ok(number) => number,
        Err(error) => {
            on_error(Box::new(error));
            0
        }
    }
}

#[auto_track_exception]
fn silent_never(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[test]
fn on_a_function_without_an_error_parameter_it_records_the_errors_of_the_function() {
    let event = event_of(|| no_handler(0));
    assert_eq!((functions(&event), event.handled), (vec!["no_handler"], false));
}

#[test]
fn a_handler_ends_the_trace_of_its_error() {
    let event = event_of(|| fails_and_handles("x"));
    assert_eq!(functions(&event), ["silent_never", "on_error"]);
    assert_eq!(
        event.callers.iter().map(|frame| &frame.function).collect::<Vec<_>>(),
        ["fails_and_handles"]
    );
    assert!(event.handled);
}

fn frame_of(event: Event) -> Frame {
    let mut frames = event.frames;
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

#[test]
fn a_masked_variable_stays_masked_in_every_frame() {
    let shows = |variables: &[Variable]| {
        variables.iter().any(|v| v.value.as_deref().is_some_and(|v| v.contains("5678")))
    };
    let event = event_of(|| masking("DE-1234-5678", 6));
    assert!(!event.frames.iter().any(|frame| shows(&frame.arguments) || shows(&frame.locals)));
    assert!(find(&event.frames[0], "account").is_some());
}
