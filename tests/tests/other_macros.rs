//! Attribute macros of others see the function that the user wrote when they stand below ours, and do not hide it when they stand above.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;
use std::sync::Arc;

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Exit};
use error_tracker_test_signature::signature;
use error_tracker_tests::{event_of, functions, shown, value};
use tracing::instrument;

/// Without `Debug`, like axum's.
struct Path<T>(T);
struct State<T>(T);

#[derive(Debug)]
struct Pool {
    size: u32,
    #[expect(dead_code, reason = "what a pattern leaves")]
    name: String,
}

/// Compares signatures but for spaces, of which the compiler prints more or less.
#[track_caller]
fn assert_signature(seen: &str, written: &str) {
    let plain = |text: &str| text.split_whitespace().collect::<String>().replace(",)", ")");
    assert_eq!(plain(seen), plain(written));
}

#[auto_track_exception]
#[signature]
async fn patterns(
    Path(id): Path<u32>,
    State(pool): State<Arc<Pool>>,
    mut body: String,
    _: Vec<u8>,
    (first, _): (u32, String),
    Pool { size, .. }: Pool,
    ref text: String,
    _guard: String,
) -> Result<u32, ParseIntError> {
    body.push('!');
    let number: u32 = body.parse()?;
    Ok(number + id + pool.size + first + size + text.parse::<u32>()?)
}

#[auto_track_exception(skip(second))]
#[signature]
async fn cases(#[case] first: &str, #[case] second: u32) -> Result<u32, ParseIntError> {
    Ok(first.parse::<u32>()? + second)
}

#[auto_track_exception]
#[signature]
fn synchronous(#[case] mut first: String, Path(second): Path<u32>) -> Result<u32, ParseIntError> {
    first.push('?');
    Ok(first.parse::<u32>()? + second)
}

struct Service {
    name: &'static str,
}

#[auto_track_exception]
impl Service {
    #[signature]
    async fn shared(
        self: Arc<Self>,
        #[case] Path(id): Path<u32>,
        _: impl Send,
    ) -> Result<u32, ParseIntError> {
        Ok(id + self.name.parse::<u32>()?)
    }

    #[signature]
    async fn lent<'a>(
        &'a mut self,
        text: &'a str,
        _unused: &'a str,
    ) -> Result<&'a str, ParseIntError> {
        self.name = "lent";
        text.parse::<u32>()?;
        Ok(self.name)
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_macro_below_sees_the_original_signature_of_an_async_function() {
    assert_signature(
        SIGNATURE_OF_patterns,
        "async fn patterns(Path(id): Path<u32>, State(pool): State<Arc<Pool>>, mut body: String, _: Vec<u8>, \
         (first, _): (u32, String), Pool { size, .. }: Pool, ref text: String, _guard: String) \
         -> Result<u32, ParseIntError>",
    );
    assert_signature(
        SIGNATURE_OF_cases,
        "async fn cases(#[case] first: &str, #[case] second: u32) -> Result<u32, ParseIntError>",
    );
    assert_signature(
        SIGNATURE_OF_synchronous,
        "fn synchronous(#[case] mut first: String, Path(second): Path<u32>) -> Result<u32, ParseIntError>",
    );
    assert_signature(
        Service::SIGNATURE_OF_shared,
        "async fn shared(self: Arc<Self>, #[case] Path(id): Path<u32>, _: impl Send) -> Result<u32, ParseIntError>",
    );
    assert_signature(
        Service::SIGNATURE_OF_lent,
        "async fn lent<'a>(&'a mut self, text: &'a str, _unused: &'a str) -> Result<&'a str, ParseIntError>",
    );
}

#[test]
fn variables_bound_by_patterns_are_shown() {
    let pool = || Pool { size: 4, name: String::new() };
    let event = event_of(move || {
        let (state, guard) = (State(Arc::new(pool())), String::from("guard"));
        let text = String::from("x");
        run(patterns(Path(7), state, "12".into(), vec![1], (3, "left".into()), pool(), text, guard))
            .is_err()
    });
    assert_eq!(
        shown(&event.frames[0].arguments),
        [
            "id = 7",
            "pool = Pool { size: 4, name: \"\" }",
            "body = \"12\"",
            "first = 3",
            "size = 4",
            "text = \"x\"",
        ]
    );
    let event = event_of(|| run(cases("x", 7)).is_err());
    assert_eq!(shown(&event.frames[0].arguments), ["first = \"x\""]);
    let event = event_of(|| synchronous("x".into(), Path(7)).is_err());
    assert_eq!(value(&event.frames[0], "second"), "7");
    let event = event_of(|| run(Arc::new(Service { name: "x" }).shared(Path(7), ())).is_err());
    assert_eq!((functions(&event), value(&event.frames[0], "id")), (vec!["Service::shared"], "7"));
    let event = event_of(|| run(Service { name: "x" }.lent("y", "z")).is_err());
    assert_eq!(value(&event.frames[0], "text"), "\"y\"");
}

#[auto_track_exception]
#[instrument(skip(body, pool))]
async fn handler(
    Path(id): Path<u32>,
    State(pool): State<u32>,
    mut body: String,
) -> Result<u32, ParseIntError> {
    body += "!";
    Ok(id + pool + body.parse::<u32>()?)
}

#[test]
fn a_handler_with_extractors_is_instrumented_below() {
    let event = event_of(|| run(handler(Path(7), State(8), "x".into())).is_err());
    assert_eq!(functions(&event), ["handler"]);
}

/// The function stands in the trace once, with its expression, its arguments and its locals.
#[track_caller]
fn assert_seen_within(event: &Event, function: &str) {
    assert_eq!(functions(event), [function]);
    let frame = &event.frames[0];
    assert_eq!((frame.expression.as_str(), frame.exit), ("trimmed.parse()?", Exit::Question));
    assert_eq!(frame.file, "tests/tests/other_macros.rs");
    assert_eq!(value(frame, "text"), "\" x \"");
    assert_eq!(value(frame, "trimmed"), "\"x\"");
    assert_eq!(event.type_name, "core::num::error::ParseIntError");
    assert!(!event.handled);
}

macro_rules! below {
    ($($test:ident: $(#[$above:meta])+ [$($how:tt)*];)+) => {$(
        #[test]
        fn $test() {
            $(#[$above])+
            #[auto_track_exception]
            $($how)* fn inner(text: &str) -> Result<u32, ParseIntError> {
                let trimmed = text.trim();
                let number: u32 = trimmed.parse()?;
                Ok(number)
            }

            let event = event_of(|| below!(@run [$($how)*] inner(" x ")).is_err());
            assert_seen_within(&event, concat!(stringify!($test), "::inner"));
        }
    )+};
    (@run [async] $call:expr) => { run($call) };
    (@run [] $call:expr) => { $call };
}

below! {
    an_instrumented_function_is_looked_into: #[instrument] [];
    one_with_its_error_is: #[instrument(err)] [];
    one_with_its_answer_is: #[instrument(ret)] [];
    one_with_both_is: #[instrument(ret, err, skip_all, fields(order = 7))] [];
    an_instrumented_future_is_looked_into: #[instrument] [async];
    a_future_with_its_error_is: #[instrument(err(Debug))] [async];
    a_future_with_its_answer_is: #[instrument(ret)] [async];
    a_future_with_both_is: #[instrument(ret, err, level = "debug")] [async];
    a_traced_function_is_looked_into: #[fastrace::trace] [];
    a_traced_future_is_looked_into: #[fastrace::trace] [async];
    a_future_that_is_traced_on_poll_is: #[fastrace::trace(enter_on_poll = true)] [async];
    a_function_below_two_is_looked_into: #[instrument] #[fastrace::trace] [];
    a_future_below_two_is_looked_into: #[fastrace::trace] #[instrument(err)] [async];
}

struct Shop;

#[async_trait::async_trait]
trait Price {
    async fn price(&self, text: &str) -> Result<u32, ParseIntError>;
}

#[async_trait::async_trait]
impl Price for Shop {
    #[instrument(skip(self), err)]
    #[auto_track_exception]
    async fn price(&self, text: &str) -> Result<u32, ParseIntError> {
        let trimmed = text.trim();
        let number: u32 = trimmed.parse()?;
        Ok(number)
    }
}

#[test]
fn an_instrumented_method_of_an_async_trait_is_annotated() {
    let event = event_of(|| run(Shop.price(" x ")).is_err());
    assert_seen_within(&event, "<Shop as Price>::price");
}

#[tokio::main(flavor = "current_thread")]
#[auto_track_exception]
async fn program(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    tokio::task::yield_now().await;
    let number: u32 = trimmed.parse()?;
    Ok(number)
}

#[auto_track_exception]
#[tokio::main(flavor = "current_thread")]
async fn program_below(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    tokio::task::yield_now().await;
    let number: u32 = trimmed.parse()?;
    Ok(number)
}

/// As `#[actix_web::main]` writes it.
#[auto_track_exception]
fn system(text: &str) -> Result<u32, ParseIntError> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async move {
        let trimmed = text.trim();
        let number: u32 = trimmed.parse()?;
        Ok(number)
    })
}

#[test]
fn a_program_below_the_attribute_of_a_runtime_is_annotated() {
    assert_seen_within(&event_of(|| program(" x ").is_err()), "program");
    assert_seen_within(&event_of(|| program_below(" x ").is_err()), "program_below");
    assert_seen_within(&event_of(|| system(" x ").is_err()), "system");
}

#[tokio::test]
#[auto_track_exception]
async fn a_test_of_a_runtime_works_above() -> Result<(), ParseIntError> {
    let number: u32 = "7".parse()?;
    tokio::task::yield_now().await;
    assert_eq!(number, 7);
    Ok(())
}

#[auto_track_exception]
#[tokio::test]
async fn a_test_of_a_runtime_works_below() -> Result<(), ParseIntError> {
    let number: u32 = "7".parse()?;
    tokio::task::yield_now().await;
    assert_eq!(number, 7);
    Ok(())
}
